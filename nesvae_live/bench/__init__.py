"""`nesvae-live bench`: measures the instrument on this machine, through JACK.

    audio     `bench audio`: whether the sound is on time
    case      one case of it, in a process of its own
    knobs     the controller of its cases under load, whose knobs never rest
    timing    `bench timing`: whether notes, clocks and knobs are on time
    play      one case of it, in a process of its own: the instrument as `play` runs it
    usual     what it is compared with: the usual way to play MIDI from Python
    listener  the other end of its cases: a JACK client that turns knobs and receives notes
    spread    its figures: how late, how spread, how many lost
    table     its results, as a table and as JSON
    server    a JACK server for both, and the counter of its xruns

May import every room but `cli`, `evaluation` and `training`.
"""
