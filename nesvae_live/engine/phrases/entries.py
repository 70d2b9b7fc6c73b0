"""What the log holds of a phrase: the entries of an answer, and what is read back from them."""

from __future__ import annotations

from nesvae_live.engine.phrases.placedphrase import Cut
from nesvae_live.engine.phrases.request import Result
from nesvae_live.latent.performing import Stroke, Touch
from nesvae_live.log.entries import (
    Answered,
    Decoded,
    Drummed,
    Performed,
    Spliced,
)
from nesvae_live.music.events import LOUDEST
from nesvae_live.music.patch import Macro
from nesvae_live.music.voices import Voice


def answered(result: Result, at: float) -> Answered:
    """The entry of an answer that came at `at` seconds: all that the decoder contributes."""
    request, tokens = result.request, result.phrase.tokens
    z = () if result.z is None else tuple(float(x) for x in result.z)
    return Answered(at, request.index, request.splice, tokens, result.seconds, z)


def performed(result: Result, at: float) -> Performed:
    """The entry of how an answer's notes are played, which stands before the answer."""
    request = result.request
    touches = tuple(
        (touch.number, touch.voice.name, touch.volume.text, touch.duty.text)
        for touch in result.performance.touches
    )
    return Performed(at, request.index, request.splice, touches)


def to_touches(entry: Performed | None) -> tuple[Touch, ...]:
    """How the notes of an answer are played, from its entry.

    Raises:
        KeyError, ValueError: it can't be read.
    """
    return tuple(
        Touch(i, Voice[voice], Macro.parse(volume, 0, LOUDEST), Macro.parse(duty, 0, 3))
        for i, voice, volume, duty in (entry.touches if entry else ())
    )


def drummed(result: Result, at: float) -> Drummed:
    """The entry of an answer's drums, which stands before the answer."""
    request = result.request
    strokes = tuple(
        (s.number, s.tick, s.note, s.volume.text, s.duty.text, s.rank)
        for s in result.performance.strokes
    )
    return Drummed(at, request.index, request.splice, strokes)


def to_strokes(entry: Drummed | None) -> tuple[Stroke, ...]:
    """The drums of an answer, from their entry.

    Raises:
        ValueError: they can't be read.
    """
    return tuple(
        Stroke(i, k, note, Macro.parse(volume, 0, LOUDEST), Macro.parse(duty, 0, 1), rank)
        for i, k, note, volume, duty, rank in (entry.strokes if entry else ())
    )


def decoded(result: Result, at: float) -> Decoded:
    """The entry of a whole phrase that is placed."""
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
    """The entry of a tail that is placed from `beat` on, and lasts `beats`."""
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
