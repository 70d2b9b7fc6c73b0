"""What the log says of phrases that were decoded."""

from __future__ import annotations

from nesvae_live.engine.inference import Result
from nesvae_live.engine.placedphrase import Cut
from nesvae_live.log.entries import Answered, Decoded, Spliced


def answered(result: Result, at: float) -> Answered:
    """The answer as it came, at `at` seconds: all that comes from the decoder is what was spelt."""
    request, tokens = result.request, result.phrase.tokens
    z = () if result.z is None else tuple(float(x) for x in result.z)
    return Answered(at, request.index, request.splice, tokens, result.seconds, z)


def decoded(result: Result, at: float) -> Decoded:
    """A whole phrase that is placed."""
    request = result.request
    return Decoded(
        at,
        request.index,
        request.follows,
        request.seed,
        tuple(float(x) for x in (request.z if result.z is None else result.z)),
        tuple(int(x) for x in request.mask),
        result.phrase.tokens,
        result.seconds,
    )


def spliced(result: Result, cut: Cut, beat: float, beats: float, at: float) -> Spliced:
    """A tail that is placed from `beat` on, and lasts `beats`."""
    request = result.request
    return Spliced(
        at,
        request.index,
        request.splice,
        cut.kept,
        cut.held,
        beat,
        beats,
        request.seed,
        tuple(float(x) for x in request.z),
        tuple(int(x) for x in request.mask),
        result.phrase.tokens,
        result.seconds,
    )
