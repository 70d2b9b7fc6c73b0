"""The band: voices that somebody else plays than the network, which writes the others to fit.

    written   what the voices played last: the line that one of them has when it is held
    fileline  a file's line, laid on the bars
    keyboard  the keys that are down, and which of them each voice plays that people have
    players   voices that people play: when they are theirs, and when the network's again
    answering when the network answers what they play
    chord     what keys that are down together are called, and their scale
    chords    the chord that keys on one channel hold
    moment    what the pitched voices play from a beat on
    hands     what hands play, laid over what was written

May import `clock`, `latent` and `music`.
"""
