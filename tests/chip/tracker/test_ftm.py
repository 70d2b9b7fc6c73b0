"""Modules as files: what is written is read, old ones too, and damage is one line."""

from __future__ import annotations

import struct

import pytest

from nesvae_live.chip.tracker.famistudio import module_to_famistudio
from nesvae_live.chip.tracker.ftm import MAGIC, module_to_ftm
from nesvae_live.chip.tracker.ftmreader import ftm_to_module
from nesvae_live.chip.tracker.ftmtext import module_to_text, text_to_instruments
from nesvae_live.chip.tracker.module import Module
from nesvae_live.chip.tracker.patchtext import file_to_patches
from nesvae_live.music.patch import table_to_patch
from tests.support.modules import MODULE

DATA = module_to_ftm(MODULE)


def test_a_module_is_read_as_it_was_written() -> None:
    read = ftm_to_module(DATA)
    assert module_to_ftm(read) == DATA
    assert read.tracks == list(MODULE.tracks)
    assert read.patterns == list(MODULE.patterns)
    assert read.sequences == list(MODULE.sequences)
    assert [i.sequences for i in read.instruments] == [i.sequences for i in MODULE.instruments]
    assert (read.title, read.artist, read.copyright) == ("A title", "An artist", "2026")


def test_the_bytes_are_where_the_format_s_document_has_them() -> None:
    assert DATA.startswith(MAGIC + struct.pack("<i", 0x0440) + b"PARAMS".ljust(16, b"\0"))
    assert DATA[22 + 16 : 22 + 24] == struct.pack("<ii", 6, 29)
    assert DATA[46:75] == b"\0" + struct.pack("<7i", 5, 0, 0, 1, 4, 16, 32)
    at = DATA.index(b"SEQUENCES\0")
    version, _, count, index, kind, n, loop = struct.unpack("<5iBi", DATA[at + 16 : at + 41])
    assert (version, count, index, kind, n, loop) == (6, 5, 0, 0, 6, -1)
    at = DATA.index(b"PATTERNS\0")
    assert DATA[at + 24 : at + 40] == struct.pack("<4i", 0, 0, 0, 3)
    assert DATA[at + 40 : at + 52] == b"\0\0\0\0\x0a\x03\x00\x0f\x0e\x02\x0b\x63"
    assert DATA.endswith(b"END")


@pytest.mark.parametrize("end", range(0, len(DATA) - 1, 97))
def test_a_module_that_is_cut_off_is_one_line(end: int) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        ftm_to_module(DATA[:end])


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (struct.pack("<i", 0x0440), struct.pack("<i", 0x0450), "version 0x0450"),
        (b"\0" + struct.pack("<i", 5), b"\1" + struct.pack("<i", 6), "more than the 2A03"),
        (b"PARAMS", b"PARAMZ", "no block PARAMS"),
    ],
)
def test_what_isn_t_read_is_named(old: bytes, new: bytes, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        ftm_to_module(DATA.replace(old, new, 1))


def test_the_text_has_every_line() -> None:
    lines = [line.rstrip() for line in module_to_text(MODULE).splitlines()]
    for line in (
        "MACRO       0   0  -1   3   0 : 15 12 9 6 3 0",
        "MACRO       1   0   0  -1   0 : 0 4 7",
        'INST2A03   3     1   0   0  -1  -1 "the ""other"""',
        'TRACK  16   6 150 "first"',
        "COLUMNS : 2 1 1 1 1",
        "ORDER 01 : 01 00 00 00 00",
        "ROW 00 : A-3 00 F G02 463 : ... .. . ... : ... .. . ... : ... .. . ... : ... .. . ...",
        "ROW 05 : === .. . ... ... : ... .. . ... : ... .. . ... : ... .. . ... : ... .. . ...",
        "ROW 09 : --- .. . ... ... : ... .. . ... : ... .. . ... : ... .. . ... : ... .. . ...",
        "ROW 02 : ... .. . ... ... : ... .. . ... : ... .. . ... : B-# 03 8 ... : ... .. . ...",
        "ROW 0F : ... .. . ... ... : ... .. . ... : ... .. . ... : ... .. . ... : ... .. . B01",
    ):
        assert line in lines
    assert lines.index("PATTERN 00") < lines.index("PATTERN 01")


def test_instruments_come_back_from_the_text() -> None:
    read = text_to_instruments(module_to_text(MODULE))
    assert [(i.index, i.name, i.sequences) for i in read.instruments] == [
        (i.index, i.name, i.sequences) for i in MODULE.instruments
    ]
    assert set(read.sequences) == set(MODULE.sequences)


def test_a_bad_line_of_a_text_is_named() -> None:
    with pytest.raises(ValueError, match="line 2 can't be read"):
        text_to_instruments("# FamiTracker text export 0.4.2\nMACRO 0 x\n")
    with pytest.raises(ValueError, match="doesn't begin as one"):
        text_to_instruments("MACRO")


def test_famistudio_s_text_has_every_object_with_its_attributes() -> None:
    lines = [line.strip() for line in module_to_famistudio(MODULE).splitlines()]
    vibrato = 'VibratoSpeed="6" VibratoDepth="3" NoteDelay="2"'
    for line in (
        'Instrument Name="the ""other"""',
        'Envelope Type="Volume" Length="6" Loop="3" Release="4" Values="15,12,9,6,3,0"',
        'Envelope Type="Pitch" Length="4" Relative="True" Values="-1,2,-128,127"',
        f'Note Time="0" Value="A3" Duration="9" Release="5" Instrument="lead" {vibrato}',
        'Note Time="2" Value="F#3" Duration="16" Instrument="the ""other"""',
        'PatternInstance Time="1" Pattern="Pattern 2"',
    ):
        assert line in lines
    song = next(line for line in lines if line.startswith("Song "))
    assert 'LoopPoint="1" PatternLength="16" BeatLength="4"' in song
    assert 'FamiTrackerTempo="150" FamiTrackerSpeed="6"' in song


def test_a_slide_in_famistudio_s_text_ends_in_a_note_that_isn_t_struck() -> None:
    lines = [line.strip() for line in module_to_famistudio(MODULE).splitlines()]
    instrument = 'Instrument="the ""other"""'
    at = lines.index(f'Note Time="0" Value="C4" Duration="2" {instrument} SlideTarget="D#4"')
    assert lines[at + 1] == f'Note Time="2" Value="D#4" Duration="14" Attack="False" {instrument}'


@pytest.mark.parametrize("data", [DATA, module_to_text(MODULE).encode()], ids=["ftm", "text"])
def test_instruments_become_patches(data: bytes) -> None:
    import tomllib

    text, notices = file_to_patches(data)
    tables = tomllib.loads(text)["patches"]
    assert tables == {
        "lead": {"volume": "15 12 9 6", "release": "8", "duty": "0x2 2"},
        "the-other": {"volume": "10 | 9 8", "arpeggio": "| 0 4 7"},
    }
    for table in tables.values():
        table_to_patch(table)
    assert notices == ["instrument 03 'the \"other\"': without its pitch"]


def test_a_module_without_instruments_has_no_patches() -> None:
    with pytest.raises(ValueError, match="no instrument of the 2A03"):
        file_to_patches(module_to_ftm(Module(tracks=MODULE.tracks)))
