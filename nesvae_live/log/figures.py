"""A jam in figures, for a person."""

from __future__ import annotations

from collections import Counter

from nesvae_live.log.entries import Closed, Decoded, Noted, Placed, Spliced, Turned
from nesvae_live.log.jam import Jam
from nesvae_live.music.voices import Voice


def jam_to_figures(jam: Jam) -> dict[str, str]:
    """Name -> value, in the order in which they are shown."""
    opened, entries = jam.opened, jam.entries
    seconds = jam.time_of(jam.end_beat())
    tempi = sorted({round(60.0 / line.beat_seconds, 1) for line in jam.lines if line.runs})
    tempo = f"{tempi[0]:g}" if len(tempi) < 2 else f"{tempi[0]:g} to {tempi[-1]:g}"
    struck = Counter(note.voice for note in jam.notes())
    took = sorted(e.seconds for e in entries if isinstance(e, Decoded | Spliced))
    repeats = sum(isinstance(e, Placed) and e.repeat for e in entries)
    figures = {
        "begun": opened.started,
        "length": f"{int(seconds // 60)}:{seconds % 60:04.1f}, {jam.bars()} bars of {opened.meter}",
        "tempo": f"{tempo} BPM",
        "played with": f"{opened.checkpoint}, preset {opened.preset}, seed {opened.seed}",
        "notes": ", ".join(f"{voice.name} {struck[voice]}" for voice in Voice if struck[voice]),
        "phrases": f"{sum(isinstance(e, Decoded) for e in entries)}, "
        f"{sum(isinstance(e, Spliced) for e in entries)} tails, {repeats} repeated",
        "knobs": str(sum(isinstance(e, Turned) for e in entries)) + " turns",
    }
    if took:
        p50, worst = took[len(took) // 2] * 1e3, took[-1] * 1e3
        figures["decode"] = f"{p50:.1f} ms in the middle, {worst:.1f} at most"
    noted = [e.text for e in entries if isinstance(e, Noted)]
    figures |= {f"note {n}": text for n, text in enumerate(noted[:8], 1)}
    closed = next((e for e in entries if isinstance(e, Closed)), None)
    figures["ended"] = closed.why if closed else "it was not closed"
    return figures
