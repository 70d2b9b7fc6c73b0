"""NES-MDB's convention for MIDI files, read into a timeline and written from one.

nesmdb writes type 1 with 22,050 ticks a beat at 120 BPM, so that a tick is a sample at 44.1 kHz.
In tracks p1, p2, tr and no, a note's velocity is the chip's, 1-15 (1 on the triangle, which has
none), CC 11 is a new velocity under a held note, and CC 12 a new timbre; the noise's notes are
1-16. A second time signature, 1/1, marks the end of the music.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO

import mido

from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.voices import SILENCE, Voice

BEAT_MICROSECONDS = 500_000
"""The tempo: microseconds per beat, also for files that name none."""

TICKS_PER_BEAT = 22_050

VELOCITY_CC, TIMBRE_CC = 11, 12

SOFTEST = 1
"""The triangle's velocity in a file, since 0 would end the note."""


@dataclass(frozen=True, slots=True)
class TrackSpec:
    """A voice's track: its name, its channel and General MIDI program, both 0-based."""

    voice: Voice
    name: str
    channel: int
    program: int


TRACKS = (
    TrackSpec(Voice.P1, "p1", channel=0, program=80),
    TrackSpec(Voice.P2, "p2", channel=1, program=81),
    TrackSpec(Voice.TR, "tr", channel=2, program=38),
    TrackSpec(Voice.NO, "no", channel=9, program=121),
)


@dataclass(slots=True)
class MidiNote:
    """A note of a file, from `start` to `end` in ticks or samples, with the velocity as written."""

    voice: Voice
    note: int
    velocity: int
    start: int
    end: int


@dataclass(slots=True)
class MidiControl:
    """A CC 11 or 12 of a file, at a tick or sample."""

    voice: Voice
    control: int
    value: int
    at: int


def notes_to_changes(
    voice: Voice,
    notes: Iterable[MidiNote],
    controls: Iterable[MidiControl],
    volume: Callable[[int], int],
) -> list[Change]:
    """One voice's changes, from all notes and controllers with times in samples.

    It plays one note at a time, the newest. At one sample ends come first, then starts, then
    controllers, as nesmdb reads them. `volume` converts a file's velocity to the chip's; volume 0
    is silence.
    """
    events: list[tuple[int, int, MidiNote | MidiControl]] = []
    for note in notes:
        if note.voice is voice and note.end > note.start:
            events += [(note.end, 0, note), (note.start, 1, note)]
    events += [(control.at, 2, control) for control in controls if control.voice is voice]
    events.sort(key=lambda event: event[:2])
    sounding: MidiNote | None = None
    velocity = timbre = 0
    states: dict[int, tuple[int, int, int]] = {}  # the state of the voice after each sample
    for sample, kind, event in events:
        if isinstance(event, MidiControl):
            if event.control == TIMBRE_CC:
                timbre = event.value
            else:
                velocity = volume(event.value)
        elif kind == 1:
            sounding = event
            velocity = 0 if voice is Voice.TR else volume(event.velocity)
        elif sounding is event:
            sounding, velocity = None, 0
        if sounding is None or (velocity == 0 and voice is not Voice.TR):
            states[sample] = (SILENCE, 0, timbre)
        else:
            states[sample] = (sounding.note, velocity, timbre)
    before = (SILENCE, 0, 0)
    changes: list[Change] = []
    for sample, state in states.items():
        if state != before:
            changes.append(Change(sample, voice, *state))
        before = state
    return changes


MOST_TICKS = 2**28 - 1
"""The most ticks between two messages: 101 minutes."""

TimedMessage = tuple[int, mido.Message | mido.MetaMessage]


def check_ticks(timeline: Timeline) -> None:
    """Refuse, with a ValueError, a timeline that a file whose ticks are samples can't hold."""
    if timeline.rate != VGM_RATE:
        raise ValueError(
            f"the timeline is at {timeline.rate} Hz, but a tick is a sample at {VGM_RATE}"
        )
    if timeline.nsamps > MOST_TICKS:
        raise ValueError(
            "it is longer than 101 minutes, the most that a file of such ticks can hold"
        )


def timeline_to_midi(timeline: Timeline) -> bytes:
    """The MIDI file for a timeline at 44.1 kHz, in nesmdb's convention.

    Raises ValueError if it lasts longer than a MIDI file with such ticks can.
    """
    check_ticks(timeline)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    conductor = [
        (0, mido.MetaMessage("set_tempo", tempo=BEAT_MICROSECONDS)),
        (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
        (timeline.nsamps, mido.MetaMessage("time_signature", numerator=1, denominator=1)),
    ]
    file.tracks.append(messages_to_track(conductor, timeline.nsamps + 1))
    for spec in TRACKS:
        program = mido.Message("program_change", channel=spec.channel, program=spec.program)
        messages = [(0, program), *_messages(timeline, spec)]
        file.tracks.append(messages_to_track(messages, messages[-1][0] + 1, spec.name))
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def _messages(timeline: Timeline, spec: TrackSpec) -> list[TimedMessage]:
    """A voice's messages by tick; at one tick in the order controllers, note-off, note-on."""
    messages: list[TimedMessage] = []

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


def messages_to_track(
    messages: Iterable[TimedMessage], end: int, name: str | None = None
) -> mido.MidiTrack:
    """A track of messages in order of their ticks; what is later than tick `end` moves there."""
    track = mido.MidiTrack()
    if name is not None:
        track.append(mido.MetaMessage("track_name", name=name))
    now = 0
    for tick, message in (*messages, (end, mido.MetaMessage("end_of_track"))):
        at = min(tick, end)
        track.append(message.copy(time=at - now))
        now = at
    return track
