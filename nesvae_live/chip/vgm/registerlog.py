"""What of a VGM file is ours: the writes to one 2A03, its length, loop and tags."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

VGM_RATE = 44_100
"""The sample rate in which every VGM file counts its waits."""

NTSC_CLOCK = 1_789_773
"""CPU clocks a second, with nesmdb's value."""

PAL_CLOCK = 1_662_607

MEMORY = 0x8000
"""From here on a write is not to a register, but to the memory that the DMC reads."""

HIGHEST_ADDRESS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Tags:
    """What a file says about itself: GD3's fields, in its order; `_native` are in Japanese."""

    title: str = ""
    title_native: str = ""
    game: str = ""
    game_native: str = ""
    system: str = ""
    system_native: str = ""
    author: str = ""
    author_native: str = ""
    date: str = ""
    creator: str = ""
    notes: str = ""

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return any(getattr(self, field.name) for field in fields(self))


NO_TAGS = Tags()


@dataclass(frozen=True, slots=True)
class RegisterLog:
    """Writes to one chip, and how many samples they last.

    `writes` is int64 `[n, 3]`: (sample, address, value), sorted by sample. Addresses are the
    console's: $4000 to $4017, and from $8000 on the memory from which the DMC plays. `clock` is
    that of the console's CPU in Hz. At its end the music goes on from sample `loop`, or is over
    (None). `notices` say, a line each, what a file has besides that is left out.
    """

    nsamps: int
    writes: npt.NDArray[np.int64]
    clock: int = NTSC_CLOCK
    loop: int | None = None
    tags: Tags = NO_TAGS
    notices: tuple[str, ...] = ()

    @property
    def uses_dmc(self) -> bool:
        """Whether the DMC is heard: it plays a sample, or its level is written."""
        address, value = self.writes[:, 1], self.writes[:, 2]
        plays = (address == 0x4015) & (value & 0x10 != 0)
        return bool(np.any(plays | ((address == 0x4011) & (value & 0x7F != 0))))
