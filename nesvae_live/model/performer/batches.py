"""Batches of notes for torch: what is read of each, and how well each earlier patch would fit it.

As in `choosing`, who changes what `pairs` reads changes this file too, or numba goes on with what it compiled before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numba import njit
from numpy.typing import NDArray
from torch import Tensor

from nesvae_live.model.performer.kit import DUTIES, Kit, duty_table, volume_table
from nesvae_live.model.performer.likes import (
    N_HEARD,
    N_LIKE,
    following,
    phrase_ends,
    read_heard,
    read_likes,
)
from nesvae_live.model.performer.notetable import NoteTable, known_volumes
from nesvae_live.model.performer.pairs import (
    N_NOTE,
    N_PAIR,
    WINDOW,
    fits,
    read_note,
    read_pairs,
)
from nesvae_live.model.performer.performerfile import SIDES
from nesvae_live.model.performer.performernet import PerformerNet

Ints = NDArray[np.int64]
F32 = NDArray[np.float32]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Played:
    """Notes with their patches: what batches are made of."""

    notes: NoteTable
    patches: Ints
    codes: Ints
    volumes: Bytes
    """`[n, STEPS]`: each note's volumes as long as they are known, then its patch's."""

    @classmethod
    def of(cls, notes: NoteTable, kit: Kit) -> Played:
        """Name every note's patch."""
        patches = notes.patches(kit)
        return cls(notes, patches, patch_codes(patches), known_volumes(notes, patches, kit))


def patch_codes(patches: Ints) -> Ints:
    """`[n]`: a patch as one number."""
    return patches[:, 0] * 512 + patches[:, 1] * 32 + patches[:, 2]


@njit(cache=True)
def gather(
    picks: Ints,
    rows: Ints,
    codes: Ints,
    first: Ints,
    before: Ints,
    after: Ints,
    until: Ints,
    patches: Ints,
    volume: Bytes,
    duty: Bytes,
    steps: Ints,
    known: Bytes,
    shapes: Bytes,
    duties: Bytes,
    tables: tuple[F32, F32],
    note: F32,
    last: Ints,
    heard: F32,
    pairs: F32,
    there: NDArray[np.bool_],
    again: F32,
    new: F32,
    begins: F32,
) -> None:
    """Fill a batch: what is read of each picked note, and how well each earlier patch would fit."""
    n_shapes, n_duties = shapes.shape[0], duties.shape[0]
    for b in range(len(picks)):
        i = picks[b]
        begin = max(first[i], i - WINDOW)
        read_note(rows, before, i, first[i], note[b])
        read_pairs(rows, codes, before, i, begin, i, pairs[b])
        read_heard(known[i, 0], heard[b])
        read_likes(
            *(rows, known, duty, codes, after, until[i], i, begin, i),
            *(np.int64(known[i, 0]), pairs[b, N_PAIR:]),
        )
        last[b, 0] = (n_shapes, 0, n_duties)
        last[b, 1] = (n_shapes, 0, n_duties)
        if before[i] >= begin:
            last[b, 0] = patches[before[i]]
        for j in range(i - 1, begin - 1, -1):
            if rows[j, 0] != rows[i, 0]:
                last[b, 1] = patches[j]
                break
        there[b] = False
        for j in range(begin, i):
            there[b, j - begin] = True
            again[b, j - begin, 0] = fits(volume[i], steps[i], known[j], tables[0])
            again[b, j - begin, 1] = fits(duty[i], steps[i], duty[j], tables[1])
            begins[b, n_duties + j - begin] = duty[i, 0] == duty[j, 0]
        s, level, d = patches[i]
        new[b, 0] = fits(volume[i], steps[i], shapes[s, level], tables[0])
        new[b, 1] = fits(duty[i], steps[i], duties[d], tables[1])
        for d in range(n_duties):
            begins[b, d] = duty[i, 0] == duties[d, 0]


class Batches:
    """Draws batches of notes and reads them."""

    def __init__(self, played: Played, kit: Kit) -> None:
        self.played, self._kit = played, kit
        self._after = following(played.notes.before)
        self._until = phrase_ends(played.notes.phrase, played.notes.first)
        self._shapes, self._tables = kit.volumes(), (volume_table(), duty_table())

    def read(self, picks: Ints) -> dict[str, Tensor]:
        """What is read of the notes `picks` `[B]`."""
        n, p = self.played.notes, self.played
        b = len(picks)
        out: dict[str, NDArray[Any]] = {
            "note": np.zeros((b, N_NOTE), np.float32),
            "last": np.zeros((b, 2, 3), np.int64),
            "heard": np.zeros((b, N_HEARD), np.float32),
            "pairs": np.zeros((b, N_PAIR + N_LIKE, WINDOW), np.float32),
            "there": np.zeros((b, WINDOW), np.bool_),
            "again": np.zeros((b, WINDOW, SIDES), np.float32),
            "new": np.zeros((b, SIDES), np.float32),
            "begins": np.zeros((b, len(self._kit.duties) + WINDOW), np.float32),
        }
        gather(
            picks,
            *(n.rows, p.codes, n.first, n.before, self._after, self._until),
            *(p.patches, n.volume, n.duty, n.steps, p.volumes),
            *(self._shapes, self._kit.duties, self._tables),
            *out.values(),
        )
        out["patch"] = p.patches[picks]
        return {name: torch.from_numpy(values) for name, values in out.items()}


READ = "note", "last", "heard", "pairs", "there"
"""What the network reads of a batch."""
SURE = 0.99
"""How likely the duty is right with which a note that is taken again begins."""


def nats_of(net: PerformerNet, batch: dict[str, Tensor]) -> Tensor:
    """`[B, 3]`: the nats of each note's volumes, of its duties, and of that with which it begins."""
    again, new, hidden, told = net(*(batch[name] for name in READ))
    patch = batch["patch"]
    widths = net.new_duties(told)
    fresh = torch.stack([net.new_volume(hidden, patch), widths.gather(1, patch[:, 2:])[:, 0]], 1)
    copied = torch.logsumexp(again + batch["again"], 1)
    copied = torch.where(batch["there"].any(1)[:, None], copied, torch.full_like(copied, -1e9))
    chances = torch.cat([(new[:, 1:] + widths).exp(), again[..., 1].exp() * batch["there"]], 1)
    right = (chances * batch["begins"]).sum(1)
    begins = torch.log(SURE * right + (1 - SURE) / DUTIES)
    return -torch.cat([torch.logaddexp(new + fresh + batch["new"], copied), begins[:, None]], 1)


def held_nats(net: PerformerNet, checks: Batches, most: int = 20_000) -> dict[str, float]:
    """Nats a note and a step of notes, evenly spread over the table."""
    n = len(checks.played.notes)
    picks = np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))
    nats, steps = 0.0, 0
    with torch.no_grad():
        for part in np.array_split(picks, 1 + len(picks) // 1024):
            nats += float(nats_of(net, checks.read(part))[:, :SIDES].sum())
            steps += int(np.minimum(checks.played.notes.steps[part], 32).sum())
    return {"note": nats / len(picks), "step": nats / steps}
