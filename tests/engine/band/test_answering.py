"""Who plays is answered: on a beat, for as long as they played or by bars, until they play again."""

from __future__ import annotations

import pytest

from nesvae_live.clock.timing import Meter
from nesvae_live.control.gestureinputs import GiveVoice, SetAnswer, SetKeysReturn
from nesvae_live.control.inputs import MidiIn
from nesvae_live.engine.band.answering import Answering
from nesvae_live.engine.live.config import LOOKAHEAD
from nesvae_live.latent.given import ANSWERS, Answer, Source
from nesvae_live.log.entries import Replied
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.grid import Grid
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import RememberingDecoder
from tests.support.rig import Rig, check_events, do, sounding

BEAT = 0.5
P1 = Voice.P1
BARS = Meter()


def answering(answer: Answer, **options: object) -> Rig:
    rig = Rig(decoder=RememberingDecoder(), seed=3, **options)  # type: ignore[arg-type]
    rig.play(1.0)
    assert do(rig, SetAnswer, answer)["ok"]
    return rig


def key(rig: Rig, note: int, velocity: int = 90, channel: int = 0) -> None:
    rig.inbox.put(MidiIn("keys", (0x90 | channel, note, velocity), rig.time.value))


def until(rig: Rig, beat: float) -> None:
    while rig.clock.ref.beat_at(rig.time.value) < beat:
        rig.play(0.005)


def call(rig: Rig, first: float, beats: float, *notes: int) -> None:
    """Notes one after the other, from a beat on, until so many beats later."""
    for i, note in enumerate(notes):
        until(rig, first + i * beats / len(notes))
        key(rig, note)
        until(rig, first + (i + 0.9) * beats / len(notes))
        key(rig, note, 0)
    until(rig, first + beats)


def heard(rig: Rig, voice: Voice = P1) -> list[tuple[float, int]]:
    """On which beat a voice had which note, 0 for silence."""
    return [
        (rig.clock.ref.beat_at(at), event.note if isinstance(event, NoteOn) else 0)
        for at, event in rig.output.sent
        if event.voice is voice and isinstance(event, NoteOn | NoteOff)
    ]


def replies(rig: Rig) -> list[tuple[float, float]]:
    return [(e.beat, e.beats) for e in rig.journal.entries if isinstance(e, Replied)]


@pytest.mark.parametrize("swap", Swap)
@pytest.mark.parametrize(("first", "beats"), [(4.0, 4.0), (4.6, 2.2), (5.3, 6.9)])
def test_after_a_beat_of_rest_it_answers_on_the_beat_for_as_long_as_was_played(
    swap: Swap, first: float, beats: float
) -> None:
    rig = answering(Answer.PLAYED, swap=swap)
    call(rig, first, beats, 60, 64, 67, 72)
    let_go = first + 3.9 * beats / 4
    until(rig, let_go + 0.1)
    foreseen = rig.sequencer.players.answering
    until(rig, let_go + 2.2 + beats + 2.0)
    assert rig.sequencer.players.answering is None
    ((begin, lasts),) = replies(rig)
    assert foreseen == (begin, begin + lasts)
    assert begin == int(begin)
    assert let_go + 1.0 <= begin < let_go + 2.0 + 0.05
    assert lasts == max(round(let_go - first), 1)
    played = [(at, note) for at, note in heard(rig) if at > let_go + LOOKAHEAD / BEAT + 0.02]
    assert played[0][0] == pytest.approx(begin, abs=1e-6)
    assert played[0][1] > 0
    assert all(at <= begin + lasts + 1e-6 for at, _ in played)
    assert played[-1][1] == 0
    assert rig.sequencer.counters.splices_late == rig.sequencer.counters.decodes_missed == 0


@pytest.mark.parametrize("early", [0.0, 0.3])
def test_by_bars_the_network_has_every_other_one(early: float) -> None:
    rig = answering(Answer.ONE)
    for bar in (1, 3, 5):
        call(rig, 4.0 * bar - early, 3.5, 60, 64, 67)
    until(rig, 28.1)
    assert replies(rig) == [(8.0, 4.0), (16.0, 4.0), (24.0, 4.0)]
    for begin, lasts in replies(rig):
        within = [at for at, note in heard(rig) if note and begin - 0.2 < at < begin + lasts - 0.5]
        assert within[0] == pytest.approx(begin, abs=1e-6)
        after = [at for at, note in heard(rig) if note and 0.0 <= at - begin - lasts < 3.0]
        assert not after or after[0] > begin + lasts + 0.05


def test_a_key_that_is_down_over_the_bar_gives_way_to_the_answer_and_does_not_come_back() -> None:
    rig = answering(Answer.ONE)
    assert do(rig, SetKeysReturn, None)["ok"]
    until(rig, 4.0)
    key(rig, 60)
    until(rig, 13.0)
    assert next(note for at, note in heard(rig) if abs(at - 8.0) < 1e-6) == 0
    assert P1 not in sounding(rig.output.sent)
    key(rig, 60, 0)
    until(rig, 14.0)
    check_events(rig.output.sent, ended=False)


def test_who_plays_into_the_answer_has_the_voice_at_once() -> None:
    rig = answering(Answer.PLAYED)
    call(rig, 4.0, 4.0, 60, 64)
    until(rig, 10.4)
    assert replies(rig)
    key(rig, 71)
    until(rig, 10.7)
    assert sounding(rig.output.sent)[P1] == 71
    until(rig, 13.0)
    assert sounding(rig.output.sent)[P1] == 71, "it is held, and nothing else comes"
    key(rig, 71, 0)
    until(rig, 20.0)
    assert replies(rig)[-1] == (15.0, 3.0)


def test_after_the_answer_it_waits_and_then_the_network_plays_on() -> None:
    rig = answering(Answer.PLAYED)
    assert do(rig, SetKeysReturn, 2.0)["ok"]
    call(rig, 4.0, 2.0, 60, 64)
    until(rig, 20.0)
    ((begin, lasts),) = replies(rig)
    end = begin + lasts
    later = [at for at, note in heard(rig) if note and at > end - 1e-6]
    assert end + 2.0 <= later[0] < end + 4.0
    assert rig.decoder.starts[-1].given is None  # type: ignore[attr-defined]


def test_the_decoder_knows_when_the_answer_begins_and_ends() -> None:
    rig = answering(Answer.PLAYED, grid=Grid())
    call(rig, 4.0, 4.0, 60, 64)
    until(rig, 9.5)
    told = [s for s in rig.decoder.starts if max(s.enters) >= 0]  # type: ignore[attr-defined]
    assert told
    assert told[-1].given is not None


def test_two_voices_answer_together_when_both_are_silent() -> None:
    rig = answering(Answer.PLAYED)
    assert do(rig, GiveVoice, Voice.TR, Source.KEYS)["ok"]
    until(rig, 4.0)
    key(rig, 72)
    key(rig, 40)
    until(rig, 5.0)
    key(rig, 72, 0)
    until(rig, 7.5)
    assert not replies(rig)
    key(rig, 40, 0)
    until(rig, 12.0)
    (reply,) = [e for e in rig.journal.entries if isinstance(e, Replied)]
    assert reply.voices == ("P1", "TR")


def test_turned_off_it_leaves_the_voice_to_who_plays() -> None:
    rig = answering(Answer.PLAYED)
    call(rig, 4.0, 4.0, 60, 64)
    until(rig, 9.5)
    assert do(rig, SetAnswer, Answer.OFF)["ok"]
    until(rig, 10.0)
    assert P1 not in sounding(rig.output.sent)
    until(rig, 14.0)
    assert len(replies(rig)) == 1


def test_if_nobody_has_a_voice_it_is_p1_and_what_cant_be_is_a_line() -> None:
    rig = answering(Answer.TWO)
    assert dict(rig.live.band.sources) == {P1: Source.KEYS}
    plain = Rig(decoder=DrawnDecoder())
    assert "takes no given voice" in do(plain, SetAnswer, Answer.PLAYED)["error"]
    assert plain.live.band.answer is Answer.OFF
    assert do(plain, SetAnswer, Answer.OFF)["ok"]


@pytest.mark.parametrize("mode", ANSWERS)
def test_there_is_no_answer_without_a_call(mode: Answer) -> None:
    heard = Answering(mode)
    heard.hear(3.0, 3.2, BARS, struck=False, silent=True)
    assert heard.plan is None
    assert heard.told(100.0) is None
