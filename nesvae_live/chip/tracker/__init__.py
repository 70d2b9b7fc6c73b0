"""On to the tracker: FamiTracker's modules, binary and as text, written and read.

In reading order:

    module       a module: instruments made of sequences, patterns, an order
    ftm          it as FamiTracker's binary file
    ftmreader    such a file as a module
    ftmtext      it as FamiTracker's text, both ways as far as instruments go
    famistudio   it as FamiStudio's text
    played       what goes in: notes with what was heard of them, tick by tick
    rows         when rows begin, by speed and tempo
    vibrato      effects of vibrato, row by row, that come nearest to a pitch
    pitches      bends as effects: slides, vibrato, what stays off
    instruments  patches as instruments
    lines        a voice's notes as cells, with instruments, delays, cuts and effects
    pitchsteps   bends as sequences of instruments, where effects come least near
    compose      it all as a module
    patchtext    a file's instruments as tables for a preset

May import `music` and `chip`, and is pure.
"""
