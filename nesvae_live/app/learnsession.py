"""`learn`: a conversation in which a person names a target and moves the control that gets it.

The instrument goes on playing. It is talked to over the control socket, and what it hears of the
controller is shown at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import Any, TextIO

from nesvae_live.control.targets import TARGET_BY_NAME, TARGETS
from nesvae_live.music.ranges import nearest

POLL_SECONDS = 0.05
SAVE_SECONDS = 5.0
"""How long saving may take before it is reported as failed."""

HELP = """Type the name of a target, then move its control. Also: list, undo, help, quit.
While it listens, Enter leaves the target as it is."""

QUIET_SECONDS = 2.0
"""If nothing has come for so long, it is said which controllers there are."""

Send = Callable[[Mapping[str, Any]], dict[str, Any]]


def there_are(status: Mapping[str, Any]) -> list[str]:
    """The names of the MIDI inputs of others, on the system that the instrument uses."""
    from nesvae_live.io.midi.ports import MidiUnavailableError, list_ports

    try:
        names = list_ports(str(status.get("midi", "none"))).inputs
    except (MidiUnavailableError, KeyError):
        return []
    return [name for name in names if "nesvae_live" not in name]


class LearnSession:
    """A conversation about which control moves what.

    Args:
        send: sends a command and returns the answer; what it raises ends the session.
        out: where the person reads.
        lines: what the person types, a line each; None at the end.
        inputs: the names of the MIDI inputs that there are, given what the instrument says of its own.
    """

    def __init__(
        self,
        send: Send,
        out: TextIO,
        lines: SimpleQueue[str | None],
        inputs: Callable[[Mapping[str, Any]], Iterable[str]] = there_are,
    ) -> None:
        self._inputs = inputs
        self._send = send
        self._out = out
        self._lines = lines

    def learn(self, targets: Iterable[str]) -> bool:
        """Learn some targets, one after the other; returns whether each got a control."""
        learnt = [self._learn(target) for target in targets]
        return all(learnt)

    def converse(self) -> None:
        """Learn what the person asks for, until the end of what is typed."""
        self._say(HELP)
        while True:
            self._out.write("> ")
            self._out.flush()
            line = self._lines.get()
            match (line or "").split():
                case [] if line is not None:
                    continue
                case [] | ["quit" | "q" | "exit"]:
                    return
                case ["help" | "?"]:
                    self._say(HELP)
                case ["list"]:
                    self._list()
                case ["undo" | "u"]:
                    self._undo()
                case targets:
                    self.learn(targets)

    def _learn(self, target: str) -> bool:
        if target not in TARGET_BY_NAME:
            self._say(f"no target {target!r}{nearest(target, TARGET_BY_NAME)}; `list` shows them")
            return False
        answer = self._send({"do": "learn", "target": target})
        if not answer["ok"]:
            self._say(str(answer["error"]))
            return False
        self._say(f"{target} ({TARGET_BY_NAME[target].more}): move its control")
        number, shown = answer["number"], ""
        quiet_until: float | None = time.monotonic() + QUIET_SECONDS
        while True:
            answer = self._send({"do": "learning"})
            if answer["number"] != number:
                return self._tell(answer)
            heard = answer["heard"] + (f"  ({answer['hint']})" if answer["hint"] else "")
            if heard != shown:
                self._say(f"  {heard}")
                shown = heard
            if quiet_until is not None and time.monotonic() >= quiet_until:
                quiet_until = None
                if not shown:
                    self._say(f"  {self._quiet()}")
            if answer["target"] != target:
                self._say(f"{target}: somebody else is learning another target now")
                return False
            if self._left():
                self._send({"do": "learn", "target": None})
                self._say(f"{target}: left as it is")
                return False

    def _quiet(self) -> str:
        """What to do where nothing arrives."""
        status = self._send({"do": "status"})
        heard = ", ".join(map(repr, status.get("midi_in", ()))) or "no MIDI input"
        there = ", ".join(map(repr, self._inputs(status)))
        if not there:
            return f"nothing arrives from {heard}, and there is no controller: is it plugged in?"
        return (
            f"nothing arrives from {heard}. These are there: {there}. Connect yours with it, or start "
            "`nesvae-live play --midi-in NAME`"
        )

    def _left(self) -> bool:
        """Wait a moment; returns whether the person pressed Enter."""
        try:
            return self._lines.get(timeout=POLL_SECONDS) is not None
        except Empty:
            return False

    def _undo(self) -> None:
        answer = self._send({"do": "unlearn"})
        if answer["ok"]:
            self._tell(answer)
        else:
            self._say(str(answer["error"]))

    def _tell(self, answer: Mapping[str, Any]) -> bool:
        """Tell what was learnt or undone and where it was saved; returns whether it was saved."""
        deadline = time.monotonic() + SAVE_SECONDS
        number = answer["number"]
        while answer["learnt"]["saved"] is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            answer = self._send({"do": "learning"})
            if answer["number"] != number:
                break
        learnt = answer["learnt"]
        page = f" on page {learnt['page']}" if learnt["page"] else ""
        if learnt["control"] is None:
            self._say(f"undone: {learnt['target']} is as it was")
        else:
            self._say(f"{learnt['target']}{page} is {learnt['control']}: {learnt['what']}")
        for lost in learnt["lost"]:
            self._say(f"  {lost} no longer has it")
        if learnt["error"] or not learnt["saved"]:
            self._say(f"  not saved: {learnt['error'] or 'the instrument does not say why'}")
            return False
        self._say(f"  saved: {learnt['saved']}")
        return True

    def _list(self) -> None:
        for spec in TARGETS:
            self._say(f"{spec.name:<16}{spec.kind:<9}{spec.more}")

    def _say(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def typed_lines(source: TextIO) -> SimpleQueue[str | None]:
    """The lines that a person types, as they come; a thread reads them, as reading blocks."""
    lines: SimpleQueue[str | None] = SimpleQueue()

    def read() -> None:
        for line in source:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, name="typed lines", daemon=True).start()
    return lines
