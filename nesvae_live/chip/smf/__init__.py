"""MIDI files as they are out there: one way from a file to three voices, and the noise.

In reading order:

    song         the file: its wrapper, header, division and tracks, and what was passed over
    trackevents  the bytes of a track as messages, read as players read them
    ticks        its ticks as beats, and as samples
    notes        keys, pedal and all-notes-off as notes, part by part
    names        the name of a track, in whichever encoding it is
    reading      the whole way, for `encode`, `render`, `capture`, `meter` and the panel alike
    sound        the voices' notes as a timeline for the chip; drums as the kit's
    bars         a file's notes in ticks with their places, by its own beats and time signatures
    general      a timeline as a MIDI file for other programs

NES-MDB's own convention is in `chip.nesmidi`. May import `music`, `metre`, `vgm` and `chip`; pure.
"""
