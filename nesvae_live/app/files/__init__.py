"""Files of music made into others: sound, scores, places in z, phrases on the way between them.

    render       `render`: scores, VGM, MIDI files and jams into one another, and into sound
    encode       `encode`: where the phrases of a file lie in z
    interpolate  `interpolate`: phrases on the way from one place in z to another
    piece        phrases in a row, as a MIDI file and as a picture

May import `music`, `latent`, `model`, `chip`, `log`, `presets` and `take`.
"""
