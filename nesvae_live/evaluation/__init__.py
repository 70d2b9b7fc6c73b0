"""How good a checkpoint is, measured on held-out songs (needs the `train` extra).

In reading order:

    contexts     held-out songs encoded: phrases with attributes, style and their past
    knobtest     whether a knob moves its own attribute, and no other
    autorun      the auto mode beside real music: seams, divergences, copies
    features     the eleven features whose distributions are compared
    bootstrap    95 % intervals, by resampling songs
    plots        pictures of figures

It may import `music`, `metre`, `latent`, `model`, `chip` and `song`.
"""
