"""Learning a control while the music plays: what is listened for, what came of it, and back again.

The sequencer's thread learns; another one saves what was learnt and says so in `saved`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from queue import SimpleQueue
from typing import Any

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.detect import ControlDetector, Verdict
from nesvae_live.control.inputs import GetLearning, Learn, Unlearn
from nesvae_live.control.kinds import Form
from nesvae_live.control.layout import Layout, with_control
from nesvae_live.control.surface import Surface
from nesvae_live.control.target import Kind
from nesvae_live.control.targets import TARGET_BY_NAME


@dataclass(frozen=True, slots=True)
class Learnt:
    """`target` is moved by `control` now, on the page of that name (None: on all).

    The targets in `lost` had that control and no longer have it. With `control` None what was
    learnt last was taken back. `layout` is what came of it.
    """

    number: int
    target: str
    layout: Layout
    control: ControlSpec | None = None
    page: str | None = None
    lost: tuple[str, ...] = ()


@dataclass
class MidiLearn:
    """Lets a surface learn. `learnt` is emptied by whoever saves."""

    surface: Surface
    learnt: SimpleQueue[Learnt] = field(default_factory=SimpleQueue)
    saved: tuple[int, str, str] = (0, "", "")
    """Of the last that was saved its number, where, and what went wrong; the saver's to write."""

    def __post_init__(self) -> None:
        self.target: str | None = None
        self.last: Learnt | None = None
        self._listener = ControlDetector()
        self._before: list[tuple[Layout, str]] = []
        self._count = 0

    @property
    def listens(self) -> bool:
        """Whether what is played is to be learnt and not to be carried out."""
        return self.target is not None

    def begin(self, target: str | None) -> None:
        """Listen for a control for `target`, or no more with None.

        Raises:
            ValueError: there is no such target.
        """
        if target is not None and target not in TARGET_BY_NAME:
            raise ValueError(f"unknown target {target!r}")
        self.target = target
        knob = target is None or TARGET_BY_NAME[target].kind is Kind.KNOB
        self._listener = ControlDetector(Form.ABSOLUTE if knob else Form.PRESS)

    def carry_out(self, asked: Learn | Unlearn | GetLearning) -> Mapping[str, Any]:
        """Do what a person asks; the answer."""
        try:
            if isinstance(asked, Learn):
                self.begin(asked.target)
            elif isinstance(asked, Unlearn):
                self.undo()
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, **self.figures()}

    def hear(self, port: str, data: tuple[int, ...], at: float) -> None:
        """Take a message while it listens."""
        self._listener.hear(port, data, at)

    def tick(self, now: float) -> None:
        """Learn the control, once it is clear which."""
        if self.target is None or (verdict := self._listener.verdict(now)) is None:
            return
        try:
            self._learn(self.target, verdict)
        except ValueError as error:
            self._listener = ControlDetector(self._listener.wants, hint=f"{verdict.label}: {error}")
        else:
            self.target = None

    def undo(self) -> None:
        """Take back what was learnt last.

        Raises:
            ValueError: nothing was learnt.
        """
        if not self._before:
            raise ValueError("there is nothing to undo: nothing was learnt")
        layout, target = self._before.pop()
        self.surface.rearrange(layout)
        self._tell(Learnt(self._count + 1, target, layout))

    def figures(self) -> Mapping[str, Any]:
        """What a person wants to see of it."""
        last, (saved, where, error) = self.last, self.saved
        shown: dict[str, Any] = {
            "target": self.target,
            "heard": self._listener.heard if self.listens else "",
            "hint": self._listener.hint if self.listens else "",
            "number": self._count,
            "learnt": None,
        }
        if last is not None:
            control = last.control
            shown["learnt"] = {
                "target": last.target,
                "control": None if control is None else full_label(control),
                "what": "" if control is None else control.kind_spec.what,
                "page": last.page,
                "lost": list(last.lost),
                "saved": where if saved >= last.number else None,
                "error": error if saved == last.number else "",
            }
        return shown

    def _learn(self, target: str, verdict: Verdict) -> None:
        surface = self.surface
        page = surface.page_of(target)
        old = next((c for c in surface.active if c.target == target), None)
        defaults = surface.layout.defaults
        fresh = ControlSpec(
            target,
            verdict.number,
            verdict.channel,
            verdict.kind,
            takeover=defaults.takeover,
            deadband=defaults.deadband,
            lsb_first=verdict.lsb_first,
            feedback=defaults.feedback,
        )
        if old is not None:
            fresh = replace(
                old,
                number=fresh.number,
                channel=fresh.channel,
                kind=fresh.kind,
                lsb_first=fresh.lsb_first,
                feedback=old.feedback if isinstance(old.feedback, bool) else fresh.feedback,
            )
        layout, lost = with_control(surface.layout, fresh, page)
        before = surface.layout
        surface.rearrange(layout)
        self._before.append((before, target))
        name = None if page is None else layout.pages[page].name
        self._tell(Learnt(self._count + 1, target, layout, fresh, name, lost))

    def _tell(self, learnt: Learnt) -> None:
        self._count = learnt.number
        self.last = learnt
        self.learnt.put(learnt)


def full_label(control: ControlSpec) -> str:
    """What a person calls a control, with its channel."""
    if control.channel is None:
        return control.label
    return f"{control.label}, channel {control.channel + 1}"
