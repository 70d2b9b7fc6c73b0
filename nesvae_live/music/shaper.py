"""The shaper: applies each voice's patch to its notes, and keeps track of what sounds.

A note with a release ends that much later, or where the next note of its voice begins; one whose
volume fades to nothing ends there. So whatever an output does with shapes, a note lasts from its
note-on to its note-off, and its tail is part of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from nesvae_live.music.events import LOUDEST, Event, NoteOff, NoteOn, Shape, volume_to_velocity
from nesvae_live.music.patch import FRAME_SECONDS, Macro, Patch, Vibrato
from nesvae_live.music.voices import Voice

VIBRATO_CENTS = 100
"""The depth of vibrato at the end of the knob, each way."""

DECAY_RATIO = 4.0
"""How much faster envelopes run at one end of the decay knob, and how much slower at the other."""

DUTY_KNOBS = {Voice.P1: "duty1", Voice.P2: "duty2"}

Knobs = Mapping[str, float]
TimedEvent = tuple[float, Event]


class _Held:
    """A note that sounds; `next_at` is when its next frame falls (inf: none does)."""

    __slots__ = ("age", "begun", "frames_left", "level", "next_at", "note", "patch", "speed")

    def __init__(self, note: int, patch: Patch | None, at: float, speed: float) -> None:
        self.note = note
        self.patch = patch
        self.begun = at
        self.age = 0
        self.speed = speed
        self.level = LOUDEST
        self.frames_left = -1  # of the release; -1: it has not begun
        self.next_at = float("inf")


class Shaper:
    """Shapes what the sequencer plays; used in its thread alone, and never blocks.

    `patches` are the voices' patches (a voice without one is played unshaped), `drums` the noise's
    by note, where no other was told. Times are in seconds. `knobs` are the knobs' values in 0..1: `duty1` and `duty2`
    replace the patches' duty and `vibrato` their depth, at once; `decay`, from the next note on,
    makes the envelopes of the pulses run faster below the middle and slower above it.
    """

    def __init__(
        self, patches: Mapping[Voice, Patch], drums: Mapping[int, Patch] | None = None
    ) -> None:
        self._patches = dict(patches)
        self._waver = {voice: patch.vibrato for voice, patch in patches.items()}
        self._drums = dict(drums or {})
        self._held: dict[Voice, _Held] = {}
        self._said: dict[Voice, Shape] = {}

    def touch(self, voice: Voice, volume: Macro, duty: Macro) -> None:
        """From its next note on a voice is played like that, with the vibrato of its patch."""
        waver = self._waver.get(voice, Vibrato())
        self._patches[voice] = Patch(volume=volume, duty=duty, vibrato=waver)

    @property
    def sounding(self) -> dict[Voice, int]:
        """The note of each voice that sounds, tails included."""
        return {voice: held.note for voice, held in self._held.items()}

    def take(self, events: Sequence[Event], at: float, knobs: Knobs) -> list[Event]:
        """What `events` become, all at `at`: first the offs, then each shape before its on.

        What is due before `at` must have been taken with `due` first.
        """
        struck = {event.voice for event in events if isinstance(event, NoteOn)}
        offs: list[Event] = []
        ons: list[Event] = []
        for event in events:
            if isinstance(event, NoteOff):
                held = self._held.get(event.voice)
                if held is not None and held.note == event.note and held.frames_left < 0:
                    offs += self._release(event.voice, held, at, event.voice in struck)
            elif isinstance(event, NoteOn):
                offs += self.cut({event.voice})
                ons += self._strike(event, at, knobs)
        return offs + ons

    def due(self, until: float, knobs: Knobs) -> list[TimedEvent]:
        """The events of the notes that sound, up to `until`, in order of time."""
        timed: list[TimedEvent] = []
        while self._held:
            voice, held = min(self._held.items(), key=lambda item: item[1].next_at)
            if held.next_at >= until:
                break
            at = held.next_at
            timed += [(at, event) for event in self._frame(voice, held, knobs)]
        return timed

    def cut(self, voices: Collection[Voice] = tuple(Voice)) -> list[Event]:
        """End what sounds in `voices`, tails included."""
        ended = [voice for voice in self._held if voice in voices]
        return [NoteOff(voice, self._held.pop(voice).note) for voice in ended]

    def forget(self) -> None:
        """Forget which shapes were sent: the outputs were reset and need them again."""
        self._said.clear()

    def _strike(self, event: NoteOn, at: float, knobs: Knobs) -> list[Event]:
        voice = event.voice
        patch = self._patches.get(voice)
        if voice is Voice.NO and patch is None:
            patch = self._drums.get(event.note)
        decay = knobs.get("decay", 0.5) if voice in DUTY_KNOBS else 0.5
        held = self._held[voice] = _Held(event.note, patch, at, DECAY_RATIO ** (1 - 2 * decay))
        if patch is None:
            return [event]
        shape = self._shape(voice, held, patch, knobs)
        held.level = shape.volume
        self._go_on(held)
        velocity = event.velocity if voice is Voice.TR else volume_to_velocity(shape.volume)
        return [*self._say(shape), NoteOn(voice, event.note, velocity)]

    def _release(self, voice: Voice, held: _Held, at: float, struck: bool) -> list[Event]:
        """Release a note: its tail begins at once, if it has one and no note follows."""
        if held.patch is None or held.patch.release is None or struck:
            return self.cut({voice})
        held.frames_left = len(held.patch.release.values)
        held.begun = at - held.age * FRAME_SECONDS  # from here on frames fall from `at` on
        held.next_at = at
        return []

    def _frame(self, voice: Voice, held: _Held, knobs: Knobs) -> list[Event]:
        """One frame of a note: its shape if it has changed, or its end."""
        assert held.patch is not None  # a note without a patch has no frames
        if self._dies(held, held.patch):
            return self.cut({voice})
        shape = self._shape(voice, held, held.patch, knobs)
        if held.frames_left < 0:
            held.level = shape.volume
        else:
            held.frames_left -= 1
            if shape.volume == 0:
                return self.cut({voice})
        self._go_on(held)
        return self._say(shape)

    @staticmethod
    def _dies(held: _Held, patch: Patch) -> bool:
        if held.frames_left >= 0:
            return held.frames_left == 0
        return patch.end is not None and int(held.age * held.speed) >= patch.end

    @staticmethod
    def _go_on(held: _Held) -> None:
        held.age += 1
        held.next_at = held.begun + held.age * FRAME_SECONDS

    @staticmethod
    def _shape(voice: Voice, held: _Held, patch: Patch, knobs: Knobs) -> Shape:
        age = held.age
        if held.frames_left < 0:
            volume = patch.volume.at(int(age * held.speed))
        else:
            assert patch.release is not None  # otherwise no release begins
            left = patch.release.values[-held.frames_left]
            volume = round(held.level * left / LOUDEST)
        if voice is Voice.NO:
            return Shape(voice, volume, min(patch.duty.at(age), 1))
        depth = knobs.get("vibrato") if voice in DUTY_KNOBS else None
        cents = patch.cents(age, None if depth is None else round(depth * VIBRATO_CENTS))
        if voice is Voice.TR:
            return Shape(voice, LOUDEST if volume else 0, 0, cents - 100 * patch.arpeggio.at(age))
        turned = knobs.get(DUTY_KNOBS[voice])
        duty = patch.duty.at(age) if turned is None else min(3, int(4 * turned))
        return Shape(voice, volume, duty, cents)

    def _say(self, shape: Shape) -> list[Event]:
        """The shape, unless the voice has it already."""
        if self._said.get(shape.voice) == shape:
            return []
        self._said[shape.voice] = shape
        return [shape]
