"""`play`: a performance from its start to its end."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from nesvae_live import NesvaeError
from nesvae_live.app.daw.wiring import wire_up
from nesvae_live.app.during.carrying import carried
from nesvae_live.app.during.choices import Loaded, load
from nesvae_live.app.during.styles import open_style
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.say import say
from nesvae_live.app.session import Session
from nesvae_live.app.stage import Stage
from nesvae_live.app.start.beside import compiled_beside, compiles_first
from nesvae_live.app.watch import Watch
from nesvae_live.compiled import VARIABLE, is_temporary
from nesvae_live.io.remote.server import refuse_a_second
from nesvae_live.log.entries import Noted
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.recorder import Take

COUNT_IN_SECONDS = 0.5
"""From the open session to beat 0: the playhead takes half of it to lock to the device."""

SPARE_SECONDS = 0.015
"""A session that another follows is stopped so long before the last that it would play."""


class PerformanceError(NesvaeError):
    """A fault ended the performance; one line says what it was."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a performance ended, in one line, and the fault that ended it, if one did."""

    why: str
    fault: BaseException | None = None


def play(options: PlayOptions) -> Take | None:
    """Play until the music is over, is stopped, or can't go on.

    Returns:
        The take, or None if nothing was recorded.

    Raises:
        PerformanceError: a part of the engine failed; the take is whole up to there.
        ConfigError, BankError, CheckpointError, MidiError, AudioError, RecordError, ControlError,
            OscError, LinkError: something that was asked for can't be had; nothing has sounded.
    """
    refuse_a_second(options.control)
    preset = load_preset(options.preset)
    options = options.with_offsets(preset.play)
    checkpoint = load_song_checkpoint(find_checkpoint(options.checkpoint))
    if is_temporary():
        say(
            "neither the installation nor your home can be written to, so compiled code is kept in "
            f"{os.environ[VARIABLE]}, and is compiled again (a minute or so) when that is gone"
        )
    if sys.stderr.isatty() and compiles_first():
        say("compiling first, which takes a minute or two; later starts take seconds")
    adopted = open_style(options.style, checkpoint)
    with compiled_beside(checkpoint.path):
        loaded = load(preset, checkpoint, options.patch, options.performer, adopted, options.drums)
        loaded = replace(loaded, grid=options.grid or loaded.grid)
    with ExitStack() as outer:
        stage = Stage.open(outer, options, preset)
        stack = ExitStack()
        outer.push(stack)  # so that it is closed first, whatever goes wrong here
        session = _open(stack, stage, options, loaded)
        if preset.controller and (dead := preset.controller.dead_controls(preset.layout)):
            stage.notices.say(dead)
        wire_up(stage.midi, preset, options.connect, options.wires, stage.notices.say)
        ending, session = perform(session, stack)
        stage.hang_up()
    if ending.fault is not None:
        raise PerformanceError(
            f"{ending.why}; the take up to there is in {session.folder}"
        ) from ending.fault
    return session.take()


def _open(stack: ExitStack, stage: Stage, options: PlayOptions, loaded: Loaded) -> Session:
    """Open a session on a stage, from what was loaded."""
    stage.chooser.attend(loaded)
    return Session.open(stack, options, loaded, stage=stage)


def run(session: Session) -> Ending:
    """Play in a session that is open, in the main thread, for its signals.

    Returns:
        How it ended; every note has ended then.
    """
    with ExitStack() as stack:
        return perform(session, stack)[0]


def perform(session: Session, stack: ExitStack) -> tuple[Ending, Session]:
    """The same, and go on in another session, as often as something else is chosen to play from.

    Args:
        session: the first.
        stack: closes what that one has opened; what others have opened is added.

    Returns:
        How it ended, and the session that ended then.
    """
    _settle()
    stage = session.stage
    restore = _catch_signals(stage.stopping)
    at = round(stage.time.now() + COUNT_IN_SECONDS, 6)
    fault: BaseException | None = None
    session.record(at)
    try:
        begin(session, at)
        while True:
            why = Watch(session, at).until_over()
            if isinstance(why, str):
                break
            session, at = go_on(session, at, why, stack)
    except BaseException as error:  # noqa: BLE001 - told when every note has ended
        fault, why = error, _one_line(error)
        session.recording.recorder.put(Noted(stage.time.now(), why))
    finally:
        end(session, str(why), fault)
        restore()
    return Ending(str(why), fault), session


def begin(session: Session, at: float) -> None:
    """Let the music of an open session begin at `at` seconds."""
    session.heard.renderer.start(at)
    session.engine.start(at)
    for leader in session.leaders:
        leader.start()
    if session.stage.panel is not None:
        session.stage.panel.look()  # what it loads is loaded by the first note


def end(session: Session, why: str, fault: BaseException | None) -> None:
    """End the music; every note has ended when this returns."""
    engine = session.engine
    session.again.close()
    engine.stop(why)
    for leader in session.leaders:
        leader.stop()
    end = engine.sequencer.ended_at
    if engine.clock.runs:
        bars = session.options.meter.whole_bars(engine.sequencer.ended_beat)
        end = engine.clock.ref.time_of(bars)
    while not engine.finished() and fault is None:
        time.sleep(0.005)
    session.stage.midi.silence()
    session.heard.renderer.stop(end)
    if (ending := engine.ending) is not None:
        session.recording.recorder.put(ending)
    session.keep_snapshots()


def go_on(session: Session, at: float, loaded: Loaded, stack: ExitStack) -> tuple[Session, float]:
    """Go on from what was loaded, in another session, at a bar line of the one that plays.

    Returns:
        The session that plays then, and the time of its beat 0; the same as before, if no other can
        be opened, or it is all to end anyway.
    """
    stage, before = session.stage, at
    session.keep_snapshots()
    inner = ExitStack()
    try:
        following = _open(inner, stage, session.options_for(loaded), loaded)
    except NesvaeError as error:
        inner.close()
        stage.chooser.attend(session.loaded)
        stage.notices.say(f"{error}; the music goes on as it was")
        return session, before
    stack.push(inner)
    for asked in carried(session.engine.live, stage.time.now(), loaded.adopted):
        following.inbox.put(asked)
    ref = session.engine.clock.ref
    line = session.options.meter.whole_bars(ref.beat_at(stage.time.now() + COUNT_IN_SECONDS))
    at = ref.time_of(line)
    last = at - session.setup.performance.lookahead - SPARE_SECONDS
    try:
        begin(following, at)
        if session.heard.gate is not None:
            session.heard.gate.end_at(at)
        stage.stopping.wait(max(last - stage.time.now(), 0.0))
        following.check()
    except BaseException:
        following.give_up()
        raise
    if stage.stopping.is_set():
        following.give_up()
        return session, before
    session.again.close()
    stage.inlet.lead_to(following.inbox)
    session.engine.stop(f"the music goes on in {following.folder.name}")
    following.record(at)
    following.attend()
    session.leave(at)
    following.recording.recovery.begin("the files of the take before are being made")
    stage.notices.say(
        f"preset {loaded.preset.name}, checkpoint {following.facts.checkpoint}{_in_style(loaded)}: the "
        "music goes on in "
        f"the take {following.folder.name}"
    )
    return following, at


def _in_style(loaded: Loaded) -> str:
    return "" if loaded.adopted is None else f", style {loaded.adopted}"


def _settle() -> None:
    """Switch threads quickly, and spare the garbage collector what start-up has made."""
    sys.setswitchinterval(0.0005)
    gc.collect()
    gc.freeze()


def _catch_signals(stopping: threading.Event) -> Callable[[], None]:
    """Let SIGINT, SIGTERM and SIGHUP end the performance; returns a function that undoes it."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    caught = {
        number: signal.signal(number, lambda *_: stopping.set())
        for name in names
        if (number := getattr(signal, name, None)) is not None
    }

    def restore() -> None:
        for number, handler in caught.items():
            signal.signal(number, handler)

    return restore


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
