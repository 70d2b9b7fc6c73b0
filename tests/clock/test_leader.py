"""Leading with a MIDI clock: the bytes, their times, and where a follower ends up."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.clock.follower import Follower, Motion, Status
from nesvae_live.clock.leader import Leader, TimedBytes
from nesvae_live.clock.timing import ClockRef

REF = ClockRef(0.0, 10.0, 0.5)
CLOCK = (Status.CLOCK,)


def test_start_comes_a_millisecond_before_the_first_clock() -> None:
    leader = Leader()
    messages = leader.start(REF) + leader.due(REF, 10.03)
    assert [data for data, _ in messages] == [(Status.START,), CLOCK, CLOCK]
    assert [at for _, at in messages] == pytest.approx([9.999, 10.0, 10.0 + 0.5 / 24])


def test_elsewhere_position_and_continue_come_first() -> None:
    leader = Leader()
    messages = leader.start(REF, 100.0) + leader.due(REF, 60.0)
    assert messages == [
        ((Status.SONG_POSITION, 400 & 0x7F, 400 >> 7), pytest.approx(59.999)),
        ((Status.CONTINUE,), pytest.approx(59.999)),
        (CLOCK, 60.0),
    ]


def test_between_sixteenths_the_first_clock_waits_for_the_next_one() -> None:
    leader = Leader()
    messages = leader.start(REF, 4.3) + leader.due(REF, 12.26)
    assert messages[0][0] == (Status.SONG_POSITION, 18, 0)
    assert messages[2] == (CLOCK, 12.25)


def test_24_clocks_a_beat_each_once_however_it_is_asked() -> None:
    leader = Leader()
    leader.start(REF)
    at_once = Leader()
    at_once.start(REF)
    clocks = [m for i in range(1000) for m in leader.due(REF, 9.9 + i * 0.011)]
    assert clocks == at_once.due(REF, 9.9 + 999 * 0.011)
    assert len(clocks) == int((9.9 + 999 * 0.011 - 10.0) * 48) + 1


def test_it_is_silent_when_stopped() -> None:
    leader = Leader()
    assert leader.due(REF, 100.0) == []
    assert leader.stop(1.0) == []
    leader.start(REF)
    leader.due(REF, 12.0)
    assert leader.stop(12.001) == [((Status.STOP,), 12.001)]
    assert leader.due(REF, 100.0) == []


def test_stop_comes_after_what_was_handed_out() -> None:
    leader = Leader()
    leader.start(REF)
    last = leader.due(REF, 12.0)[-1]
    assert leader.stop(11.0) == [((Status.STOP,), last[1])]


def test_a_jump_is_stop_position_continue() -> None:
    leader = Leader()
    leader.start(REF)
    leader.due(REF, 12.0)
    jumped = ClockRef(32.0, 12.2, 0.5)
    data = [m for m, _ in leader.start(jumped, 32.0) + leader.due(jumped, 12.2)]
    assert data == [(Status.STOP,), (Status.SONG_POSITION, 0, 1), (Status.CONTINUE,), CLOCK]


@pytest.mark.parametrize("beat", [-1.0, 4096.0, 1e9])
def test_where_song_position_does_not_reach_is_refused(beat: float) -> None:
    with pytest.raises(ValueError, match=r"song position goes from 0 to 4095\.75"):
        Leader().start(REF, beat)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0.001, 2.0)),
        st.tuples(st.just("tempo"), st.floats(20.0, 400.0)),
        st.tuples(st.just("nudge"), st.floats(-0.05, 0.05)),
        st.tuples(st.just("start"), st.integers(0, 40000).map(lambda tenths: tenths / 10)),
        st.tuples(st.just("rewind"), st.just(0.0)),
        st.tuples(st.just("stop"), st.just(0.0)),
    ),
    max_size=40,
)


@given(ACTIONS)
def test_whatever_happens_order_holds_and_a_follower_counts_the_same(
    actions: list[tuple[str, float]],
) -> None:
    leader, ref, now = Leader(), REF, 10.0
    said: list[TimedBytes] = []
    running, first, clocks = False, 0, 0
    for action, value in actions:
        beat = ref.beat_at(now)
        if action == "wait":
            now += value
            new = leader.due(ref, now)
            clocks += len(new)
            said += new
        elif action == "tempo":
            ref = ClockRef(beat, now, 60.0 / value)
        elif action == "nudge":
            ref = ClockRef(beat, now + value, ref.beat_seconds)
        elif action == "stop":
            said += leader.stop(now)
            running = False
        else:
            ref = ClockRef(value, now + 0.002, ref.beat_seconds)
            said += leader.start(ref, value)
            running, first, clocks = True, math.ceil(value * 4 - 1e-5) * 6, 0
        assert leader.running is running
    assert all(one[1] <= other[1] for one, other in pairwise(said))
    for (data, at), (_, after) in pairwise(said):
        if data[0] in {Status.START, Status.CONTINUE}:
            assert after - at >= 0.001 - 1e-9
    follower = Follower()
    for data, at in said:
        assert follower.receive(data, at)
    if running:
        assert follower.transport.clocks == first + clocks
        assert follower.transport.motion is (Motion.RUNNING if clocks else Motion.ARMED)
    else:
        assert follower.transport.motion is Motion.STOPPED


def test_who_missed_the_start_joins_on_a_sixteenth_and_who_did_not_is_told_nothing_new() -> None:
    leader, early, late = Leader(), Follower(), Follower()
    said = leader.start(REF) + leader.due(REF, 13.1)
    for data, at in said:
        early.receive(data, at)
    epoch = early.transport.epoch
    leader.join()
    joined = leader.due(REF, 20.0)
    for data, at in joined:
        early.receive(data, at)
        late.receive(data, at)
    kinds = [data[0] for data, _ in joined]
    assert kinds.index(Status.SONG_POSITION) + 1 == kinds.index(Status.CONTINUE)
    assert all(one[1] <= other[1] for one, other in pairwise(said + joined))
    assert early.transport.epoch == epoch
    assert early.transport.clocks == late.transport.clocks == 20 * 24 + 1
    assert late.transport.motion is Motion.RUNNING


@pytest.mark.parametrize(("beats_per_bar", "bars"), [(4.0, 1024), (3.0, 1365), (3.5, 1170)])
def test_beyond_the_last_song_position_it_begins_anew_on_a_bar_line(
    beats_per_bar: float, bars: int
) -> None:
    leader = Leader(beats_per_bar)
    leader.start(REF)
    line = REF.time_of(bars * beats_per_bar)
    leader.due(REF, line - 0.01)
    leader.join()
    (position, _), *_ = leader.due(REF, line)[-3:]
    assert position == (Status.SONG_POSITION, 0, 0)


def test_while_it_is_stopped_nobody_can_join() -> None:
    leader = Leader()
    leader.join()
    assert [data for data, _ in leader.start(REF) + leader.due(REF, 10.0)] == [
        (Status.START,),
        CLOCK,
    ]
