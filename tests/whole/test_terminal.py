"""The live view on a real (pseudo-)terminal: shown, played on, and given back whatever happens."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import segno

from nesvae_live.control.gestureinputs import Mark
from nesvae_live.control.inputs import Panic, Stop, Tap
from nesvae_live.log.entries import Heard
from tests.support.panels import free_port
from tests.support.terminal import COLUMNS, OFF, ON, Terminal
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc"),
]
TYPED_AHEAD = "zzyyxx"
FIGURES = ("events_late", "decodes_missed", "underruns")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    preset = tmp_path / "mine.toml"
    preset.write_text('name = "mine"\n')
    with Terminal(tmp_path, "--preset", str(preset)) as terminal:
        yield terminal


def test_it_shows_what_plays_and_every_key_does_what_it_says(terminal: Terminal) -> None:
    terminal.wait_for_view()
    assert all(len(line) == COLUMNS for line in terminal.text.splitlines())
    terminal.wait_for("120 BPM")
    terminal.wait_for("P1 ")
    bar = terminal.ctl(do="status")["bar"]
    terminal.wait_for(f"{bar + 1}.")

    def becomes(keys: str, figure: str, value: object) -> None:
        terminal.press(keys)
        assert wait_until(lambda: terminal.ctl(do="status")[figure] == value, every=0.02), (
            keys,
            terminal.ctl(do="status")[figure],
            terminal.text,
        )

    becomes("u1", "muted", ["P1"])
    becomes("u1", "muted", [])
    becomes("o3", "solo", ["TR"])
    becomes("o3", "solo", [])
    becomes("\x1b[A\x1b[A\x1b[A", "knobs", {"density": 0.56})
    terminal.wait_for("0.56")
    becomes("s2", "snapshots", [2])
    becomes("\x7f", "knobs", {})
    becomes("2", "knobs", {"density": 0.56})
    becomes("\x1b[C\x1b[H", "knobs", {"density": 0.56, "register": 0.0})
    becomes("r", "knobs", {})
    becomes("h", "hold", True)
    becomes("h", "hold", False)
    becomes("a", "auto", True)
    becomes("a", "auto", False)
    becomes("b", "swap", "bar")
    becomes("+", "tempo", 121.0)
    terminal.press("g2")
    assert wait_until(lambda: terminal.ctl(do="status")["morph"] is not None)
    terminal.press("g")
    terminal.wait_for("morph to which snapshot?")
    terminal.press("\x1b")
    becomes("u2", "muted", ["P2"])
    becomes("u2", "muted", [])
    terminal.press("t.m")
    terminal.press("5")
    terminal.wait_for("snapshot 5")  # there is none, and it says so
    terminal.press("?")
    terminal.wait_for("panic: end every note now")
    terminal.press("qn")
    assert terminal.ctl(do="status")["motion"] == "running"
    terminal.press("qy" + TYPED_AHEAD)
    terminal.wait_for("ended 0")
    assert terminal.is_restored
    assert TYPED_AHEAD not in terminal.text
    assert "take.mid" in terminal.text
    heard = {type(e.input) for e in terminal.jam().entries if isinstance(e, Heard)}
    assert {Tap, Panic, Mark, Stop} <= heard


@pytest.mark.parametrize(
    "how",
    [
        *("Ctrl-C", "SIGTERM", "SIGHUP", "SIGKILL"),
        *(pytest.param(how, marks=pytest.mark.soak) for how in ("SIGQUIT", "SIGSEGV")),
    ],
)
def test_the_terminal_is_given_back_however_it_ends(terminal: Terminal, how: str) -> None:
    terminal.wait_for_view()
    terminal.press(TYPED_AHEAD)
    if how == "Ctrl-C":
        terminal.press("\x03")
    else:
        os.kill(terminal.instrument(), getattr(signal, how))
    terminal.wait_for("ended ")
    assert wait_until(lambda: terminal.is_restored), terminal.modes()
    assert wait_until(lambda: len(terminal.processes()) == 1)  # what stands for the shell
    terminal.press("typed after\n")
    terminal.wait_for("typed after")
    assert TYPED_AHEAD not in terminal.text


def test_the_terminal_is_given_back_when_the_music_is_over(tmp_path: Path) -> None:
    with Terminal(tmp_path, "--bars", "2") as terminal:
        terminal.wait_for_view()
        terminal.wait_for("ended 0")
        assert terminal.is_restored


@pytest.mark.xdist_group("jack")  # it has to be in time, so it isn't niced
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_view_that_ends_or_is_stuck_changes_nothing_in_the_music(
    terminal: Terminal, how: int
) -> None:
    terminal.wait_for_view()
    before = terminal.ctl(do="status")
    os.kill(terminal.view(), how)
    if how != signal.SIGSTOP:
        terminal.wait_for("the terminal's view ended: the music plays on")
        terminal.wait_for("BPM  decode")  # the status line is there instead
        assert terminal.is_restored
    bar = terminal.ctl(do="status")["bar"]
    assert wait_until(lambda: terminal.ctl(do="status")["bar"] > bar, every=0.05)
    after = terminal.ctl(do="status")
    assert [after[name] for name in FIGURES] == [before[name] for name in FIGURES]
    terminal.press("\x03")
    terminal.wait_for("ended 0")
    assert terminal.is_restored
    assert wait_until(lambda: len(terminal.processes()) == 1)


def test_ctrl_z_leaves_the_terminal_to_the_shell_and_fg_comes_back(tmp_path: Path) -> None:
    with Terminal(tmp_path, shell=True) as terminal:
        terminal.wait_for("ready>")
        for _ in range(2):
            if not terminal.has_view:
                terminal.call()
            terminal.wait_for_view()
            terminal.press("\x1a")
            assert wait_until(lambda: not terminal.has_view)
            terminal.wait_for("Stopped")
            terminal.press("echo still $((6 * 7))\n")
            terminal.wait_for("still 42")
            terminal.press("fg\n")
            assert wait_until(lambda: terminal.has_view)
            terminal.wait_for("BPM")
        bar = terminal.ctl(do="status")["bar"]
        assert wait_until(lambda: terminal.ctl(do="status")["bar"] > bar, every=0.05)
        terminal.press("u1")
        assert wait_until(lambda: terminal.ctl(do="status")["muted"] == ["P1"])
        terminal.press("\x1a")
        assert wait_until(lambda: not terminal.has_view)
        terminal.press("bg\n")
        assert wait_until(lambda: terminal.plays)
        beat = terminal.ctl(do="status")["beat"]
        assert wait_until(lambda: terminal.ctl(do="status")["beat"] > beat + 1, every=0.05)
        assert not terminal.has_view  # it plays on behind the shell, and keeps off its terminal
        terminal.press("fg\n")
        assert wait_until(lambda: terminal.has_view)
        terminal.press("qy")
        assert wait_until(lambda: not terminal.has_view)
        terminal.press("echo over $((6 * 7))\n")
        terminal.wait_for("over 42")


@pytest.mark.parametrize(
    "plain",
    [*(pytest.param(name, marks=pytest.mark.soak) for name in ("NO_COLOR", "--no-status")), "TERM"],
)
def test_plain_lines_where_the_view_is_not_wanted(tmp_path: Path, plain: str) -> None:
    options = ("--no-status",) if plain == "--no-status" else ()
    environment = {"NO_COLOR": {"NO_COLOR": "1"}, "TERM": {"TERM": "dumb"}}.get(plain, {})
    with Terminal(tmp_path, "--bars", "2", *options, environment=environment) as terminal:
        terminal.wait_for("ended 0")
        assert ON not in terminal.sent
        assert OFF not in terminal.sent
        assert ("BPM  decode" in terminal.text) == (plain != "--no-status")
        assert terminal.modes() == terminal.before


def test_a_panel_for_the_network_shows_its_address_to_a_telephones_camera(tmp_path: Path) -> None:
    panel = ("--panel-port", str(free_port()), "--panel-host", "127.0.0.1")
    with Terminal(tmp_path, "--bars", "1", *panel) as terminal:
        terminal.wait_for("ended 0")
        found = re.search(rb"with its token: (\S+)", terminal.sent)
        assert found
        code = StringIO()
        segno.make(found[1].decode(), micro=False).terminal(code, border=2, compact=True)
        assert code.getvalue().replace("\n", "\r\n").encode() in terminal.sent
