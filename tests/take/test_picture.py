"""The take's picture: what is drawn, where, and how large."""

from __future__ import annotations

import struct
from math import isnan
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from nesvae_live.log.entries import Closed, Entry, Opened, Placed, Sent, Turned
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import VOICE_INKS, Voice
from nesvae_live.take.picture import WIDEST, jam_to_figure, knob_curves, write_picture

OPENED = Opened(
    *(0.0, "2026-11-23T14:05:09", 120.0, "4/4", 4.0, 48000, 7),
    *("maps/$x_1$.safetensors", "ab12cd34ef", "default", {}, {}),
)


def song(bars: int, *more: Entry) -> Jam:
    entries: list[Entry] = list(more)
    for beat in range(4 * bars):
        for voice, note in ((Voice.P1, 72), (Voice.P2, 60), (Voice.TR, 40)):
            if beat % (voice + 1) == 0:
                entries.append(Sent(beat / 2, beat, NoteOn(voice, note + beat % 5)))
                entries.append(Sent(beat / 2, beat + 0.75, NoteOff(voice, note + beat % 5)))
    entries += [Placed(n / 2 * 3, n, n * 3.0, 3.0, repeat=n == 2) for n in range(4 * bars // 3)]
    return Jam(OPENED, (*entries, Closed(2.0 * bars, 4.0 * bars, "asked")))


def boxes(axes: Axes) -> dict[str, PolyCollection]:
    return {
        str(c.get_label()): c
        for c in axes.collections
        if isinstance(c, PolyCollection) and not str(c.get_label()).startswith("_")
    }


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.texts)


def test_every_note_is_a_box_of_its_voices_colour() -> None:
    jam = song(4)
    drawn = boxes(jam_to_figure(jam).axes[0])
    for ink in VOICE_INKS:
        notes = [n for n in jam.notes() if n.voice is ink.voice]
        paths = drawn[ink.label].get_paths()
        corners = [np.asarray(path.vertices) for path in paths]
        assert [(c[:, 0].min(), c[:, 0].max()) for c in corners] == [
            (n.start, n.end) for n in notes
        ]
        assert [c[:4, 1].mean() for c in corners] == pytest.approx([n.note for n in notes])
        assert to_hex(np.asarray(drawn[ink.label].get_facecolor())[0]) == ink.colour


def test_voices_that_meet_are_all_seen() -> None:
    assert [ink.height for ink in VOICE_INKS] == sorted(
        (i.height for i in VOICE_INKS), reverse=True
    )
    assert len({ink.height for ink in VOICE_INKS}) == len({ink.colour for ink in VOICE_INKS}) == 3


def test_only_touched_knobs_are_drawn_in_their_order_and_let_go_is_a_gap() -> None:
    jam = song(
        2,
        Turned(1.0, "style2", 0.5),
        Turned(1.0, "density", 0.25),
        Turned(2.0, "density", None),
        Turned(3.0, "density", 0.75),
        Turned(3.5, "tempo", 0.5),
    )
    curves = knob_curves(jam)
    assert list(curves) == ["density", "style2", "tempo"]
    beats, values = curves["density"]
    assert beats == [2.0, 4.0, 6.0, 8.0]
    assert [values[0], values[2], values[3]] == [0.25, 0.75, 0.75]
    assert isnan(values[1])
    figure = jam_to_figure(jam)
    labels = [axes.get_yticklabels()[0].get_text() for axes in figure.axes[1:]]
    assert labels == ["phrases", "density", "style2", "tempo"]
    x, y = (np.asarray(data, float) for data in figure.axes[2].lines[0].get_data())
    assert list(x) == [2.0, 4.0, 4.0, 6.0, 6.0, 8.0, 8.0]
    assert list(np.nan_to_num(y, nan=-1)) == [0.25, 0.25, -1, -1, 0.75, 0.75, 0.75]


def test_phrases_and_bars_have_their_borders() -> None:
    jam = song(4)
    row = jam_to_figure(jam).axes[1]
    borders = [
        {float(np.asarray(path.vertices)[0, 0]) for path in c.get_paths()} for c in row.collections
    ]
    assert {0.0, 3.0, 6.0, 9.0, 12.0} in borders
    assert {0.0, 4.0, 8.0, 12.0, 16.0} in borders
    (hatched,) = [c for c in row.collections if c.get_hatch()]
    assert float(np.asarray(hatched.get_paths()[0].vertices)[0, 0]) == 6.0


@pytest.mark.parametrize(("bars", "numbers"), [(4, ["1", "2", "3", "4"]), (16, None), (200, None)])
def test_bars_are_numbered_without_crowding(bars: int, numbers: list[str] | None) -> None:
    figure = jam_to_figure(song(bars))
    roll = figure.axes[0]
    shown = [text for text in roll.texts if text.get_text().isdigit()]
    if numbers:
        assert [text.get_text() for text in shown] == numbers
    assert shown[0].get_text() == "1"
    assert len(shown) >= 4
    inches = roll.get_position().width * figure.get_figwidth()
    assert inches / len(shown) > 0.25


def test_the_title_tells_date_tempo_and_checkpoint_as_they_are() -> None:
    text = words(jam_to_figure(song(4)))
    for fact in ("2026-11-23  14:05:09", "120 BPM", "4/4", "4 bars", "0:08", "$x_1$ ab12cd34"):
        assert fact in text


def size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


@pytest.mark.slow
def test_the_picture_grows_with_the_jam_and_is_bounded(tmp_path: Path) -> None:
    widths = []
    for bars in (1, 16, 60, 200, 1000):
        write_picture(song(bars), tmp_path / "p")
        width, height = size(tmp_path / "p")
        widths.append(width)
        assert 400 < height < 2000
    assert widths == sorted(widths)
    assert widths[0] < widths[2] < widths[3] == widths[4] == WIDEST * 120


def test_a_jam_in_which_nothing_happened_has_a_picture(tmp_path: Path) -> None:
    write_picture(Jam(OPENED, ()), tmp_path / "p")
    assert size(tmp_path / "p")[0] > 1000


def test_a_users_matplotlibrc_changes_nothing(tmp_path: Path) -> None:
    write_picture(song(2), tmp_path / "a")
    with mpl.rc_context({"savefig.dpi": 40, "font.size": 30, "lines.linestyle": "--"}):
        write_picture(song(2), tmp_path / "b")
        assert mpl.rcParams["font.size"] == 30
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_the_drums_have_a_lane_of_their_own_if_there_were_any() -> None:
    hits = [
        entry
        for beat in range(8)
        for entry in (
            Sent(beat / 2, beat, NoteOn(Voice.NO, 4 if beat % 2 else 15, 60 + beat)),
            Sent(beat / 2, beat + 0.25, NoteOff(Voice.NO, 4 if beat % 2 else 15)),
        )
    ]
    plain, drummed = jam_to_figure(song(2)), jam_to_figure(song(2, *hits))
    assert len(drummed.axes) == len(plain.axes) + 1
    lane = drummed.axes[1]
    assert [label.get_text() for label in lane.get_yticklabels()] == ["noise"]
    (drawn,) = [c for c in lane.collections if isinstance(c, PolyCollection)]
    assert len(drawn.get_paths()) == 8
    roll = boxes(drummed.axes[0])
    assert {name: len(c.get_paths()) for name, c in roll.items()} == {
        name: len(c.get_paths()) for name, c in boxes(plain.axes[0]).items()
    }
