"""MIDI learn: from what a control sends while it is moved to the kind of control that it is.

A verdict waits until the hand rests for a moment, so that the lower half of a pair, the release of
a button or the other direction of an encoder is received too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nesvae_live.control.kinds import (
    CHANNEL_PRESSURE,
    CONTROL_CHANGE,
    CONTROL_KINDS,
    FINE_OFFSET,
    KIND_BY_NAME,
    MOST_7,
    NOTE_ON,
    NRPN,
    PITCH_BEND,
    PROGRAM_CHANGE,
    Address,
    Form,
    reserved_because,
)
from nesvae_live.control.readings import (
    DATA,
    DATA_COARSE,
    DATA_FINE,
    SELECTING,
    Selected,
    message_to_reading,
)

REST_SECONDS = 0.3
"""Seconds without a message after which the hand rests."""

ENOUGH_MESSAGES = 24
"""Messages of one control after which a rest is not waited for: a noisy control never rests."""

TURNED_VALUES = 3
"""How many different values a knob must have sent."""

MOST_STEPS = 16
"""The most steps that one message of an encoder stands for."""

ENCODINGS: Mapping[str, Callable[[int], bool]] = {
    "twos": lambda v: 1 <= v <= MOST_STEPS or v >= 128 - MOST_STEPS,
    "offset": lambda v: 1 <= abs(v - 64) <= MOST_STEPS,
    "sign": lambda v: 1 <= v <= MOST_STEPS or 65 <= v <= 64 + MOST_STEPS,
}
"""Whether an encoder of each encoding sends a value."""

SLOW_STEPS = 8
"""The most steps of an encoder's message where the hand turns back."""


def _turns_twos(pair: tuple[int, int]) -> bool:
    low, high = sorted(pair)
    return low <= SLOW_STEPS and high >= 128 - SLOW_STEPS


def _turns_sign(pair: tuple[int, int]) -> bool:
    low, high = sorted(pair)
    return low <= SLOW_STEPS and 65 <= high <= 64 + SLOW_STEPS


TURNS: Mapping[str, Callable[[tuple[int, int]], bool]] = {
    "twos": _turns_twos,
    "sign": _turns_sign,
    "offset": lambda _: False,
}
"""Whether two messages are those of an encoder that turns back, as no knob could jump.

Around the middle a knob may send what an encoder of `offset` does.
"""

FINE, STEP = -1, -2
"""In place of a value: the lower half of an NRPN's, and a step up or down of it."""

WHEELS = {PITCH_BEND: "bend", CHANNEL_PRESSURE: "pressure"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A control that was recognised."""

    kind: str
    number: int
    channel: int
    lsb_first: bool = False

    @property
    def label(self) -> str:
        """Its name for a person."""
        return f"{KIND_BY_NAME[self.kind].label.format(self.number)}, channel {self.channel + 1}"


@dataclass
class ControlDetector:
    """Recognises the control behind one gesture; `wants` is the form that suits its target best."""

    wants: Form = Form.ABSOLUTE
    hint: str = ""
    """What to do so that a verdict becomes possible, or why there can be none."""
    _heard: dict[Address, list[tuple[int, int]]] = field(default_factory=dict)
    _order: int = 0
    _last: float = float("-inf")
    _selected: dict[tuple[str, int], Selected] = field(default_factory=dict)
    _fine_first: set[Address] = field(default_factory=set)

    def receive(self, port: str, data: Sequence[int], at: float) -> None:
        """Take note of a message, whatever it is."""
        reading = message_to_reading(data)
        if reading is None:
            return
        (status, channel, number), value = reading
        if status == CONTROL_CHANGE and (why := reserved_because(number)) is not None:
            selected = self._selected.setdefault((port, channel), Selected())
            if number in SELECTING:
                selected.select(number, value)
                return
            if number not in DATA or selected.number is None:
                self.hint = (
                    f"CC {number}, channel {channel + 1}, is reserved ({why}): it can't be learnt"
                )
                return
            address = (NRPN, channel, selected.number)
            if number == DATA_FINE and address not in self._heard:
                self._fine_first.add(address)
            if number != DATA_COARSE:
                value = FINE if number == DATA_FINE else STEP
        else:
            address = (status, channel, number)
        self._last = at
        self._order += 1
        self._heard.setdefault(address, []).append((self._order, value))

    @property
    def heard(self) -> str:
        """What was last received, for a person: the control and its newest values."""
        if not self._heard:
            return ""
        address = max(self._heard, key=lambda a: self._heard[a][-1][0])
        values = [value for _, value in self._heard[address] if value >= 0]
        status, channel, number = address
        name = next((k.label for k in CONTROL_KINDS if k.status == status), "key pressure {}")
        tail = ", ".join(str(value) for value in values[-6:])
        return f"{name.format(number)}, channel {channel + 1}: {tail}"

    def verdict(self, now: float) -> Verdict | None:
        """The control that was moved; None until that is clear."""
        longest = max((len(heard) for heard in self._heard.values()), default=0)
        if longest == 0 or (now - self._last < REST_SECONDS and longest < ENOUGH_MESSAGES):
            return None
        found = [v for address in self._heard if (v := self._judge(address)) is not None]
        if not found:
            return None
        liked = [v for v in found if (KIND_BY_NAME[v.kind].form is Form.PRESS) == self._wants_press]
        return max(liked or found, key=self._weight)

    @property
    def _wants_press(self) -> bool:
        return self.wants is Form.PRESS

    def _weight(self, verdict: Verdict) -> tuple[bool, int]:
        """The rank of a verdict: a pair before its halves, then by how much the control sent."""
        status = KIND_BY_NAME[verdict.kind].status
        address = (status, verdict.channel, verdict.number)
        return verdict.kind == "cc14", len(self._heard.get(address, ()))

    def _judge(self, address: Address) -> Verdict | None:
        status, channel, number = address
        values = [value for _, value in self._heard[address]]
        if status == CONTROL_CHANGE:
            return self._judge_cc(channel, number, values)
        if status == NOTE_ON:
            return Verdict("note", number, channel) if max(values) > 0 else None
        if status == PROGRAM_CHANGE:
            return Verdict("program", number, channel)
        if status == NRPN:
            return self._judge_nrpn(address, values)
        if status in WHEELS:
            return (
                Verdict(WHEELS[status], 0, channel) if len(set(values)) >= TURNED_VALUES else None
            )
        return None  # no kind of control, as the pressure of a single key

    def _judge_nrpn(self, address: Address, values: list[int]) -> Verdict | None:
        _, channel, number = address
        if len(values) < TURNED_VALUES:
            return None
        sent = [value for value in values if value >= 0]
        if not sent and STEP in values:
            return Verdict("nrpn_steps", number, channel)
        if sent and FINE not in values:
            encoding, is_clear = self._encoding(sent)
            if encoding:
                return Verdict(f"nrpn_{encoding}", number, channel)
            if not is_clear:
                return None
        return Verdict("nrpn", number, channel, address in self._fine_first)

    def _encoding(self, values: list[int]) -> tuple[str, bool]:
        """The encoding of an encoder, "" if it is none; and whether that is clear yet."""
        ends = (
            {0, MOST_7} if len(set(values)) >= TURNED_VALUES else set()
        )  # where a knob may go on sending
        repeats = sum(a == b for a, b in pairwise(values) if a not in ends)
        fitting = [name for name, fits in ENCODINGS.items() if all(map(fits, values))]
        if repeats and fitting:
            if len(fitting) == 1 and len(values) >= TURNED_VALUES:
                return fitting[0], True
            self.hint = "this is an encoder: turn it the other way too"
            return "", False
        if fitting and len(set(values)) >= TURNED_VALUES:  # one that accelerates, or a knob's end
            turned_back = [name for name in fitting if any(map(TURNS[name], pairwise(values)))]
            if turned_back:
                return turned_back[0], True
            self.hint = "an encoder, or a knob near its end? turn it further the same way"
            return "", False
        return "", True

    def _judge_cc(self, channel: int, number: int, values: list[int]) -> Verdict | None:
        fine = (CONTROL_CHANGE, channel, number + FINE_OFFSET)
        if 0 < number < FINE_OFFSET and self._is_pair(self._heard.get(fine, ()), len(values)):
            first = self._heard[fine][0][0] < self._heard[CONTROL_CHANGE, channel, number][0][0]
            return Verdict("cc14", number, channel, first)
        encoding, is_clear = self._encoding(values)
        if encoding:
            return Verdict(encoding, number, channel)
        if not is_clear:
            return None
        most, n = max(values), Counter(values)
        if len(n) <= 2 and most >= 64 and set(n) <= {0, most}:
            return Verdict("button", number, channel)
        if len(n) >= TURNED_VALUES:
            return Verdict("cc", number, channel)
        self.hint = "turn it further"
        return None

    @staticmethod
    def _is_pair(fine: Sequence[tuple[int, int]], n: int) -> bool:
        """Whether the CC 32 above was sent about as often: a pair, and not two knobs."""
        return len(fine) >= 2 and n >= 1 and len(fine) * 3 >= n
