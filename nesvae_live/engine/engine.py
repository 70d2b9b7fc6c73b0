"""The engine: the sequencer and the inference thread, started, watched and stopped together.

| thread | may | must not |
| --- | --- | --- |
| rtmidi callback, or our JACK reader | stamp, one inbox put | log, print, decode, send, raise |
| sequencer | drain the inbox, pop what is due, `send` | decode, read files, wait for a lock |
| inference | run the decoder (GIL released) | touch the schedule |
| MIDI sender | hold each event until its time, then send | send early |
| audio renderer | render the chip ahead into the ring | wait on the sequencer |
| pyo callback, in a process of its own | copy a block, count it | anything else |
| recorder | write files from a queue | push back |
| feedback | send what is on its queue to the controller | ask anything of the sequencer |
| control socket | read how things stand, parse a command, put it on the inbox | act on it |
| main | build, status line, signals | real-time work |
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.live.config import Setup
from nesvae_live.engine.live.protocols import NO_CALLBACKS, Callbacks, Decode, Encode, Output
from nesvae_live.engine.lookout import Foresight, Lookout, PlayedRing
from nesvae_live.engine.phrases.inference import Inference, run_request
from nesvae_live.engine.phrases.request import Item
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.log.entries import Closed, Journal
from nesvae_live.music.balance import Balance


class Engine:
    """All that lies between the inbox and the outputs.

    The arguments are those of `Sequencer`, but for the decoder and the encoder, which the inference
    thread uses. The status is what `callbacks.status` gives, and what the engine knows itself.
    """

    def __init__(
        self,
        setup: Setup,
        *,
        decoder: Decode,
        encoder: Encode | None = None,
        time: Time,
        inbox: SimpleQueue[Item],
        outputs: Sequence[Output],
        journal: Journal,
        balance: Balance | None = None,
        callbacks: Callbacks = NO_CALLBACKS,
    ) -> None:
        self.time = time
        self._decoder = decoder
        self._callbacks = callbacks
        self.inference = Inference(decoder, time, inbox.put, encoder)
        ring = PlayedRing(time, lambda: self.clock.ref)
        self.sequencer = Sequencer(
            setup,
            decoder.initial_state(),
            time=time,
            inbox=inbox,
            outputs=[*outputs, ring],
            journal=journal,
            ask=self.inference.ask,
            balance=balance,
            callbacks=replace(callbacks, status=self.status),
        )
        self.clock, self.live = self.sequencer.clock, self.sequencer.live
        self.lookout = Lookout(
            self.live,
            self.sequencer.player,
            ring,
            self.status,
            Foresight(self.live, self.sequencer.player, decoder),
            lambda: self.sequencer.surface.waiting(self.live),
        )
        self._thread = threading.Thread(target=self._sequence, name="sequencer", daemon=True)

    def prepare(self) -> None:
        """Decode the first phrase, so that the music starts together with the clock."""
        request = self.sequencer.first_request()
        self.sequencer.begin(run_request(request, self._decoder, self.time))

    def start(self, at: float) -> None:
        """Start both threads and the clock.

        Beat 0 falls at `at` seconds, which is at least a lookahead from now. A clock that follows
        another holds beat 0 from then on.
        """
        self.sequencer.start(at)
        self.inference.start()
        self._thread.start()

    def _sequence(self) -> None:
        self._callbacks.begin()
        self.sequencer.run()

    def stop(self, why: str) -> None:
        """End every note and both threads; does nothing if they have ended."""
        sequencer = self.sequencer
        if self._thread.ident is not None:
            if not sequencer.done.is_set():
                sequencer.request_stop(why)
            self._thread.join(timeout=2.0)
        self.inference.stop()

    @property
    def ending(self) -> Closed | None:
        """When and why the performance ended; None until then."""
        s = self.sequencer
        return Closed(s.ended_at, s.ended_beat, s.why) if s.done.is_set() else None

    def check(self) -> None:
        """Raise the error that ended one of the threads, if there is one."""
        for error in (self.sequencer.error, self.inference.error):
            if error is not None:
                raise error

    def finished(self) -> bool:
        """Whether the performance has ended and the time of its last event is past."""
        sequencer = self.sequencer
        return sequencer.done.is_set() and self.time.now() >= sequencer.ended_at

    def clock_waits(self) -> bool:
        """Whether clocks come without a start. Any thread may ask."""
        return bool(self.clock.waiting)

    def status(self) -> dict[str, Any]:
        """What the status line and `ctl status` show. Any thread may ask."""
        sequencer, live, ref = self.sequencer, self.live, self.clock.ref
        at = self.time.now() if self.clock.runs else ref.at
        beat = max(ref.beat_at(at), 0.0)
        meter, chord = live.meter, live.band.chord
        bar, count = meter.position(beat)
        return {
            "bar": bar,
            "count": count,
            "beat": round(beat, 3),
            "tempo": round(ref.tempo, 3),
            "meter": str(meter),
            "bar_lines": [meter.beats_per_bar, *meter.first_bar],
            "clock": self.clock.source,
            "motion": str(self.clock.motion),
            "clock_warning": self.clock.warning,
            "clock_waiting": self.clock.waiting,
            "swap": str(live.swap),
            "knobs": dict(live.knobs.values),
            "page": sequencer.surface.page + 1,
            "muted": sorted(voice.name for voice in live.muted),
            "transpose": list(live.arrangement.transpose),
            "key": str(live.arrangement.key or ""),
            "temperature": round(live.temperature, 3),
            "quote": None if live.quote is None else round(live.quote, 3),
            "steady": list(live.steady.names),
            "themes": sorted(live.themes.kept),
            "given": {voice.name: str(source) for voice, source in live.band.sources.items()},
            "keys_return": live.band.keys_return,
            "keys_split": live.band.keys_split,
            "answer": str(live.band.answer),
            "answering": sequencer.players.answering,
            "chords": None if live.band.chords is None else live.band.chords + 1,
            "chord": str(chord or ""),
            "chord_tones": () if chord is None else chord.rising,
            "seed": live.seed,
            "hold": live.hold,
            "back": sequencer.player.playing.history.back,
            "snapshots": sorted(live.snapshots),
            "snapshot_names": {
                str(n): kept.name for n, kept in live.snapshots.items() if kept.name
            },
            "standing": live.standing,
            **sequencer.automation.figures(beat),
            "solo": sorted(voice.name for voice in live.balance.solo),
            "level": live.balance.level,
            "decode_ms": milliseconds(self.inference.seconds),
            "decodes_missed": sequencer.counters.decodes_missed,
            "splices": sequencer.counters.splices,
            "splices_late": sequencer.counters.splices_late,
            "events_late": sequencer.counters.events_late,
            **self._callbacks.status(),
        }


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum of some durations, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {"p50": 0.0, "p95": 0.0, "max": 0.0}
    last = len(ordered) - 1
    return {
        "p50": round(ordered[last // 2] * 1e3, 2),
        "p95": round(ordered[round(last * 0.95)] * 1e3, 2),
        "max": round(ordered[last] * 1e3, 2),
    }
