"""The deadline sender: nothing early, nothing left sounding, on a time that the test sets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.io.midi.sender import LATE_SECONDS, REMEMBERED, DeadlineSender
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.voices import VOICES, Voice
from tests.support.fakes import ManualTime, RealTime
from tests.support.waiting import wait_until

P1, P2, TR = Voice.P1, Voice.P2, Voice.TR


class Port:
    """What was transmitted, with the time; all-offs are True (panic) or False."""

    def __init__(self) -> None:
        self.time = ManualTime()
        self.log: list[tuple[float, Event | bool]] = []
        self.sender = DeadlineSender(self.keep, self.keep, self.time)

    def keep(self, item: Event | bool) -> None:
        self.log.append((self.time.now(), item))

    def at(self, now: float) -> list[Event | bool]:
        """What goes out when it is `now`."""
        self.time.value = now
        self.log.clear()
        self.sender.step()
        return [item for _, item in self.log]


def test_nothing_goes_out_before_its_time() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    assert port.at(0.999999) == []
    assert port.at(1.0) == [NoteOn(P1, 60)]


def test_step_says_how_long_to_wait() -> None:
    port = Port()
    assert port.sender.step() == float("inf")
    port.sender.send(NoteOn(P1, 60), 1.0)
    port.sender.send(NoteOn(P2, 60), 0.25)
    assert port.sender.step() == 0.25
    port.at(0.5)
    assert port.sender.step() == 0.5


def test_what_is_put_later_but_due_earlier_goes_first() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 2.0)
    port.sender.send(NoteOn(P2, 62), 1.0)
    assert port.at(3.0) == [NoteOn(P2, 62), NoteOn(P1, 60)]


def test_events_of_one_time_keep_their_order() -> None:
    port = Port()
    events: list[Event] = [NoteOn(P1, 60), NoteOff(P1, 60), NoteOn(P1, 62), NoteOn(TR, 40)]
    for event in events:
        port.sender.send(event, 1.0)
    assert port.at(1.0) == events


def test_silence_drops_what_is_held_and_ends_what_sounds_before_the_all_off() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    port.sender.send(NoteOn(TR, 40), 1.0)
    port.sender.send(NoteOff(P1, 60), 2.0)
    port.sender.send(NoteOn(P2, 62), 2.0)
    port.at(1.0)
    port.sender.silence()
    said = port.at(1.5)
    assert set(said[:2]) == {NoteOff(P1, 60), NoteOff(TR, 40)}
    assert said[2:] == [False]
    assert port.at(9.0) == []


def test_a_panic_is_told_to_the_port() -> None:
    port = Port()
    port.sender.silence(panic=True)
    assert port.at(0.0) == [True]


def test_what_is_sent_after_a_silence_is_played() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    port.sender.silence()
    port.sender.send(NoteOn(P1, 62), 1.0)
    assert port.at(1.0) == [False, NoteOn(P1, 62)]


def test_a_note_that_was_silenced_is_not_ended_again() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    port.at(1.0)
    port.sender.silence()
    port.sender.send(NoteOff(P1, 60), 2.0)
    assert port.at(2.0) == [NoteOff(P1, 60), False]


def test_a_voice_sounds_one_note() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    port.sender.send(NoteOn(P1, 64), 2.0)
    assert port.at(2.0) == [NoteOn(P1, 60), NoteOff(P1, 60), NoteOn(P1, 64)]


def test_lateness_is_measured_from_the_deadline() -> None:
    port = Port()
    for i in range(100):
        port.sender.send(NoteOn(P1, 40), float(i))
        port.sender.send(NoteOff(P1, 40), float(i))
        port.at(i + (0.5 if i == 50 else 0.001))
    figures = port.sender.lateness()
    assert (figures.sent, figures.late) == (200, 2)
    assert figures.p50 == pytest.approx(0.001)
    assert figures.p99 == pytest.approx(0.001) or figures.p99 == 0.5
    assert figures.worst == 0.5
    assert LATE_SECONDS > 0.001


def test_the_record_of_lateness_is_bounded() -> None:
    port = Port()
    for i in range(2 * REMEMBERED):
        port.sender.send(NoteOn(P1, 33 + i % 2), float(i))
    port.at(0.0)
    port.at(1e6)
    assert len(port.sender._lateness._last) == REMEMBERED
    assert port.sender.lateness().sent == 2 * REMEMBERED
    assert port.sender.lateness().worst == 1e6 - 1


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.sampled_from((NoteOn, NoteOff)),
                st.sampled_from([spec.voice for spec in VOICES]),
                st.integers(60, 62),
                st.integers(0, 8),
            ),
            st.booleans(),  # a silence, or a panic
            st.none(),  # a second goes by
        )
    )
)
def test_whatever_is_asked_every_note_is_ended_once_and_a_voice_sounds_one(
    asked: list[object],
) -> None:
    port = Port()
    log: list[Event] = []
    sender = DeadlineSender(log.append, lambda _: None, port.time)
    for item in asked:
        if isinstance(item, tuple):
            kind, voice, note, at = item
            sender.send(kind(voice, note), at)
        elif item is None:
            port.time.value += 1
            sender.step()
        else:
            sender.silence(panic=bool(item))
    sender.stop()
    sender.step()
    sounding: dict[Voice, int] = {}
    for event in log:
        if isinstance(event, NoteOn):
            assert event.voice not in sounding
            sounding[event.voice] = event.note
        elif isinstance(event, NoteOff):
            assert sounding.pop(event.voice) == event.note
    assert not sounding


def test_the_thread_sends_in_time_and_wakes_for_what_is_earlier() -> None:
    clock = RealTime()
    log: list[tuple[float, Event]] = []
    sender = DeadlineSender(lambda event: log.append((clock.now(), event)), lambda _: None, clock)
    sender.start()
    start = clock.now()
    sender.send(NoteOn(P1, 60), start + 30.0)
    for i in range(20):
        sender.send(NoteOn(P2, 60 + i), start + 0.02 + i * 0.005)
    assert wait_until(lambda: sum(isinstance(e, NoteOn) for _, e in log) == 20)
    ons = [(at, event.note) for at, event in log if isinstance(event, NoteOn)]
    assert [note for _, note in ons] == list(range(60, 80))
    assert all(at >= start + 0.02 + i * 0.005 for i, (at, _) in enumerate(ons))
    sender.stop()
    assert log[-1][1] == NoteOff(P2, 79)
    sender.stop()


def test_an_error_of_the_port_is_kept_and_ends_the_thread() -> None:
    def fail(_: object) -> None:
        raise OSError("the cable is out")

    sender = DeadlineSender(fail, fail, RealTime())
    sender.start()
    sender.send(NoteOn(P1, 60), 0.0)
    assert wait_until(lambda: sender.error is not None)
    assert str(sender.error) == "the cable is out"
    sender.silence()
    sender.stop()


def test_a_sender_that_never_ran_stops() -> None:
    port = Port()
    port.sender.stop()
    assert port.log == []
    assert port.sender.error is None


def test_who_comes_back_gets_the_ends_of_what_may_sound_there() -> None:
    port = Port()
    for note, start, end in ((50, 1.0, 1.5), (60, 7.0, 8.0), (62, 8.0, 9.0), (64, 9.0, 99.0)):
        port.sender.send(NoteOn(P1, note), start)
        port.sender.send(NoteOff(P1, note), end)
    for now in (1.0, 1.5, 7.0, 8.0, 9.0, 10.0):
        port.at(now)
    port.sender.doubt()
    port.sender.heal()
    assert port.at(11.0) == [NoteOff(P1, 60), NoteOff(P1, 62), NoteOff(P1, 64), False]
    port.sender.send(NoteOn(P2, 70), 11.5)
    assert port.at(12.0) == [NoteOn(P2, 70)]
    port.sender.heal()  # of two that were gone, the second comes back
    assert port.at(12.0)[:3] == [NoteOff(P1, 60), NoteOff(P1, 62), NoteOff(P1, 64)]


def test_where_nobody_was_gone_nothing_is_ended() -> None:
    port = Port()
    port.sender.send(NoteOn(P1, 60), 1.0)
    assert port.at(1.0) == [NoteOn(P1, 60)]
    port.sender.heal()
    assert port.at(1.5) == []


def test_what_was_ended_lately_is_ended_again_and_what_sounds_is_not() -> None:
    port = Port()
    for note, start, end in ((50, 1.0, 1.5), (60, 7.0, 8.5), (62, 9.0, 99.0)):
        port.sender.send(NoteOn(P1, note), start)
        port.sender.send(NoteOff(P1, note), end)
    port.sender.send(NoteOn(P2, 70), 2.0)
    port.sender.send(NoteOn(P2, 72), 9.0)  # which ends the one before
    for now in (1.0, 1.5, 2.0, 7.0, 8.5, 9.0):
        port.at(now)
    port.sender.end_again()
    assert port.at(10.0) == [NoteOff(P1, 60), NoteOff(P2, 70)]
    port.sender.silence()
    assert port.at(10.0)[-1] is False
    port.sender.end_again()
    assert port.at(10.6) == [NoteOff(P1, 62), NoteOff(P2, 70), NoteOff(P2, 72)]
