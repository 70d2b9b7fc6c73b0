"""A take as a project of Reaper's: an RPP file, with the sound beside it.

RPP is text: an element is `<NAME ... >`, a line in it is a word and its values. MIDI is written in
ticks, each event with its distance from the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from nesvae_live.take.daw.arrangement import Arrangement, Stretch
from nesvae_live.take.daw.messages import Timed, knob_messages, track_messages

TICKS = 960
"""Ticks of a beat, Reaper's usual."""

SQUARE = 1
"""The shape of a tempo that holds until the next."""

ALL_NOTES_OFF = 123


def write_rpp(arrangement: Arrangement, sounds: Sequence[tuple[str, Path]], path: Path) -> None:
    """Write an RPP file.

    Args:
        arrangement: what was played.
        sounds: WAV files, which begin with beat 0, and the names of their tracks.
        path: the project; sounds in a folder beside it are named by the way there.

    Raises:
        OSError: it can't be written.
    """
    path.write_text("\n".join(_project(arrangement, sounds, path.parent)) + "\n", encoding="utf-8")


def _project(
    arrangement: Arrangement, sounds: Sequence[tuple[str, Path]], folder: Path
) -> Iterator[str]:
    numerator, denominator = arrangement.meter.parts
    first = arrangement.tempi[0][1]
    yield '<REAPER_PROJECT 0.1 "7.0" 0'
    yield f"  TEMPO {_number(first)} {numerator} {denominator}"
    yield from _tempi(arrangement)
    for index, (beat, text) in enumerate(arrangement.markers, 1):
        yield f"  MARKER {index} {_number(arrangement.seconds(beat))} {_quoted(text)} 0"
    for track in arrangement.tracks:
        yield from _midi_track(arrangement, track.name, track_messages(track))
    if arrangement.knobs:
        yield from _midi_track(arrangement, "knobs", knob_messages(arrangement))
    for name, file in sounds:
        yield from _sound_track(arrangement, name, file.relative_to(folder))
    yield ">"


def _tempi(arrangement: Arrangement) -> Iterator[str]:
    metres = {beat: meter.parts for beat, meter in arrangement.meters}
    tempi = dict(arrangement.tempi)
    yield "  <TEMPOENVEX"
    yield "    ACT 1 -1"
    yield f"    DEFSHAPE {SQUARE} -1 -1"
    tempo = 0.0
    for beat in sorted({*tempi, *metres}):
        tempo = tempi.get(beat, tempo)
        numerator, denominator = metres.get(beat, (0, 0))
        signature = f" {denominator * 65536 + numerator} 0 1" if numerator else ""
        at = _number(arrangement.seconds(beat))
        yield f"    PT {at} {_number(tempo)} {SQUARE}{signature}"
    yield "  >"


def _midi_track(arrangement: Arrangement, name: str, messages: Iterable[Timed]) -> Iterator[str]:
    yield "  <TRACK"
    yield f"    NAME {_quoted(name)}"
    yield "    <ITEM"
    yield "      POSITION 0"
    yield f"      LENGTH {_number(arrangement.seconds(arrangement.end))}"
    yield "      LOOP 0"
    yield f"      NAME {_quoted(name)}"
    yield "      <SOURCE MIDI"
    yield f"        HASDATA 1 {TICKS} QN"
    ticks = [(round(beat * TICKS), message) for beat, message in messages]
    end = round(arrangement.end * TICKS)
    for (before, _), (at, (status, one, two)) in pairwise([(0, (0, 0, 0)), *ticks]):
        yield f"        E {at - before} {status:02x} {one:02x} {two:02x}"
    last = ticks[-1][0] if ticks else 0
    yield f"        E {max(0, end - last)} b0 {ALL_NOTES_OFF:02x} 00"
    yield "      >"
    yield "    >"
    yield "  >"


def _sound_track(arrangement: Arrangement, name: str, file: Path) -> Iterator[str]:
    yield "  <TRACK"
    yield f"    NAME {_quoted(name)}"
    for stretch in arrangement.stretches:
        yield from _sound_item(arrangement, stretch, name, file)
    yield "  >"


def _sound_item(arrangement: Arrangement, stretch: Stretch, name: str, file: Path) -> Iterator[str]:
    first, last = stretch.points[0][1], stretch.points[-1][1]
    yield "    <ITEM"
    yield f"      POSITION {_number(arrangement.seconds(stretch.start))}"
    yield f"      LENGTH {_number(last - first)}"
    yield "      LOOP 0"
    yield f"      NAME {_quoted(name)}"
    yield f"      SOFFS {_number(first)}"
    yield "      BEAT 0"
    yield "      <SOURCE WAVE"
    yield f"        FILE {_quoted(file.as_posix())}"
    yield "      >"
    yield "    >"


def _number(value: float) -> str:
    return f"{value:.12f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    """A string as RPP has it: in the first kind of quotes that isn't in it."""
    text = " ".join(text.split())
    quote = next((quote for quote in "\"'`" if quote not in text), None)
    return f"{quote}{text}{quote}" if quote else f"`{text.replace('`', chr(39))}`"
