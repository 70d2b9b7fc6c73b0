"""Learning while it plays: a control for a target, what it displaces, and back."""

from __future__ import annotations

import pytest

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.inputs import GetLearning, Learn, MidiIn, Unlearn
from nesvae_live.control.layout import Defaults, Layout, Page
from nesvae_live.control.learn import MidiLearn
from nesvae_live.control.surface import Surface
from tests.support.rig import Rig


def midi_learn(*controls: ControlSpec, pages: tuple[Page, ...] = ()) -> MidiLearn:
    return MidiLearn(Surface(Layout(controls, pages, Defaults(0, Takeover.PICKUP, 2, True))))


def turn(midi_learn: MidiLearn, number: int, *values: int, status: int = 0xB4) -> None:
    for value in values or (1, 30, 60):
        midi_learn.receive("keys", (status, number, value), 0.0)
    midi_learn.tick(9.0)


def test_a_turned_knob_is_the_targets_with_the_presets_defaults_on_its_own_channel() -> None:
    one = midi_learn()
    one.begin("density")
    turn(one, 21)
    (control,) = one.surface.layout.controls
    assert control == ControlSpec(
        "density", 21, 4, takeover=Takeover.PICKUP, deadband=2, feedback=True
    )
    assert not one.listens
    assert one.learnt.get_nowait().control == control


def test_a_target_that_had_a_control_keeps_its_options() -> None:
    one = midi_learn(ControlSpec("density", 20, low=0.2, high=0.8, curve="s"))
    one.begin("density")
    turn(one, 21)
    assert one.surface.layout.controls == (
        ControlSpec("density", 21, 4, low=0.2, high=0.8, curve="s"),
    )


def test_a_control_that_was_anothers_is_taken_from_it_and_it_is_said() -> None:
    one = midi_learn(ControlSpec("focus", 21), ControlSpec("motion", 22))
    one.begin("density")
    turn(one, 21)
    assert [c.target for c in one.surface.layout.controls] == ["motion", "density"]
    assert one.figures()["learnt"]["lost"] == ["focus"]


def test_undo_goes_back_one_by_one() -> None:
    one = midi_learn(ControlSpec("focus", 21))
    before = one.surface.layout
    for target in ("density", "motion"):
        one.begin(target)
        turn(one, 21)
    one.undo()
    assert [c.target for c in one.surface.layout.controls] == ["density"]
    one.undo()
    assert one.surface.layout == before
    with pytest.raises(ValueError, match="nothing to undo"):
        one.undo()


def test_what_cannot_be_the_targets_is_said_and_it_listens_on() -> None:
    one = midi_learn()
    one.begin("panic")
    turn(one, 16, 1, 1, 127, 127)
    assert one.listens
    assert "an encoder has none" in one.figures()["hint"]
    turn(one, 41, 127, 0)
    assert one.surface.layout.controls[0].kind == "button"


def test_on_a_page_it_is_that_pages_control_unless_the_target_is_on_all() -> None:
    pages = (Page("one", (ControlSpec("focus", 21),)), Page("two", (ControlSpec("bass", 21),)))
    one = midi_learn(ControlSpec("tempo", 30), pages=pages)
    one.begin("density")
    turn(one, 21)
    one.begin("tempo")
    turn(one, 31)
    layout = one.surface.layout
    assert [[c.target for c in page.controls] for page in layout.pages] == [["density"], ["bass"]]
    assert [(c.target, c.number) for c in layout.controls] == [("tempo", 31)]


def test_an_unknown_target_is_an_answer_and_no_exception() -> None:
    answer = midi_learn().carry_out(Learn("densty", at=0.0))
    assert answer == {"ok": False, "error": "unknown target 'densty'"}
    assert midi_learn().carry_out(Unlearn(at=0.0))["ok"] is False


def test_while_it_plays_what_is_turned_is_learnt_first_and_then_turns() -> None:
    rig = Rig()
    rig.inbox.put(Learn("motion", at=0.0))
    rig.play(0.05)
    for value in (10, 20, 30):
        rig.inbox.put(MidiIn("keys", (0xB0, 20, value), rig.time.value))
        rig.play(0.02)
    assert dict(rig.live.knobs.values) == {}, "density, whose control it was, stands still"
    rig.play(0.5)
    rig.inbox.put(MidiIn("keys", (0xB0, 20, 64), rig.time.value))
    rig.play(0.02)
    assert dict(rig.live.knobs.values) == {"motion": 0.5}
    answers: list[object] = []
    rig.inbox.put(GetLearning(at=0.0, reply=answers.append))
    rig.play(0.02)
    assert "lost" in str(answers[0])
