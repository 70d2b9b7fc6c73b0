"""A log that goes on from somewhere at its end, and one whose writes lie on frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nesvae_live.chip.vgm.registerlog import MEMORY, VGM_RATE, RegisterLog

STATUS, FRAME_COUNTER = 0x4015, 0x4017
STRIKES = (0x4003, 0x4007, 0x400B, 0x400F)
"""The registers that load a voice's length counter, whatever their value was."""


def with_loop(log: RegisterLog, loop: int) -> RegisterLog:
    """The log, at whose end the chip is brought to where it stood before sample `loop`.

    Writes do that at the very end, after which a player goes on from the loop.

    Raises:
        ValueError: the loop begins where the music has ended.
    """
    if not 0 <= loop < log.nsamps:
        raise ValueError(
            f"it can't loop from {loop / VGM_RATE:.1f} s: it lasts {log.nsamps / VGM_RATE:.1f} s"
        )
    then, loaded_then = _registers(log, loop)
    last, loaded = _registers(log, log.nsamps + 1)
    back = [(STATUS, then.get(STATUS, 0))] if then.get(STATUS, 0) != last.get(STATUS, 0) else []
    for address, value in sorted(last.items()):
        before = then.get(address, 0)
        if address in STRIKES:
            voice = STRIKES.index(address)
            if loaded_then[voice] and (not loaded[voice] or before != value):
                back.append((address, before))
        elif address not in {STATUS, FRAME_COUNTER} and before != value:
            back.append((address, before))
    ending = np.array([(log.nsamps, *write) for write in back], np.int64).reshape(-1, 3)
    return replace(log, writes=np.concatenate([log.writes, ending]), loop=loop)


def _registers(log: RegisterLog, before: int) -> tuple[dict[int, int], list[bool]]:
    """What was written to registers before a sample, and which voices were loaded since enabled."""
    registers: dict[int, int] = {}
    loaded = [False] * len(STRIKES)
    for sample, address, value in log.writes.tolist():
        if sample >= before:
            break
        if address >= MEMORY:
            continue
        registers[address] = value
        for voice, strikes in enumerate(STRIKES):
            if address == STATUS:
                loaded[voice] &= bool(value >> voice & 1)
            elif address == strikes:
                loaded[voice] = bool(registers.get(STATUS, 0) >> voice & 1)
    return registers, loaded


def on_frames(log: RegisterLog, fps: float) -> RegisterLog:
    """The log with every write, its end and its loop at the nearest of `fps` frames a second."""

    def snap(samples: float) -> int:
        return round(round(samples * fps / VGM_RATE) * VGM_RATE / fps)

    writes = log.writes.copy()
    frames = np.rint(writes[:, 0] * fps / VGM_RATE)
    writes[:, 0] = np.rint(frames * VGM_RATE / fps).astype(np.int64)
    nsamps = max(snap(log.nsamps), int(writes[-1, 0]) if len(writes) else 0)
    loop = None if log.loop is None else snap(log.loop)
    if loop is not None and loop >= nsamps:
        loop = None
    return replace(log, nsamps=nsamps, writes=writes, loop=loop)
