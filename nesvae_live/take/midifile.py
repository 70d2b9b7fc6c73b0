"""A take as a standard MIDI file that lies on the grid of any sequencer that opens it."""

from __future__ import annotations

from pathlib import Path

import mido

from nesvae_live.chip.nesmidi import messages_to_track
from nesvae_live.control.kinds import MOST_7, place_to_raw
from nesvae_live.log.entries import Arranged, Sent, Turned
from nesvae_live.log.jam import Jam, Note
from nesvae_live.music.dialect import GENERAL, MidiSpeaker
from nesvae_live.music.events import Event, NoteOff, NoteOn, Shape
from nesvae_live.music.key import Key
from nesvae_live.music.voices import VOICES, Voice
from nesvae_live.take.daw.arrangement import KNOB_CC, KNOBS_CHANNEL, is_early, markers, meters

TICKS_PER_BEAT = 480

KNOBS = {control: knob for knob, control in KNOB_CC.items()}
"""Which knob a controller of channel 16 is."""


OFF, PATCH = "off", "patch"
MIDI_CC = (OFF, PATCH)
"""Whether a patch's volume and duty are in the file, as CC 11 and CC 12."""


def jam_to_midi(jam: Jam, midi_cc: str | None = None) -> mido.MidiFile:
    """Make a type 1 file with 480 ticks a beat, whose tick 0 is beat 0, a bar line.

    The tracks are:

    - the tempo map, the time signatures, the title, and a key signature where the voices were put in
      a key; a marker where a recalled snapshot is first heard, where a morph goes, where it was
      held or let wander, and where somebody set a mark;
    - P1, P2 and TR, each on its channel, one note at a time and every note ended; NO, if the noise
      was played. Where `midi_cc` is `patch`, with CC 11 and CC 12 where a patch shaped them (in the
      jam's `dialect`); None: as it was asked for when it was played;
    - `knobs`: a turned knob is a control change on channel 16, and a text at the beginning names
      it. What has no controller (a released knob, a style axis above the eighth) is a text.

    Every track ends at the bar line after the last note.
    """
    opened = jam.opened
    bar_ticks = round(opened.beats_per_bar * TICKS_PER_BEAT)
    end = jam.bars() * bar_ticks
    title = f"nesvae_live {opened.started}"
    if jam.first_bar > 1:
        title += f", from bar {jam.first_bar}"
    tempi, metres = _tempi(jam), _metres(jam)
    changes = [*tempi[1:], *metres[1:], *_keys(jam), *_markers(jam)]
    head = [*tempi[:1], *metres[:1], *sorted(changes, key=lambda timed: timed[0])]
    shaped = (midi_cc or asked_cc(jam)) == PATCH
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT, charset="utf-8")
    file.tracks.append(messages_to_track(head, end, title))
    notes = jam.notes()
    voices = [spec.voice for spec in VOICES]
    if any(note.voice is Voice.NO for note in notes):
        voices.append(Voice.NO)
    for voice in voices:
        file.tracks.append(
            messages_to_track(_voice_messages(jam, notes, voice, shaped=shaped), end, voice.name)
        )
    file.tracks.append(messages_to_track(_knob_messages(jam), end, "knobs"))
    return file


def asked_cc(jam: Jam) -> str:
    """Whether it was played to be written with controllers; earlier versions always did.

    They make a synthesiser pump whose CC 11 is expression, so they are left out unless somebody
    asks, or the dialect is of a chip, which plays by them.
    """
    asked = PATCH if is_early(jam) else jam.opened.settings["midi_cc"]
    return asked if asked in MIDI_CC else OFF if jam.opened.dialect == GENERAL else PATCH


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


def _metres(jam: Jam) -> list[tuple[int, mido.MetaMessage]]:
    """Every metre at its tick, the first of them at 0."""
    return [
        (
            _tick(beat),
            mido.MetaMessage(
                "time_signature", numerator=meter.numerator, denominator=meter.denominator
            ),
        )
        for beat, meter in meters(jam)
    ]


def _markers(jam: Jam) -> list[tuple[int, mido.MetaMessage]]:
    """The markers: from where on a recalled snapshot is heard, and where marks were set."""
    return [(_tick(beat), mido.MetaMessage("marker", text=text)) for beat, text in markers(jam)]


def _keys(jam: Jam) -> list[tuple[int, mido.MetaMessage]]:
    """The key signatures: from where on the voices keep to a key."""
    found: list[tuple[int, mido.MetaMessage]] = []
    for entry in jam.entries:
        if is_early(jam) or not (isinstance(entry, Arranged) and entry.key):
            continue
        key = Key.parse(entry.key).signature()
        if key and (not found or found[-1][1].key != key):
            message = mido.MetaMessage("key_signature", key=key)
            found.append((max(0, _tick(entry.beat)), message))
    return found


def _voice_messages(
    jam: Jam, notes: list[Note], voice: Voice, *, shaped: bool
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
        if shaped and isinstance(entry.event, Shape):
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
    named = {
        message.control: (
            0,
            mido.MetaMessage("text", text=f"CC {message.control}: {KNOBS[message.control]}"),
        )
        for _, message in messages
        if not message.is_meta and not is_early(jam)
    }
    return [*(named[n] for n in sorted(named)), *sorted(messages, key=lambda timed: timed[0])]


def _tick(beat: float) -> int:
    return round(beat * TICKS_PER_BEAT)


def write_midi(jam: Jam, path: Path, midi_cc: str | None = None) -> None:
    """Write the jam's MIDI file to `path`; `midi_cc` as in `jam_to_midi`.

    Raises:
        OSError: it cannot be written.
    """
    jam_to_midi(jam, midi_cc).save(str(path))
