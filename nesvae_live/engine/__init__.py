"""The engine: what is played, and when. Two threads, the sequencer's and the one that decodes.

It is given its time, outputs, decoder and journal, and knows no network, chip, device or file.

    engine      the two threads, started and stopped together; the status; what each thread may do
    sequencer   one step of the loop, and the one place where all parts are put together
    dispatcher  every input is journaled, carried out and answered
    gestures    snapshots, morphs, transposition, hold, capture: gestures, carried out
    bandgestures  those of the band: who plays which voice, when they are answered, held chords
    automation  recalls, morphs, the fader, chance, the auto mode, rounds
    outputs     notes shaped by patches and sent to every output, in order of time
    lookout     what was played, what comes and how all stands, for whoever watches
    journaling  entries for the log: a step's time, the tempo line

In rooms of their own: `live`, its set-up and how everything stands; `phrases`, from a request to
notes on beats; and `band`, voices that somebody else plays than the network.

May import `clock`, `music`, `latent`, `control` and `log`.
"""
