"""How good a checkpoint of format 3 is, measured on held-out songs (needs the `train` extra).

In reading order:

    songevaluate  all of it, with the sizes of a full and a quick evaluation
    songnats      nats of whole songs, and with a voice given
    songplaying   played as the instrument does, from held-out songs and from nothing
    beat          pulse, bar and recurrence, in ticks
    heard         beat, themes, key and lost voices in seconds, beside songs as they are
    songreport    the report, a page of Markdown

It may import `music`, `metre`, `latent`, `model`, `chip`, `song` and `evaluation`.
"""
