"""Cables: what lost an end is plugged in again, what somebody pulled out is not."""

from __future__ import annotations

from nesvae_live.io.midi.jackkeeper import Cables, Change

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
    assert look(cables, PORTS - {"knobs:out"}, DAW) == Change()
    assert look(cables, PORTS, DAW) == Change()


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
