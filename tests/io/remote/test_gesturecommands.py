"""`ctl`'s verbs for gestures, through the control socket's language, to inputs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

from nesvae_live.cli import main as cli
from nesvae_live.cli.ctl.verbs import VERBS
from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ClearSnapshot,
    ForgetAll,
    GiveVoice,
    GoRound,
    KeepTheme,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAnswer,
    SetAuto,
    SetChords,
    SetHold,
    SetKey,
    SetKeysReturn,
    SetKeysSplit,
    SetPair,
    SetQuote,
    SetSeed,
    SetSteady,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import MidiIn, SetSwap
from nesvae_live.control.reply import ignore
from nesvae_live.io.remote.commands import decode_command, parse_command
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.setting import Setting
from nesvae_live.music.key import Key
from nesvae_live.music.voices import Voice

CASES: list[tuple[str, Any]] = [
    ("move hold 1", SetHold(True, at=1.5)),
    ("move swap 0", SetSwap),
    ("release", ReleaseKnobs(at=1.5)),
    ("store 16", StoreSnapshot(16, at=1.5)),
    ("clear 16", ClearSnapshot(16, at=1.5)),
    ("recall 2", RecallSnapshot(2, at=1.5)),
    ("morph 2", StartMorph(2, None, at=1.5)),
    ("morph 2 8", StartMorph(2, 8.0, at=1.5)),
    ("between 1 4", SetPair(1, 4, at=1.5)),
    ("fade 0.25", MoveFader(0.25, at=1.5)),
    ("back", LookBack(1, at=1.5)),
    ("back 3", LookBack(3, at=1.5)),
    ("forward 2", LookBack(-2, at=1.5)),
    ("hold off", SetHold(False, at=1.5)),
    ("auto on", SetAuto(True, at=1.5)),
    ("round on", GoRound(True, None, at=1.5)),
    ("round on 2", GoRound(True, 2.0, at=1.5)),
    ("round off", GoRound(False, None, at=1.5)),
    ("chance", Roll(None, at=1.5)),
    ("chance 0.1", Roll(0.1, at=1.5)),
    ("temperature 1.2", SetTemperature(1.2, at=1.5)),
    ("quote 0.8", SetQuote(0.8, at=1.5)),
    ("steady register density", SetSteady(("density", "register"), at=1.5)),
    ("steady none", SetSteady((), at=1.5)),
    ("voice P2 held", GiveVoice(Voice.P2, Source.HELD, at=1.5)),
    ("voice P1 keys", GiveVoice(Voice.P1, Source.KEYS, at=1.5)),
    ("keys-return 8", SetKeysReturn(8.0, at=1.5)),
    ("keys-return never", SetKeysReturn(None, at=1.5)),
    ("keys-split 48", SetKeysSplit(48, at=1.5)),
    ("answer 2", SetAnswer(Answer.TWO, at=1.5)),
    ("answer off", SetAnswer(Answer.OFF, at=1.5)),
    ("chords 4", SetChords(3, at=1.5)),
    ("chords off", SetChords(None, at=1.5)),
    ("voice tr model", GiveVoice(Voice.TR, Source.MODEL, at=1.5)),
    ("theme A", KeepTheme("A", at=1.5)),
    ("return H", ReturnTheme("H", at=1.5)),
    ("forget", ForgetAll(at=1.5)),
    ("seed 5", SetSeed(5, at=1.5)),
    ("seed next", SetSeed(None, at=1.5)),
    ("transpose all -12", SetTranspose(None, -12, at=1.5)),
    ("transpose TR 7", SetTranspose(Voice.TR, 7, at=1.5)),
    ("key Bb minor", SetKey(Key(10, "minor"), at=1.5)),
    ("key off", SetKey(None, at=1.5)),
    ("capture", Capture(at=1.5)),
    ("mark the bridge", Mark),
    ("mark chorus", Mark("chorus", at=1.5)),
]


def command_of(line: str) -> dict[str, Any]:
    given = cli.parser().parse_args(["ctl", *line.split()])
    return dict(given.command_of(given))


@pytest.mark.parametrize(
    ("line", "asked"), [case for case in CASES if case[0] != "mark the bridge"]
)
def test_a_verb_asks_for_its_input(line: str, asked: Any) -> None:
    command = json.dumps(command_of(line)).encode()
    item = parse_command(command, 1.5, ignore)
    assert isinstance(item, asked) if isinstance(asked, type) else item == asked


ELSEWHERE = {
    *("set", "mute", "unmute", "level", "solo", "unsolo", "swap", "tempo", "tap", "page"),
    *("refresh", "panic", "stop", "status", "one", "adopt", "style", "snapshots"),
}
"""Verbs that are no gestures; what becomes of their commands is tried in `test_server` and `app.yours`."""


def test_every_verb_is_tried() -> None:
    tried = {line.split()[0] for line, _ in CASES}
    assert tried | ELSEWHERE == {spec.name for spec in VERBS}
    assert not tried & ELSEWHERE


@pytest.mark.parametrize(
    "line",
    [
        "recall 0",
        "recall 65",
        "morph 1 0.1",
        "fade 1.1",
        "hold maybe",
        "temperature 9",
        "seed -1",
        "transpose NO 1",
        "transpose P1 25",
        "back 0",
        "capture x.mid --phrase 0",
    ],
)
def test_a_wrong_line_is_refused_at_once(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["ctl", *line.split()])
    assert caught.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ({"do": "move", "target": "volume"}, "no target 'volume'"),
        ({"do": "key", "key": "C nonsense"}, "no scale 'nonsense'"),
        ({"do": "transpose", "voice": "NO", "semitones": 1}, "no voice 'NO'"),
        ({"do": "capture-phrase", "tuples": [[1, 2, 3]]}, "of length 4"),
    ],
)
def test_a_command_that_names_what_there_is_not_is_one_line(
    command: dict[str, Any], error: str
) -> None:
    with pytest.raises(ValueError, match=error):
        parse_command(json.dumps(command).encode(), 0.0, ignore)


def test_a_files_phrase_is_captured(tmp_path: Path) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for note in range(60, 80):
        track.append(mido.Message("note_on", channel=0, note=note, velocity=90))
        track.append(mido.Message("note_off", channel=0, note=note, time=80))  # two steps
    path = tmp_path / "scale.mid"
    file.save(path)
    first = command_of(f"capture {path}")
    assert first == {"do": "capture-phrase", "tuples": [[60 + i, 0, 0, 2] for i in range(13)]}
    second = parse_command(
        json.dumps(command_of(f"capture {path} --phrase 2")).encode(), 0.0, ignore
    )
    assert isinstance(second, CapturePhrase)
    assert second.tuples == tuple((73 + i, 0, 0, 2) for i in range(7))


def test_a_note_comes_as_from_a_keyboard_and_is_answered_at_once() -> None:
    answers: list[Any] = []
    pressed = parse_command(b'{"do": "note", "note": 60, "velocity": 100}', 1.5, answers.append)
    assert pressed == MidiIn("keys", (0x90, 60, 100), 1.5)
    assert answers == [{"ok": True}]
    with pytest.raises(ValueError, match="<= 127"):
        parse_command(b'{"do": "note", "note": 128, "velocity": 100}', 1.5, answers.append)


@pytest.mark.parametrize("slot", [2, "chorus"])
def test_what_is_stored_over_a_snapshot_keeps_its_name_and_says_so(slot: int | str) -> None:
    there = {2: Setting({}, np.zeros(0, np.float32), 1.0, 0, name="chorus")}
    line = json.dumps({"do": "store", "slot": slot}).encode()
    assert decode_command(line).named(there).says() == {
        "slot": 2,
        "name": "chorus",
        "replaced": True,
    }
    fresh = decode_command(b'{"do": "store", "slot": 3}').named(there)
    assert fresh.says() == {"slot": 3, "name": ""}
