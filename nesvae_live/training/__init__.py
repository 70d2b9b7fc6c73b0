"""The corpus, training and evaluation (needs the `train` extra)."""
