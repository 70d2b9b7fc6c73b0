"""The scripted gesture and the status line."""

from __future__ import annotations

import io

import pytest

from nesvae_live.app.during.demo import GESTURE, Gesture, Move
from nesvae_live.app.notices import StatusLine, to_line
from nesvae_live.latent.knobs import KNOB_BY_NAME

STATUS = {
    "bar": 12,
    "count": 3,
    "tempo": 123.4,
    "decode_ms": {"p50": 3.71, "p95": 5.0, "max": 9.04},
    "events_late": 1,
    "audio_late": 2,
    "underruns": 0,
    "decodes_missed": 0,
    "muted": [],
    "knobs": {"density": 0.5},
}


def test_a_move_glides_ends_and_is_let_go() -> None:
    gesture = Gesture((Move("density", 1, 3, 0.0, 1.0, release=True),))
    said = [list(gesture.due(bar)) for bar in (0.5, 1.0, 2.0, 2.0, 3.5, 4.0, 5.0)]
    assert said == [
        [],
        [("density", 0.0)],
        [("density", 0.5)],
        [],
        [("density", 1.0)],
        [("density", None)],
        [],
    ]


def test_a_move_that_is_not_released_stays() -> None:
    gesture = Gesture((Move("density", 0, 1, 0.2, 0.4),))
    assert [list(gesture.due(b)) for b in (1.0, 1.1, 1.2)] == [[("density", 0.4)], [], []]


def test_the_gesture_turns_only_knobs_that_exist_within_their_range() -> None:
    assert {m.knob for m in GESTURE} <= set(KNOB_BY_NAME)
    assert all(0 <= v <= 1 for m in GESTURE for v in (m.start, m.end))
    assert max(m.last for m in GESTURE) <= 16


def test_the_line_shows_position_tempo_decode_late_and_knobs() -> None:
    line = to_line(STATUS)
    assert "12.3" in line
    assert "123.4 BPM" in line
    assert "decode 3.7/5.0/9.0 ms" in line
    assert "late 3" in line
    assert "density 0.50" in line
    assert "missed" not in line
    assert "missed 4" in to_line({**STATUS, "decodes_missed": 4})
    assert "muted P1 TR" in to_line({**STATUS, "muted": ["P1", "TR"]})


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_line_is_written_over() -> None:
    terminal = Terminal()
    line = StatusLine(terminal, None)
    line.show(lambda: STATUS)
    line.show(lambda: STATUS)
    line.end()
    assert terminal.getvalue().count("\r") == 2
    assert terminal.getvalue().count("\n") == 1


@pytest.mark.parametrize(("wanted", "lines"), [(None, 0), (False, 0), (True, 2)])
def test_elsewhere_it_is_a_line_a_bar_and_only_if_wanted(wanted: bool | None, lines: int) -> None:
    stream = io.StringIO()
    line = StatusLine(stream, wanted)
    for bar in (1, 1, 2):
        line.show(lambda bar=bar: {**STATUS, "bar": bar})  # type: ignore[misc]
    line.end()
    assert stream.getvalue().count("\n") == lines
