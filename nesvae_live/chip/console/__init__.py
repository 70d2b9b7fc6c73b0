"""Out to the console: register writes, packed for a 6502 player of our own, as NSF and as a ROM.

In reading order:

    frames     the chip's writes at the console's frames, voice by voice
    streams    the frames as tokens, what comes again stored once, placed in banks
    nsf        an NSF: a header, the player, the packed writes
    rom        a .nes file for MMC3 that plays by itself and shows what it plays
    screen     the ROM's picture: letters, levels, colours

    cartridge  music of any kind as one of the two, with bar lines, a loop and credits
    vgmfile    the same as a VGM, on frames if need be

`asm` has the player's source in assembler, and the bytes that cc65 makes of it. May import `music`,
`metre`, `vgm` and `chip`; pure.
"""
