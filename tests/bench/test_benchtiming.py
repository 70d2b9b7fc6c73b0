"""`bench timing`: what it computes from what was meant and caught, and that it measures at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nesvae_live.bench.listener import CLOCK, NOTES, SOURCE, Caught
from nesvae_live.bench.play import Meant
from nesvae_live.bench.server import BenchError
from nesvae_live.bench.spread import (
    Spread,
    clock_lateness,
    count_lost,
    knob_latencies,
    match_notes,
    match_turns,
    phases,
    spread,
)
from nesvae_live.bench.table import HEAD, Timing, timing_to_text, timings_to_json, timings_to_text
from nesvae_live.bench.timing import bench_timing
from nesvae_live.cli.main import main
from nesvae_live.io.jack.cycle import Cycle

SOAK_SECONDS = 600.0


def note(frame: int, at: float, number: int, channel: int = 0) -> Caught:
    return Caught(NOTES, frame, at, bytes([0x90 | channel, number, 100]))


def clock(port: str, frame: int, at: float = 0.0) -> Caught:
    return Caught(port, frame, at, b"\xf8")


def test_a_spread_is_of_all_and_of_nothing_there_is_none() -> None:
    assert spread([]) is None
    assert spread(range(101)) == Spread(101, 50, 95, 99, 100)


def test_notes_are_matched_by_channel_and_a_beginning_may_be_missed() -> None:
    meant = Meant(notes=((1.0, 0.0, 0, 60), (1.1, 0.2, 1, 70), (1.2, 0.4, 0, 62), (1.3, 1, 0, 64)))
    caught = [note(0, 1.21, 62), note(1, 1.12, 70, 1), note(2, 1.33, 64)]
    caught.insert(1, Caught(NOTES, 1, 1.25, bytes([0x80, 62, 0])))
    matched = sorted((due, round(item.at - due, 3)) for due, _, item in match_notes(meant, caught))
    assert matched == [(1.1, 0.02), (1.2, 0.01), (1.3, 0.03)]


def test_a_note_that_was_lost_is_counted_and_costs_no_other_its_match() -> None:
    pitches = (60, 60, 62, 60, 60, 60, 64)
    meant = Meant(notes=tuple((1 + i / 10, i / 5, 0, pitch) for i, pitch in enumerate(pitches)))
    caught = [note(0, 1.02 + i / 10, pitch) for i, pitch in enumerate(pitches) if i not in {0, 4}]
    matched = match_notes(meant, caught)
    assert [round(due, 6) for due, _, _ in matched] == [1.1, 1.2, 1.3, 1.5, 1.6]
    assert count_lost(meant, matched) == 1


def test_a_block_that_a_late_listener_hears_again_is_matched_once() -> None:
    meant = Meant(notes=((1.0, 0.0, 0, 60), (1.1, 0.2, 0, 60), (1.2, 0.4, 0, 62)))
    caught = [note(0, 1.01, 60), note(256, 1.0153, 60), note(0, 1.11, 60), note(0, 1.21, 62)]
    matched = match_notes(meant, [*caught, note(256, 1.2153, 62)])
    assert [round(item.at - due, 6) for due, _, item in matched] == [0.01] * 3
    assert count_lost(meant, matched) == 0


def test_who_was_held_up_for_a_while_loses_many_notes_and_hears_some_again() -> None:
    due = tuple((10.0 + 0.05 * i, 0.0, 0, 40 + i % 30) for i in range(60))
    heard = [note(0, at + 0.001, number) for at, _, _, number in due]
    again = [note(0, 10.301, 44), note(0, 10.302, 45)]
    caught = [*heard[:6], *again, *heard[20:]]
    matched = match_notes(Meant(notes=due), caught)
    assert [at for at, _, _ in matched] == [at for at, *_ in (*due[:6], *due[20:])]


def test_no_note_that_comes_again_is_taken_for_one_that_is_not_due_yet() -> None:
    due = tuple((1.0 + 0.1 * i, 0.0, 0, 60 + i % 2) for i in range(20))
    heard = [note(0, at + 0.001, number) for at, _, _, number in due]
    matched = match_notes(Meant(notes=due), [*heard[:6], note(0, 1.441, 60), *heard[6:]])
    assert [at for at, _, _ in matched] == [at for at, *_ in due]


def test_what_was_never_played_is_not_taken_for_a_late_note() -> None:
    meant = Meant(notes=((1.0, 0.0, 0, 60), (1.2, 0.4, 0, 62)))
    with pytest.raises(BenchError, match="note 61 came on channel 1 that was not played"):
        match_notes(meant, [note(0, 1.0, 60), note(0, 1.2, 61)])


def test_a_knobs_way_ends_where_the_first_tuple_decoded_from_it_begins() -> None:
    heard = ((10.001, 20, 0), (10.031, 22, 0), (10.2, 23, 0))
    meant = Meant(turned=heard, decoded=((10.02, 10.1), (10.04, 10.15)))
    lost = 10.02, 21, 0
    turned = [(10.0, 20, 0), lost, (10.03, 22, 0), (10.199, 23, 0)]
    assert knob_latencies(meant, turned) == pytest.approx([100.0, 120.0])
    with pytest.raises(BenchError, match="received what was not sent"):
        knob_latencies(meant, [lost])


def test_turns_that_a_late_instrument_hears_again_count_once() -> None:
    turned = [(0.01 * i, 20 + i % 8, i // 8) for i in range(40)]
    block = [(at + 0.001, control, value) for at, control, value in turned]
    heard = (*block[:20], *block[17:20], *block[23:])  # three again, three lost
    matched = match_turns(Meant(turned=heard), turned)
    assert [round(taken - at, 6) for taken, at in matched] == [0.001] * 37


def test_a_note_in_the_middle_between_two_frames_lies_on_either() -> None:
    cycle = Cycle(1000, 480, 5_000_000, 5_010_000)
    for frame in (1240, 1241):
        caught = Caught(NOTES, frame, 0.0, b"\x90\x40\x40", cycle)
        assert caught.frames_behind(5.005 + 0.5 / 48_000) == 0
        assert caught.frames_behind(5.005 - 1.2 / 48_000) == frame - 1239


def test_clocks_are_late_against_the_beat_and_jitter_against_one_another() -> None:
    meant = Meant(lines=((0.0, 100.0, 0.48),))  # a clock lasts 20 ms
    stamps = [100.0 + i * 0.02 + late for i, late in enumerate((0.001, 0.003, 0.001, 0.001))]
    late, jitter = clock_lateness(meant, [clock(CLOCK, 0, at) for at in stamps])
    assert late == pytest.approx([1.0, 3.0, 1.0, 1.0])
    assert jitter == pytest.approx([2.0, 2.0, 0.0])


def test_the_phase_is_counted_from_the_last_start_between_clocks() -> None:
    frames = [clock(SOURCE, 7), Caught(SOURCE, 90, 0.0, b"\xfa")]
    frames += [clock(SOURCE, 100 + 10 * i) for i in range(48)]
    meant = Meant(notes=((0.0, 1.0, 0, 60), (0.0, 1.0 + 0.5 / 24, 0, 62)))
    found = phases(meant, [*frames, note(340, 0.0, 60), note(342, 0.0, 62)], 1000)
    assert found == pytest.approx([0.0, -3.0])


def test_a_row_stands_under_its_head() -> None:
    some = Spread(9, 1.0, 2.0, 3.0, 4.0)
    full = Timing(
        "now",
        some,
        some,
        some,
        some,
        some,
        some,
        some,
        some,
        -0.5,
        turns=9,
        splices=5,
        splices_late=1,
    )
    assert len(timing_to_text(full)) == len(HEAD) == len(timing_to_text(Timing("usual", some)))
    assert timing_to_text(full).split()[-4:] == ["0", "1", "of", "6"]


def test_without_jackd_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["bench", "timing", "--seconds", "1"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said == [HEAD, "nesvae-live: jackd is not installed (on Debian: apt install jackd2)"]


@pytest.mark.jack
@pytest.mark.timeout(240)
def test_notes_clocks_and_knobs_are_measured_through_ports() -> None:
    said: list[str] = []
    result = bench_timing(3.0, ("now",), beside=False, say=said.append)
    (case,) = result.cases
    assert json.loads(timings_to_json(result))["cases"][0]["name"] == "now"
    assert len(said) == 1
    assert "period" in timings_to_text(result)
    assert case.notes is not None
    assert case.clock is not None
    assert case.knob is not None
    assert case.turns == pytest.approx(300, abs=30)
    assert case.knob.n > case.turns * 0.5
    assert case.clock.n == pytest.approx(4 * 48, abs=30)
    assert case.notes.n > 5
    assert case.frames is not None
    assert case.frames.p50 == 0.0
    assert case.rtmidi is not None
    assert case.rtmidi.n == pytest.approx(case.notes.n, abs=20)
    assert case.stamps is not None
    assert case.stamps.p50 <= 1e3 / 48_000
    assert case.splices > 0
    assert 20.0 < case.knob.p50 < 2000.0


@pytest.mark.soak
@pytest.mark.jack
@pytest.mark.timeout(SOAK_SECONDS + 400)
def test_in_ten_minutes_of_turning_no_decode_is_missed_and_notes_and_knobs_keep_their_time() -> (
    None
):
    result = bench_timing(SOAK_SECONDS, ("now",), beside=False)
    print(timings_to_json(result))
    now = next(case for case in result.cases if case.name == "now")
    assert now.missed == 0
    assert now.notes is not None
    assert now.knob is not None
    assert now.frames is not None
    assert now.frames.p99 == 0.0
    assert now.knob.p50 <= 100.0
    assert now.knob.p95 <= 200.0
