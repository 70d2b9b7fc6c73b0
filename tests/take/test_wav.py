"""A WAV is written whole, or not at all."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.log.reader import JamError
from nesvae_live.take.wav import wav_file


def test_what_is_written_in_parts_is_one_wav(tmp_path: Path) -> None:
    parts = [np.arange(-5, 5, dtype=np.int16), np.zeros(0, np.int16), np.full(7, 30_000, np.int16)]
    with wav_file(tmp_path / "a.wav", 8000) as file:
        for part in parts:
            file.write(part)
        assert not (tmp_path / "a.wav").exists(), "before it is whole"
    assert file.samples == 17
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert (wav.getframerate(), wav.getnchannels(), wav.getsampwidth()) == (8000, 1, 2)
        assert wav.readframes(100) == np.concatenate(parts).astype("<i2").tobytes()


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"old")
    with pytest.raises(JamError):
        write_broken(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def write_broken(path: Path) -> None:
    with wav_file(path, 8000) as file:
        file.write(np.zeros(4, np.int16))
        raise JamError("the log ends in the middle of it")
