"""Controllers through real ports: every kind of control, takeover, feedback, and learning."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from nesvae_live.log.entries import Turned
from nesvae_live.presets.preset import read_preset
from tests.support.daemon import Daemon, plug
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

pytestmark = pytest.mark.jack

PLAY = ("--midi-api", "jack", "--audio", "none", "--seed", "3")
IN = "nesvae_live_in"

GEAR = """
[knobs]
density = { cc = 20 }
register = { cc14 = 21 }
bass = { twos = 22 }
polyphony = { offset = 23 }
regularity = { sign = 24 }
motion = { nrpn = 300 }
consonance = { bend = true }
focus = { pressure = true }
style1 = { cc = 30, takeover = "pickup" }
style2 = { cc = 31, takeover = "scale" }
style32 = { cc = 119 }
style3 = { cc14 = 25, lsb_first = true }

[actions]
mute-P1 = { button = 41 }
mute-P2 = { note = 36 }
mute-TR = { program = 5 }
"""


def knobs(daemon: Daemon) -> dict[str, float]:
    return dict(daemon.ctl(do="status")["knobs"])


def send(probe: JackProbe, messages: Iterable[Sequence[int]]) -> None:
    for message in messages:
        probe.send_midi(tuple(message))


def becomes(do: Callable[[], None], read: Callable[[], object], wanted: object) -> None:
    """Do a thing until something is as wanted; the assertion shows what it is instead.

    On a busy machine the server loses a message now and then, as a person's finger does.
    """
    for _ in range(10):
        do()
        if wait_until(lambda: read() == wanted, 1.5):
            return
    assert read() == wanted


@pytest.fixture
def gear(tmp_path: Path) -> Path:
    path = tmp_path / "gear.toml"
    path.write_text(GEAR, encoding="utf-8")
    return path


def test_each_kind_of_control_moves_its_target_with_the_bytes_that_gear_sends(
    jack_server: JackServer, tmp_path: Path, gear: Path
) -> None:
    with Daemon(tmp_path, *PLAY, "--preset", str(gear)) as daemon, JackProbe() as probe:
        plug(probe, daemon, 119, "style32")

        def moves(knob: str, value: float, *messages: Sequence[int], start: float = 0.9) -> None:
            def do() -> None:
                daemon.ctl(do="set", knob=knob, value=start)
                send(probe, messages)

            becomes(do, lambda: round(knobs(daemon).get(knob, -1.0), 4), round(value, 4))

        moves("density", 1.0, *[(0xB0, 20, v) for v in (0, 60, 127)])  # thrown, in three messages
        noisy = [(0xB0, 20, v) for v in (60, *[63, 64] * 40, 63)]
        moves("density", 0.5, *noisy)
        lsb_alone = [(0xB0, 21, 0), (0xB0, 21, 64), (0xB0, 53, 0), (0xB0, 53, 100)]
        moves("register", 0.5 + 100 / (2 * 8191), *lsb_alone)
        moves("register", 0.25, (0xB0, 21, 40), (0xB0, 53, 9), (0xB0, 21, 32))  # MSB alone
        lsb_first = [(0xB0, 57, 9), (0xB0, 25, 40), (0xB0, 57, 100), (0xB0, 25, 32)]
        moves("style3", (32 * 128 + 100) / 16384, *lsb_first)
        for knob, cc, up, down in (
            ("bass", 22, 1, 127),
            ("polyphony", 23, 65, 63),
            ("regularity", 24, 1, 65),
        ):
            turns = [(0xB0, cc, v) for v in (up, up, up, down)]
            moves(knob, 0.5 + 2 / 127, *turns, start=0.5)
        nrpn = [(0xB0, 99, 2), (0xB0, 98, 44), (0xB0, 6, 0), (0xB0, 6, 64), (0xB0, 38, 0)]
        moves("motion", 0.5, *nrpn)
        moves("consonance", 0.25, (0xE0, 0, 0), (0xE0, 0, 32))
        moves("focus", 0.25, (0xD0, 0), (0xD0, 32))

        def presses(voices: list[str], *messages: Sequence[int]) -> None:
            def do() -> None:
                for voice in ("P1", "P2", "TR"):
                    daemon.ctl(do="mute", voice=voice, on=False)
                send(probe, messages)

            becomes(do, lambda: daemon.ctl(do="status")["muted"], voices)

        button, pad = ((0xB0, 41, 127), (0xB0, 41, 0)), ((0x90, 36, 90), (0x80, 36, 0))
        presses(["P1", "P2", "TR"], *button, *pad, (0xC0, 5))
        presses(["P2", "TR"], *button, *button, *pad, (0xC0, 5))
        assert daemon.end() == 0


def test_pickup_crosses_scale_meets_and_what_a_daw_sends_at_play_is_nothing(
    jack_server: JackServer, tmp_path: Path, gear: Path
) -> None:
    with Daemon(tmp_path, *PLAY, "--preset", str(gear)) as daemon, JackProbe() as probe:
        plug(probe, daemon, 119, "style32")
        for knob, value in (("style1", 0.25), ("style2", 0.5)):
            daemon.ctl(do="set", knob=knob, value=value)
        before = knobs(daemon)
        at_play = [(0xB0 | channel, cc, 0) for channel in range(16) for cc in (120, 121, 123)]
        others = [*at_play, (0xB0, 64, 127), (0xB0, 0, 3), (0xB0, 32, 3)]
        places = [(0xB0, 30, 100), (0xB0, 30, 80), (0xB0, 31, 32)]
        far, behind = [*others, *places, *places], (0xB0, 20, 64)
        becomes(lambda: send(probe, [*far, behind]), lambda: knobs(daemon).get("density"), 0.5)
        assert knobs(daemon) == {**before, "density": 0.5}, "nothing has jumped"
        crossing = [(0xB0, 30, 80), (0xB0, 30, 16)]
        becomes(lambda: send(probe, crossing), lambda: knobs(daemon)["style1"], 0.125)
        up, down = (
            [(0xB0, 31, v) for v in values] for values in (range(33, 128), range(126, 95, -1))
        )
        becomes(lambda: send(probe, up), lambda: knobs(daemon)["style2"], 1.0)
        becomes(lambda: send(probe, [*up, *down]), lambda: knobs(daemon)["style2"], 0.5 + 32 / 126)
        becomes(lambda: send(probe, [(0xB0, 31, 0)]), lambda: knobs(daemon)["style2"], 0.0)
        assert daemon.end() == 0
    values = [e.value for e in daemon.jam().entries if isinstance(e, Turned) and e.knob == "style2"]
    gliding = [v for v in values if v is not None]
    steps = [abs(b - a) for a, b in pairwise(gliding[: gliding.index(1.0)])]
    assert max(steps) < 0.1, "on its way up it glided"


SHOWN = """
[defaults]
channel = 1
feedback = true
[knobs]
density = { cc = 20 }
motion = { cc14 = 21 }
style32 = { cc = 119, feedback = false }
[actions]
mute-P1 = { note = 36 }
"""


def test_feedback_on_connect_after_a_set_and_on_request_and_an_echo_does_not_loop(
    jack_server: JackServer, tmp_path: Path
) -> None:
    preset = tmp_path / "shown.toml"
    preset.write_text(SHOWN, encoding="utf-8")
    with Daemon(tmp_path, *PLAY, "--preset", str(preset)) as daemon:
        daemon.ctl(do="set", knob="density", value=0.5)
        with JackProbe() as probe:
            plug(probe, daemon, 119, "style32")
            probe.echo()
            probe.connect_midi_from("nesvae_live_feedback")

            def heard() -> list[tuple[int, ...]]:
                return [tuple(data) for _, data in probe.midi]

            asked = 0

            def refresh() -> None:
                nonlocal asked
                asked += 1
                assert daemon.ctl(do="refresh")["ok"]

            def tells(*messages: tuple[int, ...]) -> None:
                """It is told; on a busy machine the server loses some, which are asked for again."""
                if not wait_until(lambda: set(messages) <= set(heard()), 2.0):
                    becomes(refresh, lambda: set(messages) <= set(heard()), True)

            tells((0xB0, 20, 64), (0x90, 36, 0))  # on connect
            daemon.ctl(do="set", knob="motion", value=0.25)
            tells((0xB0, 21, 32), (0xB0, 53, 0))
            daemon.ctl(do="mute", voice="P1", on=True)
            tells((0x90, 36, 127))
            daemon.ctl(do="set", knob="density", value=0.75)
            tells((0xB0, 20, 96))
            n = len(heard())
            becomes(refresh, lambda: len(heard()) > n, True)
            status = daemon.ctl(do="status")
            assert {**status["knobs"], "style32": 0} == {
                "density": 0.75,
                "motion": 0.25,
                "style32": 0,
            }
            assert status["muted"] == ["P1"]
            assert len(heard()) <= 6 + 4 * asked, "an echo was answered"
            assert daemon.end() == 0


def test_a_controller_that_comes_back_is_told_everything_again(
    jack_server: JackServer, tmp_path: Path
) -> None:
    preset = tmp_path / "shown.toml"
    preset.write_text(SHOWN, encoding="utf-8")
    with JackProbe("faders") as probe:
        daemon = Daemon(tmp_path, *PLAY, "--preset", str(preset), "--feedback", "faders:midi_in")
        with daemon:
            daemon.ctl(do="set", knob="density", value=0.5)
            assert wait_until(lambda: (0xB0, 20, 64) in [tuple(d) for _, d in probe.midi])
            probe.close()
            assert wait_until(lambda: "is gone" in daemon.said), daemon.said
            with JackProbe("faders") as again:
                assert wait_until(lambda: (0xB0, 20, 64) in [tuple(d) for _, d in again.midi])
                assert daemon.end() == 0


def test_a_known_controllers_preset_is_proposed_when_its_port_appears(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Daemon(tmp_path, *PLAY) as daemon:
        with JackProbe("nanoKONTROL2"):
            assert wait_until(lambda: "--preset korg-nanokontrol2" in daemon.said), daemon.said
        assert daemon.end() == 0
    assert daemon.said.count("korg-nanokontrol2 --midi-in") == 1


class Terminal:
    """`nesvae-live learn` on a pseudo-terminal, as a person has it."""

    def __init__(self, daemon: Daemon) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "nesvae_live", "learn", "--control", str(daemon.control)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.set_blocking(self._ours, False)
        self.said = self.transcript = ""

    def type(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\n")

    def waits_for(self, text: str, do: Callable[[], None] = lambda: None) -> None:
        """Do a thing until it has said something; what it said up to there is forgotten."""

        def there() -> bool:
            with contextlib.suppress(BlockingIOError, OSError):
                heard = os.read(self._ours, 65536).decode(errors="replace")
                self.said += heard
                self.transcript += heard
            return text in self.said

        for _ in range(10):
            do()
            if wait_until(there, 1.5):
                break
        assert text in self.said, f"it said no {text!r}: {self.said}"
        self.said = self.said.split(text, 1)[1]

    def close(self) -> int:
        code = self.process.wait(timeout=10.0)
        os.close(self._ours)
        return code


KNOBS = ("density", "register", "bass", "polyphony", "regularity", "motion", "consonance", "focus")
BUTTONS = ("mute-P1", "mute-P2", "mute-TR", "panic")


@pytest.mark.timeout(180)
def test_from_nothing_learnt_to_eight_knobs_and_four_buttons_saved_restarted_and_working(
    jack_server: JackServer, tmp_path: Path
) -> None:
    preset = tmp_path / "empty.toml"
    preset.write_text("# Nothing learnt yet\n", encoding="utf-8")
    options = (*PLAY, "--preset", str(preset))
    with Daemon(tmp_path, *options) as daemon, JackProbe() as probe:
        probe.connect_midi_to(IN)
        terminal = Terminal(daemon)
        terminal.waits_for("> ")

        def learn(target: str, says: str, *messages: Sequence[int]) -> None:
            terminal.type(target)
            terminal.waits_for("move its control")
            terminal.waits_for(says, lambda: send(probe, messages))

        for i, target in enumerate(KNOBS):
            turned = [(0xB0, 70 + i, v) for v in (10, 12, 15, 19)]
            learn(target, f"{target} is CC {70 + i}, channel 1", *turned)
            assert f"  CC {70 + i}, channel 1: 1" in terminal.transcript, "shown as it came"
            terminal.waits_for("saved: ")
        for i, target in enumerate(BUTTONS):
            pressed = (0x99, 36 + i, 100), (0x89, 36 + i, 0)
            learn(target, f"{target} is note {36 + i}, channel 10", *pressed)
            terminal.waits_for("saved: ")
        learn("density", "reserved", (0xB0, 123, 0), (0xB0, 64, 127))
        terminal.type("")
        terminal.waits_for("left as it is")
        learn("focus", "density no longer has it", *[(0xB0, 70, v) for v in (10, 12, 15, 19)])
        terminal.type("undo")
        terminal.waits_for("undone: focus")
        terminal.type("quit")
        assert terminal.close() == 0
        becomes(lambda: send(probe, [(0xB0, 77, 64)]), lambda: knobs(daemon).get("focus"), 0.5)
        assert daemon.end() == 0
    text = preset.read_text(encoding="utf-8")
    assert text.startswith("# Nothing learnt yet\n")
    controls = read_preset(preset).layout.controls
    assert {c.target: (c.kind, c.number, c.channel) for c in controls} == {
        **{target: ("cc", 70 + i, 0) for i, target in enumerate(KNOBS)},
        **{target: ("note", 36 + i, 9) for i, target in enumerate(BUTTONS)},
    }
    again = tmp_path / "again"
    again.mkdir()
    with Daemon(again, *options) as daemon, JackProbe() as probe:
        plug(probe, daemon, 70, KNOBS[0])
        turned = [(0xB0, 70 + i, 8 * i) for i in range(8)]
        stands = {target: 8 * i / 128 for i, target in enumerate(KNOBS)}
        becomes(lambda: send(probe, turned), lambda: knobs(daemon), stands)

        def press() -> None:
            for voice in ("P1", "P2", "TR"):
                daemon.ctl(do="mute", voice=voice, on=False)
            send(probe, [(s, 36 + i, 100) for i in range(4) for s in (0x99, 0x89)])

        becomes(press, lambda: daemon.ctl(do="status")["muted"], ["P1", "P2", "TR"])
        assert wait_until(lambda: "panic" in (daemon.take / "take.jsonl").read_text())
        assert daemon.end() == 0
