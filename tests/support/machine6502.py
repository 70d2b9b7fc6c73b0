"""An NSF or a ROM run in a 6502 core (py65): what the player writes to the chip, frame by frame."""

from __future__ import annotations

from typing import Any

from nesvae_live.chip.console import nsf, rom

Write = tuple[int, int]

RETURN_TO = 0x0400
"""Where a routine that was called returns to; nothing lies there."""

MOST_STEPS = 100_000


class Machine:
    """A 6502 with 2 KiB of RAM, and `program` seen through banks."""

    def __init__(self, program: bytes, bank_size: int) -> None:
        from py65.devices.mpu6502 import MPU

        self.program = program
        self.bank_size = bank_size
        self.banks = [0] * 8
        """The byte of the program at which each 4 KiB from $8000 on begin."""
        self.ram = bytearray(0x10000)
        self.writes: list[Write] = []
        self.picture: dict[int, int] = {}
        self.steps = 0
        self.mpu: Any = MPU(memory=self)

    def __getitem__(self, address: int) -> int:
        if address >= 0x8000:
            return self.program[self.banks[address >> 12 & 7] + (address & 0x0FFF)]
        return self.ram[address]

    def __setitem__(self, address: int, value: int) -> None:
        if address < 0x2000:
            self.ram[address] = value
        elif 0x4000 <= address < 0x4018:
            self.writes.append((address, value))
        else:
            self.map(address, value)

    def map(self, address: int, value: int) -> None:
        """A write to the mapper or the PPU."""
        raise NotImplementedError

    def call(self, address: int) -> list[Write]:
        """Call a routine; returns what it wrote to the chip's registers, in order."""
        self.mpu.sp = 0xFF
        self.mpu.stPushWord(RETURN_TO - 1)
        self.mpu.pc = address
        return self.run(RETURN_TO)

    def run(self, until: int) -> list[Write]:
        """Run until the program counter is there."""
        self.writes = []
        for _ in range(MOST_STEPS):
            if self.mpu.pc == until:
                return self.writes
            self.steps += 1
            self.mpu.step()
        raise AssertionError(f"it still runs, at {self.mpu.pc:#06x}")


class NsfMachine(Machine):
    """What an NSF player is, by its header alone."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data[0x80:], nsf.BANK)
        self.banks = [bank * nsf.BANK for bank in data[0x70:0x78]]
        self.init, self.play = (int.from_bytes(data[at : at + 2], "little") for at in (0x0A, 0x0C))

    def map(self, address: int, value: int) -> None:
        assert 0x5FF8 <= address <= 0x5FFF, f"a write to {address:#06x}"
        self.banks[address & 7] = value * self.bank_size


class RomMachine(Machine):
    """An MMC3 cartridge in a console whose PPU is always ready."""

    def __init__(self, data: bytes) -> None:
        size = data[4] * 16_384
        super().__init__(data[16 : 16 + size], rom.BANK)
        self.banks[6:] = [size - rom.BANK, size - rom.BANK + 0x1000]
        self.ram[0x2002] = 0x80
        self.selected = 0
        self.at = 0
        self.high = False
        self.drawn_at = 0
        """The clock of the last write to the picture."""

    def map(self, address: int, value: int) -> None:
        if address == 0x8000:
            self.selected = value
        elif address == 0x8001 and self.selected == 7:
            self.banks[2:4] = [value * rom.BANK, value * rom.BANK + 0x1000]
        elif address == 0x2006:
            self.at = value << 8 | self.at & 0xFF if not self.high else self.at & 0xFF00 | value
            self.high = not self.high
        elif address == 0x2007:
            self.drawn_at = self.mpu.processorCycles
            self.picture[self.at] = value
            self.at += 1

    def boot(self) -> list[Write]:
        """From power-on to where it waits for frames."""
        self.mpu.pc = self[0xFFFC] | self[0xFFFD] << 8
        self.writes = []
        for _ in range(MOST_STEPS):
            here = self.mpu.pc
            self.mpu.step()
            if self.mpu.pc == here:  # a jump to itself
                return self.writes
        raise AssertionError("it never waits")

    def frame(self) -> list[Write]:
        """What an interrupt a frame writes to the chip."""
        vector = self[0xFFFA] | self[0xFFFB] << 8
        self.mpu.stPushWord(RETURN_TO)
        self.mpu.stPush(0)
        self.mpu.pc = vector
        return self.run(RETURN_TO)

    def line(self, row: int) -> str:
        """A row of the screen as text; tiles that are no letters are spaces and levels."""
        tiles = [self.picture[0x2000 + 32 * row + column] for column in range(32)]
        marks = {1: ".", 2: "#"}
        return "".join(marks.get(tile, chr(tile)) for tile in tiles)
