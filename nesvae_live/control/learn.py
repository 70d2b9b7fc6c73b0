"""MIDI learn while the music plays: a control is assigned to a target, and that can be undone.

The sequencer's thread learns; another thread saves what was learnt and says so in `saved`.
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
    """An assignment: `target` is now moved by `control`, on the page of that name (None: on all).

    The targets in `lost` had that control and no longer have it. `control` None says that the last
    assignment was undone. `layout` is the resulting layout.
    """

    number: int
    target: str
    layout: Layout
    control: ControlSpec | None = None
    page: str | None = None
    lost: tuple[str, ...] = ()


@dataclass
class MidiLearn:
    """Assigns controls of a surface to targets; whoever saves them empties `learnt`."""

    surface: Surface
    learnt: SimpleQueue[Learnt] = field(default_factory=SimpleQueue)
    saved: tuple[int, str, str] = (0, "", "")
    """The number of the last one saved, where, and what went wrong; written by whoever saves."""

    def __post_init__(self) -> None:
        self.target: str | None = None
        self.last: Learnt | None = None
        self._detector = ControlDetector()
        self._before: list[tuple[Layout, str]] = []
        self._count = 0

    @property
    def listens(self) -> bool:
        """Whether messages are to be learnt from and not to be carried out."""
        return self.target is not None

    def begin(self, target: str | None) -> None:
        """Listen for a control for `target`; None stops listening.

        Raises:
            ValueError: there is no such target.
        """
        if target is not None and target not in TARGET_BY_NAME:
            raise ValueError(f"unknown target {target!r}")
        self.target = target
        knob = target is None or TARGET_BY_NAME[target].kind is Kind.KNOB
        self._detector = ControlDetector(Form.ABSOLUTE if knob else Form.PRESS)

    def carry_out(self, asked: Learn | Unlearn | GetLearning) -> Mapping[str, Any]:
        """Carry out what a person asks; returns the answer."""
        try:
            if isinstance(asked, Learn):
                self.begin(asked.target)
            elif isinstance(asked, Unlearn):
                self.undo()
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True, **self.figures()}

    def receive(self, port: str, data: tuple[int, ...], at: float) -> None:
        """Take a message while listening."""
        self._detector.receive(port, data, at)

    def tick(self, now: float) -> None:
        """Assign the control as soon as it is clear which one was moved."""
        if self.target is None or (verdict := self._detector.verdict(now)) is None:
            return
        try:
            self._learn(self.target, verdict)
        except ValueError as error:
            self._detector = ControlDetector(self._detector.wants, hint=f"{verdict.label}: {error}")
        else:
            self.target = None

    def undo(self) -> None:
        """Undo the last assignment.

        Raises:
            ValueError: nothing was learnt.
        """
        if not self._before:
            raise ValueError("there is nothing to undo: no control was learnt")
        layout, target = self._before.pop()
        self.surface.rearrange(layout)
        self._tell(Learnt(self._count + 1, target, layout))

    def figures(self) -> Mapping[str, Any]:
        """The state of learning, for a person."""
        last, (saved, where, error) = self.last, self.saved
        shown: dict[str, Any] = {
            "target": self.target,
            "heard": self._detector.heard if self.listens else "",
            "hint": self._detector.hint if self.listens else "",
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
    """A control's name for a person, with its channel."""
    if control.channel is None:
        return control.label
    return f"{control.label}, channel {control.channel + 1}"
