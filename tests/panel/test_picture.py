"""What is to be seen: measured, placed on the map, and told as news."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nesvae_live.latent.space import coordinate_to_value
from nesvae_live.panel.messages import AT_ONCE, PER_SECOND, Allowance
from nesvae_live.panel.picture import REMEMBERED_BEATS, Echoes, Picture, Viewer
from nesvae_live.panel.table import ELSEWHERE, place_of, table
from tests.support.panels import some_facts
from tests.support.tiny import TINY

PHRASE = {"index": 0, "tuples": [[60, 0, 36, 6], [0, 0, 36, 6]], "beats": [0.0, 0.5, 1.0]}


def told(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "status": {"beat": 0.0, "tempo": 120.0},
        "targets": {},
        "z": [0.0] * (8 + TINY.style),
        "mask": [0.0] * 8,
        "goal": None,
        "phrase": None,
        "line": None,
        "takeover": {},
        "themes": {},
        "played": [],
        "next": 0,
    }
    return plain | changes


def test_the_playing_phrase_is_measured_on_the_knobs_scale(tmp_path: Path) -> None:
    facts = some_facts(tmp_path)
    picture = Picture(facts)
    picture.take(told(phrase=PHRASE))
    density = float(facts.quantiles.to_coordinates(np.array([[4.0] + [0.0] * 7]))[0, 0])
    expected = coordinate_to_value(density, *facts.reach[0])  # 2 onsets in half a second
    assert picture.things["measured"]["density"] == pytest.approx(expected, abs=1e-3)
    assert "motion" not in picture.things["measured"]  # there is no leap to measure


def test_a_point_of_the_map_is_found_where_it_lies(tmp_path: Path) -> None:
    facts = some_facts(tmp_path)
    assert facts.atlas is not None
    picture = Picture(facts)
    for i in (0, 7, 250):
        picture.take(told(z=facts.atlas.z[i].tolist(), mask=[1.0] * 8))
        assert picture.things["place"] == pytest.approx(tuple(facts.atlas.xy[i]), abs=1e-3)


def test_what_is_let_go_stands_where_the_phrase_is(tmp_path: Path) -> None:
    picture = Picture(some_facts(tmp_path))
    picture.take(told(phrase=PHRASE))
    free = picture.things["place"]
    picture.take(told(phrase=PHRASE, mask=[1.0] * 8))
    assert picture.things["place"] != free


def test_snapshots_have_their_places_and_one_of_no_known_style_has_none(tmp_path: Path) -> None:
    picture = Picture(some_facts(tmp_path))
    style = [0.1] * TINY.style
    kept = {"10": {"knobs": {"density": 0.5}, "style": style}, "2": {"knobs": {}, "style": None}}
    picture.take(told(snapshots=kept))
    places = picture.things["places"]
    assert list(places) == ["2", "10"]
    assert places["2"] is None
    assert 0.0 <= places["10"][0] <= 1.0


def test_old_events_are_forgotten_and_another_instruments_are_not_mixed(tmp_path: Path) -> None:
    picture = Picture(some_facts(tmp_path))
    picture.take(told(played=[[0, 1.0, "on", "P1", 60, 100]], next=1))
    status = {"beat": 2.0 + REMEMBERED_BEATS, "tempo": 120.0}
    picture.take(told(status=status, played=[[1, 34.0, "off", "P1", 60]], next=2))
    assert [event[0] for event in picture.played] == [1]
    picture.take(told(next=0))
    assert not picture.played


def test_a_viewer_that_looks_seldom_misses_nothing(tmp_path: Path) -> None:
    picture, often, seldom = Picture(some_facts(tmp_path)), Viewer(), Viewer()
    heard: list[Any] = []
    for n in range(20):
        picture.take(told(played=[[n, 0.1 * n, "on", "P1", 60, 100]], next=n + 1))
        heard += often.news(picture).get("played", [])
    assert seldom.news(picture)["played"] == heard
    assert [event[0] for event in heard] == list(range(20))
    assert "things" not in often.news(picture)


def test_a_page_gets_the_chord_that_is_held_and_when_it_is_answered(tmp_path: Path) -> None:
    picture, viewer = Picture(some_facts(tmp_path)), Viewer()
    band = {"chords": 4, "chord": "Am", "chord_tones": [9, 0, 4], "answer": "played"}
    plain = told()["status"]
    picture.take(told(status=plain | band | {"answering": None}))
    assert band.items() <= viewer.news(picture)["things"].items()
    picture.take(told(status=plain | band | {"answering": [8.0, 12.0]}))
    assert viewer.news(picture)["things"] == {"answering": [8.0, 12.0]}
    picture.take(told(status=plain | {"chord": "", "chord_tones": [], "answering": None}))
    assert viewer.news(picture)["things"] == {"chord": "", "chord_tones": [], "answering": None}


def test_every_target_has_its_place_and_stands_in_the_table() -> None:
    rows = table(32, {})
    assert len(rows) > 100
    assert [row["name"] for row in rows if row["place"] == ELSEWHERE] == []
    assert place_of("something-new") == ELSEWHERE
    assert {row["name"]: row["scale"] for row in rows}["tempo"]["unit"] == "BPM"


def test_an_allowance_is_used_up_and_grows_again() -> None:
    allowance = Allowance(0.0)
    assert sum(allowance.take(0.0) for _ in range(1000)) == AT_ONCE
    assert not allowance.take(0.001)
    assert sum(allowance.take(1.0) for _ in range(1000)) == PER_SECOND


def scale(*notes: int, hold: int = 6) -> list[list[int]]:
    return [[note, 0, 0, hold] for note in notes]


def test_what_an_earlier_phrase_played_is_found_in_a_later_one_however_long_it_is_held() -> None:
    echoes = Echoes()
    assert not any(echoes.again(0, scale(60, 62, 64, 65, 67)))
    found = echoes.again(1, scale(70, 62, 64, 65, 67, 71, hold=3))
    assert found == [False, True, True, True, True, False]
    assert not any(echoes.again(0, scale(60, 62, 64, 65, 67)))  # its own tail, decoded anew
    assert not any(echoes.again(2, scale(60, 62, 64)))
    echoes.again(3, scale(50, 52, 50, 52, 50, 52))
    assert not any(echoes.again(4, scale(50, 52, 50, 52, 50, 52)))  # a trill is no quotation
