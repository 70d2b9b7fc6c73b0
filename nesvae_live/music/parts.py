"""A piece's parts, for any instruments, shared out among three voices of one note each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from nesvae_live.music.events import VELOCITY
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voicenotes import VoiceNote, to_range
from nesvae_live.music.voices import CHANNELS, VOICES, Voice

TOGETHER_SECONDS = 0.5 / STEPS_PER_SECOND
"""Notes that begin within so many seconds of each other begin together."""
LEGATO_SHARE = 0.5
"""How much of the shorter of two notes may overlap with the other without making a chord."""
DRUM_CHANNEL = CHANNELS[Voice.NO]
VOICE_BY_NAME = {spec.voice.name.lower(): spec.voice for spec in VOICES}
UPPER = {spec.voice for spec in VOICES} - {Voice.TR}


@dataclass(frozen=True, slots=True)
class PartNote:
    """A note of a part, from `on` to `off`, where its key is let up, in seconds.

    A pedal lets it ring on until `rings`, if that is later, or until its voice has another note.
    """

    note: int
    on: float
    off: float
    velocity: int = VELOCITY
    rings: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays: a track's notes on one MIDI channel (0-based)."""

    name: str
    channel: int
    notes: tuple[PartNote, ...]

    def __str__(self) -> str:
        """What a person would call it."""
        return f"track {self.name!r}" if self.name else f"channel {self.channel + 1}"

    @property
    def middle(self) -> float:
        """The median note."""
        return median(note.note for note in self.notes)

    def at_once(self) -> int:
        """The most notes that sound at once; notes that overlap only a little count as one."""
        sounding: list[PartNote] = []
        most = 0
        for note in sorted(self.notes, key=lambda note: note.on):
            sounding = [old for old in sounding if _is_chord(old, note)]
            sounding.append(note)
            most = max(most, len(sounding))
        return most


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What P1, P2 and TR play, the drums, and a line for a person on all that was left out.

    `named`: tracks have the names of the voices, as our files and NES-MDB's do.
    """

    notes: list[VoiceNote]
    drums: list[PartNote]
    said: list[str]
    named: bool


def parts_to_played(parts: Iterable[Part]) -> tuple[list[VoiceNote], list[str]]:
    """Share parts out to P1, P2 and TR, as `arrange` does; drums are left out.

    Returns:
        The notes, and a line for a person on each thing that was left out or changed.
    """
    parts = list(parts)
    arrangement = arrange(parts)
    drums = [f"{part} (drums) is left out" for part in parts if part.notes and is_drums(part)]
    return arrangement.notes, drums + arrangement.said


def arrange(parts: Iterable[Part]) -> Arrangement:
    """Share parts out to P1, P2, TR and the drums.

    Tracks named p1, p2 and tr go to these voices. So do MIDI channels 1 to 3, if there are no
    others and each plays one note at a time. Otherwise the lowest part goes to the triangle and the
    others to the pulses, the higher one to pulse 1; of more than three parts, the pulses get the
    two with the most notes. A part with chords also takes the voices that are left: its highest
    note goes to the first of them, the lowest to the triangle, the next below the highest to
    pulse 2.
    """
    parts = [part for part in parts if part.notes]
    drums = [note for part in parts if is_drums(part) for note in part.notes]
    kept = [part for part in parts if not is_drums(part)]
    voices_of, left_out = _cast(kept)
    said: list[str] = []
    if left_out:
        named = ", ".join(f"{part} ({len(part.notes)})" for part in left_out)
        said.append(f"there are three voices, so left out, with their notes: {named}")
    played: list[VoiceNote] = []
    for part, voices in voices_of:
        if (most := part.at_once()) == 1:
            played += [_alone(voices[0], note) for note in part.notes]
            continue
        notes, dropped = share(part.notes, voices)
        played += notes
        said.append(
            f"{part} has up to {most} notes at once: {_roles(voices)}; "
            f"{dropped} of {len(part.notes)} notes are left out"
        )
    moved = [note for note in played if to_range(note.voice, note.note) != note.note]
    if moved:
        names = ", ".join(sorted({note.voice.name for note in moved}))
        said.append(
            f"out of the range of {names}, and moved by octaves: "
            f"{len(moved)} of {len(played)} notes"
        )
    return Arrangement(played, drums, said, _by_name(kept) is not None)


def is_drums(part: Part) -> bool:
    """Whether a part is drums: on channel 10, or in a track named no."""
    return part.channel == DRUM_CHANNEL or part.name.strip().lower() == Voice.NO.name.lower()


def own_voices(parts: Sequence[Part]) -> list[Voice | None] | None:
    """The voice that each part is, by its name or channel; None: they are other instruments'.

    Parts without notes don't count; they may be a voice's all the same, for their controllers.
    """
    kept = [part for part in parts if part.notes and not is_drums(part)]
    named = _by_name(kept) is not None
    if kept and not named and _by_channel(kept) is None:
        return None
    by_channel = {spec.channel: spec.voice for spec in VOICES}
    return [
        Voice.NO
        if is_drums(part)
        else VOICE_BY_NAME.get(part.name.strip().lower())
        if named
        else by_channel.get(part.channel)
        for part in parts
    ]


def _by_name(parts: Sequence[Part]) -> list[Voice] | None:
    names = [part.name.strip().lower() for part in parts]
    if names and set(names) <= set(VOICE_BY_NAME) and len(set(names)) == len(names):
        return [VOICE_BY_NAME[name] for name in names]
    return None


def _by_channel(parts: Sequence[Part]) -> list[Voice] | None:
    channels = [part.channel for part in parts]
    voice_of = {spec.channel: spec.voice for spec in VOICES}
    if (
        (len(parts) > 1 or channels == [VOICES[0].channel])
        and set(channels) <= set(voice_of)
        and len(set(channels)) == len(channels)
        and all(part.at_once() == 1 for part in parts)
    ):
        return [voice_of[channel] for channel in channels]
    return None


Casting = list[tuple[Part, tuple[Voice, ...]]]


def _cast(parts: Sequence[Part]) -> tuple[Casting, list[Part]]:
    """The voices that each part gets, and the parts that get none."""
    own = _by_name(parts) or _by_channel(parts)
    if own is not None:
        return [(part, (voice,)) for part, voice in zip(parts, own, strict=True)], []
    if not parts:
        return [], []
    by_height = sorted(parts, key=lambda part: part.middle)
    lowest, others = (by_height[0], by_height[1:]) if len(parts) > 1 else (None, by_height)
    busiest = sorted(others, key=lambda part: -len(part.notes))[:2]
    upper = sorted(busiest, key=lambda part: -part.middle)
    casting: Casting = [(p, (v,)) for p, v in zip(upper, (Voice.P1, Voice.P2), strict=False)]
    if lowest is not None:
        casting.append((lowest, (Voice.TR,)))
    if len(upper) == 1:  # its chords may use the voices that are free
        free = (Voice.P2,) if lowest is not None else (Voice.P2, Voice.TR)
        part, voices = casting[0]
        if part.at_once() > 1:
            casting[0] = part, voices + free
    return casting, [part for part in others if not any(part is one for one in upper)]


def share(notes: Iterable[PartNote], voices: Sequence[Voice]) -> tuple[list[VoiceNote], int]:
    """Share notes out to voices: the highest, the lowest, the next below the highest.

    A note keeps its voice for as long as it lasts, or until a newer one takes the voice. A note by
    itself goes to the voice whose last note was nearest.

    Args:
        notes: in any order.
        voices: some of P1, P2 and TR. TR takes the lowest notes, the first of the others the
            highest, and the second the next below those.

    Returns:
        The notes that they play, and how many notes found no voice.
    """
    upper = [voice for voice in voices if voice in UPPER]
    last: dict[Voice, int] = {}
    played: list[VoiceNote] = []
    sounding: list[PartNote] = []
    notes = list(notes)
    groups = _groups(notes)
    dropped = len(notes) - sum(map(len, groups))
    for group in groups:
        begins = group[0].on
        sounding = [old for old in sounding if _is_chord(old, group[0])]
        taken: set[Voice] = set()
        heard = [*sounding, *group]
        for note in group:  # from the highest on
            above = any(other.note > note.note for other in heard)
            below = any(other.note < note.note for other in heard)
            voice = _voice(note, above, below, voices, upper, last)
            if voice is None or voice in taken:
                dropped += 1
                continue
            taken.add(voice)
            last[voice] = note.note
            until = max(note.off, note.rings, begins)
            played.append(VoiceNote(voice, note.note, begins, until, note.velocity))
        sounding += group
    return played, dropped


def _alone(voice: Voice, note: PartNote) -> VoiceNote:
    return VoiceNote(voice, note.note, note.on, max(note.off, note.rings), note.velocity)


def _voice(
    note: PartNote,
    above: bool,
    below: bool,
    voices: Sequence[Voice],
    upper: Sequence[Voice],
    last: dict[Voice, int],
) -> Voice | None:
    """The voice for a note, given whether others sound above and below it."""
    if not above and not below and len(voices) > 1:  # alone
        near = [v for v in (upper[0], voices[-1]) if v in last]
        return min(near, key=lambda v: abs(last[v] - note.note)) if near else upper[0]
    if Voice.TR in voices and not below:
        return Voice.TR
    if not upper:
        return None
    if not above:
        return upper[0]
    return upper[1] if len(upper) > 1 else None


def _groups(notes: Iterable[PartNote]) -> list[list[PartNote]]:
    """Groups of notes that begin together, the highest first; of equal pitches the longest."""
    groups: list[list[PartNote]] = []
    for note in sorted(notes, key=lambda note: note.on):
        if groups and note.on - groups[-1][0].on <= TOGETHER_SECONDS:
            groups[-1].append(replace(note, on=groups[-1][0].on))
        else:
            groups.append([note])
    out = []
    for group in groups:
        longest = {note.note: note for note in sorted(group, key=lambda note: note.off)}
        out.append(sorted(longest.values(), key=lambda note: -note.note))
    return out


def _is_chord(old: PartNote, new: PartNote) -> bool:
    """Whether two notes, of which `old` began first, overlap for longer than legato notes do."""
    overlap = min(old.off, new.off) - new.on
    return overlap > LEGATO_SHARE * min(old.off - old.on, new.off - new.on)


def _roles(voices: Sequence[Voice]) -> str:
    upper = [voice for voice in voices if voice in UPPER]
    roles = [f"{v.name} takes the {r}" for v, r in zip(upper, ("highest", "next"), strict=False)]
    if Voice.TR in voices:
        roles.append("TR takes the lowest")
    return ", ".join(roles)
