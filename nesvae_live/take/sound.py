"""The sound of a jam: its events, at the samples at which the chip took them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.chipplayer import ChipPlayer
from nesvae_live.chip.nesmdb import MOST_SAMPLES
from nesvae_live.chip.timeline import Change, Timeline
from nesvae_live.clock.timing import Meter
from nesvae_live.log.entries import Entry, Rendered, Sent, Silenced, Sounded
from nesvae_live.log.jam import Jam
from nesvae_live.music.events import Event, NoteOff, VoiceState
from nesvae_live.music.voices import SILENCE, Voice

FARTHEST_SECONDS = 12 * 3600
"""The longest pause between two sounds of a jam, while a clock stands still."""

Tap = Callable[[npt.NDArray[np.int16]], None]


class SoundReplay:
    """Renders entries as they come, with at most a second of sound in memory.

    `tap` gets the chip's samples `[n]`; with `stems` the mix and the voices, `[n, 5]`. It gets
    those from sample `first` on; the ones before are computed all the same, since where the voices
    are in their waves depends on them.
    """

    def __init__(self, chip: Apu, tap: Tap, *, stems: bool = False, first: int = 0) -> None:
        self._stems = stems
        self._first = first
        self._player = ChipPlayer(chip)
        self._player.start()
        self._chip = chip
        self._tap = tap
        self._events: dict[int, Event] = {}  # those that the chip has not taken, by their numbers
        self._last = 0  # the last sample that an entry names

    def put(self, entry: Entry) -> None:
        """Take an entry; those that are not about sound are skipped."""
        if isinstance(entry, Sent):
            self._events[entry.n] = entry.event
        elif isinstance(entry, Sounded | Silenced) and self._is_out_of_reach(entry.sample):
            return
        elif isinstance(entry, Sounded):
            self._reach(entry.sample)
            self._player.act(self._taken(entry), entry.sample)
        elif isinstance(entry, Silenced):
            self._reach(entry.sample)
            self._player.silence(entry.sample, panic=entry.panic)
        elif isinstance(entry, Rendered) and not self._is_out_of_reach(entry.samples):
            self._render(entry.samples)

    def end(self, until: int = 0) -> None:
        """Finish: render up to the last sample that an entry names, or to a later `until`."""
        self._render(max(self._last, until))

    def _taken(self, entry: Sounded) -> list[Event]:
        """The events that the chip took; earlier ones that it has not taken are forgotten."""
        end = entry.first + entry.count
        events = [self._events[n] for n in range(entry.first, end) if n in self._events]
        for n in [n for n in self._events if n < end]:
            del self._events[n]
        return events

    def _is_out_of_reach(self, sample: int) -> bool:
        """Whether a sample's number can't be true, in a log that was garbled."""
        return not 0 <= sample - self._last <= FARTHEST_SECONDS * self._chip.sample_rate

    def _reach(self, sample: int) -> None:
        """Render up to `sample` if it is far; the chip holds writes until their samples."""
        self._last = sample
        if sample - self._chip.position > self._chip.sample_rate:
            self._render(sample)

    def _render(self, until: int) -> None:
        """Render up to sample `until`."""
        while (frames := min(until - self._chip.position, self._chip.sample_rate)) > 0:
            before = self._first - self._chip.position
            if before > 0:
                self._chip.render(min(frames, before))
            else:
                self._tap(self._with_stems(frames) if self._stems else self._chip.render(frames))

    def _with_stems(self, frames: int) -> npt.NDArray[np.int16]:
        mix = np.empty(frames, np.int16)
        stems = self._chip.render_stems(frames, mix=mix)
        return np.column_stack((mix, stems))


def jam_to_timeline(jam: Jam) -> Timeline:
    """The voices' changes at the jam's own sample rate, to the end of its last bar.

    They are taken from the log's `Sounded` entries, so that the samples are the take's; if the
    chip took none, from its `Sent` entries, where their times fall.

    Raises:
        ValueError: the log's end is out of reach, or its metre is none.
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
    frames = max([int(min(seconds, MOST_SAMPLES) * rate), *(sample for sample, _ in events)])
    if frames >= MOST_SAMPLES:
        raise ValueError(f"the jam would last {frames / rate / 3600:.0f} hours or more")
    changes: dict[tuple[int, Voice], Change] = {}
    played = dict.fromkeys(Voice, VoiceState())
    for sample, event in sorted(events, key=lambda timed: timed[0]):
        ended = [NoteOff(voice, state.note) for voice, state in played.items()]
        for part in ended if event is None else [event]:
            voice = part.voice
            played[voice] = played[voice].after(part)
            changes[sample, voice] = _change(sample + 1, voice, played[voice])
    ordered = sorted(changes.items())
    return Timeline(rate, frames + 1, tuple(change for _, change in ordered))


def _change(stamp: int, voice: Voice, played: VoiceState) -> Change:
    if not played.sounds:
        return Change(stamp, voice, SILENCE, 0, played.duty)
    volume = 0 if voice is Voice.TR else played.volume
    return Change(stamp, voice, played.note, volume, played.duty, played.cents)
