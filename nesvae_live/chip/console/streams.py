"""Frames as the bytes that the 6502 player reads: tokens, and what comes again stored once.

Each voice has a stream of tokens, each for a frame or for a run of frames; `asm/player.s` says
what their bytes mean. A stretch of tokens that was written before, in any voice, is called from
where it stands. The streams lie one after the other in banks, seen through a window.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from nesvae_live.chip.console.frames import STRIKES, Turn, VoiceTurns

ON, OFF = 0x10, 0x20
VOLUME, BEND, SOFTER, LOUDER, NOTHING, CALL, GO = 0x40, 0x50, 0x60, 0x70, 0x80, 0xC0, 0xFF

LONGEST_NOTHING, LONGEST_RUN, LONGEST_CALL = 64, 15, 63
CALL_BYTES = 4
PROBE = 3
"""How many tokens are looked up at once."""
MOST_CANDIDATES = 32


@dataclass(frozen=True, slots=True)
class Window:
    """Where packed bytes are seen: a bank of `size` at `address`; theirs begin with `bank`."""

    address: int
    size: int
    bank: int

    def place(self, at: int) -> tuple[int, int, int]:
        """Low and high byte of the address and the bank of byte `at`."""
        address = self.address + at % self.size
        return address & 0xFF, address >> 8, self.bank + at // self.size


@dataclass(frozen=True, slots=True)
class Tokens:
    """A voice's tokens, and the index of the one after which it goes on when they are over."""

    tokens: list[bytes]
    again: int


@dataclass(frozen=True, slots=True)
class Packed:
    """The bytes of all streams, and where each one starts in them."""

    data: bytes
    starts: tuple[int, ...]


class _Writer:
    """Writes a voice's tokens, and knows what its registers hold."""

    def __init__(self, border: int) -> None:
        self.tokens: list[bytes] = []
        self.values = [0] * 4
        self.on = False
        self.frame = 0
        self.border = border  # a token begins here
        self.border_index = 0

    def turn(self, turn: Turn, free: int) -> None:
        """A turn in this frame, behind which `free` frames have none."""
        before = self.values.copy()
        for register, value in enumerate(turn.values):
            if value is not None:
                self.values[register] = value
        self.on = self.on if turn.on is None else turn.on
        written = [r for r, value in enumerate(turn.values) if value is not None]
        volume, old = self.values[0], before[0]
        if turn.on is None and written == [0] and volume >> 4 == old >> 4:
            if volume - old in {-1, 1}:
                run = min(free, LONGEST_RUN, self._until_border() - 1)
                self._put(bytes(((SOFTER if volume < old else LOUDER) | run,)), 1 + run)
            else:
                self._put(bytes((VOLUME | volume & 0x0F,)), 1)
        elif turn.on is None and written == [2] and -8 <= self.values[2] - before[2] < 8:
            self._put(bytes((BEND | self.values[2] - before[2] + 8,)), 1)
        else:
            switch = 0 if turn.on is None else ON if turn.on else OFF
            mask = sum(1 << register for register in written)
            self._put(bytes((switch | mask, *(self.values[r] for r in written))), 1)

    def nothing(self, until: int) -> None:
        """Nothing up to frame `until`."""
        while self.frame < until:
            n = min(until - self.frame, LONGEST_NOTHING, self._until_border())
            self._put(bytes((NOTHING | n - 1,)), n)

    def _until_border(self) -> int:
        """How many frames a token may last that begins now."""
        return self.border - self.frame if self.frame < self.border else 1 << 30

    def _put(self, token: bytes, frames: int) -> None:
        self.tokens.append(token)
        self.frame += frames
        if self.frame == self.border:
            self.border_index = len(self.tokens)


def turns_to_tokens(turns: VoiceTurns, count: int, loop: int | None) -> Tokens:
    """The tokens of a voice's `count` frames.

    At the end it goes on with frame `loop`: that frame is written once more, as it has to be after
    the last one, and what follows it is gone back to. With None the voice falls silent.
    """
    writer = _Writer(count + 1 if loop is None else loop + 1)
    ends = [frame for frame, _ in turns[1:]] + [count]
    for (frame, turn), end in zip(turns, ends, strict=False):
        writer.nothing(frame)
        writer.turn(turn, end - frame - 1)
    writer.nothing(count)
    if loop is None:
        if writer.on:
            writer.turn(Turn((None,) * 4, on=False), 0)
        else:
            writer.nothing(count + 1)
        writer.nothing(count + 1 + LONGEST_NOTHING)
        return Tokens(writer.tokens, len(writer.tokens) - 1)
    again = _again(writer, turns, loop)
    if again.on is None and again.values == (None,) * 4:
        writer.nothing(count + 1)
    else:
        writer.turn(again, 0)
    return Tokens(writer.tokens, writer.border_index)


def _again(writer: _Writer, turns: VoiceTurns, loop: int) -> Turn:
    """What brings a voice from where it stands to where it stood after frame `loop`."""
    values, on, there = [0] * 4, False, Turn((None,) * 4)
    for frame, turn in turns:
        if frame > loop:
            break
        on = on if turn.on is None else turn.on
        values = [old if new is None else new for new, old in zip(turn.values, values, strict=True)]
        if frame == loop:
            there = turn
    struck = on and (not writer.on or there.on is True or there.values[STRIKES] is not None)
    new = tuple(
        value if value != held or (register == STRIKES and struck) else None
        for register, (value, held) in enumerate(zip(values, writer.values, strict=True))
    )
    return Turn(new, None if on == writer.on else on)  # type: ignore[arg-type]


class _Packer:
    """Packs streams one after the other."""

    def __init__(self, window: Window) -> None:
        self.data = bytearray()
        self._window = window
        self._stored: list[bytes] = []  # tokens as they lie in `data`; b"" where that breaks off
        self._at: list[int] = []  # where each of them lies
        self._known: defaultdict[tuple[bytes, ...], list[int]] = defaultdict(list)

    def stream(self, stream: Tokens) -> int:
        """Add a stream; returns where it starts."""
        tokens, start, i, again = stream.tokens, len(self.data), 0, 0
        self._break()
        while i < len(tokens):
            if i == stream.again:
                again = len(self.data)
            border = stream.again if i < stream.again else len(tokens)
            found, n = self._find(tokens, i, border)
            if n:
                self.data += bytes((CALL | n - 1, *self._window.place(self._at[found])))
                self._break()
                i += n
            else:
                self._store(tokens[i])
                i += 1
        if stream.again == len(tokens):
            raise ValueError("a stream that goes on where it ends never reads a frame")
        self.data += bytes((GO, *self._window.place(again)))
        return start

    def _find(self, tokens: list[bytes], i: int, border: int) -> tuple[int, int]:
        """Where the longest stretch of tokens from `i` on is stored, and how many; 0: call none."""
        best, most, best_bytes = 0, 0, CALL_BYTES
        stored, longest = self._stored, min(border - i, LONGEST_CALL)
        for found in self._known.get(tuple(tokens[i : i + PROBE]), ())[:-MOST_CANDIDATES:-1]:
            n, end = PROBE, min(longest, len(stored) - found)
            while n < end and stored[found + n] == tokens[i + n]:
                n += 1
            if PROBE <= n <= longest and n > most:
                n_bytes = sum(map(len, tokens[i : i + n]))
                if n_bytes > best_bytes:
                    best, most, best_bytes = found, n, n_bytes
        return best, most

    def _store(self, token: bytes) -> None:
        self._stored.append(token)
        self._at.append(len(self.data))
        self.data += token
        last = self._stored[-PROBE:]
        if len(last) == PROBE and b"" not in last:
            self._known[tuple(last)].append(len(self._stored) - PROBE)

    def _break(self) -> None:
        """What follows doesn't lie behind what is stored last."""
        self._stored.append(b"")
        self._at.append(len(self.data))


def pack(streams: Sequence[Tokens], window: Window) -> Packed:
    """Pack streams for a window."""
    packer = _Packer(window)
    starts = tuple(packer.stream(stream) for stream in streams)
    return Packed(bytes(packer.data), starts)
