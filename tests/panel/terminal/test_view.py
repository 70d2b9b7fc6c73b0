"""What is drawn on a terminal of 80 columns and 24 rows."""

from __future__ import annotations

import os
import pty
import re
import termios
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyte
import pytest
from rich.text import Text

from nesvae_live.control.gesturetargets import TEMPERATURE_KNOB
from nesvae_live.control.target import ratio_to_value
from nesvae_live.panel.terminal.drawing import Drawing
from nesvae_live.panel.terminal.facts import ViewFacts
from nesvae_live.panel.terminal.hands import Hands
from nesvae_live.panel.terminal.health import UNHEARD, Health
from nesvae_live.panel.terminal.view import STRONG, View, knobs_of
from tests.support.waiting import wait_until

COLUMNS, ROWS = 80, 24
FACTS = ViewFacts(Path("socket"), "nesmdb24", "default", 32, "http://127.0.0.1:10755/")
STATUS: dict[str, Any] = {
    "bar": 12,
    "count": 3,
    "beat": 46.5,
    "tempo": 120.0,
    "meter": "4/4",
    "bar_lines": [4.0, 0.0, 0],
    "clock": "internal",
    "motion": "running",
    "clock_warning": "",
    "swap": "now",
    "muted": ["P2"],
    "solo": ["TR"],
    "key": "D minor",
    "hold": True,
    "auto": False,
    "round": False,
    "back": 0,
    "morph": [2, 0.4],
    "snapshots": [1, 2],
    "themes": ["A", "C"],
    "decode_ms": {"p50": 5.8, "p95": 14.2, "max": 20.0},
    "decodes_missed": 0,
    "events_late": 0,
    "audio": "jack",
    "audio_late": 0,
    "underruns": 0,
    "axes": {"style1": "brighter"},
}
TOLD: dict[str, Any] = {
    "status": STATUS,
    "targets": {"density": 0.8, "style1": 0.0, "register": 1.0, "level-P1": 0.8, "tempo": 0.5},
    "phrase": {
        "index": 7,
        "tuples": [[60, 0, 36, 4], [60, 64, 36, 4], [61, 0, 0, 4], *[[0, 0, 0, 4]] * 10],
        "beats": [46.0 + i / 4 for i in range(13)],
    },
}


@pytest.fixture
def hands() -> Hands:
    return Hands(knobs_of(FACTS))


@pytest.fixture
def view(hands: Hands) -> View:
    return View(FACTS, hands)


def plain(lines: list[Text]) -> str:
    return "\n".join(line.plain for line in lines)


def test_everything_stands_on_one_screen(view: View, hands: Hands) -> None:
    for shows_keys in (False, True):
        hands.shows_keys = shows_keys
        lines = view.lines(TOLD, ["one", "two", "three", "four"], "", 0.0)
        assert len(lines) <= ROWS
        assert [line.plain for line in lines if len(line.plain.rstrip()) >= COLUMNS] == []
        assert "four" in plain(lines)


def test_it_says_where_the_music_is_and_how_everything_stands(view: View) -> None:
    text = plain(view.lines(TOLD, [], "", 0.0))
    assert "12.3" in text
    assert "○○●○" in text
    assert "120 BPM" in text
    assert "density" in text
    assert "0.80" in text
    assert "free" in text
    assert "P2 mute" in text
    assert "TR solo" in text
    assert "snapshots 1 2" in text
    assert "themes A C" in text
    assert "to 2 40%" in text
    assert "D minor" in text
    assert "all on time" in text


def test_the_chord_and_the_answer_are_there_while_there_is_room(view: View) -> None:
    band = {"chord": "Dm7", "answer": "played", "answering": None}
    lines = view.lines(TOLD | {"status": STATUS | band}, [], "", 0.0)
    assert "chord Dm7  listens" in plain(lines)
    answer = {"answering": [STATUS["beat"] - 1, STATUS["beat"] + 3]}
    lines = view.lines(TOLD | {"status": STATUS | band | answer}, [], "", 0.0)
    assert "chord Dm7  answers" in plain(lines)
    assert max(len(line.plain.rstrip()) for line in lines) < COLUMNS


def test_snapshots_have_their_names_and_the_one_that_stands_is_strong(view: View) -> None:
    status = STATUS | {"snapshot_names": {"2": "chorus"}, "standing": 2}
    lines = view.lines(TOLD | {"status": status}, [], "", 0.0)
    assert "snapshots 1 2 chorus" in plain(lines)
    line = next(line for line in lines if "2 chorus" in line.plain)
    at = line.plain.index("2 chorus")
    assert any(span.start == at and span.style == STRONG for span in line.spans)


def test_the_phrase_stands_out_where_it_plays(view: View) -> None:
    lines = view.lines(TOLD, [], "", 0.0)
    (first,) = [line for line in lines if line.plain.startswith("P1")]
    assert first.plain.split()[:4] == ["P1", "C4", "───", "C#4"]
    (now,) = [span for span in first.spans if "reverse" in str(span.style)]
    assert first.plain[now.start : now.end].strip() == "C#4"


def test_a_knob_that_is_chosen_says_what_it_does_unless_a_key_waits(
    view: View, hands: Hands
) -> None:
    assert "density up: more notes a second" in plain(view.lines(TOLD, [], "", 0.0))
    for _ in range(8):
        hands.press("right", {})
    assert "style1 up: brighter" in plain(view.lines(TOLD, [], "", 0.0))
    assert "no such thing" in plain(view.lines(TOLD, [], "no such thing", 0.0))
    hands.press("s", {})
    assert "store as which snapshot?" in plain(view.lines(TOLD, [], "no such thing", 0.0))


def test_an_instrument_that_does_not_answer_is_said(view: View) -> None:
    assert "does not answer" in plain(view.lines(None, [], "", 0.0))


def test_what_went_wrong_is_said_for_a_minute() -> None:
    health = Health()
    assert health.words(STATUS, 0.0) == []
    wrong = STATUS | {"underruns": 1, "events_late": 3, "decodes_missed": 2}
    words = health.words(wrong, 10.0)
    every_second = [health.words(wrong, 11.0 + i) for i in range(70)]
    assert words[0] == "the sound broke off once: try --block-frames 512"
    assert words[1].startswith("3 notes came late")
    assert "2 times" in words[2]
    assert every_second[48] == words  # 59 s after the last time that it went well
    assert every_second[62] == []


def test_a_clock_that_is_waited_for_is_said() -> None:
    waits = STATUS | {"clock": "nesvae_live in", "motion": "stopped"}
    assert Health().words(waits, 0.0) == ["waits for the clock to start"]
    rolls = waits | {"clock_waiting": "clock at 120.0 BPM, waiting for a start"}
    assert Health().words(rolls, 0.0) == ["clock at 120.0 BPM, waiting for a start"]
    told = rolls | {"clock_warning": "two clocks"}
    assert Health().words(told, 0.0)[1] == "two clocks"


class Paper:
    """A pseudo-terminal that is drawn on, and what stands on it."""

    def __init__(self) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (ROWS, COLUMNS))
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self.bytes = 0
        self._stream = pyte.ByteStream(self.screen)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def shows(self, lines: list[Text], columns: int = COLUMNS) -> bool:
        """Wait until some lines stand at the top."""
        expected = [line.plain[: columns - 1].rstrip() for line in lines]

        def shown() -> list[str]:
            return [line.rstrip() for line in self.screen.display[: len(lines)]]

        return wait_until(lambda: shown() == expected)

    def close(self) -> None:
        os.close(self.slave)
        self._reader.join()
        os.close(self.master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self.master, 65_536)
            except OSError:
                return
            self._stream.feed(data)
            self.bytes += len(data)


@pytest.fixture
def paper() -> Iterator[Paper]:
    paper = Paper()
    yield paper
    paper.close()


def test_what_is_drawn_stands_there_and_only_what_changes_is_drawn_again(
    view: View, paper: Paper
) -> None:
    drawing = Drawing(paper.slave)
    lines = view.lines(TOLD, [], "", 0.0)
    drawing.draw(lines, 0.0)
    assert paper.shows(lines)
    whole = paper.bytes
    later = TOLD | {"status": STATUS | {"count": 4, "beat": 47.0}}
    lines = view.lines(later, [], "", 0.1)
    drawing.draw(lines, 0.1)
    assert paper.shows(lines)
    assert paper.bytes < whole * 1.5
    os.write(paper.slave, b"\x1b[5;1Hsomebody else wrote over it\x1b[9;1H")
    assert wait_until(lambda: "somebody else" in paper.screen.display[4])
    drawing.draw(lines, 1.5)
    assert paper.shows(lines)


def test_a_terminal_that_is_too_small_gets_the_top(view: View, paper: Paper) -> None:
    termios.tcsetwinsize(paper.slave, (5, 30))
    paper.screen.resize(5, 30)
    lines = view.lines(TOLD, [], "", 0.0)
    Drawing(paper.slave).draw(lines, 0.0)
    assert paper.shows(lines[:5], 30)


def test_a_knob_that_waits_for_its_control_is_marked_and_says_where_that_stands(
    view: View, hands: Hands
) -> None:
    told = TOLD | {"takeover": {"density": 0.34}}
    text = plain(view.lines(told, [], "", 0.0))
    assert "0.80<" in text
    assert text.count("<") == 1
    assert hands.knob == "density"
    assert "density waits for your control, which is at 0.34" in text


def test_the_temperature_is_shown_as_it_is_asked_for(view: View) -> None:
    targets = TOLD["targets"] | {"temperature": ratio_to_value(0.85, TEMPERATURE_KNOB)}
    text = plain(view.lines(TOLD | {"targets": targets}, [], "", 0.0))
    (shown,) = re.findall(r"temperature +\S+ +(\S+)", text)
    assert shown == "0.85"


def test_it_says_that_nothing_is_heard_where_there_is_no_sound_device(view: View) -> None:
    assert UNHEARD not in plain(view.lines(TOLD, [], "", 0.0))
    silent = TOLD | {"status": STATUS | {"audio": "none"}}
    assert f"all on time · {UNHEARD}" in plain(view.lines(silent, [], "", 0.0))
