"""VGM files that we write: loops, tags, frames; and round trips of those that others wrote."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.console.nsf import Credits
from nesvae_live.chip.console.vgmfile import VgmOptions, to_vgm_file
from nesvae_live.chip.convert import queue_writes, to_vgm
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.chip.vgm.looping import with_loop
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog
from nesvae_live.music.voices import Voice
from tests.support.places import GOLDEN
from tests.support.vgmfiles import STEP, TAGS, block, tune, vgm, write

BAR = 2 * VGM_RATE


def music(rate: int = VGM_RATE) -> Timeline:
    """Two bars of 2 s, in which voices begin, are held over the bar line, and end."""
    notes = [
        (0.0, Voice.P1, 60, 15),
        (0.0, Voice.TR, 36, 0),
        (1.5, Voice.P1, 67, 9),
        (1.9, Voice.P2, 52, 11),  # held over the bar line
        (2.0, Voice.P1, 64, 15),
        (2.5, Voice.P2, 0, 0),
        (3.0, Voice.NO, 5, 8),
        (3.2, Voice.NO, 0, 0),
        (3.5, Voice.TR, 0, 0),
        (3.7, Voice.P1, 0, 0),
    ]
    changes = [Change(1 + round(t * rate), v, n, velocity, 0) for t, v, n, velocity in notes]
    return Timeline(rate, 1 + 4 * rate, tuple(changes))


def sound(log: RegisterLog) -> npt.NDArray[np.int16]:
    chip = Apu()
    return chip.render(queue_writes(VGM_RATE, log, chip))


def played_twice(log: RegisterLog) -> RegisterLog:
    """The log, and what a player goes on with at its end."""
    assert log.loop is not None
    again = log.writes[log.writes[:, 0] >= log.loop].copy()
    again[:, 0] += log.nsamps - log.loop
    return replace(
        log,
        nsamps=2 * log.nsamps - log.loop,
        writes=np.concatenate([log.writes, again]),
        loop=None,
    )


@pytest.mark.parametrize("rate", [VGM_RATE, 48_000])
def test_a_loop_lands_on_its_bar_line(rate: int) -> None:
    data = to_vgm_file(music(rate), ".vgm", VgmOptions(loop=2.0))
    log = vgm_to_writes(data)
    assert log.loop is not None
    assert log.loop == pytest.approx(BAR, abs=2)
    assert log.nsamps - log.loop == BAR
    assert int.from_bytes(data[0x20:0x24], "little") == BAR


def test_behind_a_loop_it_sounds_as_it_did_before() -> None:
    log = vgm_to_writes(to_vgm_file(music(), ".vgm", VgmOptions(loop=2.0)))
    twice = sound(played_twice(log)).astype(float)
    first, second = twice[BAR : 2 * BAR], twice[2 * BAR : 3 * BAR]
    for part in range(20):  # the loudness in each tenth of a second, that of P2 over the line too
        cut = slice(part * VGM_RATE // 10 + 2000, (part + 1) * VGM_RATE // 10)
        assert np.std(second[cut]) == pytest.approx(np.std(first[cut]), rel=0.08, abs=30)
    spectra = [np.abs(np.fft.rfft(x[3000:20_000] - x[3000:20_000].mean())) for x in (first, second)]
    assert np.corrcoef(spectra[0], spectra[1])[0, 1] > 0.99


def test_without_what_brings_the_chip_back_a_held_voice_would_be_lost() -> None:
    plain = replace(vgm_to_writes(to_vgm(music())), loop=BAR + 1)
    twice = sound(played_twice(plain)).astype(float)
    first, second = (twice[n * BAR + 4000 : n * BAR + 20_000] for n in (1, 2))
    assert np.std(second) < 0.9 * np.std(first)


def test_a_loop_from_the_beginning_needs_nothing_but_silence() -> None:
    log = vgm_to_writes(to_vgm_file(music(), ".vgm", VgmOptions(loop=0.0)))
    assert log.loop == 1
    twice = sound(played_twice(log))
    assert np.corrcoef(twice[5000:BAR], twice[2 * BAR + 5000 : 3 * BAR])[0, 1] > 0.9


def test_a_loop_beyond_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match=r"it can't loop from 4\.5 s: it lasts 4\.0 s"):
        to_vgm_file(music(), ".vgm", VgmOptions(loop=4.5))
    with pytest.raises(ValueError, match="can't loop"):
        with_loop(RegisterLog(0, np.empty((0, 3), np.int64)), 0)


def test_frames_are_735_samples_and_a_byte_each() -> None:
    data = to_vgm_file(music(), ".vgm", VgmOptions(fps=60.0))
    log = vgm_to_writes(data)
    assert log.nsamps == 4 * VGM_RATE
    assert not np.any(log.writes[:, 0] % 735)
    plain, framed = sound(vgm_to_writes(to_vgm(music()))), sound(log)
    for part in range(8):
        cut = slice(part * VGM_RATE // 2 + 2000, (part + 1) * VGM_RATE // 2)
        assert np.std(framed[cut]) == pytest.approx(np.std(plain[cut]), rel=0.1, abs=40)


@pytest.mark.parametrize(("fps", "command", "length"), [(60.0, 0x62, 735), (50.0, 0x63, 882)])
def test_a_frame_s_wait_is_a_byte(fps: float, command: int, length: int) -> None:
    changes = (Change(1 + n * length, Voice.P1, 40 + n, 15, 0) for n in range(20))
    made = Timeline(VGM_RATE, 1 + 20 * length, tuple(changes))
    data = to_vgm_file(made, ".vgm", VgmOptions(fps=fps))
    assert data[0xC0:].count(command) >= 20
    assert b"\x61" not in data[0xC0:]


@pytest.mark.parametrize("fps", [50.0, 60.0, 100.0, 240.0])
def test_frames_of_any_rate_keep_the_length_and_the_loop(fps: float) -> None:
    log = vgm_to_writes(to_vgm_file(music(48_000), ".vgm", VgmOptions(fps=fps, loop=2.0)))
    assert (log.nsamps, log.loop) == (4 * VGM_RATE, BAR)
    frames = log.writes[:, 0] * fps / VGM_RATE
    assert np.abs(frames - np.rint(frames)).max() < 0.01


def test_a_note_shorter_than_a_frame_is_not_lost() -> None:
    changes = (Change(100, Voice.P1, 60, 15, 0), Change(300, Voice.P1, 0, 0, 0))
    log = vgm_to_writes(
        to_vgm_file(Timeline(VGM_RATE, 3000, changes), ".vgm", VgmOptions(fps=60.0))
    )
    assert np.ptp(sound(log)) > 1000


def test_a_game_s_log_on_frames_keeps_every_write() -> None:
    within = write(0x11, 40) + write(0x10, 0x0F) + write(0x17, 0xC0)
    source = vgm_to_writes(vgm(tune(before=block(0xC2, b"\0\xc0abc"), within=within)))
    log = vgm_to_writes(to_vgm_file(source, ".vgm", VgmOptions(fps=60.0)))
    assert log.writes[:, 1:].tolist() == source.writes[:, 1:].tolist()
    assert np.abs(log.writes[:, 0] - source.writes[:, 0]).max() <= 368


@pytest.mark.parametrize("suffix", [".vgm", ".vgz"])
@pytest.mark.parametrize("fps", [None, 60.0])
def test_a_round_trip_keeps_loop_tags_clock_and_memory(suffix: str, fps: float | None) -> None:
    commands = tune(before=block(0xC2, b"\0\xc0" + bytes(range(200))))
    source = vgm_to_writes(vgm(commands, tags=TAGS, loop_at=0, clock=1_662_607))
    source = replace(source, loop=2 * STEP)
    data = to_vgm_file(source, suffix, VgmOptions(fps=fps))
    log = vgm_to_writes(data)
    assert (log.tags, log.loop, log.clock) == (TAGS, 2 * STEP, 1_662_607)
    assert log.writes[:, 1:].tolist() == source.writes[:, 1:].tolist()
    assert (data[:2] == b"\x1f\x8b") is (suffix == ".vgz")
    again = to_vgm_file(log, suffix, VgmOptions(fps=fps))
    assert again == data


def test_credits_take_the_place_of_tags_one_by_one() -> None:
    source = vgm_to_writes(vgm(tune(), tags=TAGS))
    log = vgm_to_writes(to_vgm_file(source, ".vgm", VgmOptions(Credits("Another", "", "2026"))))
    assert log.tags == replace(TAGS, title="Another", notes="2026")
    made = vgm_to_writes(to_vgm_file(music(), ".vgm", VgmOptions(Credits("Étude", "N. N.", "©"))))
    tags = made.tags
    assert (tags.title, tags.author, tags.notes) == ("Étude", "N. N.", "©")
    assert (tags.system, tags.creator) == ("Nintendo Entertainment System", "nesvae_live")


def test_a_loop_can_be_taken_away() -> None:
    source = replace(vgm_to_writes(vgm(tune())), loop=STEP)
    assert vgm_to_writes(to_vgm_file(source, ".vgm")).loop == STEP
    assert vgm_to_writes(to_vgm_file(source, ".vgm", VgmOptions(keeps_loop=False))).loop is None


@pytest.mark.parametrize("name", ["counters", "envelopes", "fivesteps", "sweeps"])
def test_a_game_s_log_written_again_sounds_the_same_to_the_bit(name: str) -> None:
    with np.load(GOLDEN / "games" / f"{name}.npz") as file:
        source = vgm_to_writes(file["vgm"].tobytes())
    again = vgm_to_writes(to_vgm_file(source, ".vgz"))
    assert np.array_equal(sound(again), sound(source))
