"""What is known of a physical control: where it stands, and whether it holds its target.

A control holds a target for as long as the target stands where the control put it. Whatever else
moves the target (a recall, a morph, another page's use of the control, a command, a tapped tempo)
ends that, and the takeover decides how the control comes to hold it again.
"""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.kinds import MOST_7, MOST_14, Role, raw_to_place

SAME = 1e-6
"""Values nearer than this are the same: a tempo does not come back from its clock to the bit."""

SEVEN_BITS = 7


@dataclass(slots=True)
class ControlState:
    """The state of one physical control on one port."""

    raw: int | None = None
    """Where it stands: the last reading that was accepted, 0..`most`."""
    most: int = MOST_7
    direction: int = 0
    coarse: int | None = None
    fine: int = 0
    fresh: bool = False
    """Whether `fine` came after `coarse`."""
    is_fine: bool = False
    """Whether its lower seven bits ever came; until then its readings are of 7 bits."""
    down: bool = False
    target: str | None = None
    """The target that it holds."""
    wrote: float = 0.0
    """Where the target stood once the control had moved it; a target may have coarser steps."""
    asked: float = 0.0
    """Where the control asked the target to stand."""
    unsettled: bool = False
    """Whether `wrote` has yet to be read back from the target."""
    at: float = float("-inf")
    """When it was last moved, in seconds."""

    def combine(self, role: Role, value: int, *, lsb_first: bool) -> int | None:
        """The reading after one message of a 14-bit pair; None while only the lower half is known.

        A new upper half zeroes the lower one, unless the lower one is known to come first.
        """
        if role is Role.FINE:
            self.fine, self.fresh, self.is_fine = value, True, True
        elif value != self.coarse or not self.is_fine:
            self.coarse = value
            if not (lsb_first and self.fresh):
                self.fine = 0
            self.fresh = False
        if self.coarse is None:
            return None
        return self.coarse << SEVEN_BITS | self.fine if self.is_fine else self.coarse

    def moves(self, raw: int, most: int, deadband: int) -> bool:
        """Whether a reading is a move and not a pot's noise; if so, the control now stands there.

        Noise turns back: a step against the last move is dropped if it is no longer than the
        deadband. A slow turn in one direction loses no step, and the ends can always be reached.
        """
        if self.raw is None or most != self.most:
            self.direction = 0
        else:
            delta = raw - self.raw
            if delta == 0:
                return False
            direction = 1 if delta > 0 else -1
            back = direction == -self.direction
            if back and abs(delta) <= deadband and raw not in {0, most}:
                return False
            self.direction = direction
        self.raw, self.most = raw, most
        return True

    @property
    def place(self) -> float | None:
        """Where it stands, 0..1; None if that is not known."""
        return None if self.raw is None else raw_to_place(self.raw, self.most)

    def holds(self, spec: ControlSpec, stands: float | None) -> bool:
        """Whether it holds `spec`'s target, which stands at `stands`."""
        if self.target != spec.target or stands is None:
            return False
        return abs(self.wrote - stands) < SAME

    def take_over(
        self, spec: ControlSpec, before: float | None, stands: float | None
    ) -> float | None:
        """The target's new value after the control moved from place `before`; None leaves it.

        `stands` is where the target stands; None if it is untouched: the control then holds it.
        """
        place = self.place
        assert place is not None  # it moved
        value = spec.place_to_value(place)
        if stands is None or spec.takeover is Takeover.NONE or self.holds(spec, stands):
            return self.hold(spec, value)
        was = None if before is None else spec.place_to_value(before)
        if spec.takeover is Takeover.PICKUP:
            near = abs(value - stands) <= abs(spec.high - spec.low) / MOST_7
            crossed = was is not None and (was - stands) * (value - stands) <= 0.0
            return self.hold(spec, value) if near or crossed else None
        if was is None:
            return None
        end = max(spec.low, spec.high) if value > was else min(spec.low, spec.high)
        if value in {end, was}:  # at an end the two meet
            return self.hold(spec, end) if value == end else None
        return min(max(stands + (end - stands) * (value - was) / (end - was), 0.0), 1.0)

    def put(self, target: str, stands: float, raw: int, most: int) -> None:
        """Note that feedback moved the control to `raw`, which is where its target stands."""
        self.coarse, self.fine = halves(raw, most)
        self.raw, self.most, self.direction, self.is_fine = raw, most, 0, most == MOST_14
        self.target, self.wrote, self.asked = target, stands, stands

    def raw_of(self, most: int) -> int:
        """Where it stands as a reading of 0..`most`; -1 if that is not known."""
        if self.raw is None or self.most == most:
            return -1 if self.raw is None else self.raw
        return self.raw << SEVEN_BITS if most == MOST_14 else self.raw >> SEVEN_BITS

    def settle(self, spec: ControlSpec, stands: float | None) -> None:
        """Its move was carried out, and the target now stands at `stands`."""
        if self.unsettled and self.target == spec.target and stands is not None:
            self.wrote = stands
        self.unsettled = False

    def hold(self, spec: ControlSpec, value: float) -> float:
        """Hold the target and ask it to stand at `value`; returns the value."""
        self.target, self.wrote, self.asked, self.unsettled = spec.target, value, value, True
        return value


def halves(raw: int, most: int) -> tuple[int, int]:
    """A reading's upper and lower seven bits."""
    return (raw >> SEVEN_BITS, raw & MOST_7) if most == MOST_14 else (raw, 0)
