"""The band: voices that somebody else plays than the network, which writes the others to fit.

    written  what the voices played last: the line that one of them has when it is held

May import `latent` and `music`.
"""
