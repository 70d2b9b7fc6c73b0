"""The sizes of the network that knows the bar, the song so far and the voices that are given."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.model.intervals import N_SCORES
from nesvae_live.music.metre.place import N_PLACES
from nesvae_live.music.phrase import LONGEST_HOLD, N_VOICES, SLOT_TABLE, SLOTS

LONGEST_MATCH = 8
"""Tuples before two places that are compared."""
BARS_BACK = 16
"""Bars since a place that are told apart; more are as many."""
AGES = 12
"""Ages of a place in tuples that are told apart: its log2."""
WAYS = 3
"""Where a symbol comes from: the network itself, what stood there, that in the present key."""
PAST = 1024
"""Tuples of the past that can be pointed at."""
YOURS = (SLOT_TABLE[0].n_symbols, SLOT_TABLE[1].n_symbols, SLOT_TABLE[2].n_symbols)
"""The symbol of a voice that isn't given: one past its last."""
UNKNOWN = 0
"""For how long the given voices stay: nobody knows, or none is given."""
TURN = "prior.turn"
"""The rotation of the style axes after training: it is contained in all other weights, but the
spreads of the encoder and of the prior lie along the old axes."""
LEAST = 1e-8
"""No symbol is less likely."""


@dataclass(frozen=True)
class SongConfig:
    """The network's sizes.

    `candidates` are the places of the past that a tuple chooses from, `components` those of the
    prior's mixture that are no phrase's, `memory` the phrases that it can have again.
    """

    embedding: int = 48
    place: int = 32
    given: int = 24
    left: int = 16
    encoder_hidden: int = 256
    hidden: int = 384
    layers: int = 2
    head_hidden: int = 192
    style: int = 32
    keys: int = 32
    candidates: int = 32
    prior_hidden: int = 128
    components: int = 8
    memory: int = 32

    @property
    def latent(self) -> int:
        """Numbers of z."""
        return N_ATTRIBUTES + self.style

    @property
    def inputs(self) -> int:
        """Numbers that a step reads."""
        heard = SLOTS * self.embedding + self.latent + N_ATTRIBUTES
        return heard + self.place + N_VOICES * self.given + self.left

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every weight's name and shape, as `vae` names them."""
        from_past = _past_shapes(self)
        return _encoder_shapes(self) | _decoder_shapes(self) | from_past | _prior_shapes(self)


def _encoder_shapes(c: SongConfig) -> dict[str, tuple[int, ...]]:
    out: dict[str, tuple[int, ...]] = {}
    for i, slot in enumerate(SLOT_TABLE):
        out[f"encoder.embed.{i}.weight"] = (slot.n_symbols, c.embedding)
    for end in ("l0", "l0_reverse"):
        out |= gru_shapes("encoder.gru", end, SLOTS * c.embedding, c.encoder_hidden)
    return out | linear_shapes("encoder.out", 4 * c.encoder_hidden, 2 * c.style)


def _decoder_shapes(c: SongConfig) -> dict[str, tuple[int, ...]]:
    out: dict[str, tuple[int, ...]] = {
        "decoder.place.weight": (N_PLACES, c.place),
        "decoder.left.weight": (LONGEST_HOLD + 1, c.left),
    }
    for i, slot in enumerate(SLOT_TABLE):
        out[f"decoder.embed.{i}.weight"] = (slot.n_symbols + 1, c.embedding)
        out |= linear_shapes(f"decoder.lift.{i}", c.hidden, c.head_hidden)
        out |= linear_shapes(f"decoder.logits.{i}", c.head_hidden, slot.n_symbols)
        for j, before in enumerate(SLOT_TABLE[:i]):
            out[f"decoder.given.{i}.{j}.weight"] = (before.n_symbols, c.head_hidden)
        if i < N_VOICES:
            out[f"decoder.fixed.{i}.weight"] = (slot.n_symbols + 1, c.given)
    for i, n in enumerate(N_SCORES):
        out |= linear_shapes(f"decoder.relative.{i}", c.hidden, n)
    out |= linear_shapes("decoder.ending", c.hidden, N_PLACES - 1)
    for layer in range(c.layers):
        n_in = c.inputs if layer == 0 else c.hidden
        out |= gru_shapes("decoder.gru", f"l{layer}", n_in, c.hidden)
    return out


def _past_shapes(c: SongConfig) -> dict[str, tuple[int, ...]]:
    lengths = LONGEST_MATCH + 1
    return {
        "pointer.same": (2, lengths),
        "pointer.rhythm": (2, lengths),
        "pointer.moved": (2, lengths),
        "pointer.bars": (2, BARS_BACK + 2),
        "pointer.age": (2, AGES),
        "pointer.agree": (2, SLOTS),
        "pointer.best_same": (lengths, SLOTS * WAYS),
        "pointer.best_moved": (lengths, SLOTS * WAYS),
        **linear_shapes("pointer.query", c.hidden, 2 * c.keys),
        **linear_shapes("pointer.key", c.hidden, c.keys),
        **linear_shapes("pointer.gate", c.hidden, SLOTS * WAYS),
    }


def _prior_shapes(c: SongConfig) -> dict[str, tuple[int, ...]]:
    h, z = c.prior_hidden, c.latent
    return {
        **linear_shapes("prior.read", z + c.hidden, h),
        "prior.cell.weight_ih": (3 * h, h),
        "prior.cell.weight_hh": (3 * h, h),
        "prior.cell.bias_ih": (3 * h,),
        "prior.cell.bias_hh": (3 * h,),
        "prior.nothing": (h,),
        **linear_shapes("prior.mixture", h, c.components * (2 * z + 1)),
        **linear_shapes("prior.query", h, c.keys),
        **linear_shapes("prior.key", h, c.keys),
        "prior.age": (c.memory,),
        "prior.grain": (z,),
        TURN: (c.style, c.style),
    }


def linear_shapes(name: str, n_in: int, n_out: int) -> dict[str, tuple[int, ...]]:
    """A linear layer's weights."""
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def gru_shapes(name: str, end: str, n_in: int, n_hidden: int) -> dict[str, tuple[int, ...]]:
    """A GRU layer's weights."""
    return {
        f"{name}.weight_ih_{end}": (3 * n_hidden, n_in),
        f"{name}.weight_hh_{end}": (3 * n_hidden, n_hidden),
        f"{name}.bias_ih_{end}": (3 * n_hidden,),
        f"{name}.bias_hh_{end}": (3 * n_hidden,),
    }
