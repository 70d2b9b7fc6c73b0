"""Cables: what lost an end is plugged in again, what somebody pulled out is not."""

from __future__ import annotations

from nesvae_live.io.midi.cables import Cables, Change

IN, OUT = "us:in", "us:out"
KNOBS, DAW = (("knobs:out", IN), (OUT, "daw:in"))
PORTS = {IN, OUT, "knobs:out", "daw:in"}


def look(cables: Cables, there: set[str], *plugged: tuple[str, str]) -> Change:
    return cables.compare({IN, OUT}, there, set(plugged))


def test_a_cable_is_new_once() -> None:
    cables = Cables()
    assert look(cables, PORTS, KNOBS, DAW) == Change(new=(KNOBS, DAW))
    assert look(cables, PORTS, KNOBS, DAW) == Change()


def test_a_port_that_went_away_is_told_once_and_plugged_in_when_it_is_back() -> None:
    cables = Cables()
    look(cables, PORTS, KNOBS, DAW)
    without = PORTS - {"knobs:out"}
    assert look(cables, without, DAW) == Change(lost=(KNOBS,), gone=("knobs:out",))
    assert look(cables, without, DAW) == Change()
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,), back=("knobs:out",))
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,)), "until it is plugged in"
    assert look(cables, PORTS, KNOBS, DAW) == Change()


def test_a_cable_that_somebody_pulled_out_stays_out() -> None:
    cables = Cables()
    look(cables, PORTS, KNOBS, DAW)
    assert look(cables, PORTS, DAW) == Change()
    assert look(cables, PORTS, DAW) == Change(), "now it is sure"
    assert look(cables, PORTS - {"knobs:out"}, DAW) == Change()
    assert look(cables, PORTS, DAW) == Change()


def test_a_cable_that_goes_just_before_its_port_was_not_pulled_out() -> None:
    cables = Cables()
    look(cables, PORTS, KNOBS, DAW)
    assert look(cables, PORTS, DAW) == Change(), "the server takes its cables away first"
    without = PORTS - {"knobs:out"}
    assert look(cables, without, DAW) == Change(lost=(KNOBS,), gone=("knobs:out",))
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,), back=("knobs:out",))
    assert look(cables, PORTS, KNOBS, DAW) == Change()
    assert look(cables, PORTS, DAW) == Change()
    cables.lose(IN)  # and one of ours
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,))


def test_when_our_port_was_closed_its_cables_come_back_and_nobody_is_missed() -> None:
    cables = Cables()
    look(cables, PORTS, KNOBS, DAW)
    cables.lose(IN)
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,))


def test_after_the_end_of_the_server_ports_come_back_one_by_one_and_silently() -> None:
    cables = Cables()
    look(cables, PORTS, KNOBS, DAW)
    cables.lose()
    assert look(cables, {IN, OUT}) == Change()
    assert look(cables, {IN, OUT, "daw:in"}) == Change(connect=(DAW,))
    assert look(cables, PORTS, DAW) == Change(connect=(KNOBS,))


def test_what_is_wanted_is_plugged_in_as_soon_as_it_is_there() -> None:
    cables = Cables()
    cables.want(DAW)
    assert look(cables, {IN, OUT}) == Change()
    assert look(cables, PORTS) == Change(connect=(DAW,))


def test_two_cables_of_one_port_are_one_line() -> None:
    cables = Cables()
    both = ("keys:out", IN), ("keys:out", "us:in 2")
    cables.compare({IN, "us:in 2"}, {IN, "us:in 2", "keys:out"}, {*both})
    change = cables.compare({IN, "us:in 2"}, {IN, "us:in 2"}, set())
    assert change == Change(lost=both, gone=("keys:out",))


A28, A32, B36 = (f"a2j:nano [{n}] (capture): nano MIDI 1" for n in (28, 32, 36))


def test_a_port_that_is_back_under_another_number_is_plugged_in() -> None:
    cables = Cables()
    look(cables, {IN, OUT, A28}, (A28, IN))
    assert look(cables, {IN, OUT}) == Change(lost=((A28, IN),), gone=(A28,))
    back = Change(connect=((A32, IN),), renamed=((A28, A32),))
    assert look(cables, {IN, OUT, A32}) == back
    assert look(cables, {IN, OUT, A32}, (A32, IN)) == Change()
    assert look(cables, {IN, OUT}) == Change(lost=((A32, IN),), gone=(A32,))


def test_a_number_that_changes_between_two_looks_is_no_cable_pulled_out() -> None:
    cables = Cables()
    look(cables, {IN, OUT, A28}, (A28, IN))
    assert look(cables, {IN, OUT, A32}).connect == ((A32, IN),)


def test_of_two_alike_the_one_that_stayed_is_not_taken_for_the_other() -> None:
    cables = Cables()
    look(cables, {IN, OUT, A28, A32}, (A28, IN))
    look(cables, {IN, OUT, A28, A32}, (A28, IN))
    assert look(cables, {IN, OUT, A32}) == Change(lost=((A28, IN),), gone=(A28,))
    assert look(cables, {IN, OUT, A32}) == Change()
    assert look(cables, {IN, OUT, A32, B36}).connect == ((B36, IN),)


def test_two_alike_that_come_at_once_are_asked_for_once() -> None:
    cables = Cables()
    look(cables, {IN, OUT, A28}, (A28, IN))
    look(cables, {IN, OUT})
    assert look(cables, {IN, OUT, A32, B36}) == Change(unsure=((A28, (A32, B36)),))
    assert look(cables, {IN, OUT, A32, B36}) == Change()
    assert look(cables, {IN, OUT, B36}).connect == ((B36, IN),), "all but one were unplugged"


def test_a_port_whose_owner_renames_it_stays_plugged_in_and_comes_back_under_that_name() -> None:
    cables = Cables()
    look(cables, PORTS, DAW)
    cables.rename("daw:in", "daw:lead/in")
    named, renamed = PORTS - {"daw:in"} | {"daw:lead/in"}, (OUT, "daw:lead/in")
    assert look(cables, named, renamed) == Change()
    assert look(cables, PORTS - {"daw:in"}) == Change(lost=(renamed,), gone=("daw:lead/in",))
    assert look(cables, named) == Change(connect=(renamed,), back=("daw:lead/in",))
