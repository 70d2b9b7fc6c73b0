"""How good a checkpoint of format 3 is, measured on held-out songs (needs the `train` extra).

In reading order:

    songevaluate  all of it, or some parts, with the sizes of a full and a quick evaluation
    songnats      nats of whole songs, and with a voice given
    songplaying   played as the instrument does, from held-out songs and from nothing
    beat          pulse, bar and recurrence, in ticks
    songtimes     how long a decode takes
    songmetres    the metres and tempi of songs, in which it plays
    heard         beat, themes, key and lost voices in seconds, beside songs as they are
    songwritten   the figures as JSON, part by part if wanted
    songreport    the report, a page of Markdown
    songcard      the table of figures of a checkpoint's card

It may import `music`, `metre`, `latent`, `model`, `chip`, `song` and `evaluation`.
"""
