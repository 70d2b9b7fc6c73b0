"""The verbs of `ctl`: the table of what each does, and what may follow it on the line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nesvae_live.cli.ctl.verbcommands import (
    Command,
    Given,
    adopt,
    back,
    capture,
    give,
    key,
    plain,
    steady,
    store,
    style,
    switch,
    turned,
)
from nesvae_live.cli.reading.arguments import SWAPS, number, span
from nesvae_live.latent.given import ANSWERS, SOURCES
from nesvae_live.latent.themes import LETTERS
from nesvae_live.music.ranges import (
    KEYS_BEATS,
    KEYS_SPLITS,
    LEVEL,
    MORPH_BARS,
    QUOTES,
    SEEDS,
    SHARE,
    SNAPSHOTS,
    TEMPERATURE,
    TEMPO,
    TRANSPOSE,
    Range,
)
from nesvae_live.music.voices import VOICES, Voice


@dataclass(frozen=True, slots=True)
class VerbSpec:
    """A verb: what it does, its arguments (name -> argparse's options), and its command."""

    name: str
    more: str
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    command: Callable[[Given], Command] = plain


ALL = "all"


def _number(
    what: str, within: Range, *, whole: bool = False, word: str | None = None
) -> dict[str, Any]:
    """A number within a range, which is shown, or a `word` in its place."""
    shown = span(within) if word is None else f"{span(within)}|{word}"
    return {"type": number(what, within, whole=whole, word=word), "metavar": shown}


def _voice(text: str) -> str:
    """A voice's name, however it is written."""
    return ALL if text.lower() == ALL else text.upper()


PHRASES = Range(1, 64)
"""How far one can go back at a time."""

FILE_PHRASES = Range(1, 100_000)
PAGES = Range(1, 99)
CHANNELS = Range(1, 16)

NAMES = tuple(voice.name for voice in Voice)
HEARD = {"choices": NAMES, "type": _voice}
WRITTEN = {"choices": (*(spec.voice.name for spec in VOICES), ALL), "type": _voice}


def _slot(text: str) -> int | str:
    """A snapshot's number, or its name."""
    if text.lstrip("+-").isdecimal():
        return int(number("a snapshot's number", SNAPSHOTS, whole=True)(text))
    return text


SLOT = {"type": _slot, "metavar": "N|NAME"}
THEME = {"choices": tuple(LETTERS), "type": str.upper}
SHARED = _number("a value", SHARE)
ON = {"choices": ("on", "off"), "nargs": "?"}
"""Without it, it is turned over."""
BARS = {"type": number("a number of bars", MORPH_BARS), "nargs": "?", "metavar": "BARS"}
PHRASE = _number("a number of phrases", PHRASES, whole=True)
PHRASE |= {"nargs": "?", "default": 1, "metavar": "PHRASES"}

VERBS = (
    VerbSpec(
        "set",
        "set a knob, or release it",
        {"knob": {}, "value": _number("a value", SHARE, word="off")},
    ),
    VerbSpec("mute", "silence a voice", {"voice": HEARD}, turned),
    VerbSpec("unmute", "let a voice sound again", {"voice": HEARD}, turned),
    VerbSpec(
        "level",
        f"set the level of a voice, or of all of them: {LEVEL}",
        {
            "voice": {"choices": (*NAMES, ALL), "type": _voice},
            "level": {"type": number("a level", LEVEL), "metavar": "DB"},
        },
    ),
    VerbSpec("solo", "hear a voice alone", {"voice": HEARD}, turned),
    VerbSpec("unsolo", "take a voice out of solo", {"voice": HEARD}, turned),
    VerbSpec("swap", "choose when a knob change takes effect", {"mode": {"choices": SWAPS}}),
    VerbSpec(
        "tempo",
        f"set the tempo of the internal clock, {TEMPO}",
        {"tempo": {"type": number("a tempo", TEMPO), "metavar": "BPM"}},
    ),
    VerbSpec("tap", "tap the tempo, on a beat"),
    VerbSpec("one", "say, on the first beat, that a bar of the followed clock begins now"),
    VerbSpec(
        "move",
        "move any target (`list` in `nesvae-live learn` shows them), as a control does",
        {"target": {}, "value": {**SHARED, "nargs": "?", "default": 1.0}},
    ),
    VerbSpec("release", "release every knob"),
    VerbSpec(
        "store",
        "store everything as a snapshot, with a name if you like",
        {"slot": SLOT, "name": {"nargs": "?", "metavar": "NAME"}},
        store,
    ),
    VerbSpec("snapshots", "list the snapshots and what is in them"),
    VerbSpec("clear", "delete a snapshot", {"slot": SLOT}),
    VerbSpec("recall", "recall a snapshot", {"slot": SLOT}),
    VerbSpec("morph", "morph to a snapshot over some bars", {"slot": SLOT, "bars": BARS}),
    VerbSpec("between", "put the crossfader between two snapshots", {"low": SLOT, "high": SLOT}),
    VerbSpec("fade", "move the crossfader", {"value": SHARED}),
    VerbSpec("back", "play an earlier phrase again, and hold it", {"phrases": PHRASE}, back),
    VerbSpec("forward", "play a later phrase again, towards the newest", {"phrases": PHRASE}, back),
    VerbSpec("hold", "loop the current phrase", {"on": ON}, switch),
    VerbSpec("auto", "let the music wander by itself", {"on": ON}, switch),
    VerbSpec("round", "go round the snapshots", {"on": ON, "bars": BARS}, switch),
    VerbSpec(
        "chance",
        "nudge the map's knobs at random, each by at most this much",
        {"amount": {**SHARED, "nargs": "?"}},
    ),
    VerbSpec(
        "temperature",
        "set how freely the network draws: below 1 safer, above 1 wilder",
        {"temperature": _number("a temperature", TEMPERATURE)},
    ),
    VerbSpec(
        "quote",
        "set how much of what was played comes back: 0 nothing, 0.5 as the network learnt it",
        {"quote": _number("quote", QUOTES)},
    ),
    VerbSpec(
        "steady",
        "choose the attributes that stay where they are when you turn another knob",
        {"knobs": {"nargs": "+", "metavar": "KNOB|none"}},
        steady,
    ),
    VerbSpec(
        "voice",
        "choose who plays a voice; the network writes the others to fit",
        {
            "voice": {"choices": tuple(spec.voice.name for spec in VOICES), "type": _voice},
            "source": {"choices": tuple(str(source) for source in SOURCES)},
            "file": {"nargs": "?", "type": Path, "metavar": "FILE.mid"},
        },
        give,
    ),
    VerbSpec(
        "keys-return",
        "set how many beats without a key until the network plays a voice again",
        {"beats": _number("a number of beats", KEYS_BEATS, word="never")},
    ),
    VerbSpec(
        "keys-split",
        "set the MIDI note at which one keyboard is split between voices",
        {"note": _number("the split", KEYS_SPLITS, whole=True)},
    ),
    VerbSpec(
        "answer",
        "let the network answer what you play: for as long as you played, or by so many bars",
        {"answer": {"choices": tuple(str(answer) for answer in ANSWERS)}},
    ),
    VerbSpec(
        "chords",
        "choose the MIDI channel on which the keys you hold are the harmony",
        {"channel": _number("a channel", CHANNELS, whole=True, word="off")},
    ),
    VerbSpec("theme", "mark what is playing as a theme", {"theme": THEME}),
    VerbSpec(
        "return", "bring a theme back, whichever knobs you have turned since", {"theme": THEME}
    ),
    VerbSpec("forget", "drop the themes; nothing played so far comes back"),
    VerbSpec(
        "seed",
        "play other notes at the same place on the map",
        {
            "seed": {
                "type": number("a seed", SEEDS, whole=True, word="next"),
                "metavar": "N|next",
            }
        },
    ),
    VerbSpec(
        "transpose",
        "transpose a voice, or all of them, by semitones",
        {"voice": WRITTEN, "semitones": _number("a transposition", TRANSPOSE, whole=True)},
    ),
    VerbSpec(
        "key",
        "keep the voices in a key, such as D minor",
        {"key": {"nargs": "+", "metavar": "KEY|off"}},
        key,
    ),
    VerbSpec(
        "capture",
        "go on from what you played on the MIDI input, or from a file",
        {
            "file": {"nargs": "?", "type": Path, "metavar": "FILE.mid"},
            "--phrase": {
                "type": number("the number of a phrase", FILE_PHRASES, whole=True),
                "metavar": "N",
                "default": 1,
                "help": "which phrase of the file; default: 1",
            },
        },
        capture,
    ),
    VerbSpec(
        "style",
        "go on in an adopted style, in a new take; mine:.5 is half-way",
        {"style": {"metavar": "NAME[:AMOUNT]|none"}},
        style,
    ),
    VerbSpec(
        "adopt",
        "make a style from files, as `nesvae-live adopt` does, and go on in it",
        {
            "sources": {"nargs": "+", "type": Path, "metavar": "FILE"},
            "--out": {"required": True, "metavar": "NAME", "help": "the style's name"},
            "--themes": {"action": "store_true", "help": "fill the themes A to H"},
            "--checkpoint": {
                "metavar": "NAME|FILE",
                "help": "the checkpoint that plays; default: the shipped one",
            },
        },
        adopt,
    ),
    VerbSpec("mark", "put a mark into the take's log", {"text": {"nargs": "?", "default": ""}}),
    VerbSpec(
        "page",
        "go to a page of the controls",
        {"page": {"type": number("a page", PAGES, whole=True), "metavar": "N"}},
    ),
    VerbSpec("refresh", "send the controller all its values again"),
    VerbSpec("panic", "end every note now, whatever is sounding"),
    VerbSpec("stop", "end the performance"),
    VerbSpec("status", "print the whole state, as JSON"),
)
