"""What is likeliest of each step where nothing is known: a guess step by step, which nobody plays.

A performance is made of patches and holds together; a share of steps that are exactly the song's asks for the
likeliest volume of each step alone, over all patches. The network is too sure of it, as it knows the corpus' games and is
asked about others, so its chances are averaged with how common volumes are in notes of that voice and length.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.performing.naive import VOICES, of_corpus
from nesvae_live.model.checkpoint import Weights
from nesvae_live.model.performer.notes import STEPS, Column
from nesvae_live.model.performer.notetable import NoteTable
from nesvae_live.model.performer.pairs import N_NOTE, read_note
from nesvae_live.model.performer.performerfile import PerformerFile
from nesvae_live.music.events import LOUDEST

Bytes = NDArray[np.uint8]
F32 = NDArray[np.float32]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VOLUMES = LOUDEST + 1
TOLD = 0.5
"""How much the network's chances weigh beside the corpus'. Chosen by cross-validation on the train split."""
AT_ONCE = 2048


def of_steps(
    performer: PerformerFile, notes: NoteTable, train: NoteTable, told: float = TOLD
) -> tuple[Bytes, Bytes]:
    """Each step's likeliest volume, `[n, STEPS]`, and the corpus' commonest duty, likewise.

    Duties are the corpus' as nothing that was tried told a composer's from their notes; see the docs.
    """
    table = common(train)
    out = np.zeros((len(notes), STEPS), np.uint8)
    kinds = _kinds(notes)
    for part in np.array_split(np.arange(len(notes)), 1 + len(notes) // AT_ONCE):
        chances = told * volume_chances(performer, notes, part) + (1 - told) * table[kinds[part]]
        out[part] = chances.argmax(-1)
    return out, of_corpus(notes, train)[1]


def volume_chances(performer: PerformerFile, notes: NoteTable, picks: Ints) -> F32:
    """`[picks, STEPS, VOLUMES]`: the network's, of all its patches together, from the score alone."""
    w, kit = performer.weights, performer.kit
    hidden = _hidden(performer, notes, picks)
    shapes = _softmax(hidden @ w["to_shape.weight"].T + w["to_shape.bias"])
    levels = (hidden @ w["to_level.weight"].T + w["to_level.bias"])[:, None] + w["level_of.weight"]
    patches = (shapes[:, :, None] * _softmax(levels)).reshape(len(picks), -1)
    said = kit.volumes()[:, 1:].reshape(-1, STEPS)
    each = (said[..., None] == np.arange(VOLUMES)).astype(np.float32)
    found = patches.astype(np.float32) @ each.reshape(len(said), -1)
    return np.asarray(found.reshape(len(picks), STEPS, VOLUMES))


def common(train: NoteTable) -> Floats:
    """`[kinds, STEPS, VOLUMES]`: how common each volume is at each age of notes of a voice and length.

    Of a song's steps each weighs the less the more there are of its voice: as one over their root.
    """
    out = np.zeros((VOICES * (STEPS + 1), STEPS, VOLUMES))
    steps = np.minimum(train.steps, STEPS)
    voice_of_song = train.song * VOICES + train.rows[:, Column.VOICE]
    weight = 1 / np.sqrt(np.bincount(voice_of_song, steps))[voice_of_song]
    kinds = _kinds(train)
    for age in range(STEPS):
        last = steps > age
        np.add.at(out[:, age], (kinds[last], train.volume[last, age]), weight[last])
    return np.asarray(out / np.maximum(out.sum(-1, keepdims=True), 1e-9))


def _kinds(notes: NoteTable) -> Ints:
    """`[n]`: a note's voice and length, in steps up to `STEPS`, as one number."""
    steps = np.minimum(notes.steps, STEPS)
    return np.asarray(notes.rows[:, Column.VOICE] * (STEPS + 1) + steps, np.int64)


def _hidden(performer: PerformerFile, notes: NoteTable, picks: Ints) -> F32:
    w, c = performer.weights, performer.config
    read = np.zeros((len(picks), N_NOTE), np.float32)
    for row, i in zip(read, picks, strict=True):
        read_note(notes.rows, notes.before, i, notes.first[i], row)
    nothing = (
        w["shape_in.weight"][c.shapes],
        w["level_in.weight"][0],
        w["duty_in.weight"][c.duties],
    )
    patches = np.tile(np.concatenate(nothing), (len(picks), 2))
    return _layer(w, "think", _layer(w, "read", np.concatenate([read, patches], 1)))


def _layer(weights: Weights, name: str, x: F32) -> F32:
    found = x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
    return np.asarray(np.maximum(found, 0), np.float32)


def _softmax(logits: F32) -> F32:
    found = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(found / found.sum(-1, keepdims=True), np.float32)
