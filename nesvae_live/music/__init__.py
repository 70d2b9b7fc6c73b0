"""What is played: voices, notes and phrases, and what becomes of them on the way to an output.

In reading order:

    voices       P1, P2, TR and NO: their ranges, MIDI channels, tokens and colours
    phrase       phrases of 13 tuples, and the codec: steps, tuples, symbols, tokens
    events       note-on, note-off and shape, as every output gets them
    grid         how many beats a phrase lasts and where its tuples fall; quantising, swing
    swap         quantised launch: the line on which a turned knob takes effect
    key          roots and scales, and the nearest note of a key
    arrangement  mutes, transposition, the lock to a key
    balance      levels, solo, stereo spread
    patch        a voice's sound as written, by the frame: volume, duty, vibrato, slide, arpeggio
    shaper       patches applied to notes: envelopes become the chip's volumes; what sounds, tails
    drums        the kit, and the drummer that derives the noise from the phrases' rhythm
    capture      the capture buffer: a phrase from what was played on the inputs
    voicenotes   notes in seconds, laid on the grid of steps
    parts        any instruments' parts, shared out among three voices
    dialect      events as MIDI messages, General MIDI's way, NES-MDB's or the Midines'
    ranges       the ranges of tempo, level, temperature, transposition, snapshots and seeds

It may import `clock`, and is pure.
"""
