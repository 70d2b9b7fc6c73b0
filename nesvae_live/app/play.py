"""`play`: a performance from its start to its end."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace

from nesvae_live import NesvaeError
from nesvae_live.app.daw.wiring import wire_up
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.session import Session
from nesvae_live.app.start.beside import compiled_beside
from nesvae_live.app.watch import Watch
from nesvae_live.log.entries import Noted
from nesvae_live.model.encoder import Encoder, PhraseEncoder
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.recorder import Take

COUNT_IN_SECONDS = 0.5
"""From the open session to beat 0: the playhead takes half of it to lock to the device."""


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
    preset = load_preset(options.preset)
    options = options.with_offsets(preset.play)
    checkpoint = load_song_checkpoint(find_checkpoint(options.checkpoint))
    with compiled_beside(checkpoint.path):
        decoder = make_decoder(checkpoint)
    encoder = PhraseEncoder(Encoder(checkpoint), checkpoint.quantiles)
    encoder.warm_up()
    with ExitStack() as stack:
        session = Session.open(stack, options, preset, checkpoint, decoder, encoder)
        wire_up(session.midi, preset, options.connect, options.wires, session.notices.say)
        ending = run(session)
    if ending.fault is not None:
        raise PerformanceError(
            f"{ending.why}; the take up to there is in {session.folder}"
        ) from ending.fault
    return session.take()


def run(session: Session) -> Ending:
    """Play in a session that is open, in the main thread, for its signals.

    Returns:
        How it ended; every note has ended then.
    """
    _settle()
    restore = _catch_signals(session.stopping)
    engine = session.engine
    at = round(session.time.now() + COUNT_IN_SECONDS, 6)
    session.recorder.put(replace(session.opened, at=at, origin=at))
    fault: BaseException | None = None
    try:
        session.renderer.start(at)
        engine.start(at)
        for leader in (session.leader, session.transport):
            if leader is not None:
                leader.start()
        why = Watch(session, at).until_over()
    except BaseException as error:  # noqa: BLE001 - told when every note has ended
        fault, why = error, _one_line(error)
        session.recorder.put(Noted(session.time.now(), why))
    finally:
        engine.stop(why)
        for leader in (session.leader, session.transport):
            if leader is not None:
                leader.stop()
        end = engine.sequencer.ended_at
        if engine.clock.runs:
            bars = session.options.meter.whole_bars(engine.sequencer.ended_beat)
            end = engine.clock.ref.time_of(bars)
        while not engine.finished() and fault is None:
            time.sleep(0.005)
        session.midi.silence()
        session.renderer.stop(end)
        if (ending := engine.ending) is not None:
            session.recorder.put(ending)
        session.keep_snapshots()
        restore()
    return Ending(why, fault)


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
