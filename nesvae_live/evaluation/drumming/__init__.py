"""Measures the drummer: where, with whom and how regularly it strikes, beside the songs' own drums.

In reading order:

    drumplay     drums to the other voices of songs: the drummer's, and the rule's
    drumfigures  strokes by tick of the bar, joint onsets, bars that come again, fills
    drumeval     all of it

It may import `music`, `metre`, `model`, `drums` and `evaluation`.
"""
