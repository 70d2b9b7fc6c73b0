"""The drummer: what the noise plays beside the other voices, learnt from the corpus.

In reading order:

    cells       music tick by tick, from a song of the corpus or from a phrase
    strokes     the kinds of strokes, and which of them is nearest to one of the corpus
    reading     what is read of a tick
    fills       which bars end with a fill, and which may
    drumconfig  sizes, and the shapes of the weights
    drumfile    the file with the weights and the kit
    drumming    which ticks are struck, and how, compiled
    drummer     the live drummer
    drumtable   all drummed parts of a split of the corpus, for training and evaluation
    drumnet     the same network for torch, its batches and their nats

It may import `music`, `metre`, `latent`, `model`, `performer` and `chip`.
"""
