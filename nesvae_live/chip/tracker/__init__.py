"""On to the tracker: FamiTracker's modules, binary and as text, written and read.

In reading order:

    module       a module: instruments made of sequences, patterns, an order
    ftm          it as FamiTracker's binary file, both ways
    ftmtext      it as FamiTracker's text, both ways as far as instruments go
    famistudio   it as FamiStudio's text
    played       what goes in: notes with what was heard of them, tick by tick
    instruments  patches as instruments, and instruments as patches
    patchtext    a file's instruments as tables for a preset
    rows         when rows begin, by speed and tempo
    pitches      bends as effects
    compose      notes on rows, with delays, cuts and effects: a module

May import `music` and `chip`, and is pure.
"""
