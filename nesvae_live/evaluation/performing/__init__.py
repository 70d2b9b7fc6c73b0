"""Measures the performer: volumes and timbres beside the songs' own, and how near the sound comes.

In reading order:

    played      a performer plays songs' notes: told what came before, after a hint, or alone
    liveplay    it plays them as it does live, phrase after phrase
    knobs       what its knobs do
    naive       what the volumes and timbres would be by a rule
    guess       what is likeliest of each step where nothing is known
    accuracy    shares of steps and of onsets that are as in the songs, with intervals
    logmel      how far two sounds lie apart to the ear
    soundtest   renders, and their distance to the songs' own
    performereval  all of it

It may import `music`, `latent`, `model`, `chip` and `evaluation`.
"""
