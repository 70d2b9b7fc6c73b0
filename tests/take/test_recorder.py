"""The take: what is on the disk while it is played, after it, and after a mishap."""

from __future__ import annotations

import io
import os
import shutil
import signal
import struct
import subprocess
import sys
import textwrap
import tracemalloc
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.control.inputs import (
    MidiIn,
)
from nesvae_live.log.entries import (
    Barred,
    Clocked,
    Closed,
    Heard,
    Noted,
    Sent,
)
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import read_jam
from nesvae_live.take.growing import GrowingFile
from nesvae_live.take.recorder import Recorder, RecordError
from nesvae_live.take.wav import HEAD_BYTES, wav_head
from tests.support.fakes import ManualTime
from tests.support.places import ROOT
from tests.support.recording import RATE, START, STARTED, Session, opened, sound
from tests.support.waiting import wait_until


def frames(path: Path) -> int:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        n: int = file.getnframes()
        assert len(file.readframes(n)) == 2 * n
        return n


# The head of the WAV.


@pytest.mark.parametrize("n", [0, 1, 4800])
def test_python_reads_the_head(n: int) -> None:
    data = wav_head(2 * n, RATE) + b"\1\0" * n
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == n
        assert file.getframerate() == RATE


def test_beyond_4_gib_the_sizes_are_64_bit() -> None:
    n_bytes = 5 * 2**30
    head = wav_head(n_bytes, RATE)
    assert len(head) == HEAD_BYTES == len(wav_head(0, RATE))
    assert (head[:4], head[12:16]) == (b"RF64", b"ds64")
    assert struct.unpack("<QQQ", head[20:44]) == (n_bytes + HEAD_BYTES - 8, n_bytes, n_bytes // 2)


# The recorder.


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n"])
def test_a_log_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    log = tmp_path / "take.jsonl"
    log.write_bytes(content)
    with pytest.raises(JamError, match="not a jam log") as refused:
        read_jam(tmp_path)
    assert str(log) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(JamError, match=r"take\.jsonl"):
        read_jam(tmp_path)


def test_the_folder_is_named_by_time_and_never_taken_twice(tmp_path: Path) -> None:
    sessions = [Session(tmp_path / "deep" / "jams") for _ in range(3)]
    assert [s.folder.name for s in sessions] == [
        "2026-11-23_14-05-09",
        "2026-11-23_14-05-09_2",
        "2026-11-23_14-05-09_3",
    ]
    for session in sessions:
        session.recorder.close()


def test_a_jams_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    recorder = Recorder(tmp_path / "file" / "jams", RATE, time=ManualTime(), warn=print, makers={})
    with pytest.raises(RecordError, match="--jams") as refused:
        recorder.start(STARTED)
    assert "\n" not in str(refused.value)
    assert recorder.close() is None


def test_a_jam_that_never_began_leaves_no_folder(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.recorder.put(Noted(START - 1, "no such port"))
    assert session.recorder.close() is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rolls", [False, True])
def test_a_clock_that_never_rolled_leaves_no_take(tmp_path: Path, rolls: bool) -> None:
    session = Session(tmp_path)
    session.recorder.put(opened())
    session.recorder.put(Clocked(START, 0.0, 0.5, runs=False))
    session.recorder.tap(sound(RATE, 0.0))
    session.recorder.step()
    if rolls:
        session.recorder.put(Clocked(START + 1, 0.0, 0.5, runs=True))
    session.recorder.put(Closed(START + 2, 0.0, "it was stopped"))
    take = session.recorder.close()
    assert (take is not None) == rolls
    assert len(list(tmp_path.iterdir())) == rolls
    if not rolls:
        assert session.warnings == ["the clock that was followed never rolled: no take is kept"]


def test_the_files_are_true_in_the_middle_of_the_jam(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.recorder.put(Noted(START - 0.5, "before the jam was opened"))
    session.recorder.put(opened())
    for seconds in range(1, 4):
        session.play(1.0, first=seconds - 1.0)
        assert frames(session.folder / "take.wav") == seconds * RATE
        jam = read_jam(session.folder)
        assert sum(isinstance(e, Sent) for e in jam.entries) == 4 * seconds
        assert jam.cut == "the jam was not closed"
    assert jam.entries[0] == Noted(-0.5, "before the jam was opened")
    assert isinstance(jam.entries[1], Barred)
    assert jam.entries[2] == Sent(0.0, 0.0, NoteOn(Voice.P1, 60))
    session.close()


def test_the_sound_is_the_samples_that_came(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.recorder.put(opened())
    session.play(2.0)
    take = session.close()
    with wave.open(str(take.folder / "take.wav")) as file:
        written = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    wanted = np.concatenate([sound(RATE // 2, at) for at in (0.0, 0.5, 1.0, 1.5)])
    assert np.array_equal(written, wanted)


def test_it_is_forced_to_the_disk_each_second_and_at_each_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[float] = []
    session = Session(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(session.time.value - START))
    session.recorder.put(opened())
    session.recorder.put(Sent(START, 0.0, NoteOn(Voice.P1, 62)))
    for n in range(1, 41):  # ten seconds of steps
        session.time.value = START + n / 4
        session.recorder.step()
    assert np.diff([0.0, *sorted(set(synced)), 10.0]).max() <= 1.0
    synced.clear()
    session.time.value += 0.01
    session.recorder.put(Sent(START + 2.5, 3.9, NoteOn(Voice.P1, 60)))
    session.recorder.step()
    assert not synced
    session.recorder.put(Sent(START + 2.5, 4.0, NoteOff(Voice.P1, 60)))
    session.recorder.step()
    assert len(synced) == 2  # the log and the sound
    session.close()


def test_close_makes_the_files_and_again_is_harmless(tmp_path: Path) -> None:
    session = Session(tmp_path)

    def count_entries(jam: Jam, path: Path) -> None:
        path.write_text(str(sum(not isinstance(e, Barred) for e in jam.entries)))

    def fail(jam: Jam, path: Path) -> None:
        path.write_text("half")
        raise ZeroDivisionError("no luck")

    session.recorder._makers = {"take.bad": fail, "take.txt": count_entries}
    session.recorder.put(opened())
    session.play(1.0)
    session.recorder.put(Closed(START + 1.0, 2.0, "asked"))
    take = session.close()
    assert session.recorder.close() is take
    assert [f.name for f in take.files] == ["take.jsonl", "take.wav", "take.txt"]
    assert (take.folder / "take.txt").read_text() == "5"
    assert sorted(f.name for f in take.folder.iterdir()) == sorted(f.name for f in take.files)
    assert take.faults == ("take.bad: not made: no luck",)
    assert session.warnings == ["take.bad: not made: no luck"]
    assert read_jam(take.folder).cut is None


def test_an_entry_that_cannot_be_written_is_told_and_the_others_are(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.recorder.put(opened())
    session.recorder.put(Heard(MidiIn("port", (object(),), START)))  # type: ignore[arg-type]
    session.recorder.put("no entry")  # type: ignore[arg-type]
    session.recorder.put(Noted(START + 1, "after"))
    jam = read_jam(session.close().folder)
    *strange, last = jam.entries
    assert ["could not be written" in e.text for e in strange if isinstance(e, Noted)] == [True] * 2
    assert last == Noted(1.0, "after")


def test_a_folder_that_vanishes_is_written_anew(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.recorder.put(opened())
    session.play(1.0)
    shutil.rmtree(session.folder)
    session.play(1.0, first=1.0)
    take = session.close()
    assert frames(take.folder / "take.wav") == 2 * RATE
    jam = read_jam(take.folder)
    assert sum(isinstance(e, Sent) for e in jam.entries) == 8
    assert any(isinstance(e, Noted) and "removed" in e.text for e in jam.entries)
    assert [w for w in session.warnings if "the music goes on" in w] == session.warnings[:1]
    assert all("nothing is missing" in fault for fault in take.faults)


def test_beyond_the_limit_sound_leaves_a_hole_and_is_counted(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "f", keep=10, head=lambda n: b"%8d" % n)
    full = OSError(28, "No space left on device")

    class Full(io.FileIO):
        refuses = True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            if self.refuses and self.tell() >= 8:
                raise full
            written: int = super().write(data)
            return written

    file.close()
    file._file = Full(tmp_path / "f", "rb+")
    file.append(b"aaaaaa")
    assert file.flush(sync=True) == "f: No space left on device"
    file.append(b"bbbbbb")  # beyond the limit
    file.append(b"cccc")
    assert (file.waiting, file.lost, file.size) == (10, 6, 16)
    file._file.refuses = False
    assert file.flush(sync=True) is None
    assert file.fault() == "f: No space left on device; 6 bytes of it are missing"
    file.close()
    assert (tmp_path / "f").read_bytes() == b"      16aaaaaa" + b"\0" * 6 + b"cccc"


def test_what_a_failed_sync_may_have_lost_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = GrowingFile(tmp_path / "f", keep=100)
    file.append(b"one ")
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(5, "I/O error")))
        assert file.flush(sync=True) == "f: I/O error"
    (tmp_path / "f").write_bytes(b"")  # what the system dropped
    file.append(b"two")
    assert file.flush(sync=True) is None
    assert (tmp_path / "f").read_bytes() == b"one two"
    file.close()


@pytest.mark.slow
def test_ten_minutes_take_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # 1600 of them, for nothing
    session = Session(tmp_path)
    session.recorder.put(opened())
    block = np.zeros(RATE // 4, np.int16)
    held = []
    tracemalloc.start()
    try:
        for quarter in range(2400):
            at = quarter / 4
            for n in range(15):  # 60 events a second
                note = NoteOn(Voice.P1, 40 + n) if n % 2 else NoteOff(Voice.P1, 39 + n)
                session.recorder.put(Sent(START + at, 2 * at, note))
            session.recorder.tap(block.copy())
            session.time.value = START + at
            session.recorder.step()
            if quarter in {400, 2399}:
                held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 100_000
    take = session.close()
    assert frames(take.folder / "take.wav") == 600 * RATE
    assert sum(isinstance(e, Sent) for e in read_jam(take.folder).entries) == 36000


# A process of its own: killed, and on a disk that is full.

CHILD = """
import resource, sys, time
from datetime import datetime
from pathlib import Path
import numpy as np
from nesvae_live.music.events import NoteOn
from nesvae_live.take.recorder import Recorder
from nesvae_live.log.entries import Opened, Sent
from nesvae_live.music.voices import Voice

class Now:
    now = staticmethod(time.perf_counter)

def said(text):
    print("WARN", text, flush=True)

recorder = Recorder(Path(sys.argv[1]), 48000, time=Now, warn=said, makers={})
folder = recorder.start(datetime.now())
start = time.perf_counter()
recorder.put(Opened(start, "", 120.0, "4/4", 4.0, 48000, 1, "", "", "", {}, {}))
n = 0

def play(seconds):
    global n
    until = time.perf_counter() + seconds
    while (now := time.perf_counter()) < until:
        recorder.put(Sent(now, 2 * (now - start), NoteOn(Voice.P1, 60)))
        recorder.tap(np.full(480, 1 + n % 1000, np.int16))
        n += 1
        time.sleep(0.01)

print("FOLDER", folder, flush=True)
"""


def start_child(tmp_path: Path, script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + textwrap.dedent(script), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_after_kill_9_all_but_the_last_second_is_there(tmp_path: Path) -> None:
    child = start_child(
        tmp_path,
        """
        for _ in range(1000):
            play(0.1)
            print("AT", n, time.perf_counter() - start, flush=True)
        """,
    )
    assert child.stdout
    folder = Path(child.stdout.readline().split(maxsplit=1)[1].strip())
    played, seconds = 0, 0.0
    while seconds < 2.3:
        _, count, at = child.stdout.readline().split()
        played, seconds = int(count), float(at)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert child.returncode == -signal.SIGKILL
    jam = read_jam(folder)
    last = jam.entries[-1]
    assert isinstance(last, Sent)
    assert last.at > seconds - 1.0
    assert frames(folder / "take.wav") / 480 > played * (1 - 1.0 / seconds)
    assert jam.cut == "the jam was not closed"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on a file's size")
def test_a_full_disk_is_told_once_and_costs_nothing_when_there_is_room_again(
    tmp_path: Path,
) -> None:
    child = start_child(
        tmp_path,
        """
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_001, hard))
        play(2.0)
        print("SIZE", (folder / "take.wav").stat().st_size, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        play(0.5)
        take = recorder.close()
        print("TAKE", n, flush=True)
        """,
    )
    output = child.communicate(timeout=60)[0].splitlines()
    assert child.returncode == 0
    said = [line.partition(" ") for line in output]
    folder = Path(next(text for tag, _, text in said if tag == "FOLDER"))
    played = int(next(text for tag, _, text in said if tag == "TAKE"))
    assert int(next(text for tag, _, text in said if tag == "SIZE")) <= 30_001
    warnings = [text for tag, _, text in said if tag == "WARN"]
    assert ["take.wav: File too large" in warning for warning in warnings] == [True, True]
    assert "the music goes on" in warnings[0]
    assert "nothing is missing" in warnings[1]
    assert frames(folder / "take.wav") == 480 * played
    with wave.open(str(folder / "take.wav")) as file:
        written = np.frombuffer(file.readframes(480 * played), "<i2")
    assert np.array_equal(written, np.repeat(1 + np.arange(played) % 1000, 480))
    jam = read_jam(folder)
    assert sum(isinstance(e, Sent) for e in jam.entries) == played
    assert any(isinstance(e, Noted) and "too large" in e.text for e in jam.entries)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit on a file's size")
def test_a_disk_that_stays_full_leaves_readable_files_and_says_what_is_missing(
    tmp_path: Path,
) -> None:
    child = start_child(
        tmp_path,
        """
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_001, hard))
        play(1.0)
        take = recorder.close()
        print("TAKE", n, *take.faults, sep="|")
        """,
    )
    output = child.communicate(timeout=60)[0].splitlines()
    assert child.returncode == 0
    folder = Path(output[0].partition(" ")[2])
    _, n, *faults = output[-1].split("|")
    n_frames = frames(folder / "take.wav")
    assert 2000 < n_frames <= (5_001 - HEAD_BYTES) // 2
    missing = 960 * int(n) - (5_001 - HEAD_BYTES)
    assert f"take.wav: File too large; {missing} bytes of it are missing" in faults
    jam = read_jam(folder)
    assert 20 < len(jam.entries) < int(n)
    assert "could not be read" in str(jam.cut)


def test_the_thread_writes_by_itself(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RATE, time=ManualTime(), warn=print, makers={})
    folder = recorder.start(STARTED)
    recorder.put(opened())
    recorder.tap(np.zeros(100, np.int16))
    assert wait_until(lambda: (folder / "take.wav").stat().st_size == HEAD_BYTES + 200)
    recorder.check()
    recorder.close()


def test_what_ends_the_thread_is_told_and_raised_again(tmp_path: Path) -> None:
    warnings: list[str] = []
    recorder = Recorder(tmp_path, RATE, time=ManualTime(), warn=warnings.append, makers={})
    recorder.start(STARTED)
    recorder.put(Noted(START, "early"))
    recorder.tap(np.zeros(100, np.int16))
    recorder.put(replace(opened(), seed=object()))  # type: ignore[arg-type]
    assert wait_until(lambda: bool(warnings))
    with pytest.raises(TypeError, match="cannot stand in a log"):
        recorder.check()
    recorder.put(opened())
    recorder.put(Closed(START + 1, 2.0, "error"))
    take = recorder.close()
    assert take
    assert "the recorder failed" in warnings[0]
    jam = read_jam(take.folder)
    assert jam.cut is None
    assert jam.entries[0] == Noted(0.0, "early")
    assert frames(take.folder / "take.wav") == 100


def test_a_file_put_in_its_place_is_not_touched(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "f", keep=100)
    (tmp_path / "theirs").write_bytes(b"theirs")
    (tmp_path / "theirs").replace(tmp_path / "f")
    file.append(b"ours")
    assert file.flush(sync=True) == "f: another file has taken its place"
    file.close()
    assert (tmp_path / "f").read_bytes() == b"theirs"
