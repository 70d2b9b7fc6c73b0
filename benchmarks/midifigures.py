"""What a producer finds in a take's MIDI file: is it on the grid, is it played, is it marked?

    python benchmarks/midifigures.py take.mid ...

Of each file: how many notes the voices have, and which share begins within 10 ms of a sixteenth; how
many different velocities each voice has; controllers 11 and 12 a note; bars, metre, keys, markers, and
which knobs are named. Of several files also the share of all notes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mido

NEAR_SECONDS = 0.010
VOICES = ("P1", "P2", "TR")


def figures(path: Path) -> tuple[int, int]:
    """Print those of one file; its notes, and how many of them lie on a sixteenth."""
    file = mido.MidiFile(path)
    head, *tracks = file.tracks
    cell = file.ticks_per_beat / 4
    tempi = [(tick, m.tempo) for tick, m in timed(head) if m.type == "set_tempo"]
    on = total = controls = 0
    velocities = {}
    for track in tracks:
        starts = [(t, m) for t, m in timed(track) if m.type == "note_on" and m.velocity]
        controls += sum(m.type == "control_change" and m.control in {11, 12} for m in track)
        if track.name not in VOICES:
            continue
        velocities[track.name] = len({m.velocity for _, m in starts})
        for tick, _ in starts:
            beat = next(tempo for at, tempo in reversed(tempi) if at <= tick) / 1e6
            off = abs(tick - round(tick / cell) * cell) / file.ticks_per_beat * beat
            on += off <= NEAR_SECONDS
        total += len(starts)
    told = [m for m in head if m.type in {"time_signature", "key_signature", "marker"}]
    named = [m.text for track in tracks if track.name == "knobs" for m in track if m.type == "text"]
    bars = max(sum(m.time for m in track) for track in file.tracks) / file.ticks_per_beat / 4
    print(
        f"{path}: {total} notes, {on / max(total, 1):.2f} on a sixteenth; velocities {velocities}; "
        f"CC 11 and 12 a note {controls / max(total, 1):.2f}; {bars:g} bars of four beats; "
        f"{[str(m.numerator) + '/' + str(m.denominator) for m in told if m.type == 'time_signature']}, "
        f"keys {[m.key for m in told if m.type == 'key_signature']}, "
        f"markers {[m.text for m in told if m.type == 'marker']}, texts {named[:8]}"
    )
    return total, on


def timed(track: mido.MidiTrack) -> list[tuple[int, mido.Message]]:
    """A track's messages, each with its tick."""
    tick, found = 0, []
    for message in track:
        tick += message.time
        found.append((tick, message))
    return found


if __name__ == "__main__":
    counts = [figures(Path(name)) for name in sys.argv[1:]]
    if len(counts) > 1:
        print(f"all: {sum(on for _, on in counts) / sum(n for n, _ in counts):.2f} on a sixteenth")
