"""How much the instrument quotes its own past, from never to all it can, and how knobs win over it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.given import UNKNOWN
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE

MOST_ODDS = 12.0
"""What is added to the log odds of quoting at most."""
HEED, NEAR = 2.0, 0.5
"""Log odds a standard deviation that knobs ask for more than this from the past."""
HEED_RETURN, NEAR_RETURN = 24.0, 0.1
"""The same of a theme that comes back, of the farthest knob."""
CEILING = 1.5
"""Log odds of quoting at most, where a hand has set an attribute."""
FARTHER = 5.0 / 3.0
"""Where the past can be quoted guidance goes so many times as far."""
HOLDS = 2.0
"""Holds are guided so many times as far as notes: regularity is said by them alone."""
REGULARITY, HOLD_AGAIN = 4, 4.0
"""Which attribute says how even holds are; log odds, for each standard deviation that a hand asks for
of it, of a hold that all of the phrase has."""

CONSONANCE = 6
"""Which attribute says how consonant voices are."""
AGREE = 0.7
"""Log odds of notes that are consonant with a given one."""
STRANGE_PLAYED, STAY = 0.25, 0.7
"""Of the probability of notes that are dissonant with one that somebody plays so much is left: nobody knows
what they play next, so that what sounds with it can't have been chosen for it. And log odds of staying
on a note until they play the next one: so the others begin theirs with it."""
LINE = 0.8
"""Log odds that speak for a tuple that ends on the bar line."""
ALIGNMENT = 1.0
"""How much of what is added speaks for the same place in the bar too."""


def quote_to_odds(quote: float) -> float:
    """A knob's place to what it adds to the log odds of quoting.

    Args:
        quote: 0 (never) to 1 (all it can); .5 is as the network learnt to.

    Returns:
        -12 to 12; 0 in the middle.
    """
    if quote <= 0:
        return -MOST_ODDS
    if quote >= 1:
        return MOST_ODDS
    return max(-MOST_ODDS, min(MOST_ODDS, 2.0 * math.log(quote / (1.0 - quote))))


def odds_to_alignment(odds: float) -> float:
    """What speaks for places at the same tick of the bar, if more is quoted than was learnt.

    A quotation that sits elsewhere in the bar would take the beat along.
    """
    return ALIGNMENT * max(odds, 0.0)


def heed(odds: float, distance: float) -> float:
    """The odds when what is asked for is so far from what was just played.

    A quotation brings along how the past was; so the further the knobs ask for something else, the
    less is quoted.

    Args:
        odds: of quoting, as they would be; with a hand on a knob they are no more than the ceiling.
        distance: mean over the knobs that are set, in standard deviations of the corpus.
    """
    return max(-MOST_ODDS, min(odds, CEILING) - HEED * max(distance - NEAR, 0.0))


def farther(guidance: float) -> float:
    """The guidance by which a network that can quote heeds a hand as one does that can't."""
    return 1.0 + FARTHER * (guidance - 1.0)


def heed_return(distance: float) -> float:
    """The odds of quoting a theme that comes back: all of it, unless knobs were turned since.

    Args:
        distance: how far the farthest one was turned, in standard deviations of the corpus.
    """
    return max(-MOST_ODDS, MOST_ODDS - HEED_RETURN * max(distance - NEAR_RETURN, 0.0))


def lead_odds(lead: int, odds: float, along: float) -> tuple[float, float, float, float]:
    """The odds of each slot of a tuple to be quoted from a section that comes again.

    The leading voice and the durations are; the other voices go along as much as they like, as
    songs vary what they repeat.

    Args:
        lead: the voice.
        odds: of quoting, as they are.
        along: what speaks for quoting the other voices.
    """
    a, b, c = (MOST_ODDS if voice == lead else odds + along for voice in range(3))
    return a, b, c, MOST_ODDS


def agreement(track: NDArray[np.int64] | None) -> tuple[float, float]:
    """What speaks for consonance with what is given, by a track `[ticks, 5]` of it (None: nothing is).

    Returns:
        Log odds of what is consonant, and which share is left of what isn't.
    """
    if track is None:
        return 0.0, 1.0
    given = any(
        track[0, voice] < slot.n_symbols for voice, slot in enumerate(SLOT_TABLE[:N_VOICES])
    )
    return (0.0, STRANGE_PLAYED) if given and track[0, N_VOICES] == UNKNOWN else (AGREE, 1.0)
