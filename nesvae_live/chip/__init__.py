"""The 2A03: from notes to register writes to samples, and the file formats of its music.

In reading order:

    registers   from notes to periods and register writes, by nesmdb's rules
    tables      what the chip looks up: waveforms, rates, lengths, the mixer; NTSC's and PAL's
    kernel      the sound, clock by clock: the units and the compiled inner loop
    apu         the chip as an object: queued writes, blocks of samples, stems; the DC filter
    chipplayer  events at samples, played on a chip
    timeline    the voices' changes to the sample, between all formats
    transcript  from register writes to notes, as NES-MDB's own scores were made
    nesmdb      NES-MDB's scores (exprsco, seprsco, blndsco), to VGM and back
    nlm         NES-MDB's language modelling format
    nesmidi     NES-MDB's convention for MIDI files: voices' tracks, written and read
    pickled     NES-MDB's pickles, read without running anything in them
    npzscore    scores as npz files
    convert     from any of these formats to another, and to sound
    corpus      NES-MDB's archive as songs of tuples and phrases
    tickfile    a song in ticks as a file of its own, as `prepare` writes it
    tickcorpus  the same in ticks, with the metre that was found in each song

MIDI files are read in `smf`; VGM files are a room of their own, below. It may import `music`, `metre` and `vgm`, and is pure. It knows no jam and no device.
"""
