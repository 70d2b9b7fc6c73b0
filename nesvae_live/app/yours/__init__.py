"""Made yours: what can be made of your own files.

In reading order:

    pieces   files of music as pieces in ticks, and a line for each that is left out
    prepare  `prepare`: pieces as an archive to train on
    adopt    `adopt`: pieces as a style to play in
    calibrate  plays in a new style, and aims it so that the music goes where the pieces are

It may import what programs are made of, `app` and `meter`.
"""
