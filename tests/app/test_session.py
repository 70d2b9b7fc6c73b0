"""A session on a machine without ports: what is open, and in which order it closes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from nesvae_live.app.options import PlayOptions
from nesvae_live.app.play import Ending, run
from nesvae_live.app.session import Session
from nesvae_live.io.remote.client import ControlError
from nesvae_live.log.entries import Noted
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.folder import read_jam
from tests.support.fakes import MeasuringEncoder
from tests.support.places import PRESETS
from tests.support.remembering import ComposingDecoder
from tests.support.tiny import TINY, tiny_checkpoint


def open_session(stack: ExitStack, folder: Path, seed: int | None = 5) -> Session:
    """One that plays a made-up network, and has no ports."""
    options = PlayOptions(
        midi_api="none", audio="none", seed=seed, jams=folder / "jams", control=folder / "socket"
    )
    preset = load_preset(str(PRESETS / "default.toml"))
    checkpoint = tiny_checkpoint(replace(TINY, style=32))
    return Session.open(stack, options, preset, checkpoint, ComposingDecoder(), MeasuringEncoder())


def test_a_session_that_closes_hangs_up_and_leaves_a_whole_take(tmp_path: Path) -> None:
    with ExitStack() as stack:
        session = open_session(stack, tmp_path)
        session.stage.notices.say("here we are")
        assert (tmp_path / "socket").exists()
        assert session.engine.status()["take"] == str(session.folder)
        session.stage.stopping.set()
        assert run(session) == Ending("it was stopped")
        session.check()
    assert not (tmp_path / "socket").exists()
    take = session.take()
    assert take is not None
    assert {file.name for file in take.files} >= {"take.jsonl", "take.mid"}
    jam = read_jam(session.folder)
    assert (jam.opened.seed, jam.opened.preset) == (5, "default")
    assert jam.opened.origin > 0.0
    assert "here we are" in [e.text for e in jam.entries if isinstance(e, Noted)]


def test_a_second_session_on_the_same_socket_leaves_the_first_alone_and_no_take(
    tmp_path: Path,
) -> None:
    with ExitStack() as first:
        session = open_session(first, tmp_path)
        with pytest.raises(ControlError, match="socket"), ExitStack() as second:
            open_session(second, tmp_path)
        assert list((tmp_path / "jams").iterdir()) == [session.folder]
        assert (tmp_path / "socket").exists()
    assert session.take() is None  # beat 0 never came
    assert not list((tmp_path / "jams").iterdir())


def test_the_seed_is_drawn_where_none_is_given(tmp_path: Path) -> None:
    seeds = set()
    for name in ("a", "b"):
        with ExitStack() as stack:
            seeds.add(open_session(stack, tmp_path / name, None).setup.performance.seed)
    assert len(seeds) == 2
