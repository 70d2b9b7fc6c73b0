"""The 2A03: from notes to register writes to samples, and the file formats of its music.

In reading order:

    registers   from notes to periods and register writes, by nesmdb's rules
    kernel      the sound, clock by clock: tables and the compiled inner loop
    apu         the chip as an object: queued writes, blocks of samples, stems; the DC filter
    chipplayer  events at samples, played on a chip
    timeline    the voices' changes to the sample, between all formats
    vgm         VGM files
    nesmdb      NES-MDB's scores (exprsco, seprsco), to VGM and back
    nesmidi     NES-MDB's convention for MIDI files: voices' tracks, written and read
    midireader  MIDI files, for the chip or as parts of any instruments
    pickled     NES-MDB's pickles, read without running anything in them
    npzscore    scores as npz files
    convert     from any of these formats to another, and to sound
    corpus      NES-MDB's archive as songs of tuples and phrases
    tickcorpus  the same in ticks, with the metre that was found in each song

It may import `music` and `metre`, and is pure. It knows no jam and no device.
"""
