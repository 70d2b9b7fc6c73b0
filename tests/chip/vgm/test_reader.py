"""VGM files of other programs: what plays elsewhere plays here, and says what is left out."""

from __future__ import annotations

import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.chip.vgm import commands as c
from nesvae_live.chip.vgm import packed, reader
from nesvae_live.chip.vgm.packed import pack
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import NO_TAGS, NTSC_CLOCK, PAL_CLOCK, RegisterLog
from nesvae_live.chip.vgm.writer import steps_to_vgm, writes_to_vgm
from tests.support.places import ORACLE
from tests.support.vgmfiles import NOTES, STEP, TAGS, block, tune, vgm, wait, write

with np.load(ORACLE / "all_voices.npz") as golden:
    SONG = golden["vgm"].tobytes()

LENGTH = len(NOTES) * STEP
TUNE = vgm_to_writes(vgm(tune()))


def same_music(log: RegisterLog) -> bool:
    return log.nsamps == TUNE.nsamps and log.writes.tolist() == TUNE.writes.tolist()


def with_number(data: bytes, at: int, number: int) -> bytes:
    return data[:at] + number.to_bytes(4, "little") + data[at + 4 :]


def with_commands(commands: bytes) -> bytes:
    return steps_to_vgm([])[:0xC0] + commands


AS_IF_NOTHING = {
    "1.71 with a header of 256 bytes": vgm(tune(), version=0x171, header=0x100),
    "1.72 with an extra header": vgm(tune(), version=0x172, header=0x120),
    "1.60, which has no NES yet": vgm(tune(), version=0x160),
    "1.50": vgm(tune(), version=0x150),
    "compressed": gzip.compress(vgm(tune()), mtime=1),
    "a total that is off": vgm(tune(), fields={0x18: LENGTH + 299}),
    "an end that is off": vgm(tune(), fields={0x04: 7}),
    "foreign bytes behind it": vgm(tune(), tail=b"TAG of another kind"),
    "a clock a hertz off": vgm(tune(), fields={0x84: NTSC_CLOCK - 1}),
    "a second chip that never plays": vgm(tune(), fields={0x84: NTSC_CLOCK | 1 << 30}),
    "FDS that never plays": vgm(tune(), fields={0x84: NTSC_CLOCK | 1 << 31}),
    "data blocks of others": vgm(tune(before=block(0x00, b"\x66" * 9) + block(0x81, b"\x62" * 20))),
    "registers that make no sound": vgm(tune(within=write(0x18, 5) + write(0x1F, 255))),
    "commands that do nothing": vgm(tune(within=b"\x00\x31\x05\x4e\x01\x02\xc9\x01\x02\x03")),
    "a memory write below the DMC's reach": vgm(tune(before=block(0xC2, b"\x00\x60" + b"x" * 9))),
}


@pytest.mark.parametrize("case", AS_IF_NOTHING)
def test_what_does_not_matter_changes_nothing_and_is_not_told(case: str) -> None:
    log = vgm_to_writes(AS_IF_NOTHING[case])
    assert same_music(log)
    assert log.notices == ()


FOREIGN = {
    "a second NES": (write(0x80, 0xB8) + write(0x95, 0xFF), "second NES APU"),
    "the FDS": (write(0x22, 0x10) + write(0x3F, 2), "Famicom Disk System"),
    "Sunsoft's 5B": (b"\xa0\x07\x38", "AY8910"),
    "VRC7": (b"\x51\x10\x20", "YM2413"),
    "a Mega Drive": (b"\x50\x9f\x52\x28\xf0", "SN76489, YM2612"),
    "MMC5, as another program's": (b"\xbb\x01\x02", "Pokey"),
    "three operands": (b"\xc4\x01\x02\x03", "QSound"),
    "four operands": (b"\xe1\x01\x02\x03\x04", "C352"),
    "a stream to another chip": (b"\x90\x00\x02\x00\x2a", "YM2612"),
    "a stream to the second chip": (b"\x90\x00\x94\x00\x11", "second NES APU"),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_what_is_for_others_is_passed_over_and_told(case: str) -> None:
    commands, name = FOREIGN[case]
    log = vgm_to_writes(vgm(tune(within=commands)))
    assert same_music(log)
    assert log.notices == (f"played without {name}, which it uses",)


TIMES = {c.HALT, c.WAIT, *c.FRAME_WAITS, *c.SHORT_WAITS, *c.DAC_WAITS, c.WAIT_AS}
"""The commands that end or lengthen a tune."""


@pytest.mark.parametrize("command", sorted(c.LENGTHS.keys() - TIMES))
def test_every_command_is_as_long_as_the_format_says(command: int) -> None:
    """The operands are end marks: one too few or too many, and the tune ends there."""
    commands = bytes((command,)) + b"\x66" * (c.LENGTHS[command] - 1)
    assert same_music(vgm_to_writes(vgm(tune(within=commands), version=0x161)))


def test_reserved_commands_had_one_operand_before_1_60() -> None:
    assert same_music(vgm_to_writes(vgm(tune(within=b"\x41\x66"), version=0x151)))
    assert same_music(vgm_to_writes(vgm(tune(within=b"\x41\x66\x66"), version=0x160)))


def test_waits_of_every_kind_are_counted() -> None:
    waits = b"\x61\x05\x00\x62\x63\x70\x7f\x80\x8f\x64\x62\x03\x00\x62"
    log = vgm_to_writes(with_commands(waits + write(0, 0x3F) + b"\x66"))
    assert log.nsamps == 5 + 735 + 882 + 1 + 16 + 0 + 15 + 3
    assert log.writes.tolist() == [[log.nsamps, 0x4000, 0x3F]]


def test_pal_s_clock_is_kept() -> None:
    assert vgm_to_writes(vgm(tune(PAL_CLOCK), clock=PAL_CLOCK)).clock == PAL_CLOCK
    log = replace(TUNE, clock=PAL_CLOCK)
    assert vgm_to_writes(writes_to_vgm(log)).clock == PAL_CLOCK


def test_a_header_that_names_no_nes_is_played_as_ntsc_and_told() -> None:
    old = vgm(tune(), version=0x150, header=0x40)
    for data in (old, vgm(tune(), fields={0x84: 0})):
        log = vgm_to_writes(data)
        assert same_music(log)
        assert log.clock == NTSC_CLOCK
        assert log.notices == ("its header names no NES APU: played at the clock of NTSC",)


def test_a_missing_end_mark_is_told() -> None:
    for data in (vgm(tune(), end=b""), vgm(tune(), end=b"\xb4\x02"), vgm(tune())[:-1]):
        log = vgm_to_writes(data)
        assert same_music(log)
        assert log.notices == ("it ends without its end mark: cut off?",)


def test_tags_behind_a_missing_end_mark_are_no_commands() -> None:
    log = vgm_to_writes(vgm(tune(), end=b"", tags=TAGS))
    assert same_music(log)
    assert log.tags == TAGS


def test_a_byte_that_is_no_command_ends_it_and_is_told() -> None:
    log = vgm_to_writes(vgm(tune() + b"\x6a" + tune()))
    assert same_music(log)
    assert log.notices == (
        f"it has the byte 0x6a at {0xC0 + len(tune())}, which isn't a command: read up to there",
    )


def test_tags_and_loop_are_read() -> None:
    at = len(tune()) - 6 * 2 * 2 // 2  # somewhere within the last note's commands
    log = vgm_to_writes(vgm(tune(), tags=TAGS, loop_at=at))
    assert log.tags == TAGS
    assert log.loop == 3 * STEP
    assert log.notices == ()


def test_damaged_tags_leave_the_music() -> None:
    whole = vgm(tune(), tags=TAGS)
    cut = vgm_to_writes(whole[:-30])
    assert same_music(cut)
    assert cut.tags.title == "A tune"
    assert cut.tags.notes == ""
    assert cut.notices == ("its tags are cut off",)
    astray = vgm_to_writes(vgm(tune(), fields={0x14: 0x50}))
    assert same_music(astray)
    assert astray.tags == NO_TAGS
    assert astray.notices == ("its tags are not where its header says; left out",)


def test_a_loop_beyond_the_end_is_left_out_and_told() -> None:
    log = vgm_to_writes(vgm(tune(), loop_at=len(tune()) + 40))
    assert same_music(log)
    assert log.loop is None
    assert log.notices == ("its loop begins where nothing is played: left out",)


def test_a_damaged_vgz_is_read_as_far_as_it_goes_and_told() -> None:
    whole = pack(vgm(tune()))
    for data in (whole[:-3], whole[:-9], whole[:-8] + bytes(8)):
        log = vgm_to_writes(data)
        assert log.writes[:40].tolist() == TUNE.writes[:40].tolist()
        assert log.notices[0] == "its compression is damaged: read up to there"


def test_the_dmc_s_memory_is_written_where_and_when_the_file_says() -> None:
    data = tune(before=wait(7) + block(0xC2, b"\xfe\xff" + b"abcd"))
    log = vgm_to_writes(vgm(data))
    assert log.writes[:2].tolist() == [[7, 0xFFFE, ord("a")], [7, 0xFFFF, ord("b")]]
    assert log.writes[2:, 1].max() < 0x4018


def test_samples_are_copied_from_the_bank_to_the_memory() -> None:
    bank = block(0x07, b"0123") + block(0x07, b"4567")
    copy = b"\x68\x66\x07" + b"\x02\0\0" + b"\x00\xc1\0" + b"\x04\0\0"
    log = vgm_to_writes(vgm(tune(before=bank + copy)))
    assert log.writes[:4].tolist() == [[0, 0xC100 + i, ord("2345"[i])] for i in range(4)]
    to_the_end = b"\x68\x66\x07" + b"\x06\0\0" + b"\x00\xc0\0" + b"\0\0\0"
    log = vgm_to_writes(vgm(tune(before=bank + to_the_end)))
    assert log.writes[:2, 2].tolist() == [ord("6"), ord("7")]
    assert log.writes[2, 1] < 0x4018


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a VGM file: it doesn't begin with Vgm"),
        (b"RIFF" + SONG[4:], "not a VGM file: it doesn't begin with Vgm"),
        (gzip.compress(b"something else", mtime=0), "not a VGM file: it doesn't begin with Vgm"),
        (b"\x1f\x8b\x08" + bytes(20), "VGZ is damaged: nothing in it can be read"),
        (SONG[:40], "VGM is truncated: 40 bytes don't hold its header"),
        (SONG[:100], "VGM is truncated: 100 bytes don't hold its header"),
        (SONG[:0xC0], "VGM is truncated: it ends at byte 192 without its end mark"),
        (with_number(SONG, 0x34, 1 << 31), "don't hold its header"),
        (with_number(SONG, 0x84, 3_579), "an NES APU at 3579 Hz, which isn't a console's"),
        (with_commands(b"\x61\x01"), "without its end mark"),
        (with_commands(b"\xb4\x00"), "without its end mark"),
        (with_commands(b"\x67\x66\xc2\xff\xff\xff\xff"), "without its end mark"),
        (with_commands(b""), "without its end mark"),
        (with_commands(b"\x01"), "VGM is truncated"),
        (
            vgm(b"\x50\x9f\x52\x01\x02", header=0x40, version=0x150, fields={0x0C: 3_579_545}),
            "VGM has no NES APU: it is for SN76489, YM2612",
        ),
        (vgm(b"", header=0x40, version=0x150), "VGM has no NES APU$"),
    ],
)
def test_what_has_nothing_to_play_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        vgm_to_writes(data)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_BYTES", 1 << 20)
    with pytest.raises(ValueError, match="more than 1 MiB"):
        vgm_to_writes(gzip.compress(bytes(2 << 20), 9))


def test_a_file_that_writes_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_WRITES", 1 << 18)
    bank = block(0x07, bytes(1000)) + b"\x90\0\x14\0\x11\x91\0\x07\x01\0"
    bank += b"\x92\0" + struct.pack("<I", 1 << 31) + b"\x93\0\0\0\0\0\x81\xe8\x03\0\0"
    with pytest.raises(ValueError, match="VGM writes more than"):
        vgm_to_writes(with_commands(bank + b"\x61\xff\xff" * 5))


@given(st.integers(0, len(SONG) - 1), st.integers(0, 255))
def test_a_damaged_byte_gives_a_log_or_a_value_error(at: int, value: int) -> None:
    damaged = SONG[:at] + bytes([value]) + SONG[at + 1 :]
    try:
        log = vgm_to_writes(damaged)
    except ValueError:
        return
    assert np.all(np.diff(log.writes[:, 0]) >= 0)


@given(st.binary(max_size=200))
def test_any_bytes_for_commands_give_a_log_or_a_value_error(commands: bytes) -> None:
    try:
        log = vgm_to_writes(with_commands(commands))
    except ValueError:
        return
    assert not len(log.writes) or log.writes[-1, 0] <= log.nsamps
