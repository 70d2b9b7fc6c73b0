"""The controls of a preset, page by page: which address each has, and what learning changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.kinds import Address, Role


@dataclass(frozen=True, slots=True)
class Page:
    """Controls that are active while their page is selected, beside those of all pages."""

    name: str
    controls: tuple[ControlSpec, ...]


def routes(controls: Iterable[ControlSpec]) -> dict[Address, tuple[ControlSpec, Role]]:
    """The control that listens to each address, and the part of its reading that comes there.

    Raises:
        ValueError: two targets are on one control; the message names both.
    """
    found: dict[Address, tuple[ControlSpec, Role]] = {}
    for spec in controls:
        for address, role in spec.addresses():
            other, _ = found.setdefault(address, (spec, role))
            if other is not spec:
                raise ValueError(
                    f"{spec.target} and {other.target} are both on {other.label}, "
                    f"channel {address[1] + 1}: give one of them another control"
                )
    return found


@dataclass(frozen=True, slots=True)
class Defaults:
    """The options of controls that don't set their own."""

    channel: int | None = None
    takeover: Takeover = Takeover.NONE
    deadband: int = 1
    feedback: bool | int = False


@dataclass(frozen=True, slots=True)
class Layout:
    """All controls of a preset: those of every page, those of each page, and the defaults.

    Without `pages` there is a single page.
    """

    controls: tuple[ControlSpec, ...] = ()
    pages: tuple[Page, ...] = ()
    defaults: Defaults = field(default_factory=Defaults)

    @property
    def shows(self) -> bool:
        """Whether any control has feedback."""
        return any(c.feedback is not False for controls in self.sets() for c in controls)

    def sets(self) -> list[tuple[ControlSpec, ...]]:
        """The controls that are active on each page."""
        return [(*self.controls, *page.controls) for page in self.pages] or [self.controls]


def with_control(
    layout: Layout, control: ControlSpec, page: int | None
) -> tuple[Layout, tuple[str, ...]]:
    """A layout with a control added; it replaces its target's control on that page (None: on all).

    Also returns the targets that lose their control because it has the same address.
    """
    taken = {address for address, _ in control.addresses()}
    lost: list[str] = []

    def left(others: Sequence[ControlSpec], *, here: bool) -> tuple[ControlSpec, ...]:
        kept = []
        for other in others:
            if here and other.target == control.target:
                continue
            if all(address not in taken for address, _ in other.addresses()):
                kept.append(other)
            elif other.target != control.target:
                lost.append(other.target)
        return tuple(kept)

    kept = left(layout.controls, here=page is None)
    turned = [
        replace(p, controls=left(p.controls, here=page == i)) if page in {None, i} else p
        for i, p in enumerate(layout.pages)
    ]
    if page is None:
        kept = (*kept, control)
    else:
        turned[page] = replace(turned[page], controls=(*turned[page].controls, control))
    return replace(layout, controls=kept, pages=tuple(turned)), tuple(dict.fromkeys(lost))
