"""From a MIDI file to three voices and the noise: one way, for every command.

A file is the chip's own if its tracks are named p1, p2, tr and no (in any case), or if its notes are
on channels 1, 2, 3 and 10 alone, one at a time, and its CC 12 is a duty. Then CC 11 and 12 are what
they are in NES-MDB's convention and in ours. In any other file parts are shared out
(`music.parts`), and controllers mean what they mean elsewhere: the pedal is heard, volume is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from nesvae_live.chip.nesmidi import TIMBRE_CC
from nesvae_live.chip.registers import TIMBRES
from nesvae_live.chip.smf.notes import KeyNote, SongNotes, TrackPart, song_to_notes
from nesvae_live.chip.smf.song import read_song
from nesvae_live.chip.smf.ticks import Ticks
from nesvae_live.chip.vgm.registerlog import VGM_RATE
from nesvae_live.music.parts import Arrangement, Part, PartNote, arrange, own_voices
from nesvae_live.music.phrase import Ints
from nesvae_live.music.voicenotes import VoiceNote, played_to_tuples
from nesvae_live.music.voices import Voice

SUFFIXES = (".mid", ".midi", ".kar", ".rmi", ".smf")
"""The names of MIDI files: `.kar` has lyrics in it, `.rmi` is wrapped in RIFF."""

LONGEST_SECONDS = 4 * 3600.0
"""The longest music that is encoded; more is no piece, and would fill the memory."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class MidiMusic:
    """What the voices play of a MIDI file, in seconds at the steady tempo (`Ticks.to_steady`).

    `own`: the voices' parts, with their controllers, if the file is the chip's own.
    """

    arrangement: Arrangement
    own: list[tuple[Voice, TrackPart]]
    song: SongNotes
    ticks: Ticks


def read_midi(data: bytes, tell: Tell) -> MidiMusic:
    """Read a file.

    Args:
        data: the file.
        tell: told, a line each, what is damaged, left out or changed.

    Raises:
        ValueError: it is no MIDI file, or has no note in it; one line.
    """
    song = read_song(data)
    ticks, notes = Ticks(song), song_to_notes(song)
    for line in (*song.said, *ticks.said, *notes.said):
        tell(line)
    if not any(part.notes for part in notes.parts):
        raise ValueError("MIDI file has no notes")
    parts = [Part(p.name, p.channel, _in_seconds(p.notes, ticks)) for p in notes.parts]
    voices = own_voices(parts)
    own = [(v, p) for v, p in zip(voices or (), notes.parts, strict=False) if v is not None]
    arrangement = arrange(parts)
    for line in arrangement.said:
        tell(line)
    if not arrangement.named and not all(_has_duties(voice, part) for voice, part in own):
        own = []
    return MidiMusic(arrangement, own, notes, ticks)


def midi_to_tuples(data: bytes, tell: Tell) -> Ints:
    """The tuples `[n, 4]` of a MIDI file, in ticks, 12 a beat.

    Args:
        data: the file.
        tell: told, a line each, what was left out or changed.

    Raises:
        ValueError: it is no MIDI file, has no note but drums, or is too long.
    """
    music = read_midi(data, tell)
    tuples = music_to_tuples(music)
    if music.arrangement.drums:
        tell(f"drums are left out: {len(music.arrangement.drums)} notes")
    return tuples


def music_to_tuples(music: MidiMusic) -> Ints:
    """The tuples `[n, 4]` of a MIDI file that was read, in ticks, from its first note on.

    Raises:
        ValueError: it has no note but drums, or is too long.
    """
    played = music.arrangement.notes
    if not played:
        raise ValueError("MIDI file has only drums")
    check_length(max(note.off for note in played) - min(note.on for note in played))
    return played_to_tuples(played)


def played_in_time(music: MidiMusic) -> tuple[list[VoiceNote], list[PartNote]]:
    """The voices' notes and the drums in the file's own time, in seconds."""

    def there(steady: float) -> float:
        return music.ticks.to_sample(music.ticks.from_steady(steady)) / VGM_RATE

    notes, drums = music.arrangement.notes, music.arrangement.drums
    return (
        [replace(n, on=there(n.on), off=there(n.off)) for n in notes],
        [replace(n, on=there(n.on), off=there(n.off)) for n in drums],
    )


def check_length(seconds: float) -> None:
    """Refuse music that is too long.

    Raises:
        ValueError: it is longer than `LONGEST_SECONDS`.
    """
    if seconds > LONGEST_SECONDS:
        raise ValueError(
            f"it lasts {seconds / 3600:.0f} hours, more than {LONGEST_SECONDS / 3600:.0f}"
        )


def _in_seconds(notes: list[KeyNote], ticks: Ticks) -> tuple[PartNote, ...]:
    return tuple(
        PartNote(
            note.note,
            ticks.to_steady(note.on),
            ticks.to_steady(note.off),
            note.velocity,
            ticks.to_steady(max(note.off, note.rings)),
        )
        for note in notes
    )


def _has_duties(voice: Voice, part: TrackPart) -> bool:
    """Whether all that CC 12 says in a part is a timbre that its voice has."""
    values = [c.value for c in part.controls if c.control == TIMBRE_CC]
    return voice is Voice.TR or all(value < TIMBRES[voice] for value in values)
