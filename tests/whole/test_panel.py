"""The panel beside the music: what becomes of it changes no note; what is done on it does."""

from __future__ import annotations

import os
import re
import signal
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from nesvae_live.control.gestureinputs import SetPoint
from nesvae_live.io.remote.client import connect
from nesvae_live.log.entries import Decoded, Heard, Placed, Sent, Spliced
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOn
from tests.support.browser import chromium, opened
from tests.support.daemon import Daemon
from tests.support.jack import JackServer
from tests.support.panels import BarePage, free_port
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

QUIET = ("--audio", "none", "--midi-api", "none", "--no-status", "--seed", "3")
NOTE_ON = 0x90
PATIENCE = 60.0


def panel_process(daemon: Daemon) -> int:
    """The number of the panel's process: the instrument's child that is no resource tracker."""
    children = Path(f"/proc/{daemon.process.pid}/task/{daemon.process.pid}/children").read_text()
    found = [
        int(child)
        for child in children.split()
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()
    ]
    assert len(found) == 1, children
    return found[0]


@pytest.mark.xdist_group("jack")  # it has to be in time, so it isn't niced
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found in /proc")
def test_a_panel_that_is_killed_changes_nothing_and_comes_back_where_it_was(
    tmp_path: Path,
) -> None:
    port = free_port()
    with Daemon(tmp_path, "--panel-port", str(port), *QUIET) as daemon:
        with BarePage(port, open_timeout=PATIENCE) as page:
            page.wait_for(lambda: "tempo" in page.things, PATIENCE)
            os.kill(panel_process(daemon), signal.SIGKILL)
        before = daemon.ctl(do="status")
        with BarePage(port, open_timeout=PATIENCE) as page:
            page.say(do="move", target="density", value=0.75)
            page.wait_for(lambda: page.targets.get("density") == 0.75, PATIENCE)
        after = daemon.ctl(do="status")
        for figure in ("events_late", "decodes_missed", "underruns"):
            assert after[figure] == before[figure]
        assert daemon.end() == 0
    assert "panel ended: starting it again" in daemon.said


def fill(wire: socket.socket, line: bytes) -> None:
    """Say a line again and again, and read no answer, until nothing more goes in."""
    wire.settimeout(1.0)
    with suppress(TimeoutError):
        while True:
            wire.sendall(line * 100)


@pytest.mark.xdist_group("jack")  # it has to be in time, so it isn't niced
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found in /proc")
def test_a_panel_that_is_stopped_with_its_sockets_full_changes_nothing_and_comes_back(
    tmp_path: Path,
) -> None:
    port = free_port()
    with Daemon(tmp_path, "--panel-port", str(port), *QUIET) as daemon, ExitStack() as stack:
        page = stack.enter_context(BarePage(port, open_timeout=PATIENCE))
        page.wait_for(lambda: "tempo" in page.things, PATIENCE)
        os.kill(panel_process(daemon), signal.SIGSTOP)
        before = daemon.ctl(do="status")
        fill(page.socket.socket, b"\x8a\x80" + bytes(4))  # pongs: the panel's own socket
        fill(stack.enter_context(connect(daemon.control)), b'{"do": "watch"}\n')
        for _ in range(20):  # and pages that wait at its port
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE))
        bar = daemon.ctl(do="status")["bar"]
        assert wait_until(lambda: daemon.ctl(do="status")["bar"] > bar + 1, every=0.05)
        after = daemon.ctl(do="status")
        for figure in ("events_late", "decodes_missed", "underruns"):
            assert after[figure] == before[figure]
        with BarePage(port, open_timeout=PATIENCE) as again:
            again.say(do="move", target="density", value=0.75)
            again.wait_for(lambda: again.targets.get("density") == 0.75, PATIENCE)
        assert daemon.end() == 0
    assert "panel was stuck: starting it again" in daemon.said


@pytest.mark.slow
def test_a_port_that_is_taken_gets_the_next_one_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Daemon(tmp_path, "--panel-port", str(port), "--bars", "1", *QUIET) as daemon:
            assert daemon.wait() == 0
    found = re.search(rf"panel at http://127.0.0.1:(\d+)/ \(port {port} is taken\)", daemon.said)
    assert found
    assert port < int(found[1]) < port + 16


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the browser here is a shell's script")
def test_the_demo_says_where_its_panel_is_and_opens_it_in_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, opened_at, port = tmp_path / "browser", tmp_path / "opened", free_port()
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened_at}\n')
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", str(browser))
    address = f"http://127.0.0.1:{port}/"
    options = ("--panel-port", str(port), "--open", "--audio", "none", "--no-status")
    with Daemon(tmp_path, *options, command="demo") as daemon:
        assert wait_until(lambda: opened_at.exists() and opened_at.read_text() == f"{address}\n")
        assert daemon.end() == 0
    assert f"panel at {address}" in daemon.said


def last_point(jam: Jam) -> SetPoint | None:
    """The last point on the map that was asked for, when it was asked for first: a hand that is let
    go may say it again.
    """
    inputs = [entry.input for entry in jam.entries if isinstance(entry, Heard)]
    asked: SetPoint | None = None
    for point in (item for item in inputs if isinstance(item, SetPoint)):
        asked = asked if asked is not None and asked.z == point.z else point
    return asked


def decoded_since(asked: SetPoint | None, jam: Jam) -> list[tuple[float, Decoded | Spliced]]:
    """The tails since then, and the phrases where the one that played had no more cut, each with the
    beat on which it begins; of those, from the first that was decoded at that point on.
    """
    begins = {e.index: e.beat for e in jam.entries if isinstance(e, Placed) and not e.repeat}
    found = [
        (e.beat if isinstance(e, Spliced) else begins[e.index], e)
        for e in jam.entries
        if isinstance(e, Decoded | Spliced) and asked and e.at > asked.at
    ]
    there = (
        i for i, (_, e) in enumerate(found) if asked and e.z == pytest.approx(asked.z, abs=1e-3)
    )
    return found[next(there, len(found)) :]


@pytest.mark.slow
@pytest.mark.jack
@pytest.mark.browser
def test_a_drag_on_the_map_is_heard_at_the_jack_port(
    jack_server: JackServer, tmp_path: Path
) -> None:
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name
    port = free_port()
    options = ("--midi-api", "jack", "--audio", "none", "--swap", "now", "--seed", "3")
    with (
        Daemon(tmp_path, "--panel-port", str(port), "--no-status", *options) as daemon,
        JackProbe() as probe,
        chromium() as browser,
    ):
        probe.connect_midi_from("nesvae_live_out")
        with opened(browser, f"http://127.0.0.1:{port}/") as page:
            canvas = page.locator("#map-canvas")
            canvas.scroll_into_view_if_needed()
            canvas.drag_to(
                canvas, source_position={"x": 80, "y": 80}, target_position={"x": 200, "y": 170}
            )
            assert wait_until(lambda: decoded_since(last_point(daemon.jam()), daemon.jam()) != [])
            heard = len(probe.midi)
            assert wait_until(lambda: len(probe.midi) > heard + 30)
            assert daemon.end() == 0
        at_port = [data[1] for _, data in probe.midi if data[0] & 0xF0 == NOTE_ON and data[2]]
    entries = daemon.jam().entries
    asked = last_point(daemon.jam())
    assert asked is not None
    (beat, first), *later = decoded_since(asked, daemon.jam())
    assert first.at - asked.at < 1.0
    for _, decoded in later:
        assert decoded.z == pytest.approx(asked.z, abs=1e-3)
    after = [
        e.event.note
        for e in entries
        if isinstance(e, Sent) and isinstance(e.event, NoteOn) and e.beat >= beat
    ]
    assert len(after) > 5
    assert at_port[-len(after) :] == after
