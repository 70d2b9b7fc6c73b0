"""A recording: made while the music plays, recovered, replayed and exported.

    recorder     writes the log and the WAV while the music plays
    growing      a file that survives a full disk: locked; what is refused waits in memory; room
    folder       the names of a take's files, and what is made from its log
    wav          the WAV format, and a WAV that is written whole
    cutsound     the sound of some bars for others: no DC, faded ends, stems that add up; as heard
    midifile     a take as a MIDI file
    picture      a take as a picture
    takes        the takes in a folder: found by name, whole or cut off
    recover      completes a take that was cut off
    replay       plays a log again, through the engine
    replayfiles  the files of a replay: log, WAV and MIDI
    sound        the sound of a log: its events, at the samples at which the chip took them
    daw/         a take as the session of a DAW
    export       a take, or some bars of it, as files for other programs
    release      what a cartridge or a tracker is told: credits, bars, the loop
    tracked      a take as a tracker takes it: notes with what was heard of them
    processes    child processes: bars exported while it plays, takes recovered at the start

May import `daw`, and `clock`, `music`, `latent`, `chip` with `console` and `tracker`, `control`,
`log`, `engine`, and of `io.audio` the mixer.
"""
