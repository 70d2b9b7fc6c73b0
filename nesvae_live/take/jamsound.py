"""What a jam sounded, as a timeline: each event at the sample at which the chip took it."""

from __future__ import annotations

from nesvae_live.chip.nesmdb import LONGEST
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.clock.timing import Meter
from nesvae_live.log.entries import Sent
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import NoteOff, Played
from nesvae_live.music.voices import SILENCE, Voice


def jam_to_timeline(jam: Jam) -> Timeline:
    """The voices' changes, at the jam's own sample rate, to the end of its last bar.

    Taken from the log's `Sounded` entries, so that the samples are the take's; from `Sent` ones,
    where their time falls, if the chip took none. Raises ValueError for a log whose end is out of
    reach, or whose metre is none.
    """
    rate = jam.opened.sample_rate
    events = [(max(0, sample), event) for sample, event in jam.sounded]
    if not events:
        end_beat = jam.end_beat()
        sent = [e for e in jam.entries if isinstance(e, Sent) and e.beat <= end_beat]
        sent.sort(key=lambda e: (e.at, not isinstance(e.event, NoteOff)))
        events = [(max(0, round(e.at * rate)), e.event) for e in sent]
    beats = Meter.parse(jam.opened.meter).whole_bars(jam.end_beat())
    seconds = jam.time_of(beats)
    frames = max([int(min(seconds, LONGEST) * rate), *(sample for sample, _ in events)])
    if frames >= LONGEST:
        raise ValueError(f"the jam would last {frames / rate / 3600:.0f} hours or more")
    changes: dict[tuple[int, Voice], Change] = {}
    played = dict.fromkeys(Voice, Played())
    for sample, event in sorted(events, key=lambda timed: timed[0]):
        ended = [NoteOff(voice, state.note) for voice, state in played.items()]
        for part in ended if event is None else [event]:
            voice = part.voice
            played[voice] = played[voice].after(part)
            changes[sample, voice] = _change(sample + 1, voice, played[voice])
    ordered = sorted(changes.items())
    return Timeline(rate, frames + 1, tuple(change for _, change in ordered))


def _change(stamp: int, voice: Voice, played: Played) -> Change:
    if not played.sounds:
        return Change(stamp, voice, SILENCE, 0, played.duty)
    volume = 0 if voice is Voice.TR else played.volume
    return Change(stamp, voice, played.note, volume, played.duty, played.cents)
