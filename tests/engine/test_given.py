"""A voice that is held keeps its line, and the others are written anew; on simulated time."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import GiveLine, GiveVoice, LookBack, SetHold
from nesvae_live.engine.band.written import Written
from nesvae_live.latent.given import Source
from nesvae_live.latent.lines import Loop
from nesvae_live.log.entries import Decoded, Lent, Spliced
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import ComposingDecoder, RememberingDecoder
from tests.support.rig import Rig, do

BEAT = 0.5


def held_rig(**options: object) -> Rig:
    return Rig(decoder=RememberingDecoder(), seed=3, **options)  # type: ignore[arg-type]


def sung(rig: Rig, voice: Voice, start: float, end: float) -> list[int]:
    """The note of a voice at each tick between two beats, 0 for silence."""
    out = np.zeros(round((end - start) * 12), np.int64)
    for at, event in rig.output.sent:
        if event.voice is not voice or not isinstance(event, NoteOn | NoteOff):
            continue
        tick = max(round(((at - 0.1) / BEAT - start) * 12), 0)
        out[tick:] = event.note if isinstance(event, NoteOn) else 0
    return [int(note) for note in out]


def hold(rig: Rig, voice: Voice, source: Source = Source.HELD) -> None:
    assert do(rig, GiveVoice, voice, source)["ok"]


def repeats(rig: Rig) -> bool:
    return rig.live.hold


@pytest.mark.parametrize("swap", [Swap.NOW, Swap.BEAT, Swap.BAR])
@pytest.mark.parametrize("voice", [Voice.P1, Voice.TR])
def test_a_held_voice_keeps_its_line_bar_after_bar_and_the_others_do_not(
    swap: Swap, voice: Voice
) -> None:
    rig = held_rig(swap=swap)
    rig.play(7.0)
    hold(rig, voice)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    rig.play(24.0)
    loop = rig.live.condition.lines.lines[voice]
    assert isinstance(loop, Loop)
    bars = loop.beats
    assert bars % 4 == 0
    first = -(-loop.begin // 4) * 4
    kept = sung(rig, voice, first + bars, first + 2 * bars)
    assert len(set(kept)) > 3
    for again in (2, 3):
        start = first + again * bars
        assert sung(rig, voice, start, start + bars) == kept
    others = {Voice.P1, Voice.P2, Voice.TR} - {voice}
    for other in others:
        lines = [sung(rig, other, first + k * bars, first + (k + 1) * bars) for k in (1, 2, 3)]
        assert lines[0] != lines[1] != lines[2]
    assert not rig.sequencer.counters.decodes_missed


def test_what_was_kept_is_the_phrase_that_sounded() -> None:
    rig = held_rig()
    rig.play(7.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    beat = rig.clock.ref.beat_at(rig.time.value)
    assert placed.places[0] < beat < placed.end
    hold(rig, Voice.TR)
    line = rig.live.condition.lines.lines[Voice.TR]
    for (*_, note, _), place, end in zip(
        placed.tuples, placed.places, placed.places[1:], strict=False
    ):
        inside = np.array([place, (place + end) / 2, end - 0.01])
        assert set(line.notes_at(inside)) == {note}


def test_the_network_is_asked_for_the_others_alone_and_knows_for_how_long_notes_stay() -> None:
    rig = held_rig()
    rig.play(5.0)
    hold(rig, Voice.P2)
    rig.play(9.0)
    starts = rig.decoder.starts  # type: ignore[attr-defined]
    given = [s.given for s in starts if s.given is not None]
    assert len(given) > 3
    assert all((track[:, 0] == 77).all() and (track[:, 2] == 89).all() for track in given)
    assert all((track[:, 1] < 77).all() and (track[:, 3] > 0).all() for track in given)


def test_given_back_it_is_written_again_and_nothing_is_given() -> None:
    rig = held_rig()
    rig.play(5.0)
    hold(rig, Voice.P1)
    rig.play(4.0)
    hold(rig, Voice.P1, Source.MODEL)
    rig.play(4.0)
    assert rig.decoder.starts[-1].given is None  # type: ignore[attr-defined]
    told = [(e.voice, e.source) for e in rig.journal.entries if isinstance(e, Lent)]
    assert told == [("P1", "held"), ("P1", "model")]
    assert not rig.live.band.sources


def test_back_brings_the_phrase_of_before_and_held_there_goes_on_from_its_line() -> None:
    rig = held_rig()
    rig.play(8.0)
    hold(rig, Voice.TR)
    rig.play(6.0)
    assert do(rig, LookBack, 2)["ok"]
    rig.play(3.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    assert repeats(rig)
    kept = placed.tuples
    hold(rig, Voice.P1)
    assert not repeats(rig), "who asks for the rest anew doesn't want it again"
    rig.play(12.0)
    lines = rig.live.condition.lines.lines
    assert set(lines) == {Voice.P1, Voice.TR}
    p1 = lines[Voice.P1]
    assert isinstance(p1, Loop)
    assert set(p1.notes) >= {row[0] for row in kept}
    assert do(rig, SetHold, True)["ok"]


def test_what_the_others_play_fits_in_time_whatever_the_quantise() -> None:
    rig = held_rig(grid=Grid(quantise=16, strict=True))
    rig.play(6.0)
    hold(rig, Voice.P1)
    rig.play(10.0)
    for at, event in rig.output.sent:
        if isinstance(event, NoteOn):
            cells = (at - 0.1) / BEAT * 4
            assert abs(cells - round(cells)) < 1e-6


def test_it_is_held_in_native_time_too_as_the_phrase_alone() -> None:
    rig = held_rig(grid=Grid(Mode.NATIVE))
    rig.play(6.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    hold(rig, Voice.P1)
    loop = rig.live.condition.lines.lines[Voice.P1]
    assert isinstance(loop, Loop)
    assert loop.beats == pytest.approx(placed.end - placed.places[0])
    rig.play(8.0)


def test_what_nobody_steers_is_composed_around_it() -> None:
    from nesvae_live.latent.decoding import Sampling

    rig = Rig(decoder=ComposingDecoder(), composed=Sampling(), seed=5)
    rig.play(5.0)
    hold(rig, Voice.TR)
    rig.play(9.0)
    decoded = [e for e in rig.journal.entries if isinstance(e, Decoded)]
    assert len({e.z[8] for e in decoded}) == len(decoded)
    assert len([e for e in rig.journal.entries if isinstance(e, Spliced)]) == 1


def test_what_cant_be_held_is_told_in_a_line() -> None:
    plain = Rig(decoder=DrawnDecoder())
    plain.play(3.0)
    assert "takes no given voice" in do(plain, GiveVoice, Voice.P1, Source.HELD)["error"]
    rig = held_rig()
    assert "drums" in do(rig, GiveVoice, Voice.NO, Source.HELD)["error"]
    assert do(rig, GiveVoice, Voice.P1, Source.MODEL)["ok"]
    waits = held_rig(midi=True)
    waits.play(1.0)
    assert "nothing is playing" in do(waits, GiveVoice, Voice.P1, Source.HELD)["error"]
    bars = held_rig(grid=Grid(Mode.BARS))
    bars.play(3.0)
    assert "--grid bars" in do(bars, GiveVoice, Voice.P1, Source.HELD)["error"]
    assert not [e for e in rig.journal.entries if isinstance(e, Lent)]


def test_a_loop_is_whole_bars_up_to_the_end_and_what_was_not_written_is_the_last_note() -> None:
    written = Written()
    tuples = ((60, 0, 30, 12), (62, 0, 31, 30), (64, 0, 32, 9))
    loop = written.loop(Voice.P1, tuples, (1.0, 2.0, 4.5, 5.25), 4.0)
    assert (loop.begin, loop.beats) == (-2.75, 8.0)
    assert loop.notes_at(np.array([1.0, 1.99, 2.0, 4.5, 5.24])).tolist() == [60, 60, 62, 64, 64]
    assert loop.notes_at(np.array([5.3, 9.0, 10.0])).tolist() == [64, 60, 62]
    written.put((-4.0, 0.25), ((50, 0, 0, 51), (51, 0, 0, 9)))
    filled = written.loop(Voice.P1, tuples, (1.0, 2.0, 4.5, 5.25), 4.0)
    assert filled.notes_at(np.array([5.3, 8.2, 8.3, 9.0])).tolist() == [50, 50, 51, 60]
    alone = written.loop(Voice.TR, tuples, (1.0, 2.0, 4.5, 5.25), None)
    assert (alone.beats, alone.notes) == (4.25, (30, 31, 32))
    exact = written.loop(Voice.P1, tuples[:2], (1.0, 2.0, 5.0), 4.0)
    assert (exact.beats, exact.notes) == (4.0, (60, 62))


def test_what_was_written_gives_way_to_what_is_put_in_its_place() -> None:
    written = Written()
    written.put((0.0, 1.0, 2.0), ((60, 0, 0, 12), (61, 0, 0, 12), (62, 0, 0, 12)))
    written.put((1.0,), ((70, 0, 0, 12),))
    assert written.loop(Voice.P1, ((80, 0, 0, 12),), (2.0, 3.0), 4.0).notes == (80, 60, 70, 80)


def test_a_files_line_begins_on_the_next_bar_and_comes_again_in_whole_bars() -> None:
    rig = held_rig()
    rig.play(5.0)
    line = ((60, 12), (0, 12), (130 - 8, 30), (64, 6))
    assert "no file for P1 yet" in do(rig, GiveVoice, Voice.P1, Source.FILE)["error"]
    assert do(rig, GiveLine, Voice.P1, line)["ok"]
    asked = rig.clock.ref.beat_at(rig.time.value)
    rig.play(14.0)
    begins = -(-asked // 4) * 4
    bar = [60] * 12 + [0] * 12 + [98] * 18
    whole = [*bar, *[98] * 12, *[64] * 6, *[0] * 36]
    assert sung(rig, Voice.P1, begins, begins + 8) == whole
    assert sung(rig, Voice.P1, begins + 8, begins + 16) == whole
    assert do(rig, GiveVoice, Voice.P1, Source.MODEL)["ok"]
    rig.play(3.0)
    assert do(rig, GiveVoice, Voice.P1, Source.FILE)["ok"], "the one of last time"
    rig.play(3.0)
    assert rig.live.band.sources == {Voice.P1: Source.FILE}


def test_a_line_of_exactly_a_bar_is_a_bar_and_one_that_is_none_is_refused() -> None:
    loop = Loop.of_ticks(((60, 24), (62, 24)), 4.0, 4.0)
    assert (loop.beats, loop.notes, loop.places) == (4.0, (60, 62), (0.0, 2.0))
    assert loop.notes_at(np.array([3.9, 4.0, 6.0, 8.0])).tolist() == [-1, 60, 62, 60]
    rig = held_rig()
    rig.play(3.0)
    for wrong in ((), ((0, 12),), ((60, 0),), ((200, 1),), ((60, 200_000),)):
        assert "line" in do(rig, GiveLine, Voice.P1, wrong)["error"]
    assert not rig.live.band.sources
