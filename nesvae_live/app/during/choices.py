"""What can be chosen while it plays: preset, checkpoint and style, ports and the sound device.

A preset, a checkpoint or a style is loaded beside the music; then the music goes on from it at a bar line, in
a take of its own. A port is connected, and a device changed, in the main thread, while music and take
go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.during.performing import performing
from nesvae_live.app.during.styles import NONE, open_style, style_paths
from nesvae_live.engine.live.protocols import Decode, Encode
from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.opening import offered, switch_audio
from nesvae_live.io.audio.probe import probe
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.wiring import CONTROLLER, NOTES, OURS, SeenPort
from nesvae_live.latent.adopted import Adopted
from nesvae_live.model.encoder import Encoder, PhraseEncoder
from nesvae_live.model.song.songcheckpoint import SongCheckpoint, load_song_checkpoint
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.model.song.yours.styledprior import make_styled_decoder, turned
from nesvae_live.music.grid import Mode
from nesvae_live.paths import shipped_dir
from nesvae_live.presets.preset import Preset, load_preset, preset_paths

GOES_ON = "the music goes on with it from a bar line, in a new take"
BREAKS = "the sound breaks off for about a second; the music and the take go on"
CONNECTS = "it is connected; nothing stops"
NO_DEVICE = "no sound device was opened at the start: choose one with play --audio"
NOT_JACK = "on this system, connect ports with its own tools, or name them at the start"
NO_PORTS = "no MIDI port was opened at the start: choose where with play --midi-api"

NO_FEEDBACK = "; for feedback to its controller, start with it"

GRIDS = [str(mode) for mode in Mode]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """All that is played from; a decoder is one session's alone.

    `patch`, `performer` and `drums` are what the command line says of how the notes are played. The
    checkpoint's axes are those of the style that was `adopted`, if there is one. `grid` says how phrases
    lie in time.
    """

    preset: Preset
    checkpoint: SongCheckpoint
    decoder: Decode
    encoder: Encode
    patch: tuple[str, ...] = ()
    performer: str | None = None
    adopted: Adopted | None = None
    grid: str = Mode.CLOCK
    drums: str | None = None


class Chooser:
    """Offers and carries out choices. `poll` is the main thread's; any thread may ask for the rest.

    Args:
        midi: the open ports.
        device: the open sound device, if there is one.
        say: told what comes of a choice, a line each.
        fixed: why preset and checkpoint can't be chosen now; empty if they can.
    """

    def __init__(self, midi: MidiPorts, device: AudioDevice | None, say: Say, fixed: str) -> None:
        self._midi = midi
        self._device = device
        self._say = say
        self._fixed = fixed
        self._now: Loaded | None = None
        self._own: dict[str, dict[str, Path]] = {"preset": {}, "checkpoint": {}}
        self._seen: list[SeenPort] = []
        self._tasks: SimpleQueue[Callable[[], str]] = SimpleQueue()
        self._loading: threading.Thread | None = None
        self._next: Loaded | None = None

    def attend(self, now: Loaded) -> None:
        """What is played from, from now on."""
        self._now = now
        for kind, path in (("preset", now.preset.path), ("checkpoint", now.checkpoint.path)):
            if path is not None:
                name = now.preset.name if kind == "preset" else path.stem
                self._own[kind].setdefault(name, path)

    def choices(self) -> dict[str, Any]:
        """What there is to choose from; each with what is chosen now, and why not if it can't be.

        It takes a second: the devices are asked for.
        """
        now = self._now
        assert now is not None  # it plays
        path = now.checkpoint.path
        style = NONE if now.adopted is None else str(now.adopted)
        why_not = self._fixed
        ports = self._ports_fixed()
        return {
            "preset": _choice(now.preset.name, sorted(self._presets()), GOES_ON, why_not),
            "checkpoint": _choice(
                path.stem if path else "", sorted(self._checkpoints()), GOES_ON, why_not
            ),
            "style": _choice(style, [NONE, *style_paths()], GOES_ON, why_not),
            "grid": _choice(str(now.grid), GRIDS, GOES_ON, why_not),
            "midi-in": _choice("", self._ports(speaks=True), CONNECTS, ports),
            "midi-out": _choice("", self._ports(speaks=False), CONNECTS, ports),
            "audio": self._devices(),
        }

    def choose(self, what: str, name: str | None) -> dict[str, Any]:
        """Choose one; returns what happens then, in words.

        Raises:
            ValueError: it can't be had while it plays, or isn't there; one line.
        """
        if name is None:
            raise ValueError("choose which one?")
        if what in {"preset", "checkpoint", "style", "grid"}:
            lacks = self._load(what, name)
            return {"said": f"{what} {name}: {GOES_ON}{lacks}"}
        if what in {"midi-in", "midi-out"}:
            speaks = what == "midi-in"
            if (why := self._ports_fixed()) or name not in self._ports(speaks=speaks):
                raise ValueError(why or f"there is no MIDI port {name!r}")
            self._tasks.put(lambda: self._wire(CONTROLLER if speaks else NOTES, name))
            return {"said": f"{name}: {CONNECTS}"}
        if what == "audio":
            device = self._device
            if device is None:
                raise ValueError(NO_DEVICE)
            self._tasks.put(lambda: switch_audio(device, name))
            return {"said": f"{name}: {BREAKS}"}
        raise ValueError(f"{what!r} can't be chosen while it plays")

    def poll(self) -> Loaded | None:
        """Do what was chosen; returns what the music is to go on from, once it is loaded."""
        try:
            while True:
                self._carry_out(self._tasks.get_nowait())
        except Empty:
            pass
        loaded, self._next = self._next, None
        if loaded is not None:
            self._loading = None
        return loaded

    def see_ports(self) -> None:
        """Ask the system for its ports; the main thread's, as `poll`, and seldom."""
        self._seen = self._midi.seen()

    def _carry_out(self, task: Callable[[], str]) -> None:
        try:
            self._say(task())
        except NesvaeError as error:
            self._say(str(error))

    def _wire(self, role: str, name: str) -> str:
        self._midi.wire(role, name)
        return f"{name!r} will be connected"

    def _ports_fixed(self) -> str:
        if self._midi.api == "none":
            return NO_PORTS
        return "" if self._midi.tells else NOT_JACK

    def _ports(self, *, speaks: bool) -> list[str]:
        """The ports of others that can be read, or written to."""
        return [p.name for p in self._seen if p.speaks == speaks and not OURS.search(p.name)]

    def _devices(self) -> dict[str, Any]:
        if self._device is None:
            return _choice("none", [], BREAKS, NO_DEVICE)
        return _choice(self._device.name, offered(probe(), self._device), BREAKS, "")

    def _presets(self) -> Mapping[str, Path]:
        return preset_paths() | self._own["preset"]

    def _checkpoints(self) -> Mapping[str, Path]:
        """Those that are shipped, and those that lie beside one that was played from."""
        own = self._own["checkpoint"]
        folders = [shipped_dir("checkpoints"), *(path.parent for path in own.values())]
        there = {path.stem: path for f in folders for path in f.glob("*.safetensors")}
        return there | own

    def _load(self, what: str, name: str) -> str:
        """Load a preset, checkpoint or style in a thread; `poll` gets it. Returns what it won't have."""
        now = self._now
        assert now is not None  # it plays
        if self._fixed:
            raise ValueError(self._fixed)
        there = self._presets() if what == "preset" else self._checkpoints()
        if name not in (GRIDS if what == "grid" else there) and what != "style":
            raise ValueError(f"there is no {what} {name!r}")
        if self._loading is not None and (self._loading.is_alive() or self._next is not None):
            raise ValueError("another choice is still loading")
        preset, checkpoint = now.preset, now.checkpoint.path
        style = None if now.adopted is None else str(now.adopted)
        grid = name if what == "grid" else now.grid
        if what == "preset":
            try:
                preset = load_preset(str(there[name]))
            except NesvaeError as error:
                raise ValueError(str(error)) from None
            if preset.dialect != now.preset.dialect:
                raise ValueError(f"{name} has another MIDI dialect: start with --preset {name}")
        elif what == "style":
            style = name
            try:
                open_style(name, now.checkpoint)
            except NesvaeError as error:
                raise ValueError(str(error)) from None
        elif what == "checkpoint":
            checkpoint, style = there[name], None

        def work() -> None:
            try:
                same = checkpoint in {None, now.checkpoint.path} and now.adopted is None
                played = now.checkpoint if same else load_song_checkpoint(Path(str(checkpoint)))
                adopted = now.adopted if what in {"preset", "grid"} else open_style(style, played)
                loaded = load(preset, played, now.patch, now.performer, adopted, now.drums)
                self._next = replace(loaded, grid=grid)
            except NesvaeError as error:
                self._say(f"{what} {name}: {error}; the music goes on as it was")

        self._loading = threading.Thread(target=work, name="loading", daemon=True)
        self._loading.start()
        is_mute = preset.layout.shows and self._midi.feedback is None
        return NO_FEEDBACK if is_mute and preset is not now.preset else ""


def load(
    preset: Preset,
    checkpoint: SongCheckpoint,
    patch: tuple[str, ...] = (),
    performer: str | None = None,
    adopted: Adopted | None = None,
    drums: str | None = None,
) -> Loaded:
    """Make what plays from a checkpoint and in a style, compiled: half a minute at the very first start.

    Raises:
        ConfigError, CheckpointError: there is no such performer or drummer.
    """
    checkpoint = checkpoint if adopted is None else turned(checkpoint, adopted)
    composer = make_styled_decoder(checkpoint, adopted) if adopted else make_decoder(checkpoint)
    voices, who = preset.performed(patch), preset.drums(drums)
    decoder = performing(composer, voices, performer, who)
    encoder = PhraseEncoder(Encoder(checkpoint), checkpoint.quantiles)
    encoder.warm_up()
    return Loaded(preset, checkpoint, decoder, encoder, patch, performer, adopted, drums=drums)


def _choice(now: str, there: list[str], how: str, why_not: str) -> dict[str, Any]:
    return {"now": now, "there": there, "how": how, "why_not": why_not}
