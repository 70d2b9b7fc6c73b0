"""`ctl` that stays open: what is typed is sent at once; a wrong line ends nothing."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from nesvae_live.cli.ctl.ctl import completions
from nesvae_live.cli.ctl.prompt import complete
from nesvae_live.cli.ctl.verbs import VERBS
from nesvae_live.cli.main import main
from nesvae_live.clock.hosttime import PerfTime
from nesvae_live.control.gestureinputs import RecallSnapshot
from nesvae_live.control.inputs import GetStatus, SetMute, Tap
from nesvae_live.io.remote.server import ControlServer

WAIT_SECONDS = 30.0


@pytest.fixture
def instrument(tmp_path: Path) -> Iterator[tuple[Path, list[Any]]]:
    """A control socket, and the inputs that came in through it."""
    inbox: SimpleQueue[Any] = SimpleQueue()
    came: list[Any] = []

    def answer() -> None:
        while (item := inbox.get()) is not None:
            came.append(item)
            ok = not (isinstance(item, RecallSnapshot) and item.slot == 9)
            item.reply({"ok": True} if ok else {"ok": False, "error": "no snapshot 9"})

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    server = ControlServer(inbox, PerfTime(), tmp_path / "socket")
    server.open()
    yield tmp_path / "socket", came
    server.close()
    inbox.put(None)
    thread.join()


def asked(came: list[Any]) -> list[Any]:
    return [item for item in came if not isinstance(item, GetStatus)]


def test_lines_are_carried_out_and_what_is_wrong_is_told(
    instrument: tuple[Path, list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, came = instrument
    lines = ["tap", "", "mute p2", "recal 1", "recall 9", 'mark "', "recall 1", "quit", "mute p1"]
    monkeypatch.setattr(sys, "stdin", Typed(lines))
    assert main(["ctl", "--control", str(path)]) == 0
    kinds = [type(item) for item in asked(came)]
    assert kinds == [Tap, Tap, SetMute, RecallSnapshot, RecallSnapshot]
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "did you mean 'recall'" in told[0]
    assert "no snapshot 9" in told[1]


class Typed:
    """Standard input that is no terminal."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def isatty(self) -> bool:
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)


def test_where_nothing_plays_it_says_so_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ctl", "--control", str(tmp_path / "none")]) == 1
    assert "start `nesvae-live play` first" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_tab_completes_and_the_history_is_kept(
    instrument: tuple[Path, list[Any]], tmp_path: Path
) -> None:
    path, came = instrument
    for typed in (b"rec\t1\n", b"\x1b[A\n"):  # completed; the arrow up, in another session
        came.clear()
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "nesvae_live", "ctl", "--control", str(path)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "TERM": "xterm", "INPUTRC": "/"},
        )
        os.close(slave)
        read_until(master, b"ctl> ")
        os.write(master, typed)
        wait_for(lambda: bool(asked(came)))
        os.write(master, b"\x04")
        assert process.wait(WAIT_SECONDS) == 0
        os.close(master)
        (item,) = asked(came)
        assert isinstance(item, RecallSnapshot)
        assert item.slot == 1


def read_until(master: int, end: bytes) -> None:
    said, until = b"", time.monotonic() + WAIT_SECONDS
    while end not in said:
        assert time.monotonic() < until, said
        if select.select([master], [], [], 0.1)[0]:
            said += os.read(master, 4096)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def completed(line: str) -> list[str]:
    text = line.rpartition(" ")[2]
    found, n = [], 0
    while (word := complete(completions, line, text, n)) is not None:
        found.append(word)
        n += 1
    return found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rec", ["recall "]),
        ("mute p", ["P1 ", "P2 "]),
        ("set den", ["density "]),
        ("move morph-t", ["morph-to "]),
        ("swap b", ["bar ", "beat "]),
        ("key D mi", ["minor ", "mixolydian "]),
        ("hold ", ["on ", "off "]),
        ("tap ", []),
        ("nothing ", []),
    ],
)
def test_words_are_completed_by_what_the_verb_takes(line: str, words: list[str]) -> None:
    assert completed(line) == words


def test_every_verb_is_completed() -> None:
    names: Mapping[str, object] = dict.fromkeys(spec.name for spec in VERBS)
    assert set(completed("")) == {f"{name} " for name in (*names, "help", "quit")}
