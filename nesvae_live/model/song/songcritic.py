"""The critic of format 3: candidates for a phrase, how much they may quote, and which one is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles
from nesvae_live.latent.decoding import SAMPLING, Sampling
from nesvae_live.model.gru import F32
from nesvae_live.model.measured import Floats, Measure
from nesvae_live.model.song.memory import Returning, Said, SongDecoded, SongState
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songdecoder import Guide, SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.steering.ending import LastChord
from nesvae_live.model.song.steering.freeness import AFTER, DRAWN, chances
from nesvae_live.model.song.steering.marginals import UNMENDED, Marginals, Mends
from nesvae_live.model.song.steering.mendtables import MENDS, OF_BEFORE, OF_METRE
from nesvae_live.model.song.steering.presence import NEVER, patience
from nesvae_live.model.song.steering.quote import (
    CONSONANCE,
    HOLD_AGAIN,
    REGULARITY,
    agreement,
    farther,
    heed,
    heed_return,
    lead_odds,
    quote_to_odds,
)
from nesvae_live.model.song.steering.sections import OF_BEFORE as SECTIONS_OF_BEFORE
from nesvae_live.model.song.steering.sections import SECTIONS, Sections
from nesvae_live.model.song.steering.standstill import longest_still
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import TUPLES_PER_PHRASE

Seed = tuple[int, ...]
DRAW_STEP = 0.618_033_988_75
"""Candidate k's draws are the first one's plus k of these, modulo 1: as even, and from one seed."""

STEADINESS = 0.3
"""By how much the prior's components are narrowed where nothing is mended: a piece keeps its character."""
RECENT = 3
"""Phrases that were just played don't come again."""
TOLD = 0.25
"""Where a hand has turned something, what was set besides counts so much when a candidate is chosen."""


class SongCritic:
    """A decoder that spells several candidates at once and keeps the best.

    With a `prior` it also says where the music would go by itself. Where a sampling is calibrated, that is by
    `mends`, if there are any.
    """

    def __init__(
        self,
        decoder: SongDecoder,
        quantiles: Quantiles,
        prior: SongPrior | None = None,
        mends: Mends | None = MENDS,
    ) -> None:
        self._decoder = decoder
        self._mends = mends
        self._measure = Measure(quantiles)
        self._prior = prior

    @property
    def latent(self) -> int:
        """Numbers of z."""
        return self._decoder.config.latent

    def initial_state(self, place: int = FREE) -> SongState:
        """No past."""
        form = None if self._prior is None else self._prior.beginning()
        return replace(self._decoder.initial_state(place), form=form)

    def compose(
        self,
        start: SongState,
        z: F32,
        known: NDArray[np.bool_],
        seed: Seed,
        sampling: Sampling = SAMPLING,
    ) -> tuple[SongState, F32]:
        """Draw where the next phrase goes from the prior: on, or to a section that was there.

        Args:
            start: where the phrase is asked for.
            z: `[Z]`, of which the coordinates are kept that `known` `[Z]` says.
            known: which.
            seed: of the draws.
            sampling: whether it is calibrated.

        Returns:
            Where to go on from, and the phrase's z `[Z]`.
        """
        assert self._prior is not None  # only a performance that composes asks
        start = self._gone_on(start)
        form, back = start.form, start.back
        assert form is not None
        if back is not None and back.lead is not None:  # a section goes on
            at = int(np.searchsorted(form.ticks, back.ticks + back.gone, "right")) - 1
            if at >= 0:
                return start, np.where(known, z, form.z[at]).astype(np.float32)
        mends, sections = self._mended_by(sampling, start.place), self._sections(sampling)
        free, first = start.place == FREE, not len(form.z)
        again = sections.again_free if free else sections.again
        mixture = self._prior.mixture(form, again, RECENT).given(z, known)
        rng, narrowed = np.random.default_rng(seed), STEADINESS if mends is None else 0.0
        drawn, which = mixture.draw(rng, narrowed)
        if sampling.heeds_metre and self._mends is not None:
            some = [(drawn, which), *(mixture.draw(rng, narrowed) for _ in range(DRAWN - 1))]
            phrase = (mends or UNMENDED).phrase
            heard = chances(np.stack([z for z, _ in some]), free, phrase, 1.0 if first else AFTER)
            drawn, which = some[rng.choice(DRAWN, p=heard)]
        earlier = which - self._prior.config.components
        theme = back is not None and back.lead is None and sampling.heeds_metre
        if earlier >= 0 and not theme:  # what a hand called back is heard to its end
            start = replace(start, back=_section(start, earlier, drawn, sections.phrases))
        return start, drawn

    def decode(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling,
        quote: float | None = None,
        *,
        by_hand: bool = True,
    ) -> SongDecoded:
        """Spell tuples, as `SongDecoder.decode` does; with every knob released there is one candidate.

        `quote` is 0 (never quote the past) to 1 (all it can); .5 is as it learnt to; None leaves it
        to the state. Knobs that were set `by_hand` (of those, the state's `hands`) are guided, and
        have the past heed them; what the prior set goes on from it anyway.
        """
        begin = start.said.begin if start.said and not start.over else start.memory.end
        start = self._gone_on(start)
        hands = np.zeros_like(z)
        if by_hand:
            hands[: len(mask)] = mask
            hands = hands if start.hands is None else start.hands
        odds = quote_to_odds(start.quote if quote is None else quote)
        turned = hands[: len(mask)] * mask
        enough = len(start.memory) >= TUPLES_PER_PHRASE
        lately = self._measured(start.memory.symbols[-TUPLES_PER_PHRASE:]) if enough else None
        if turned.any():
            odds = heed(odds, distance(z, turned, lately))
            sampling = replace(sampling, guidance=farther(sampling.guidance))
        back = None
        if start.back is not None:
            led = start.back
            if led.lead is None:
                of_theme = heed_return(self.farness(z, hands, led))
                every = (of_theme, of_theme, of_theme, of_theme)
                back = Guide(led.memory, led.gone, every)
            else:
                back = Guide(
                    led.memory, led.gone, lead_odds(led.lead, odds, self._sections(sampling).along)
                )
        ending = start.ending
        chord = None if ending is None else LastChord.of(ending, start.memory.symbols)
        n = sampling.candidates if mask.any() else 1
        draws = candidate_draws(uniforms, n)
        still = longest_still(z, turned) if sampling.stirs else NEVER
        alone = not turned.any() and start.given is None and start.harmony is None
        mends = self._mended_by(sampling, start.place) if alone else None
        again = HOLD_AGAIN * float((z[: len(mask)] * turned)[REGULARITY])
        if mends is not None:
            odds += float(mends.quoting[0])
            again += float(mends.again[0])
        agree, strange = (0.0, 1.0) if hands[CONSONANCE] > 0 else agreement(start.given)
        found = self._decoder.decode_many(
            z,
            mask,
            start,
            draws,
            sampling,
            odds=odds,
            hands=turned,
            back=back,
            chord=chord,
            patience=patience(z, hands, lately, mask * (turned == 0) if turned.any() else None),
            again=again,
            agree=agree,
            strange=strange,
            still=still,
            mends=mends,
        )
        if n > 1:
            reached = self._measure(np.stack([decoded.symbols for decoded in found]))
            counts = np.where(turned > 0, 1.0, TOLD) * mask if turned.any() else mask
            errors = attribute_errors(reached, z[: len(mask)], counts)
            found = [found[int(errors.argmin())]]
        return replace(found[0], said=Said(z, mask, begin))

    def farness(self, z: F32, hands: F32, back: Returning) -> float:
        """How far the farthest knob was turned since a theme was played, in standard deviations.

        Where a knob was let go then, it counts how far the theme is from where it is now.
        """
        there = back.z.copy()
        n = len(back.mask)
        there[:n] = np.where(back.mask > 0, back.z[:n], self._measured(back.first))
        return float((np.abs(z - there) * hands).max())

    def _mended_by(self, sampling: Sampling, place: int) -> Marginals | None:
        if self._mends is None or not sampling.calibrated:
            return None
        before = OF_METRE if sampling.heeds_metre else OF_BEFORE
        return (self._mends if sampling.recalls else before).at(place)

    def _sections(self, sampling: Sampling) -> Sections:
        return SECTIONS if sampling.recalls and self._mends is not None else SECTIONS_OF_BEFORE

    def _gone_on(self, start: SongState) -> SongState:
        """The state if a phrase is over: the prior knows of it."""
        form, said = start.form, start.said
        if not start.over:
            return start
        if self._prior is None or form is None or said is None:
            return replace(start, over=False)
        last = self._measured(start.memory.symbols[-TUPLES_PER_PHRASE:])
        attributes = np.where(said.mask > 0, said.z[:N_ATTRIBUTES], last)
        z = np.concatenate((attributes, said.z[N_ATTRIBUTES:])).astype(np.float32)
        form = self._prior.after(form, z, start.hidden[-1], said.begin)
        return replace(start, form=form, said=None, over=False)

    def _measured(self, symbols: NDArray[np.int64]) -> Floats:
        """`[8]`: the attributes of tuples as coordinates."""
        if not len(symbols):
            return np.zeros(N_ATTRIBUTES)
        return np.asarray(self._measure(symbols[None])[0])


def distance(z: F32, mask: F32, lately: Floats | None) -> float:
    """How far what is asked for is from the attributes `[8]` of what was just played; 0: nothing was."""
    if lately is None:
        return 0.0
    return float((np.abs(z[: len(mask)] - lately) * mask).sum() / mask.sum())


def _section(start: SongState, phrase: int, z: F32, phrases: int) -> Returning | None:
    """So many phrases of the form again, from `phrase` on; None if it is remembered no more."""
    assert start.form is not None
    memory, ticks = start.memory, start.form.ticks
    if not len(memory) or ticks[phrase] < memory.ticks[0]:
        return None
    ends = np.append(ticks, memory.end)
    begin, end = np.searchsorted(
        memory.ticks, (ticks[phrase], ends[min(phrase + phrases, len(ticks))])
    )
    if begin >= end:
        return None
    said = Said(z, np.ones(N_ATTRIBUTES, np.float32), int(ticks[phrase]))
    return Returning.section(start.place, memory, int(begin), int(end), said)


def make_decoder(checkpoint: SongCheckpoint) -> SongCritic:
    """A checkpoint's decoder, compiled, with the critic that keeps the best of its candidates."""
    decoder = SongDecoder(checkpoint)
    decoder.warm_up()
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    return SongCritic(decoder, checkpoint.quantiles, prior)


def candidate_draws(uniforms: F32, candidates: int) -> F32:
    """Draws `[candidates, ..., 4]` in 0..1 from those of the first candidate, `[..., 4]`."""
    steps = np.arange(candidates, dtype=np.float32).reshape(-1, *[1] * uniforms.ndim)
    return np.asarray(
        (uniforms[None] + np.float32(DRAW_STEP) * steps) % np.float32(1.0), np.float32
    )


def attribute_errors(reached: Floats, a: F32, mask: NDArray[np.floating]) -> Floats:
    """How far phrases are from what was asked: standard deviations, summed over set attributes.

    Args:
        reached: `[n, 8]`, their coordinates.
        a: `[8]`, the coordinates that were asked for.
        mask: `[8]`, how much each counts, 0 where it isn't set.

    Returns:
        `[n]`.
    """
    return np.asarray((np.abs(reached - a) * mask).sum(1))
