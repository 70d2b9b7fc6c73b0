"""What is asked of the symbols beside the knobs: how much is quoted, who is to sound, and how it ends.

    quote       how much of the past is quoted, and how knobs win over it
    presence    voices that fell silent come back, and nothing stands still for ever
    standstill  how long nothing may begin where a knob stands near its end
    ending      the chord on which a performance ends
    marginals   how often things happen, mended to be as in songs, where no hand steers
    mendtables  the tables of that, in mends.json
    freeness    whether a phrase is likelier in a metre or free, and as common as in songs
    sections    how earlier sections come again by themselves

    leaning     what follows from that for a symbol, in numba
    barsago     what voices began and had some bars before, in numba
    figures     how a line went on before, in numba
    chording    notes are led to those of a harmony that somebody holds, in numba

It may import `music`, `music.metre` and `latent`.
"""
