"""A take as a standard MIDI file that lies on the grid of any sequencer that opens it."""

from __future__ import annotations

from pathlib import Path

import mido

from nesvae_live.chip.nesmidi import messages_to_track
from nesvae_live.control.kinds import MOST_7, place_to_raw
from nesvae_live.log.entries import Sent, Turned
from nesvae_live.log.jam import Jam, Note
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import Event, NoteOff, NoteOn, Shape
from nesvae_live.music.voices import VOICES, Voice
from nesvae_live.take.daw.arrangement import KNOB_CC, KNOBS_CHANNEL, markers

TICKS_PER_BEAT = 480


def jam_to_midi(jam: Jam) -> mido.MidiFile:
    """Make a type 1 file with 480 ticks a beat, whose tick 0 is beat 0, a bar line.

    The tracks are:

    - the tempo map, the time signature and the title; a marker where a recalled snapshot is first
      heard, and where somebody set a mark;
    - P1, P2 and TR, each on its channel, one note at a time and every note ended, with CC 11 and
      CC 12 where a patch shaped them (in the jam's `dialect`); NO, if the noise was played;
    - `knobs`: a turned knob is a control change on channel 16. What has no controller (a released
      knob, a style axis above the eighth) is a text.

    Every track ends at the bar line after the last note.
    """
    opened = jam.opened
    bar_ticks = round(opened.beats_per_bar * TICKS_PER_BEAT)
    end = jam.bars() * bar_ticks
    numerator, denominator = (int(n) for n in opened.meter.split("/"))
    title = f"nesvae_live {opened.started}"
    metre = mido.MetaMessage("time_signature", numerator=numerator, denominator=denominator)
    tempi = _tempi(jam)
    changes = sorted([*tempi[1:], *_markers(jam)], key=lambda timed: timed[0])
    head = [*tempi[:1], (0, metre), *changes]
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(messages_to_track(head, end, title))
    notes = jam.notes()
    voices = [spec.voice for spec in VOICES]
    if any(note.voice is Voice.NO for note in notes):
        voices.append(Voice.NO)
    for voice in voices:
        file.tracks.append(messages_to_track(_voice_messages(jam, notes, voice), end, voice.name))
    file.tracks.append(messages_to_track(_knob_messages(jam), end, "knobs"))
    return file


def _tempi(jam: Jam) -> list[tuple[int, mido.MetaMessage]]:
    """Every change of tempo at its tick, the first of them at 0."""
    lines = [line for line in jam.lines if line.runs] or list(jam.lines)
    tempo_at = {0: round(lines[0].beat_seconds * 1e6)}
    for line in lines[1:]:
        tempo_at[max(0, _tick(line.beat))] = round(line.beat_seconds * 1e6)
    tempi: list[tuple[int, mido.MetaMessage]] = []
    for tick, tempo in sorted(tempo_at.items()):
        if not tempi or tempi[-1][1].tempo != tempo:
            tempi.append((tick, mido.MetaMessage("set_tempo", tempo=tempo)))
    return tempi


def _markers(jam: Jam) -> list[tuple[int, mido.MetaMessage]]:
    """The markers: from where on a recalled snapshot is heard, and where marks were set."""
    return [(_tick(beat), mido.MetaMessage("marker", text=text)) for beat, text in markers(jam)]


def _voice_messages(
    jam: Jam, notes: list[Note], voice: Voice
) -> list[tuple[int, mido.Message | mido.MetaMessage]]:
    """A voice's messages; at one tick, note-offs come first, then controllers, then note-ons."""
    timed: list[tuple[int, int, Event]] = []
    for note in notes:
        start, stop = _tick(note.start), _tick(note.end)
        if note.voice is voice and stop > start:  # what rounds to no tick is left out
            timed.append((stop, 0, NoteOff(voice, note.note)))
            timed.append((start, 2, NoteOn(voice, note.note, note.velocity)))
    for entry in jam.sent:
        if not isinstance(entry, Sent) or entry.event.voice is not voice:
            continue
        if isinstance(entry.event, Shape):
            timed.append((_tick(max(0.0, entry.beat)), 1, entry.event))
    timed.sort(key=lambda item: item[:2])
    speaker = MidiSpeaker(jam.opened.dialect)
    return [
        (tick, mido.Message.from_bytes(data))
        for tick, _, event in timed
        for data in speaker.messages(event)
    ]


def _knob_messages(jam: Jam) -> list[tuple[int, mido.Message | mido.MetaMessage]]:
    messages: list[tuple[int, mido.Message | mido.MetaMessage]] = []
    for entry in jam.entries:
        if not isinstance(entry, Turned):
            continue
        tick = max(0, _tick(jam.beat_at(entry.at)))
        if entry.value is None:
            text = f"{entry.knob} let go"
        elif entry.knob not in KNOB_CC:
            text = f"{entry.knob} {entry.value:.3f}"
        else:
            control, value = KNOB_CC[entry.knob], place_to_raw(entry.value, MOST_7)
            turn = mido.Message(
                "control_change", channel=KNOBS_CHANNEL, control=control, value=value
            )
            messages.append((tick, turn))
            continue
        messages.append((tick, mido.MetaMessage("text", text=text)))
    return sorted(messages, key=lambda timed: timed[0])


def _tick(beat: float) -> int:
    return round(beat * TICKS_PER_BEAT)


def write_midi(jam: Jam, path: Path) -> None:
    """Write the jam's MIDI file to `path`.

    Raises:
        OSError: it cannot be written.
    """
    jam_to_midi(jam).save(str(path))
