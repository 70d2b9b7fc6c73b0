"""The output in front of a port on a JACK server: events leave at their frame."""

from __future__ import annotations

from collections.abc import Sequence

from nesvae_live.io.jack.cycle import Kind
from nesvae_live.io.midi.jackports import JackSlot
from nesvae_live.io.midi.sender import Lateness
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import Event

DOUBTFUL_SECONDS = 5.0
"""The loss of a server is noticed within this time: what was sent meanwhile is in doubt."""


class FrameSender:
    """Sends events at their frame; an `Output` in front of a `JackSlot`.

    All that it has to do is handed on at once: what is held, what sounds, and what is to be ended is
    known where the port is. Only if that process is gone, with its server, is it known here.
    """

    error: BaseException | None = None
    """Nothing fails here."""

    def __init__(self, slot: JackSlot, speaker: MidiSpeaker) -> None:
        self._slot = slot
        self._speaker = speaker
        self._last_at = 0.0
        self._sounding: dict[int, int] = {}  # channel -> note, once all that was sent has left
        self._touched: dict[tuple[int, int], float] = {}  # when each note is struck or ended
        self._doubtful: set[tuple[int, int]] = set()

    def start(self) -> None:
        """Do nothing: it sends from the beginning."""

    def stop(self) -> None:
        """Drop what is held, and end every note."""
        self.silence()

    def send(self, event: Event, at: float) -> None:
        """Send `event` at `at` seconds, or as soon as can be if that is past."""
        for message in self._speaker.messages(event):
            self._note(message, at)
            self._slot.send_at(message, at)

    def silence(self, *, panic: bool = False) -> None:
        """Drop what is held and end every note; from any thread."""
        said = b"".join(map(bytes, self._speaker.all_off(panic=panic)))
        self._sounding.clear()
        self._slot.put(Kind.SILENCE)
        self._slot.put(Kind.PLAIN, data=said)

    def doubt(self) -> None:
        """A receiver is gone: remember what may sound there."""
        if self._slot.port is not None:
            self._slot.put(Kind.DOUBT)
            return
        since = self._last_at - DOUBTFUL_SECONDS
        self._doubtful |= {note for note, at in self._touched.copy().items() if at >= since}
        self._doubtful |= set(self._sounding.copy().items())

    def heal(self) -> None:
        """The receiver is back: end whatever may sound there."""
        self._slot.put(Kind.HEAL)
        doubtful, self._doubtful = self._doubtful, set()
        for channel, note in sorted(doubtful - set(self._sounding.copy().items())):
            self._slot.put(Kind.PLAIN, data=bytes((0x80 | channel, note, 0)))

    def end_again(self) -> None:
        """Messages may be lost: end again what ended lately."""
        self._slot.put(Kind.END_AGAIN)

    def lateness(self) -> Lateness:
        """How late events were sent; any thread may ask."""
        return self._slot.lateness.figures()

    def _note(self, message: Sequence[int], at: float) -> None:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind == 0x90:
            self._sounding[channel] = message[1]
        elif kind == 0x80:
            self._sounding.pop(channel, None)
        if kind in {0x80, 0x90}:
            self._touched[channel, message[1]] = self._last_at = at
