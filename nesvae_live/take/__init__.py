"""A recording: made while the music plays, recovered and replayed.

    recorder     writes the log and the WAV while the music plays
    growing      a file that survives a full disk: locked; what is refused waits in memory; room
    folder       the names of a take's files, and what is made from its log
    wav          the WAV format, and a WAV that is written whole
    midifile     a take as a MIDI file
    picture      a take as a picture
    takes        the takes in a folder: found by name, whole or cut off
    recover      completes a take that was cut off
    replay       plays a log again, through the engine
    given        what a replay has in place of a clock, an encoder and a decoder
    replayfiles  the files of a replay: log, WAV and MIDI
    sound        the sound of a log: its events, at the samples at which the chip took them
    daw/         a take as the session of a DAW
    processes    child processes: bars exported while it plays, takes recovered at the start

In a room above it: `export`, a take, or some bars of it, as files for other programs.

May import `daw`, and `clock`, `music`, `latent`, `chip`, `control`, `log` and `engine`.
"""
