"""The network with a style of one's own: its axes in another order, and a prior drawn to it.

In reading order:

    turning      the same network with its style axes turned
    styledprior  the learned prior, drawn to a style; the decoder that composes by it

It may import `music`, `metre`, `latent`, `model` and `song`.
"""
