"""The options of `play`, and what is made of them, of the preset and of the checkpoint."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path

import numpy as np

from nesvae_live import __version__
from nesvae_live.clock.jackclock import TRANSPORT_PORT
from nesvae_live.clock.linkclocks import LINK_PORT
from nesvae_live.clock.timing import Meter
from nesvae_live.engine.live.config import REMEMBERS, ClockSetup, PlayConfig, Setup
from nesvae_live.io.matching import means
from nesvae_live.io.midi.ports import IN_PORT, MidiError
from nesvae_live.io.midi.wiring import CLOCK, CONTROLLER, NOTES
from nesvae_live.io.pace import USUAL, Pace
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import QUOTE, SAMPLING
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.space import slerp
from nesvae_live.latent.walk import Spread
from nesvae_live.log.entries import Opened
from nesvae_live.log.plain import to_data
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music.drums import RULE
from nesvae_live.music.grid import SWING, Grid, Mode
from nesvae_live.music.swap import Swap
from nesvae_live.presets.preset import Play, Preset

DEFAULT_TEMPO = 120.0
SAMPLE_RATE = 44_100
BLOCK_FRAMES = 256
STEADY = ("density",)
"""What stays where it stands while other knobs turn, unless the command line says."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What the command line asks for; None leaves it to the preset, or to the default."""

    preset: str = "default"
    checkpoint: str | None = None
    style: str | None = None
    midi_api: str = "auto"
    midi_in: tuple[str, ...] = ()
    midi_out: str | None = None
    feedback: str | None = None
    connect: str = "no"
    audio: str = "auto"
    audio_device: str | None = None
    sample_rate: int = SAMPLE_RATE
    block_frames: int = BLOCK_FRAMES
    level: float = 0.0
    spread: float = 0.0
    voice_ports: bool = False
    tempo: float | None = None
    meter: Meter = Meter()
    clock: str = "internal"
    clock_in: str | None = None
    clock_lost: str | None = None
    clock_join: str | None = None
    clock_out: bool = False
    clock_lead: str | None = None
    link_start_stop: bool = False
    grid: str | None = None
    quantise: int | None = None
    swing: float = SWING.low
    bars_per_phrase: float | None = None
    swap: str | None = None
    offset_midi: float | None = None
    offset_audio: float | None = None
    bars: int | None = None
    seed: int | None = None
    jams: Path | None = None
    status: bool | None = None
    control: Path | None = None
    patch: tuple[str, ...] = ()
    performer: str | None = None
    drums: str | None = None
    steady: tuple[str, ...] = STEADY
    auto: str | None = None
    answer: str | None = None
    midi_cc: str | None = None
    snapshots: Path | None = None
    osc: tuple[str, int] | None = None
    osc_to: tuple[str, int] | None = None
    panel_port: int | None = None
    panel_host: str | None = None
    open_panel: bool = False
    demo: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """The MIDI inputs that are named, with that of the clock."""
        named = self.clock_in is None or self.clock_in in (IN_PORT, *self.midi_in)
        return self.midi_in if named else (*self.midi_in, str(self.clock_in))

    @property
    def wires(self) -> tuple[str, ...]:
        """What ports of others may be connected for: what no port is named for."""
        comes_in = (CONTROLLER, CLOCK) if self.clock == "midi" else (CONTROLLER,)
        named = {*(comes_in if self.inputs else ()), *((NOTES,) if self.midi_out else ())}
        return tuple(role for role in (*comes_in, NOTES) if role not in named)

    @property
    def follows(self) -> bool:
        """Whether the clock of another program or machine is followed."""
        return self.clock != "internal"

    def phrase_grid(self) -> Grid:
        """How phrases lie in time: by default a step is a tick, two clocks.

        The music has its place in the bar anyway, so it isn't stretched unless that is asked for.
        """
        mode = Mode(self.grid or Mode.CLOCK)
        return Grid(
            mode,
            bars=self.bars_per_phrase,
            quantise=self.quantise,
            swing=self.swing,
            strict=self.quantise is not None,
        )

    def lookahead(self, pace: Pace) -> float:
        """How many seconds ahead everything is decided: more if an output is to be early."""
        return (
            pace.lookahead + max(0.0, -(self.offset_midi or 0.0), -(self.offset_audio or 0.0)) / 1e3
        )

    def with_offsets(self, play: Play) -> PlayOptions:
        """The same with a preset's offsets, where the command line has none."""
        midi = play.offset_midi if self.offset_midi is None else self.offset_midi
        audio = play.offset_audio if self.offset_audio is None else self.offset_audio
        return replace(self, offset_midi=midi or 0.0, offset_audio=audio or 0.0)

    def clock_port(self, ports: Sequence[str]) -> str | None:
        """Which of the open inputs `ports` has the clock to follow; None for the internal clock.

        Raises:
            MidiError: none of them is meant, or several may be.
        """
        if not self.follows:
            return None
        leads = "--clock-out" if self.clock_out else self.clock_lead and "--clock-lead"
        if leads:
            raise MidiError(
                f"{leads} sends the internal clock, so it can't go with --clock {self.clock}"
            )
        if self.clock == "jack":
            return TRANSPORT_PORT
        if self.clock == "link":
            return LINK_PORT
        name = self.clock_in or (IN_PORT if IN_PORT in ports or len(ports) != 1 else ports[0])
        found = [port for port in ports if port == name] or [p for p in ports if means(name, p)]
        if len(found) != 1:
            there = ", ".join(repr(port) for port in ports) or "none"
            raise MidiError(
                f"--clock midi: {len(found)} open inputs match {name!r} (open: {there}); "
                "name one with --clock-in"
            )
        return found[0]


def choose_performance(
    options: PlayOptions,
    preset: Preset,
    checkpoint: SongCheckpoint,
    seed: int,
    pace: Pace = USUAL,
    adopted: Adopted | None = None,
) -> PlayConfig:
    """All that is fixed for the performance; `seed` also says where the style axes rest.

    `pace` says how far ahead it is decided; the axes are those of the style that was `adopted`.

    Raises:
        ConfigError: there is no such patch.
    """
    rng = np.random.default_rng([seed, 1])
    n_style = checkpoint.config.style
    wanted = preset.play.quote
    style = rng.standard_normal(n_style).astype(np.float32)
    if adopted is not None:
        there = adopted.along(adopted.draw(rng))[N_ATTRIBUTES:]
        style = slerp(style, there, adopted.amount)
    sampling = replace(
        SAMPLING,
        temperature=preset.play.temperature or SAMPLING.temperature,
        top_p=preset.play.top_p or SAMPLING.top_p,
    )
    return PlayConfig(
        style=style,
        reach=checkpoint.quantiles.reach(),
        seed=seed,
        meter=options.meter,
        bars=options.bars,
        grid=options.phrase_grid(),
        swap=Swap(options.swap or (Swap.BAR if options.follows else Swap.NOW)),
        lookahead=round(options.lookahead(pace), 6),
        patches=preset.voice_patches(options.patch),
        sampling=sampling,
        spread=Spread.of(checkpoint.about, n_style),
        quote=float(checkpoint.about.get("quote", QUOTE)) if wanted is None else wanted,
        composed=sampling,
        prompt=True,
        adopted=adopted,
        resumes=True,
        learnt_drums=preset.drums(options.drums) != RULE,
        settles=True,
        punctual=True,
        steady=options.steady,
        quantiles=checkpoint.quantiles,
    )


def choose_setup(
    options: PlayOptions,
    preset: Preset,
    performance: PlayConfig,
    inputs: Sequence[str],
    snapshots: dict[int, Setting],
) -> Setup:
    """All that a replay needs beside the inputs; `inputs` are the open MIDI inputs.

    Raises:
        MidiError: the clock that is to be followed isn't among them.
    """
    return Setup(
        performance=performance,
        layout=preset.layout,
        muted=tuple(sorted(preset.muted)),
        clock=ClockSetup(
            options.tempo or preset.play.tempo or DEFAULT_TEMPO,
            options.clock_port(inputs),
            coasts=(options.clock_lost or preset.play.clock_lost) == "coast",
            join=options.clock_join or preset.play.clock_join or "wait",
        ),
        snapshots=snapshots,
    )


def first_entry(
    options: PlayOptions,
    preset: Preset,
    checkpoint: SongCheckpoint,
    setup: Setup,
    started: datetime,
    sample_rate: int,
) -> Opened:
    """The first entry of the log, with beat 0 at 0 s: what the take is played with.

    `started` is the local time at which the take began, `sample_rate` its own in Hz.
    """
    return Opened(
        at=0.0,
        started=started.isoformat(timespec="seconds"),
        tempo=setup.clock.tempo,
        meter=str(options.meter),
        beats_per_bar=options.meter.beats_per_bar,
        sample_rate=sample_rate,
        seed=setup.performance.seed,
        checkpoint=checkpoint.path.name if checkpoint.path else "",
        checkpoint_sha256=checkpoint.sha256,
        preset=preset.name,
        settings={f.name: str(getattr(options, f.name)) for f in fields(options)},
        versions=_versions(),
        origin=0.0,
        setup=to_data(setup) | {REMEMBERS: True},
        dialect=preset.dialect,
    )


def _versions() -> dict[str, str]:
    """The versions of the program, of Python, and of the libraries that make a difference."""
    found = {"nesvae_live": __version__, "python": sys.version.split()[0]}
    for name in ("numpy", "numba", "mido", "python-rtmidi", "pyo"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
