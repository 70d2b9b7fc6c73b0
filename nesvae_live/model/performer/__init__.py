"""The performer: how the notes are played, learnt from the corpus: a patch for each.

In reading order:

    notes            notes as rows of numbers, from a song of the corpus or from a phrase
    kit              envelopes and duty sequences, and the patches that are made of them
    pairs            what is read of a note, and of an earlier one whose patch it may take again
    likes            what its duty is chosen by: its volumes, and who had which duty when
    casts            with which patches songs play: a hint before anything is played
    performerfile    sizes, the shapes of the weights, and the file with these and the kit
    choosingtables   what choosing is told: weights, kit, notes, and what knobs ask for
    weighing         the sums that choosing is made of
    choosing         which patch each note is played with, compiled
    leaning          what knobs ask for, as nats for and against patches
    echo             a pulse that repeats the other
    performer        the live performer
    performingdecoder  a decoder that has one, or a drummer
    notetable        all notes of a split of the corpus, for training and evaluation
    performernet     the same network for torch
    batches          batches of notes for torch, and their nats

It may import `music`, `metre`, `latent`, `model` and `chip`.
"""
