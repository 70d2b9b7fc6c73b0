"""How good a checkpoint is, measured on held-out songs (needs the `train` extra).

In reading order:

    evaluate     all of it, with the sizes of a full and a quick evaluation
    contexts     held-out songs encoded: phrases with attributes, style and their past
    batchdecode  many phrases decoded at once, as the instrument would
    likelihood   nats per token, and how much of a phrase its z reconstructs
    knobtest     whether a knob moves its own attribute, and no other
    slerptest    whether interpolation is even
    autorun      the auto mode beside real music: seams, divergences, copies
    features     the eleven features whose distributions are compared
    bootstrap    95 % intervals, by resampling songs
    plots        the report's pictures
    report       the report, a page of Markdown

It may import `music`, `metre`, `latent`, `model`, `chip` and `song`.
"""
