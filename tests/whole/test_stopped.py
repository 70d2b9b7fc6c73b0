"""A process that is stopped, by Ctrl-Z or from outside: notes end if they can, and it goes on from now."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from nesvae_live.log.entries import Noted
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.daemon import Daemon
from tests.support.jack import JackServer, lax_server
from tests.support.notes import left_on, notes_on
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.jack,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="states are read in /proc"),
]

PLAY = ("--midi-api", "jack", "--audio", "jack", "--seed", "3", "--patch", "off", "--tempo", "120")
STOPPED_SECONDS = 2.0


def state_of(daemon: Daemon) -> str:
    """One letter; T: it is stopped."""
    return Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@lax_server
@pytest.mark.parametrize("how", [signal.SIGTSTP, signal.SIGSTOP])
def test_it_goes_on_from_now_and_plays_again_to_the_byte(
    jack_server: JackServer, tmp_path: Path, how: signal.Signals
) -> None:
    with Daemon(tmp_path, *PLAY, own_group=True) as daemon, JackProbe() as probe:
        probe.connect_midi_from("nesvae_live_out")
        assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 8, 30.0, every=0.1)
        assert probe.wait_until(lambda: bool(left_on(probe.midi)))
        os.kill(daemon.process.pid, how)
        assert wait_until(lambda: state_of(daemon) == "T")
        stopped = probe.frames
        assert probe.wait_until(lambda: not left_on(probe.midi)), "every note has ended"
        until = stopped + STOPPED_SECONDS * probe.sample_rate
        assert probe.wait_until(lambda: probe.frames >= until, 30.0, every=0.05)
        known = len(notes_on(probe.midi))
        os.kill(daemon.process.pid, signal.SIGCONT)
        assert probe.wait_until(lambda: len(notes_on(probe.midi)) > known + 8, 30.0, every=0.05)
        after = [frame for frame, _, _ in notes_on(probe.midi)[known:]]
        at_once = [frame for frame in after if frame < after[0] + 0.1 * probe.sample_rate]
        assert len(at_once) <= 8, "what was missed isn't caught up with"
        assert daemon.end() == 0
        assert probe.wait_until(lambda: not left_on(probe.midi))
    noted = [e.text for e in daemon.jam().entries if isinstance(e, Noted)]
    assert any("nothing was done for" in text for text in noted)
    assert ("it was stopped for" in daemon.said) == (how is signal.SIGTSTP)
    if how is signal.SIGTSTP:
        return
    again = tmp_path / "again"
    assert not replay_take(daemon.take / LOG_NAME, again).faults
    for name in (MIDI_NAME, SOUND_NAME):
        assert (again / name).read_bytes() == (daemon.take / name).read_bytes(), name
