"""How a checkpoint is made: trained, then finished (needs the `train` extra).

In reading order:

    songtrain   the loop over songs in ticks, its checks, the checkpoint
    songrun     a run's state: one optimiser step, saved and loaded
    stop        a run that is asked to end
    streams     whose turn it is, song by song
    finish      a trained checkpoint's axes, spread and map
    styleaxes   how style axes are found, turned, measured and labelled
    traits      what a style axis may change, in words
    maplayout   the map of the corpus, laid out by t-SNE
    partrun         the run of a part beside the song network: its loop, kept and resumed
    performertrain  the performer's own training
    performerkit    its kit: envelopes clustered from the corpus' notes
    performercasts  its casts: pairs of instruments as songs have them
    drumtrain       the drummer's own training
    drumkit         its kit: the commonest kinds of strokes

It may import `music`, `metre`, `latent`, `model`, `chip`, `song`, `performer`, `drums` and `evaluation`.
"""
