"""A whole log, read: whole, cut off, damaged, or foreign."""

from __future__ import annotations

import pytest

from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import (
    Closed,
    Entry,
    Noted,
    Opened,
    Sent,
    Stepped,
)
from nesvae_live.log.reader import JamError, lines_to_jam
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import Voice

START = 5000.0  # beat 0, on the stamps' scale


def opened(at: float = START) -> Opened:
    return Opened(
        at, "2026-11-23T14:05:09", 120.0, "4/4", 4.0, 48000, 7, "map", "ab12", "default", {}, {}
    )


def log_lines(*entries: Entry) -> list[bytes]:
    return [entry_to_line(e, START) for e in (opened(), *entries)]


def test_a_whole_log_is_not_cut() -> None:
    jam = lines_to_jam(log_lines(Noted(START + 1, "hello"), Closed(START + 2, 4.0, "asked")))
    assert jam.cut is None
    assert jam.opened == opened(0.0)
    assert jam.entries == (Noted(1.0, "hello"), Closed(2.0, 4.0, "asked"))


def test_a_truncated_last_line_is_told_and_the_rest_is_read() -> None:
    lines = log_lines(Noted(START + 1, "hello"), Noted(START + 2, "again"))
    jam = lines_to_jam([*lines[:-1], lines[-1][:20]])
    assert jam.entries == (Noted(1.0, "hello"),)
    assert jam.cut
    assert "line 3" in jam.cut
    assert "not closed" in jam.cut


def test_a_note_that_was_held_when_the_jam_was_cut_off_lasts_to_the_last_look() -> None:
    on = Sent(START + 0.5, 1.0, NoteOn(Voice.P1, 60))
    lines = log_lines(on, *(Stepped(START + 0.5 + i / 100) for i in range(250)))
    lines[-1] = lines[-1][:20]
    jam = lines_to_jam(lines)
    (note,) = jam.notes()
    assert jam.time_of(note.end) == pytest.approx(0.5 + 2.48)
    assert "not closed" in str(jam.cut)


def test_a_damaged_line_costs_only_itself() -> None:
    lines = log_lines(*(Noted(START + i, str(i)) for i in range(5)))
    lines[2] = b"\0" * 50 + b"\n"
    jam = lines_to_jam(lines)
    assert [e.text for e in jam.entries if isinstance(e, Noted)] == ["0", "2", "3", "4"]
    assert "1 line(s)" in str(jam.cut)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a jam log"),
        (b"\x89PNG\r\n\x1a\n", "not a jam log"),
        (b'{"kind":"opened","version":1}\n', "not a jam log"),
        (entry_to_line(opened()).replace(b'"version":2', b'"version":3'), "update nesvae_live"),
        (entry_to_line(opened()).replace(b'"version":2', b'"version":1'), "early draft"),
        (entry_to_line(opened()).replace(b"120.0", b'"fast"'), "tempo"),
        (entry_to_line(opened()).replace(b"120.0", b"0"), "tempo 0"),
        (entry_to_line(opened()).replace(b"4/4", b"4/0"), "4/0"),
    ],
)
def test_a_foreign_or_newer_log_is_refused_in_one_line(content: bytes, says: str) -> None:
    with pytest.raises(JamError, match=says) as refused:
        lines_to_jam(content.splitlines(keepends=True))
    assert "\n" not in str(refused.value)
