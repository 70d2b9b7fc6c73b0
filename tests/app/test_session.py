"""A session on a machine without ports: what is open, and in which order it closes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from nesvae_live.app.during.choices import Loaded
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.play import Ending, perform, run
from nesvae_live.app.session import Session
from nesvae_live.control.inputs import SetKnob
from nesvae_live.io.remote.client import ControlError
from nesvae_live.log.entries import Noted
from nesvae_live.presets.preset import load_preset
from nesvae_live.take import processes
from nesvae_live.take.folder import read_jam
from nesvae_live.take.recorder import Recorder, RecordError
from tests.support.fakes import MeasuringEncoder
from tests.support.places import PRESETS
from tests.support.remembering import ComposingDecoder
from tests.support.tiny import TINY, tiny_checkpoint
from tests.support.waiting import wait_until


def open_session(stack: ExitStack, folder: Path, seed: int | None = 5) -> Session:
    """One that plays a made-up network, and has no ports."""
    options = PlayOptions(
        midi_api="none", audio="none", seed=seed, jams=folder / "jams", control=folder / "socket"
    )
    preset = load_preset(str(PRESETS / "default.toml"))
    checkpoint = tiny_checkpoint(replace(TINY, style=32))
    loaded = Loaded(preset, checkpoint, ComposingDecoder(), MeasuringEncoder())
    return Session.open(stack, options, loaded)


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


def choose(session: Session, preset: Path) -> None:
    """Have a preset loaded, as far as it can be with a made-up network."""
    checkpoint = session.loaded.checkpoint
    loaded = Loaded(load_preset(str(preset)), checkpoint, ComposingDecoder(), MeasuringEncoder())
    session.stage.chooser._next = loaded


def stop_when(session: Session, so: Callable[[], bool]) -> threading.Thread:
    """End the performance once something is so."""

    def work() -> None:
        wait_until(so)
        session.stage.stopping.set()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_session_goes_on_in_another_and_what_hands_have_set_goes_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "cut_takes", lambda _: [])  # tests/whole/test_choices.py waits
    (tmp_path / "mine.toml").write_text('name = "mine"\n')
    jams = tmp_path / "jams"
    with ExitStack() as stack:
        first = open_session(stack, tmp_path)
        first.inbox.put(SetKnob("density", 0.75, at=first.stage.time.now()))
        choose(first, tmp_path / "mine.toml")
        said = first.stage.notices
        stopper = stop_when(first, lambda: "goes on in the take" in (said.last or (0, ""))[1])
        ending, last = perform(first, stack)
        stopper.join()
        assert ending == Ending("it was stopped")
        assert last.preset.name == "mine"
        assert last.engine.live.knobs.values == {"density": 0.75}
    before, after = read_jam(first.folder), read_jam(last.folder)
    assert sorted(jams.iterdir()) == [first.folder, last.folder]
    assert (before.opened.preset, after.opened.preset) == ("default", "mine")
    bars = (after.opened.origin - before.opened.origin) / 2.0  # of 4/4 at 120
    assert bars == pytest.approx(round(bars), abs=1e-4)
    take = last.take()
    assert take is not None
    assert take.folder == last.folder


def test_what_can_not_be_opened_leaves_the_music_and_the_take_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\n')

    def refuse(*_: object) -> Path:
        raise RecordError("cannot record into it")

    with ExitStack() as stack:
        first = open_session(stack, tmp_path)
        monkeypatch.setattr(Recorder, "start", refuse)
        choose(first, tmp_path / "mine.toml")
        said = first.stage.notices
        stopper = stop_when(first, lambda: "goes on as it was" in (said.last or (0, ""))[1])
        _, last = perform(first, stack)
        stopper.join()
        assert last is first
    assert list((tmp_path / "jams").iterdir()) == [first.folder]
    assert said.last is not None
    assert said.last[1] == "cannot record into it; the music goes on as it was"


def test_who_ends_it_before_the_bar_line_leaves_one_take(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\n')
    jams = tmp_path / "jams"
    with ExitStack() as stack:
        first = open_session(stack, tmp_path)
        choose(first, tmp_path / "mine.toml")
        stopper = stop_when(first, lambda: len(list(jams.iterdir())) == 2)
        _, last = perform(first, stack)
        stopper.join()
        assert last is first
    assert list(jams.iterdir()) == [first.folder]
