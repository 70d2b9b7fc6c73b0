"""How a checkpoint is made: trained, then finished (needs the `train` extra).

In reading order:

    train       the loop: checks, early stop, resuming, the best checkpoint
    run         a run's state: one optimiser step, saved and loaded
    bound       the loss of a batch, and a run's settings
    batches     songs augmented and laid out as streams of phrases
    songtrain   format 3: the loop over songs in ticks, resuming, the checkpoint
    streams     format 3: whose turn it is, song by song
    ranks       several processes that train one model
    finish      a trained checkpoint's axes, spread and map
    styleaxes   how style axes are found, turned, measured and labelled
    traits      what a style axis may change, in words
    maplayout   the map of the corpus, laid out by t-SNE

It may import `music`, `metre`, `latent`, `model`, `chip`, `song` and `evaluation`.
"""
