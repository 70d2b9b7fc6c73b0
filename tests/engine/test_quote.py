"""How much of the past comes back is in the performer's hand, and reaches the decoder."""

from __future__ import annotations

import pytest

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.gestureinputs import SetQuote
from nesvae_live.control.inputs import MidiIn
from nesvae_live.control.layout import Layout
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.latent.decoding import QUOTE
from nesvae_live.log.entries import Quoted
from nesvae_live.music.swap import Swap
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, do


def quotes(decoder: RememberingDecoder) -> list[float]:
    return [start.quote for start in decoder.starts]


def test_a_turn_is_heard_from_the_next_tuple_on_and_is_in_the_log() -> None:
    decoder = RememberingDecoder()
    rig = Rig(decoder=decoder, swap=Swap.NOW)
    rig.play(0.5)
    assert set(quotes(decoder)) == {QUOTE}
    splices = rig.sequencer.counters.splices
    assert do(rig, SetQuote, 0.9)["ok"]
    rig.play(0.6)
    assert rig.sequencer.counters.splices > splices
    assert quotes(decoder)[-1] == 0.9
    assert [e.quote for e in rig.journal.entries if isinstance(e, Quoted)] == [0.9]


def test_the_same_turn_again_changes_nothing() -> None:
    rig = Rig(decoder=RememberingDecoder())
    before = rig.live.condition
    do(rig, SetQuote, QUOTE)
    assert rig.live.condition is before


@pytest.mark.parametrize("quote", [-0.1, 1.5, float("nan")])
def test_out_of_its_range_it_is_refused_in_a_line(quote: float) -> None:
    rig = Rig(decoder=RememberingDecoder())
    answer = do(rig, SetQuote, quote)
    assert answer["error"].endswith("0 to 1")
    assert rig.live.quote == QUOTE


def test_a_decoder_without_a_past_refuses_in_a_line_and_the_target_stands_nowhere() -> None:
    rig = Rig()
    assert "can't quote" in do(rig, SetQuote, 0.7)["error"]
    assert TARGET_BY_NAME["quote"].now(rig.live) is None


def test_a_control_moves_it() -> None:
    rig = Rig(decoder=RememberingDecoder())
    rig.sequencer.surface.rearrange(Layout((ControlSpec("quote", 30),)))
    rig.inbox.put(MidiIn("keys", (0xB0, 30, 127), rig.time.value))
    rig.play(0.01)
    assert rig.live.quote == 1.0
    assert TARGET_BY_NAME["quote"].now(rig.live) == 1.0
