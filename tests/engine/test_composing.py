"""What nobody steers is composed: phrase by phrase the decoder says where the music goes."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    KeepTheme,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    SetAuto,
    SetTemperature,
    StoreSnapshot,
)
from nesvae_live.latent.decoding import Sampling
from nesvae_live.log.entries import Answered, Decoded, Posed
from tests.support.remembering import ComposingDecoder
from tests.support.rig import Rig, do, turn


def composing_rig() -> Rig:
    return Rig(decoder=ComposingDecoder(), composed=Sampling(guidance=1.5), seed=5)


def phrases(rig: Rig) -> list[Decoded]:
    return [e for e in rig.journal.entries if isinstance(e, Decoded)]


def test_untouched_each_phrase_is_composed_and_no_knob_shows_it() -> None:
    rig = composing_rig()
    rig.play(12.0)
    decoded = phrases(rig)
    assert len(decoded) > 3
    assert len({e.z[8] for e in decoded}) == len(decoded)
    answers = {e.index: e.z for e in rig.journal.entries if isinstance(e, Answered)}
    assert all(answers[e.index] == e.z for e in decoded)
    assert not rig.live.knobs.values
    assert rig.live.style == pytest.approx(decoded[-1].z[8:])
    assert rig.sequencer.counters.splices == 0, "nothing was turned"


def test_the_first_knob_ends_it_and_the_style_stays_where_it_is() -> None:
    rig = composing_rig()
    rig.play(6.0)
    turn(rig, density=0.9)
    rest = rig.live.style
    rig.play(8.0)
    last = phrases(rig)[-1]
    assert last.mask == (1, 0, 0, 0, 0, 0, 0, 0)
    assert last.z[8:] == pytest.approx(rest)
    do(rig, ReleaseKnobs)
    rig.play(6.0)
    assert phrases(rig)[-1].z[8:] != pytest.approx(rest)


def test_what_steers_nothing_leaves_the_music_alone() -> None:
    rig = composing_rig()
    rig.play(3.0)
    turn(rig, noise=0.5)
    do(rig, SetTemperature, 0.9)
    rig.play(6.0)
    assert len({e.z[8] for e in phrases(rig)}) == len(phrases(rig))


def test_a_snapshot_stays_as_it_was_stored() -> None:
    rig = composing_rig()
    rig.play(4.0)
    do(rig, StoreSnapshot, 1)
    style = rig.live.style
    rig.play(6.0)
    do(rig, RecallSnapshot, 1)
    rig.play(8.0)
    assert phrases(rig)[-1].z[8:] == pytest.approx(style)


def test_in_the_auto_mode_the_knobs_go_along_but_for_one_that_a_hand_holds() -> None:
    rig = composing_rig()
    do(rig, SetAuto, True)
    rig.play(9.0)
    seen = dict(rig.live.knobs.values)
    assert len(seen) == 8
    turn(rig, density=0.25)
    heard = len(phrases(rig))
    rig.play(25.0)
    later = phrases(rig)[heard + 1 :]
    assert {round(e.z[0], 5) for e in later} == {-1.25}
    assert len({e.z[1] for e in later}) == len(later)
    assert rig.live.condition.hands is not None
    assert rig.live.condition.hands[:8].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    do(rig, SetAuto, False)
    rig.play(1.0)
    stays = dict(rig.live.knobs.values)
    rig.play(8.0)
    assert dict(rig.live.knobs.values) == stays


def test_a_knob_turned_while_a_phrase_is_composed_is_heard() -> None:
    rig = composing_rig()
    rig.play(3.0)
    while rig.sequencer.player.pending is None:
        rig.play(0.005)
    turn(rig, register=1.0)
    rig.play(2.5)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    assert placed.asked is not None
    assert placed.asked.z[1] == pytest.approx(2.5)


def test_a_knob_that_is_let_go_in_the_auto_mode_asks_for_one_new_tail() -> None:
    rig = composing_rig()
    do(rig, SetAuto, True)
    rig.play(9.0)
    before = rig.sequencer.counters.splices
    turn(rig, density=None)
    rig.play(1.0)
    assert rig.sequencer.counters.splices - before <= 1
    turn(rig, register=0.3)
    rig.play(1.0)
    assert rig.sequencer.counters.splices - before <= 2


def test_a_knob_turned_before_anything_was_composed_asks_for_one_new_tail() -> None:
    rig = composing_rig()
    do(rig, SetAuto, True)
    rig.play(0.3)
    turn(rig, register=0.3)
    rig.play(1.5)
    assert rig.sequencer.counters.splices <= 1


def test_a_theme_comes_back_from_where_it_was_composed() -> None:
    rig = composing_rig()
    rig.play(5.0)
    do(rig, KeepTheme, "A")
    then = rig.live.themes.theme("A").condition.z
    rig.play(12.0)
    do(rig, ReturnTheme, "A")
    rig.play(2.5)
    back = [e for e in rig.journal.entries if isinstance(e, Posed) and e.why == "return A"]
    assert back[0].style == pytest.approx(tuple(then[8:]))
    asked = [s for s in rig.decoder.starts if s.back is not None]  # type: ignore[attr-defined]
    assert asked
    assert np.array_equal(asked[0].back.z, then)
