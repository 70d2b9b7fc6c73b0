"""A stream of MIDI bytes: however it is cut, the same messages come out, and never a wrong one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.io.midi.stream import LENGTHS, UNDEFINED, MidiStream, is_whole
from nesvae_live.music.events import MidiBytes


def read(*chunks: bytes) -> list[MidiBytes]:
    stream = MidiStream()
    return [message for chunk in chunks for message in stream.feed(chunk)]


@pytest.mark.parametrize(
    ("chunks", "messages"),
    [
        ([b"\xb0\x14\x01"], [(0xB0, 20, 1)]),
        ([b"\xb0\x14\x01\x15\x02\x16\x03"], [(0xB0, 20, 1), (0xB0, 21, 2), (0xB0, 22, 3)]),
        ([b"\xb0\x14\x01", b"\x15\x02"], [(0xB0, 20, 1), (0xB0, 21, 2)]),
        ([b"\xc5\x01\x02"], [(0xC5, 1), (0xC5, 2)]),
        ([b"\x90\x3c", b"\x64"], [(0x90, 60, 100)]),
        ([b"\xf8\xf8"], [(0xF8,), (0xF8,)]),
        ([b"\x90\x3c\xf8\x64"], [(0xF8,), (0x90, 60, 100)]),
        ([b"\xb0\x14\x01", b"\xfa", b"\x15\x02"], [(0xB0, 20, 1), (0xFA,), (0xB0, 21, 2)]),
        ([b"\xf2\x01\x02\xfb\xf8"], [(0xF2, 1, 2), (0xFB,), (0xF8,)]),
        ([b"\xf6"], [(0xF6,)]),
    ],
)
def test_running_status_and_streams(chunks: list[bytes], messages: list[MidiBytes]) -> None:
    assert read(*chunks) == messages


@pytest.mark.parametrize(
    ("chunks", "messages"),
    [
        ([b""], []),
        ([b"\x12\x34\x56"], []),  # data of nothing
        ([b"\xb0\x14", b"\xb0\x14\x05"], [(0xB0, 20, 5)]),  # cut short
        ([b"\xb0\xc8\xff"], [(0xFF,)]),
        ([b"\xf9", b"\xfd", b"\xf4\x01", b"\xf5", b"\xf7"], []),
        ([b"\xf0\x7e\x01\xf7", b"\x02\x03"], []),  # sysex ends running status
        ([b"\xf0\x7e", b"\xf8", b"\x01\x02", b"\xf7"], [(0xF8,)]),
        ([b"\xf0\x7e", b"\xb0\x14\x01"], [(0xB0, 20, 1)]),  # a status ends a sysex too
        ([b"\xf2\x01", b"\xf8", b"\x02"], [(0xF8,), (0xF2, 1, 2)]),
        ([b"\xf3\x01", b"\x02"], [(0xF3, 1)]),  # no running status but of channels
    ],
)
def test_what_is_no_message_is_dropped(chunks: list[bytes], messages: list[MidiBytes]) -> None:
    assert read(*chunks) == messages


MESSAGES = st.sampled_from(sorted(LENGTHS)).flatmap(
    lambda status: st.tuples(
        st.just(status), *[st.integers(0, 127) for _ in range(LENGTHS[status] - 1)]
    )
)


@given(st.lists(MESSAGES, max_size=12), st.lists(st.integers(0, 30), max_size=8), st.booleans())
def test_however_it_is_cut_and_abbreviated_the_messages_are_the_same(
    messages: list[MidiBytes], cuts: list[int], running: bool
) -> None:
    data, status = bytearray(), 0
    for message in messages:
        short = running and message[0] == status and message[0] < 0xF0
        data += bytes(message[1:] if short else message)
        status = message[0] if message[0] < 0xF0 else 0
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [bytes(data[a:b]) for a, b in pairwise(places)]
    assert read(*chunks) == messages


@given(st.lists(st.binary(max_size=6), max_size=20))
def test_whatever_comes_every_message_is_whole(chunks: list[bytes]) -> None:
    for message in read(*chunks):
        assert is_whole(message)
        assert message[0] not in UNDEFINED
