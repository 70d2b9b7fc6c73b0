"""VGM files: a log of what was written to the chips of a console, and when.

In reading order:

    registerlog  what of a file is ours: writes, length, loop, tags, and what was passed over
    commands     the format's tables: the lengths of commands, whose they are
    header       the fields before the commands
    tags         GD3: title, game, author and so on
    streams      samples that the player itself writes, at a rate
    reader       a file, as other programs write it, to a log
    writer       a log to a file; a score's to the byte as nesmdb writes it
    packed       gzip around it: VGZ
    looping      a loop, and frames

The format is VGM 1.71's specification (vgmrips), with 1.50 to 1.72 read. It may import `music`,
and is pure: the chip stands above it.
"""
