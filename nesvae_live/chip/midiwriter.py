"""Writes a timeline as a MIDI file in NES-MDB's convention."""

from __future__ import annotations

from io import BytesIO

import mido

from nesvae_live.chip.nesmidi import (
    SOFTEST,
    TEMPO,
    TICKS_PER_BEAT,
    TIMBRE_CC,
    TRACKS,
    VELOCITY_CC,
    TrackSpec,
)
from nesvae_live.chip.timeline import Timeline
from nesvae_live.chip.vgm import VGM_RATE
from nesvae_live.music.voices import SILENCE

LONGEST = 2**28 - 1
"""Ticks that may stand between two messages: 101 minutes."""

Timed = tuple[int, mido.Message | mido.MetaMessage]


def timeline_to_midi(timeline: Timeline) -> bytes:
    """The file that nesmdb's convention has for a timeline at 44.1 kHz.

    Raises ValueError where it is longer than a MIDI file of such ticks can say.
    """
    if timeline.rate != VGM_RATE:
        raise ValueError(f"a timeline at {timeline.rate} Hz, and a tick is a sample at {VGM_RATE}")
    if timeline.nsamps > LONGEST:
        raise ValueError("it is longer than 101 minutes, the most that a tick a sample can say")
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(
        _track(
            [
                (0, mido.MetaMessage("set_tempo", tempo=TEMPO)),
                (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
                (timeline.nsamps, mido.MetaMessage("time_signature", numerator=1, denominator=1)),
            ]
        )
    )
    for spec in TRACKS:
        program = mido.Message("program_change", channel=spec.channel, program=spec.program)
        head: list[Timed] = [(0, mido.MetaMessage("track_name", name=spec.name)), (0, program)]
        file.tracks.append(_track(head + _messages(timeline, spec)))
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def _messages(timeline: Timeline, spec: TrackSpec) -> list[Timed]:
    """A voice's messages by tick; at one tick controllers, then a note's end, then a new one."""
    messages: list[Timed] = []

    def say(tick: int, kind: str, **data: int) -> None:
        messages.append((tick, mido.Message(kind, channel=spec.channel, **data)))

    note = velocity = timbre = 0
    for change in timeline.changes:
        if change.voice is not spec.voice:
            continue
        at = change.sample
        if change.timbre != timbre:
            say(at, "control_change", control=TIMBRE_CC, value=change.timbre)
        if change.note != note:
            if note != SILENCE:
                say(at, "note_off", note=note, velocity=0)
            if change.note != SILENCE:
                say(at, "note_on", note=change.note, velocity=change.velocity or SOFTEST)
        elif change.velocity != velocity and note != SILENCE:
            say(at, "control_change", control=VELOCITY_CC, value=change.velocity)
        note, velocity, timbre = change.note, change.velocity, change.timbre
    if note != SILENCE:
        say(timeline.nsamps, "note_off", note=note, velocity=0)
    return messages


def _track(messages: list[Timed]) -> mido.MidiTrack:
    track = mido.MidiTrack()
    now = 0
    for tick, message in messages:
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=1))
    return track
