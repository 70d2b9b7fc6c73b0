"""How the instrument stands: its set-up, what it is given, where everything is now.

    config     what a performance is set up from, as the first entry of its log holds it
    protocols  what the engine is given: outputs, a decoder and an encoder, a clock, callbacks
    state      where the knobs are, and what the next phrase is decoded from; how the voices are arranged
    snapshots  settings that are stored, by number
    steady     attributes that are set where they stand, as long as a hand has set another one
    band       what others play than the network, and the chord that is held

May import `clock`, `music`, `latent`, `control`, `log` and `engine/band`.
"""
