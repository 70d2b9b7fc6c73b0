"""Themes: what plays is marked, comes back from the next line on, and is forgotten."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.control.gestureinputs import (
    ForgetAll,
    KeepTheme,
    ReturnTheme,
    SetHold,
    SetKey,
)
from nesvae_live.control.inputs import SetTempo
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.log.entries import Posed, Themed
from nesvae_live.music.key import Key
from nesvae_live.music.phrase import tuples_to_symbols
from nesvae_live.music.swap import Swap
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, Source, do, turn


def themes_rig(swap: Swap = Swap.BAR, *, midi: bool = False) -> tuple[Rig, RememberingDecoder]:
    decoder = RememberingDecoder()
    return Rig(decoder=decoder, swap=swap, seed=3, midi=midi), decoder


def playing(rig: Rig) -> np.ndarray:
    """The symbols of the phrase that sounds now, before anything of it is cut."""
    player = rig.sequencer.player
    assert player.playing.placed is not None
    placed = player.playing.placed
    if rig.clock.ref.beat_at(rig.time.value) < placed.places[0]:
        before = player.playing.history.before
        assert before is not None
        placed = before.placed
    return tuples_to_symbols(np.array(placed.tuples))


@pytest.mark.parametrize("swap", list(Swap))
def test_a_theme_is_the_phrase_that_sounds_and_is_asked_back_once(swap: Swap) -> None:
    rig, decoder = themes_rig(swap)
    rig.play(5.3)
    marked = playing(rig)
    assert do(rig, KeepTheme, "A")["ok"]
    turn(rig, density=0.8)  # what follows is no part of it
    rig.play(9.0)
    assert not [start for start in decoder.starts if start.back]
    heard = len(decoder.starts)
    assert do(rig, ReturnTheme, "A")["ok"]
    rig.play(6.0)
    asked = [start.back for start in decoder.starts[heard:]]
    fresh = [back for back in asked if back is not None and back.gone == 0]
    assert len({id(back.memory) for back in fresh}) == 1, "it begins once"
    assert np.array_equal(fresh[0].first, marked)
    assert asked[-1] is None, "it is over after a while"


def test_it_begins_at_the_place_in_the_bar_from_which_it_comes_back() -> None:
    for seconds in (3.1, 4.0, 4.45, 5.2, 6.6):
        rig, decoder = themes_rig(Swap.NOW)
        rig.play(3.7)
        do(rig, KeepTheme, "C")
        turn(rig, density=0.6)
        rig.play(seconds)
        do(rig, ReturnTheme, "C")
        rig.play(3.0)
        back = next(start for start in decoder.starts if start.back is not None)
        assert back.back is not None
        assert back.back.memory.places[0] == back.place
        assert back.back.memory.ticks[0] == 0
        held = back.back.memory.symbols[:, 3] + 1
        assert back.back.memory.end == held.sum()


def test_a_theme_goes_on_for_four_phrases_unless_something_is_turned() -> None:
    rig, _ = themes_rig()
    rig.play(3.0)
    do(rig, KeepTheme, "A")
    rig.play(20.0)
    assert rig.live.themes.theme("A").phrases == 4
    do(rig, KeepTheme, "B")
    turn(rig, density=0.9)
    rig.play(20.0)
    grown = rig.live.themes.theme("B")
    assert grown.phrases == 1 or grown.length == 13


def test_it_comes_back_in_the_key_that_is_kept_to_now() -> None:
    rig, decoder = themes_rig()
    do(rig, SetKey, Key(0, "major"))
    rig.play(4.0)
    do(rig, KeepTheme, "A")
    marked = playing(rig)
    rig.play(4.0)
    do(rig, SetKey, Key(9, "major"))
    do(rig, ReturnTheme, "A")
    rig.play(4.0)
    back = next(start.back for start in decoder.starts if start.back is not None)
    sounding = marked[:, :3] > 0
    moved = (back.first[:, :3] - marked[:, :3]) % 12
    assert (moved[sounding] == 9).all()
    assert [e.shift for e in rig.journal.entries if isinstance(e, Themed)] == [0, -3]


def test_what_hands_have_set_stays_and_the_style_at_rest_is_the_themes() -> None:
    rig, _ = themes_rig()
    turn(rig, density=0.4)
    rig.play(3.0)
    do(rig, KeepTheme, "A")
    rest = rig.live.style
    rig.live.style = rest + 1.0
    turn(rig, density=0.9, style3=0.7)
    do(rig, ReturnTheme, "A")
    condition = rig.live.condition
    assert condition.z[0] == pytest.approx(2.0)
    assert condition.z[8 + 2] == pytest.approx(1.0)
    assert np.array_equal(np.delete(condition.z[8:], 2), np.delete(rest, 2))
    assert condition.hands is not None
    assert condition.hands.sum() == 2
    assert [e.why for e in rig.journal.entries if isinstance(e, Posed)] == ["return A"]


def test_a_return_ends_the_hold() -> None:
    rig, _ = themes_rig()
    rig.play(3.0)
    do(rig, KeepTheme, "A")
    do(rig, SetHold, True)
    rig.play(3.0)
    do(rig, ReturnTheme, "A")
    assert not rig.live.hold


def test_what_was_forgotten_is_in_no_memory_and_no_theme() -> None:
    rig, decoder = themes_rig(Swap.NOW)
    rig.play(6.0)
    do(rig, KeepTheme, "A")
    before = len(decoder.starts[-1].memory)
    assert before >= 13
    do(rig, ForgetAll)
    heard = len(decoder.starts)
    rig.play(0.6)
    assert len(decoder.starts) > heard
    assert len(decoder.starts[heard].memory) <= 1  # the tuple that sounds
    assert rig.live.themes.kept == {}
    rig.play(4.0)
    assert len(decoder.starts[-1].memory) > 0


def test_a_return_while_the_clock_stands_enters_with_it() -> None:
    rig, decoder = themes_rig(midi=True)
    source = Source(rig)
    source.run(0.2)
    source.start()
    source.run(5.0)
    do(rig, KeepTheme, "A")
    source.stop()
    source.run(0.3)
    do(rig, ReturnTheme, "A")
    source.run(0.2)
    assert decoder.starts[-1].back is not None
    source.start(96)
    source.run(3.0)
    placed = rig.sequencer.player.playing.placed
    assert placed is not None
    assert placed.asked is not None
    assert placed.asked.returns == 1


def test_errors_are_one_line_and_change_nothing() -> None:
    rig, _ = themes_rig(midi=True)
    assert "nothing is playing" in do(rig, KeepTheme, "A")["error"]
    assert "there are: none" in do(rig, ReturnTheme, "B")["error"]
    assert "A to H" in do(rig, KeepTheme, "Z")["error"]
    plain = Rig()
    plain.play(2.0)
    for gesture in (KeepTheme, ReturnTheme):
        assert not do(plain, gesture, "A")["ok"]
    assert "can't quote" in do(plain, ForgetAll)["error"]
    assert not [e for e in rig.journal.entries if isinstance(e, Themed)]


def test_targets_show_which_themes_there_are() -> None:
    rig, _ = themes_rig()
    rig.play(2.0)
    do(rig, SetTempo, 140.0)
    do(rig, KeepTheme, "D")
    assert TARGET_BY_NAME["mark-D"].now(rig.live) == 1.0
    assert TARGET_BY_NAME["return-D"].now(rig.live) == 1.0
    assert TARGET_BY_NAME["return-E"].now(rig.live) == 0.0
