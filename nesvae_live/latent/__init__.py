"""The latent space: attributes, style and knobs, and the ways through it.

In reading order:

    attributes  the eight measures of a phrase, and their ranks in the corpus
    knobs       the ids of all knobs, and where they stand
    space       from knobs to a point z and its mask; slerp
    given       voices that are given: who plays each, what the decoder is told of it
    lines       the lines of given voices along the beats
    harmony     the harmony that somebody holds, and what of it the decoder is told
    decoding    what the decoder takes and returns: condition, state, sampling
    performing  what a performer takes and returns: a passage, and how its notes are played
    steady      attributes that stay where they are while other knobs turn
    setting     all that hands can set; interpolation between settings, morphs
    point       a point in z, to a snapshot and back
    axes        the style axes' labels, read from a finished checkpoint (made in training)
    adopted     a style of one's own: how z lies over somebody's files, and moves; its themes
    atlas       the map of the corpus: from (x, y) to z and back
    themes      stretches of what was played, marked, that can come back
    walk        the auto mode's walk from phrase to phrase

It may import `music`, and is pure: arrays in, arrays out, and no network.
"""
