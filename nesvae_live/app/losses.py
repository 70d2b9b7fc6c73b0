"""What is lost while it plays, the sound or MIDI: said in one line, and got back."""

from __future__ import annotations

from nesvae_live.app.notices import Notices
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.midi.openports import Midi


class Losses:
    """Looks after the sound device (None: there is none) and the MIDI ports; the main thread's."""

    def __init__(self, device: AudioDevice | None, midi: Midi, notices: Notices) -> None:
        self._device = device
        self._midi = midi
        self._notices = notices
        self._lost: dict[str, str] = {}
        self._seen: dict[str, list[str]] = {}
        self._panics = 0

    @property
    def has_midi(self) -> bool:
        """Whether MIDI is not lost."""
        return "MIDI" not in self._lost

    def look(self, panics: int) -> None:
        """Look, about twice a second; `panics` is how many there were.

        Parts that are lost for one reason are said in one line: so it waits for a second look.
        """
        lost: dict[str, list[str]] = {}
        for name, part in (("sound", self._device), ("MIDI", self._midi)):
            reason = part.lost() if part is not None and name not in self._lost else None
            if reason is not None:
                lost.setdefault(reason, []).append(name)
        if lost == self._seen:
            for reason, names in lost.items():
                self._lost.update(dict.fromkeys(names, reason))
                self._notices.warn(
                    f"{reason}: the music goes on into the take, without {' or '.join(names)}"
                )
        self._seen = lost
        if self._device is not None and "sound" in self._lost:
            self._recover("sound", self._device)
        if "MIDI" in self._lost:
            self._recover("MIDI", self._midi)
        elif "MIDI" not in lost.get(self._midi.lost() or "", ()):
            before, self._panics = self._panics, panics
            for line in self._midi.tend(panicked=panics != before):
                self._notices.say(line)

    def _recover(self, name: str, part: AudioDevice | Midi) -> None:
        """Get the sound or MIDI back; of every loss and every return one line is said."""
        reason = part.lost()
        if reason is None:
            del self._lost[name]
            self._notices.forget()
            self._notices.warn(f"{'the sound' if name == 'sound' else name} is back")
            return
        part.recover()
        if reason != self._lost[name]:
            self._lost[name] = reason
            self._notices.warn(f"{reason}: there is no {name}")
