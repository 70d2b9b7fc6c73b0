"""The controls of a preset by pages: who listens to what, and what changes when one is learnt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.kinds import Address, Role


@dataclass(frozen=True, slots=True)
class Page:
    """Controls that are there while their page is up, beside those of all pages."""

    name: str
    controls: tuple[ControlSpec, ...]


def routes(controls: Iterable[ControlSpec]) -> dict[Address, tuple[ControlSpec, Role]]:
    """Who listens to what.

    Raises:
        ValueError: two targets on one control; both are named.
    """
    found: dict[Address, tuple[ControlSpec, Role]] = {}
    for spec in controls:
        for address, role in spec.addresses():
            other, _ = found.setdefault(address, (spec, role))
            if other is not spec:
                raise ValueError(
                    f"{spec.target} and {other.target} are both on {other.label}, "
                    f"channel {address[1] + 1}: give one of them another"
                )
    return found


@dataclass(frozen=True, slots=True)
class Defaults:
    """The options that controls have unless they say otherwise."""

    channel: int | None = None
    takeover: Takeover = Takeover.NONE
    deadband: int = 1
    feedback: bool | int = False


@dataclass(frozen=True, slots=True)
class Layout:
    """All controls of a preset: those of every page, each page's own, and what new ones are like.

    Without pages there is one.
    """

    controls: tuple[ControlSpec, ...] = ()
    pages: tuple[Page, ...] = ()
    defaults: Defaults = field(default_factory=Defaults)

    @property
    def shows(self) -> bool:
        """Whether any control shows where its target stands."""
        return any(c.feedback is not False for controls in self.sets() for c in controls)

    def sets(self) -> list[tuple[ControlSpec, ...]]:
        """The controls that are there on each page."""
        return [(*self.controls, *page.controls) for page in self.pages] or [self.controls]


def with_control(
    layout: Layout, control: ControlSpec, page: int | None
) -> tuple[Layout, tuple[str, ...]]:
    """A layout with one more control, in place of its target's on that page (None: on all).

    Also returns the targets that lose theirs because it is the same.
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
