"""How the instrument stands: its set-up, what it is given, where everything is now.

    config     what a performance is set up from, as the first entry of its log holds it
    protocols  what the engine is given: outputs, a decoder and an encoder, a clock, callbacks
    state      where the knobs are, how the voices are arranged; what is stored as snapshots

May import `clock`, `music`, `latent`, `control`, `log` and `engine/band`.
"""
