"""What is drawn: the instrument on a terminal of 80 columns, as lines of text with colours."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from nesvae_live.control.gesturetargets import TEMPERATURE_KNOB
from nesvae_live.control.target import value_to_ratio
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.latent.knobs import SOUND_KNOBS
from nesvae_live.latent.performing import MANNER_KNOBS
from nesvae_live.music.key import ROOTS
from nesvae_live.music.voices import SILENCE, VOICES, Voice
from nesvae_live.panel.terminal.facts import ViewFacts
from nesvae_live.panel.terminal.hands import SLOTS, STRIPS, SWITCHES, TRIGGERS, Hands
from nesvae_live.panel.terminal.health import ALL_WELL, UNHEARD, Health

COLUMNS = 3
NAME, BAR, VALUE = 11, 7, 5
"""Characters of a knob's name, of its bar and of its value."""

TUPLE = 5
"""Characters of a step of the phrase."""

MOST_STYLE = 8
"""So many style knobs are shown; the others are few people's, and the panel's."""

NOTICES = 2
FULL, HALF, EMPTY = "█", "▌", "·"
WAITS = "<"
"""After a knob whose control stands elsewhere, and has to take over."""

DIM, STRONG, WRONG, GOOD, CHOSEN = "bright_black", "bold", "bold red", "green", "reverse"
INKS = {Voice.P1: "cyan", Voice.P2: "yellow", Voice.TR: "green", Voice.NO: "magenta"}
"""Colours of the terminal's own palette, which its owner can read."""

ALL_KEYS = (
    ("left, right, Tab", "choose a knob"),
    ("up, down", "turn it; Shift: finer, Page Up, Page Down: farther, Home, End"),
    ("Backspace", "release it: the network decides"),
    ("1 to 9; s1, g1", "recall a snapshot; store it, morph to it"),
    ("e, E, and A to H", "mark what is playing as a theme; bring one back"),
    ("u, o, and 1 to 4", "mute a voice; solo it"),
    ("h, a, w", "loop the phrase; auto: the music wanders; round the snapshots"),
    ("c, v, r", "chance; vary: other notes at this place; release every knob"),
    ("[, ]", "back through the phrases; forward again"),
    ("t, +, -", "tap the tempo; a beat a minute faster, slower"),
    ("b", "when a knob change takes effect: now, next beat, next bar"),
    ("m, k", "mark this place in the take; keep the last 8 bars as files"),
    (".", "panic: end every note now"),
    ("Ctrl-Z, fg", "leave for the shell; come back"),
    ("q y, Ctrl-C", "end the performance; the take is kept"),
)

"""Every key, and what it does."""

FOOT = (
    (
        *((key, SWITCHES[key][1]) for key in "haw"),
        *((key, TRIGGERS[key][1]) for key in ("t", "c", "r")),
        ("[]", "back"),
        ("ea", "theme"),
        (".", TRIGGERS["."][1]),
    ),
    (
        ("1-9", "recall"),
        *((f"{key}1", name) for key, (name, _) in (SLOTS | STRIPS).items()),
        ("←→↑↓", "knob"),
        ("?", "keys"),
        ("q", "quit"),
    ),
)
"""Those that always stand at the foot, in two lines."""


def knobs_of(facts: ViewFacts) -> tuple[str, ...]:
    """The knobs that are shown, in their order; for the performer's there is no room."""
    style = (f"style{i + 1}" for i in range(min(facts.n_style, MOST_STYLE)))
    sound = (knob.name for knob in SOUND_KNOBS if knob.name not in MANNER_KNOBS)
    return (
        *(attribute.name for attribute in ATTRIBUTES),
        *style,
        *sound,
        "temperature",
        "level-all",
    )


class View:
    """Draws; it remembers nothing but what went wrong lately."""

    def __init__(self, facts: ViewFacts, hands: Hands) -> None:
        self._facts = facts
        self._hands = hands
        self._knobs = knobs_of(facts)
        self._health = Health()

    def lines(
        self,
        told: Mapping[str, Any] | None,
        notices: Iterable[str],
        message: str,
        now: float,
    ) -> list[Text]:
        """The lines from the top to the bottom, each for the whole width.

        Args:
            told: what `watch` said last; None: the instrument doesn't answer.
            notices: what the instrument has said, the newest last.
            message: what a key brought; empty for nothing.
            now: in seconds.
        """
        if told is None:
            return [Text("the instrument does not answer: waiting for it", WRONG)]
        status = told["status"]
        lines = [self._head(status), self._well(status, now), self._where(), Text("")]
        if self._hands.shows_keys:
            lines += [Text.assemble((f"{key:>16}  ", STRONG), does) for key, does in ALL_KEYS]
        else:
            lines += [*self._phrase(told["phrase"], status), Text("")]
            waits = told.get("takeover", {})
            lines += [*self._rows(told["targets"], waits), _voices(told["targets"], status)]
            lines += [self._gestures(status), Text("")]
        newest = list(notices)[-NOTICES:]
        lines += [Text(text, DIM) for text in (*newest, *[""] * (NOTICES - len(newest)))]
        return [*lines, self._asked(message, told), *_foot()]

    def _head(self, status: Mapping[str, Any]) -> Text:
        beats, since, _ = status["bar_lines"]
        count = max(1, round(beats))
        at = int((status["beat"] - since) % beats)
        lights = "".join("●" if i == at else "○" for i in range(count))
        return Text.assemble(
            ("nesvae_live ", STRONG),
            (f"{status['bar']:>4}.{status['count']} ", STRONG),
            (lights, GOOD),
            f"  {status['tempo']:g} BPM  {status['meter']}, {status['clock']} clock",
            f"  swap {status['swap']}",
        )

    def _well(self, status: Mapping[str, Any], now: float) -> Text:
        wrong = self._health.words(status, now)
        decode = status["decode_ms"]
        words = Text(" · ".join(wrong) or ALL_WELL, WRONG if wrong else GOOD)
        if status.get("audio") == "none":
            words.append(f" · {UNHEARD}", "yellow")
        return words.append(f"   a phrase takes {decode['p50']:.1f} to {decode['p95']:.1f} ms", DIM)

    def _where(self) -> Text:
        facts = self._facts
        at = f"panel at {facts.panel}" if facts.panel else "no panel"
        return Text(f"{at}   {facts.checkpoint}, preset {facts.preset}", DIM)

    def _phrase(
        self, phrase: Mapping[str, Any] | None, status: Mapping[str, Any]
    ) -> Iterator[Text]:
        """The phrase that plays, a line for each voice: what sounds now stands out."""
        tuples = phrase["tuples"] if phrase else ()
        at = bisect_right(phrase["beats"], status["beat"]) - 1 if phrase else -1
        for column, spec in enumerate(VOICES):
            line = Text(f"{spec.voice.name}  ", INKS[spec.voice])
            before = SILENCE
            for i, notes in enumerate(tuples):
                note = notes[column]
                text = "" if note == SILENCE else "─" * 3 if note == before else _name(note)
                style = INKS[spec.voice] if i >= at else DIM
                line.append(f" {text:<{TUPLE - 1}}", f"{style} {CHOSEN}" if i == at else style)
                before = note
            yield line

    def _rows(self, targets: Mapping[str, float], waits: Mapping[str, float]) -> Iterator[Text]:
        """The knobs in columns, one below the other; those that wait for their control are marked."""
        height = -(-len(self._knobs) // COLUMNS)
        for row in range(height):
            line = Text()
            for i in range(row, len(self._knobs), height):
                mark = WAITS if self._knobs[i] in waits else " "
                line.append_text(self._knob(i, targets)).append(mark, "yellow")
            yield line

    def _knob(self, i: int, targets: Mapping[str, float]) -> Text:
        name = self._knobs[i]
        value = targets.get(name)
        is_chosen = i == self._hands.selected
        cell = Text(f"{'>' if is_chosen else ' '}{name:<{NAME}} ", STRONG if is_chosen else "")
        if value is None:
            return cell.append(EMPTY * BAR, DIM).append(f"{'free':>{VALUE}}", DIM)
        halves = round(value * BAR * 2)
        full = FULL * (halves // 2) + HALF * (halves % 2)
        cell.append(full, "cyan").append(EMPTY * (BAR - len(full)), DIM)
        if name == "temperature":  # as `ctl temperature` has it
            value = value_to_ratio(value, TEMPERATURE_KNOB)
        return cell.append(f"{value:>{VALUE}.2f}")

    def _gestures(self, status: Mapping[str, Any]) -> Text:
        """What moves the knobs besides the hands, and what they can go to."""
        line = Text("snapshots ", DIM)
        names, standing = status.get("snapshot_names", {}), status.get("standing")
        for n, slot in enumerate(status["snapshots"]):
            name = names.get(str(slot), "")
            line.append(" " if n else "").append(
                f"{slot} {name}" if name else str(slot), STRONG if slot == standing else ""
            )
        if not status["snapshots"]:
            line.append("none")
        if themes := status.get("themes"):
            line.append("  themes ", DIM).append(" ".join(themes))
        for name in ("hold", "auto", "round"):
            if status[name]:
                line.append(f"  {name}", STRONG)
        if morph := status.get("morph"):
            line.append(f"  to {morph[0]} {morph[1]:.0%}", STRONG)
        if status["back"]:
            line.append(f"  {status['back']} back")
        if status["key"]:
            line.append(f"  {status['key']}")
        if chord := status.get("chord"):
            line.append("  chord ", DIM).append(chord)
        if status.get("answer", "off") != "off":
            begin, end = status.get("answering") or (math.inf, math.inf)
            answers = begin <= status["beat"] < end
            line.append("  answers" if answers else "  listens", STRONG)
        return line

    def _asked(self, message: str, told: Mapping[str, Any]) -> Text:
        """What a key waits for, or brought; else what the knob does that the arrows turn."""
        if self._hands.waits_for:
            return Text(self._hands.waits_for, "bold yellow")
        if message:
            return Text(message, "yellow")
        knob, status = self._hands.knob, told["status"]
        stands = told.get("takeover", {}).get(knob)
        if stands is not None:
            return Text(
                f"{knob} waits for your control, which is at {stands:.2f}: turn it past",
                "yellow",
            )
        return Text(
            f"{knob} up: {status.get('axes', {}).get(knob, TARGET_BY_NAME[knob].more)}", DIM
        )


def _name(note: int) -> str:
    """A MIDI note's name; 60 is C4."""
    return f"{ROOTS[note % 12]}{note // 12 - 1}"


def _voices(targets: Mapping[str, float], status: Mapping[str, Any]) -> Text:
    line = Text("voices ", DIM)
    for voice in Voice:
        is_muted, is_alone = voice.name in status["muted"], voice.name in status["solo"]
        line.append(f"   {voice + 1} {voice.name}", "strike " + DIM if is_muted else INKS[voice])
        line.append(" mute" if is_muted else " solo" if is_alone else "", STRONG)
        if (level := targets.get(f"level-{voice.name}")) is not None:
            line.append(f" {level:.2f}", DIM)
    return line


def _foot() -> Iterator[Text]:
    """The keys, two lines of them."""
    for keys in FOOT:
        line = Text()
        for key, name in keys:
            line.append(f"{key} ", STRONG).append(f"{name}  ", DIM)
        line.right_crop(2)
        yield line
