"""A timeline as a MIDI file for other programs: General MIDI's velocities and drums.

It says what a take's MIDI file says, in the dialect `general` (`music.dialect`): tracks P1, P2, TR
and NO on channels 1, 2, 3 and 10, CC 11 for the volume under a note, CC 12 for the duty.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import mido

from nesvae_live.chip.nesmidi import (
    BEAT_MICROSECONDS,
    TICKS_PER_BEAT,
    TRACKS,
    TimedMessage,
    check_ticks,
    messages_to_track,
)
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import (
    VELOCITY,
    Event,
    NoteOff,
    NoteOn,
    Shape,
    volume_to_velocity,
)
from nesvae_live.music.voices import SILENCE, Voice


def timeline_to_general(timeline: Timeline) -> bytes:
    """The MIDI file, of type 1, for a timeline at 44.1 kHz; a tick is a sample, as in nesmdb's.

    Of the noise the notes become the nearest drums. Raises ValueError if it lasts longer than a
    file of such ticks can.
    """
    check_ticks(timeline)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    conductor: list[TimedMessage] = [
        (0, mido.MetaMessage("set_tempo", tempo=BEAT_MICROSECONDS)),
        (0, mido.MetaMessage("time_signature", numerator=4, denominator=4)),
    ]
    file.tracks.append(messages_to_track(conductor, timeline.nsamps))
    for spec in TRACKS:
        messages: list[TimedMessage] = []
        if spec.voice is not Voice.NO:
            program = mido.Message("program_change", channel=spec.channel, program=spec.program)
            messages.append((0, program))
        speaker = MidiSpeaker()
        for sample, event in _events(timeline, spec.voice):
            said = speaker.messages(event)
            messages += [(sample, mido.Message.from_bytes(data)) for data in said]
        file.tracks.append(messages_to_track(messages, timeline.nsamps, spec.voice.name))
    written = BytesIO()
    file.save(file=written)
    return written.getvalue()


def _events(timeline: Timeline, voice: Voice) -> Iterator[tuple[int, Event]]:
    """A voice's events, with their samples."""
    before = Change(0, voice, SILENCE, 0, 0)
    for change in timeline.changes:
        if change.voice is not voice:
            continue
        at = change.sample
        if before.note not in (SILENCE, change.note):
            yield at, NoteOff(voice, before.note)
        if change.note != SILENCE:
            velocity = VELOCITY if voice is Voice.TR else volume_to_velocity(change.velocity)
            yield at, Shape(voice, change.velocity, change.timbre)
            if change.note != before.note:
                yield at, NoteOn(voice, change.note, max(velocity, 1))
        before = change
    if before.note != SILENCE:
        yield timeline.nsamps, NoteOff(voice, before.note)
