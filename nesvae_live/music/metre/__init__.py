"""Musical time inside a score: its rows, beats and bars, and scores written in ticks.

In reading order:

    onsets  where notes begin, and what each beginning says of the metre
    rows    the rows of a tracker's pattern, stretch by stretch
    metre   beat, bar and downbeat on top of the rows, and how sure that is
    place   where in the bar a tuple begins, as one number
    ticks   scores in ticks and back

It may import `music`, and is pure.
"""
