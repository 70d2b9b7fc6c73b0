"""Takes that were cut off: by kill -9, by a full disk, by a garbled end; and what is had of them."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import Closed, Sent, Stepped
from nesvae_live.log.jam import Jam
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, PICTURE_NAME, SOUND_NAME, read_jam
from nesvae_live.take.recover import cut_takes, recover
from nesvae_live.take.replayfiles import replay_take
from nesvae_live.take.takes import TakeError, TakeState, find_take, inspect_take
from nesvae_live.take.wav import HEAD_BYTES
from tests.support.daemon import Daemon
from tests.support.simulated import SimulatedJam
from tests.support.waiting import wait_until

SILENT = ("--midi-api", "none", "--audio", "none", "--no-status")


def seconds_of(wav: Path) -> float:
    with wave.open(str(wav)) as file:
        n, rate = int(file.getnframes()), int(file.getframerate())
        assert len(file.readframes(n)) == 2 * n
        return n / rate


def assert_is_complete(take: Path, jam: Jam) -> None:
    """All four files are there, read, and agree on how long the jam was."""
    assert {path.name for path in take.iterdir()} == {LOG_NAME, SOUND_NAME, MIDI_NAME, PICTURE_NAME}
    assert inspect_take(take).state is TakeState.WHOLE
    assert isinstance(jam.entries[-1], Closed)
    file = mido.MidiFile(take / MIDI_NAME)
    bars = {sum(m.time for m in track) / 480 / 4 for track in file.tracks}
    assert bars == {jam.bars()}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_after_kill_9_a_take_is_completed_up_to_the_last_second(tmp_path: Path) -> None:
    with Daemon(tmp_path, *SILENT, "--tempo", "200", "--seed", "3") as daemon:
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > 10)
        (info,) = [inspect_take(folder) for folder in daemon.jams.iterdir()]
        assert info.state is TakeState.PLAYING
        assert cut_takes(daemon.jams) == [], "what is being played is left alone"
        seconds = killed(daemon)
    assert_all_but_the_last_second(daemon.take, seconds)


def killed(daemon: Daemon) -> float:
    """Kill it; how many seconds of the jam had gone by at least."""
    seconds = float(daemon.ctl(do="status")["beat"]) * 60 / 200
    daemon.process.send_signal(signal.SIGKILL)
    daemon.process.wait()
    assert daemon.process.returncode == -signal.SIGKILL
    return seconds


def assert_all_but_the_last_second(take: Path, seconds: float) -> None:
    (info,) = cut_takes(take.parent)
    assert "completed" in recover(info)
    jam = read_jam(take)
    assert_is_complete(take, jam)
    # Music may rest at its end, so the last note says little: the log's last moment does.
    closed = jam.entries[-1]
    assert isinstance(closed, Closed)
    assert closed.at > seconds - 1.0
    assert seconds_of(take / SOUND_NAME) > seconds - 1.0
    numbers = [e.n for e in jam.entries if isinstance(e, Sent)]
    assert numbers == list(range(len(numbers))), "no event is missing between"
    file = mido.MidiFile(take / MIDI_NAME)
    starts = [m for track in file.tracks for m in track if m.type == "note_on" and m.velocity]
    lasting = [note for note in jam.notes() if note.end - note.start > 1 / file.ticks_per_beat]
    assert len(lasting) <= len(starts) <= len(jam.notes())


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_hundred_kills_at_any_moment_lose_a_second_each_at_most(tmp_path: Path) -> None:
    draw = random.Random(1)
    for n in range(100):
        folder = tmp_path / str(n)
        folder.mkdir()
        with Daemon(folder, *SILENT, "--tempo", "200") as daemon:
            time.sleep(draw.uniform(0.0, 8.0))  # the moment is what is drawn
            seconds = killed(daemon)
        log = daemon.take / LOG_NAME
        if n % 3 == 1:
            log.write_bytes(log.read_bytes()[: -draw.randrange(1, 200)])
        elif n % 3 == 2:
            whole = log.read_bytes()
            log.write_bytes(whole[:-64] + draw.randbytes(64))
        assert_all_but_the_last_second(daemon.take, seconds)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    jam = SimulatedJam(6, 8.0)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-24_20-00-00")


def cut(
    take: Path, jams: Path, *, log: int | None = None, tail: bytes = b"", sound: int = 0
) -> Path:
    """A copy of the take as a crash would leave it: the log up to `log`, and a tail behind it."""
    folder = jams / take.name
    folder.mkdir(parents=True)
    (folder / LOG_NAME).write_bytes((take / LOG_NAME).read_bytes()[:log] + tail)
    whole = (take / SOUND_NAME).read_bytes()
    (folder / SOUND_NAME).write_bytes(
        whole[: HEAD_BYTES - 40] + bytes(40) + whole[HEAD_BYTES : -1 - sound]
    )
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_log_that_was_cut_or_garbled_anywhere_is_completed(
    played: Path, tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    size = (played / LOG_NAME).stat().st_size
    at = draw.randrange(size // 3, size)
    tail = draw.choice([b"", draw.randbytes(80), bytes(4096), b"\n\n", b'{"kind":"sent"'])
    folder = cut(played, tmp_path, log=at, tail=tail, sound=draw.randrange(9000))
    (info,) = cut_takes(tmp_path)
    said = recover(info)
    assert "\n" not in said
    jam = read_jam(folder)
    assert_is_complete(folder, jam)
    kept = (played / LOG_NAME).read_bytes()[:at].splitlines()[:-1]
    looks = (e.at for line in kept if isinstance(e := line_to_entry(line), Stepped))
    assert jam.beat_at(last := max(looks)) <= jam.end_beat() < jam.beat_at(last) + 1.0
    assert cut_takes(tmp_path) == [], "once is enough"
    assert seconds_of(folder / SOUND_NAME) > 6.0


def test_a_take_without_its_sound_gets_it_from_the_log(played: Path, tmp_path: Path) -> None:
    folder = cut(played, tmp_path)
    (folder / SOUND_NAME).unlink()
    recover(inspect_take(folder))
    whole = (played / SOUND_NAME).read_bytes()
    assert (folder / SOUND_NAME).read_bytes() == whole


def test_what_never_began_is_removed_and_a_log_without_its_head_is_one_line(
    played: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / LOG_NAME).write_bytes(b"")
    (empty / SOUND_NAME).write_bytes(bytes(HEAD_BYTES))
    assert "removed" in recover(inspect_take(empty))
    assert not empty.exists()
    headless = cut(played, tmp_path / "more")
    (headless / LOG_NAME).write_bytes((played / LOG_NAME).read_bytes()[100:])
    assert inspect_take(headless).state is TakeState.FOREIGN
    (headless / LOG_NAME).write_bytes(b"")
    with pytest.raises(TakeError, match=r"take\.wav plays"):
        recover(inspect_take(headless))


def test_a_take_is_found_by_the_beginning_of_its_name(tmp_path: Path) -> None:
    for name in ("2026-01-01_10-00-00", "2026-01-01_10-00-00_2", "2026-02-01_10-00-00"):
        (tmp_path / name).mkdir()
        (tmp_path / name / LOG_NAME).write_bytes(b"")
    assert find_take(None, tmp_path).name == "2026-02-01_10-00-00"
    assert find_take("2026-02", tmp_path).name == "2026-02-01_10-00-00"
    assert find_take("2026-01-01_10-00-00", tmp_path).name == "2026-01-01_10-00-00"
    with pytest.raises(TakeError, match=r"2 takes in .* begin with"):
        find_take("2026-01", tmp_path)
    with pytest.raises(TakeError, match=r"no take in .* begins with"):
        find_take("1999", tmp_path)
    with pytest.raises(TakeError, match="--jams"):
        find_take(None, tmp_path / "nowhere")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB; what it is for is what `player / jams` leads to."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if sys.platform != "linux":
        pytest.skip("only Linux has a tmpfs of any size")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk can't be mounted here: {mounted.stderr.strip()}")
    (disk / "filler").write_bytes(bytes(2_800_000))
    (tmp_path / "player").mkdir()
    (tmp_path / "player" / "jams").symlink_to(disk / "jams")
    (disk / "jams").mkdir()
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_a_disk_that_is_full_in_mid_jam_costs_nothing_once_there_is_room(small_disk: Path) -> None:
    player = small_disk.parent / "player"
    with Daemon(player, *SILENT, "--tempo", "200", "--seed", "5") as daemon:
        assert wait_until(lambda: "No space left" in daemon.said, 30.0)
        beat = daemon.ctl(do="status")["beat"]
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 8)
        (small_disk / "filler").unlink()
        assert daemon.end() == 0
    short, full, *came_of_it = daemon.said.splitlines()
    assert "there is room for 0 minutes" in short
    assert "the music goes on" in full
    assert all("nothing is missing" in line for line in came_of_it), daemon.said
    jam = daemon.jam()
    assert jam.cut is None
    assert seconds_of(daemon.take / SOUND_NAME) > (beat + 8) * 0.3
    again = replay_take(daemon.take / LOG_NAME, small_disk.parent / "again")
    assert not again.faults
    for name in (MIDI_NAME, SOUND_NAME):
        ours = (small_disk.parent / "again" / name).read_bytes()
        assert ours == (daemon.take / name).read_bytes()


@pytest.mark.slow
def test_a_kill_on_a_full_disk_leaves_what_was_written(small_disk: Path) -> None:
    player = small_disk.parent / "player"
    with Daemon(player, *SILENT, "--tempo", "200", "--seed", "5") as daemon:
        assert wait_until(lambda: "No space left" in daemon.said, 30.0)
        killed(daemon)
    (small_disk / "filler").unlink()
    (info,) = cut_takes(daemon.jams)
    recover(info)
    assert_is_complete(daemon.take, read_jam(daemon.take))
    assert seconds_of(daemon.take / SOUND_NAME) > 0.5


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_the_next_start_completes_what_was_cut_off_and_says_so(
    played: Path, tmp_path: Path
) -> None:
    folder = cut(played, tmp_path / "jams", log=20_000)
    with Daemon(tmp_path, *SILENT, "--tempo", "200", "--seed", "5") as daemon:
        assert wait_until(lambda: "completed:" in daemon.said, 100.0)
        assert daemon.ctl(do="status")["beat"] > 0
        assert daemon.end() == 0
    said = daemon.said.splitlines()
    assert [folder.name in line for line in said] == [True, True], daemon.said
    assert_is_complete(folder, read_jam(folder))
