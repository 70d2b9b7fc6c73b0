"""Parts shared out among three voices: what is kept, and that the report is true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.music.parts import Part, PartNote, parts_to_played, share
from nesvae_live.music.voicenotes import VoiceNote
from nesvae_live.music.voices import Voice

ALL = (Voice.P1, Voice.P2, Voice.TR)


def line(*notes: int, start: float = 0.0, each: float = 0.5, sounds: float = 0.5) -> list[PartNote]:
    return [PartNote(n, start + i * each, start + i * each + sounds) for i, n in enumerate(notes)]


def chords(*stacks: tuple[int, ...], each: float = 0.5) -> list[PartNote]:
    return [PartNote(n, i * each, (i + 1) * each) for i, stack in enumerate(stacks) for n in stack]


def part(keys: list[PartNote], name: str = "", channel: int = 4) -> Part:
    return Part(name, channel, tuple(keys))


def by_voice(played: list[VoiceNote]) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for note in sorted(played, key=lambda note: note.on):
        out.setdefault(note.voice.name, []).append(note.note)
    return out


def test_the_names_of_our_own_tracks_are_voices_in_any_order() -> None:
    parts = [part(line(40), "tr"), part(line(80), " P2"), part(line(60), "P1")]
    played, said = parts_to_played(parts)
    assert by_voice(played) == {"TR": [40], "P2": [80], "P1": [60]}
    assert not said


def test_channels_1_to_3_alone_are_voices() -> None:
    parts = [part(line(n), channel=c) for c, n in ((2, 80), (0, 40), (1, 60))]
    assert by_voice(parts_to_played(parts)[0]) == {"TR": [80], "P1": [40], "P2": [60]}


def test_else_the_lowest_part_is_the_triangle_s_and_the_highest_pulse_1_s() -> None:
    parts = [part(line(*n), f"t{c}", c) for c, n in ((5, (60, 62)), (6, (40, 43)), (7, (72, 71)))]
    played, said = parts_to_played(parts)
    assert by_voice(played) == {"P1": [72, 71], "P2": [60, 62], "TR": [40, 43]}
    assert not said


def test_one_melody_is_pulse_1_s() -> None:
    assert by_voice(parts_to_played([part(line(60, 62))])[0]) == {"P1": [60, 62]}


def test_chords_are_shared_by_the_three_voices_and_it_says_so() -> None:
    piano = part(chords((48, 60, 64, 72), (43, 59, 62, 71)), "Piano")
    played, said = parts_to_played([piano])
    assert by_voice(played) == {"P1": [72, 71], "P2": [64, 62], "TR": [48, 43]}
    (text,) = said
    assert text == (
        "track 'Piano' has up to 4 notes at once: P1 takes the highest, P2 takes the next, "
        "TR takes the lowest; 2 of 8 notes are left out"
    )


def test_chords_above_a_bass_have_both_pulses() -> None:
    parts = [part(chords((60, 64, 67)), "Guitar"), part(line(36), "Bass")]
    played, said = parts_to_played(parts)
    assert by_voice(played) == {"P1": [67], "P2": [64], "TR": [36]}
    assert "1 of 3 notes are left out" in said[0]


def test_a_chord_in_the_bass_leaves_its_lowest_note() -> None:
    parts = [part(line(72), "a"), part(line(65), "b"), part(chords((36, 43)), "c")]
    assert by_voice(parts_to_played(parts)[0]) == {"P1": [72], "P2": [65], "TR": [36]}


def test_of_many_parts_the_busiest_are_kept_and_the_others_named() -> None:
    parts = [
        part(line(36, 36), "Bass"),
        part(line(72, 74, 76), "Flute"),
        part(line(60), "Horn"),
        part(line(64, 65), "Oboe"),
    ]
    played, said = parts_to_played(parts)
    assert by_voice(played) == {"P1": [72, 74, 76], "P2": [64, 65], "TR": [36, 36]}
    assert said == ["there are three voices, so left out, with their notes: track 'Horn' (1)"]


def test_drums_are_left_out_and_said() -> None:
    parts = [part(line(60)), part(line(38), "Kit", 9), part(line(3), "no", 8)]
    played, said = parts_to_played(parts)
    assert by_voice(played) == {"P1": [60]}
    assert said == ["track 'Kit' (drums) is left out", "track 'no' (drums) is left out"]


def test_a_legato_overlap_is_no_chord() -> None:
    legato = part(line(60, 62, 64, sounds=0.6), "Lead")
    assert legato.at_once() == 1
    assert by_voice(parts_to_played([legato])[0]) == {"P1": [60, 62, 64]}


def test_a_melody_over_a_held_chord_stays_on_top() -> None:
    held = [PartNote(48, 0.0, 2.0), PartNote(55, 0.0, 2.0), PartNote(64, 0.0, 0.5)]
    played, dropped = share([*held, *line(67, 65, start=0.5)], ALL)
    assert by_voice(played) == {"TR": [48], "P2": [55], "P1": [64, 67, 65]}
    assert dropped == 0


def test_a_note_alone_stays_with_the_voice_that_was_near() -> None:
    played, _ = share([*chords((40, 72)), *line(43, start=0.5), *line(70, start=1.0)], ALL)
    assert by_voice(played) == {"TR": [40, 43], "P1": [72, 70]}


def test_notes_out_of_range_are_moved_and_said() -> None:
    _, said = parts_to_played([part(line(12, 60))])
    assert said == ["out of the range of P1, and moved by octaves: 1 of 2 notes"]


@pytest.mark.parametrize("parts", [[], [part([])], [part(line(40), "Kit", 9)]])
def test_nothing_for_a_voice_is_nothing_played(parts: list[Part]) -> None:
    assert parts_to_played(parts)[0] == []


keys = st.lists(
    st.builds(
        lambda note, on, held: PartNote(note, on / 8, (on + held) / 8),
        st.integers(0, 127),
        st.integers(0, 40),
        st.integers(0, 12),
    ),
    max_size=40,
)


@given(st.lists(st.tuples(keys, st.integers(0, 15)), max_size=6))
def test_every_note_is_played_once_or_left_out(many: list[tuple[list[PartNote], int]]) -> None:
    parts = [part(k, f"t{i}", c) for i, (k, c) in enumerate(many)]
    played, said = parts_to_played(parts)
    assert len(played) <= sum(len(p.notes) for p in parts)
    assert all("\n" not in text for text in said)
    for p in parts:
        notes, dropped = share(p.notes, ALL)
        assert len(notes) + dropped <= len(p.notes)
