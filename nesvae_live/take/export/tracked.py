"""A jam as a tracker takes it: notes with what was heard of them in each tick of 1/60 s."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

import msgspec

from nesvae_live.chip.console.nsf import Credits
from nesvae_live.chip.tracker.compose import Composed, compose
from nesvae_live.chip.tracker.played import TICKS_PER_SECOND, Performance, PlayedNote, Tempo
from nesvae_live.chip.tracker.rows import nearest_tick
from nesvae_live.engine.live.config import Setup
from nesvae_live.log.entries import Clocked, Sent
from nesvae_live.log.jam import Jam
from nesvae_live.log.plain import to_value
from nesvae_live.music.drums import DRUMS
from nesvae_live.music.events import Event, NoteOff, NoteOn, VoiceState
from nesvae_live.music.patch import Macro, Patch
from nesvae_live.music.voices import Voice


def jam_to_module(jam: Jam, about: Credits, loop_bar: int | None) -> Composed:
    """The jam as a module; at its end it goes on from bar `loop_bar`, from 0 (None: it stops).

    Raises:
        ValueError: it has more bars than a module holds.
    """
    performance = Performance(
        jam_to_notes(jam),
        jam.bars(),
        jam.opened.beats_per_bar,
        jam_to_tempi(jam),
        patches_of(jam),
        loop_bar,
    )
    return compose(performance, about.title, about.artist, about.copyright)


def jam_to_tempi(jam: Jam) -> list[Tempo]:
    """The tempi, from beat 0 on."""
    lines = [line for line in jam.lines if line.runs] or list(jam.lines)
    tempi = {max(0.0, line.beat): 60.0 / line.beat_seconds for line in lines}
    first = next(iter(tempi.values()))
    return [Tempo(beat, bpm) for beat, bpm in ({0.0: first} | tempi).items()]


def patches_of(jam: Jam) -> Mapping[Voice, Mapping[str, Patch]]:
    """The patches that the voices were played with, and the drums' of the noise, by name.

    A log has no names of patches but in its options; a log of an older program may have none.
    """
    plain = {voice: {"plain": Patch()} for voice in Voice}
    plain[Voice.NO] = {drum.name: drum.patch for drum in DRUMS} | {"plain": Patch(duty=Macro((0,)))}
    try:
        setup: Setup = to_value(jam.opened.setup, Setup)
    except (msgspec.ValidationError, KeyError, TypeError, ValueError):
        return plain
    named = {voice: {voice.name: patch} for voice, patch in setup.performance.patches.items()}
    return {voice: named.get(voice, {}) | plain[voice] for voice in Voice}


def jam_to_notes(jam: Jam) -> list[PlayedNote]:
    """Every note, with its volume, duty and bend in each tick.

    Ticks are counted from beat 0 on, not from a note's own beginning: what is off the ticks, swung
    for example, so begins, changes and ends in those that are nearest, each for itself.
    """
    changes: dict[Voice, list[tuple[float, float, VoiceState]]] = {voice: [] for voice in Voice}
    states = dict.fromkeys(Voice, VoiceState())
    struck: list[tuple[Voice, int]] = []
    for entry in sorted(jam.sent, key=_order):
        if isinstance(entry, Clocked):
            ended = [NoteOff(voice, state.note) for voice, state in states.items() if state.note]
            events: list[tuple[Event, float, float]] = [
                (event, entry.at, entry.beat) for event in ended
            ]
        else:
            events = [(entry.event, entry.at, entry.beat)]
        for event, at, beat in events:
            voice = event.voice
            states[voice] = states[voice].after(event)
            if isinstance(event, NoteOn):
                struck.append((voice, len(changes[voice])))
            changes[voice].append((at, beat, states[voice]))
    notes = [_note(voice, changes[voice], i, jam) for voice, i in struck]
    return sorted((note for note in notes if note), key=lambda note: (note.start, note.voice))


def _order(entry: Sent | Clocked) -> tuple[float, bool, bool]:
    is_on = isinstance(entry, Sent) and isinstance(entry.event, NoteOn)
    is_off = isinstance(entry, Clocked) or isinstance(entry.event, NoteOff)
    return entry.at, not is_off, is_on


def _note(
    voice: Voice, changes: list[tuple[float, float, VoiceState]], first: int, jam: Jam
) -> PlayedNote | None:
    """The note that begins with a change, up to its end or to the next one; None: of no length."""
    begins, beat, state = changes[first]
    last = first + 1
    while last < len(changes) and changes[last][2].note == state.note:
        last += 1
    ends, end_beat = changes[last][:2] if last < len(changes) else (None, jam.end_beat())
    if ends is None:
        ends = jam.time_of(end_beat)
    if round((ends - begins) * TICKS_PER_SECOND) < 1:
        return None
    ticks = [nearest_tick(at * TICKS_PER_SECOND) for at, _, _ in changes[first:last]]
    until = max(nearest_tick(ends * TICKS_PER_SECOND), ticks[0] + 1)
    heard = [changes[first + bisect_right(ticks, tick) - 1][2] for tick in range(ticks[0], until)]
    return PlayedNote(
        voice,
        state.note,
        max(beat, 0.0),
        max(end_beat, 0.0),
        tuple(now.volume for now in heard),
        tuple(now.duty for now in heard),
        tuple(now.cents for now in heard),
    )
