"""`meter`: which metre a piece of music has, in words, as JSON and as a picture.

In reading order:

    found         any file of music as a score, and what was found in it, stretch by stretch
    meterpicture  the score as a piano roll, with its beats and bar lines

It may import `music`, `metre`, `chip`, `log`, `take` and `app`.
"""
