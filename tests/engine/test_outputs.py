"""What is sent: shaped by patches, journaled, cut by mutes and panics."""

from __future__ import annotations

import pytest

from nesvae_live.control.inputs import (
    Panic,
    SetMute,
)
from nesvae_live.log.entries import (
    Sent,
)
from nesvae_live.music.events import NoteOn, Shape
from nesvae_live.music.patch import Patch, table_to_patch
from nesvae_live.music.voices import Voice
from tests.support.rig import SHAPED, Rig, check_events


def test_patches_shape_the_notes_and_change_neither_their_starts_nor_the_other_voices() -> None:
    flat, shaped = Rig(bars=4, seed=5), Rig(bars=4, seed=5, patches=SHAPED)
    for rig in (flat, shaped):
        rig.play(12.0)
        check_events(rig.output.sent, ended=True)

    def starts(rig: Rig) -> list[tuple[float, Voice, int]]:
        return [(at, e.voice, e.note) for at, e in rig.output.sent if isinstance(e, NoteOn)]

    assert starts(shaped) == starts(flat)
    shapes = [e for _, e in shaped.output.sent if isinstance(e, Shape)]
    assert {e.voice for e in shapes} == {Voice.P1, Voice.TR}
    assert {e.volume for e in shapes if e.voice is Voice.P1} >= {15, 12, 9, 6}
    assert not any(isinstance(e, Shape) for _, e in flat.output.sent)
    of_p2 = [
        [(at, e) for at, e in rig.output.sent if e.voice is Voice.P2] for rig in (flat, shaped)
    ]
    assert of_p2[0] == of_p2[1]


def test_what_is_sent_shaped_is_in_the_log_with_its_beat() -> None:
    rig = Rig(patches=SHAPED)
    rig.play(5.0)
    logged = [(e.at, e.event) for e in rig.journal.entries if isinstance(e, Sent)]
    assert logged == rig.output.sent
    for entry in rig.journal.entries:
        if isinstance(entry, Sent):
            assert rig.clock.ref.time_of(entry.beat) == pytest.approx(entry.at)


def test_a_mute_cuts_the_tail_too() -> None:
    rig = Rig(patches={Voice.P1: table_to_patch({"release": "15x600"})})
    rig.play(4.0)
    rig.inbox.put(SetMute(Voice.P1, muted=True, at=rig.time.value))
    rig.play(0.01)
    before = len(rig.output.sent)
    rig.play(3.0)
    assert Voice.P1 not in {e.voice for _, e in rig.output.sent[before:]}


def test_panic_ends_tails_and_shapes_are_said_anew() -> None:
    rig = Rig(patches=dict.fromkeys((Voice.P1, Voice.P2, Voice.TR), Patch()))
    rig.play(4.0)
    before = len(rig.output.sent)
    rig.play(3.0)
    assert not any(isinstance(e, Shape) for _, e in rig.output.sent[before:]), "nothing changes"
    rig.inbox.put(Panic(at=rig.time.value))
    rig.play(0.01)
    before = len(rig.output.sent)
    rig.play(6.0)
    said = {e.voice for _, e in rig.output.sent[before:] if isinstance(e, Shape)}
    assert said == {Voice.P1, Voice.P2, Voice.TR}
