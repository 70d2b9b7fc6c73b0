"""A take on to the tracker: rows, instruments and tempo; and a tracker's reading sounds as it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.console.frames import frames_to_log, log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS
from nesvae_live.chip.convert import queue_writes, to_log
from nesvae_live.chip.registers import CPU_CLOCK
from nesvae_live.chip.tracker import instruments
from nesvae_live.chip.tracker.ftm import module_to_ftm
from nesvae_live.chip.tracker.ftmreader import ftm_to_module
from nesvae_live.chip.tracker.module import Cell, Effect, Kind, Module
from nesvae_live.chip.tracker.rows import nearest_tick
from nesvae_live.chip.vgm.registerlog import RegisterLog
from nesvae_live.cli.main import main
from nesvae_live.control.inputs import SetKnob, SetTempo
from nesvae_live.evaluation.performing.logmel import distance
from nesvae_live.latent.decoding import Decoded, DecoderState, Sampling
from nesvae_live.log.entries import Sent, Silenced, Sounded
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import lines_to_jam
from nesvae_live.log.tally import LogLines
from nesvae_live.music.grid import Grid
from nesvae_live.music.voices import VOICES, Voice
from nesvae_live.paths import shipped_dir
from nesvae_live.presets.patchbank import PatchBank
from nesvae_live.take.export.tracked import jam_to_module, jam_to_notes
from nesvae_live.take.sound import jam_to_timeline
from tests.support import simulated
from tests.support.fakes import DrawnDecoder
from tests.support.simulated import PATCHES, SimulatedJam
from tests.support.trackerplayer import Player

RATE = 44_100
Floats = npt.NDArray[np.float32]

TEMPO = 150.0
"""At which a clock is a tick of the tracker's."""


class Pentatonic(DrawnDecoder):
    """Notes by chance of a scale, in the octaves that voices play in games."""

    def decode(
        self,
        z: Floats,
        mask: Floats,
        start: DecoderState,
        uniforms: Floats,
        sampling: Sampling,
    ) -> Decoded:
        decoded = super().decode(z, mask, start, uniforms, sampling)
        for spec in VOICES:
            lowest = 36 if spec.voice is Voice.TR else 57
            scale = [lowest + step for step in (0, 3, 5, 7, 10, 12, 15, 17)]
            symbols = [0, 0, *(note - spec.lowest + 1 for note in scale)]
            drawn = (uniforms[:, spec.voice] * len(symbols)).astype(int)
            decoded.symbols[:, spec.voice] = np.array(symbols)[drawn]
        return decoded


def steady(seed: int, seconds: float, vibrato: float | None) -> Jam:
    """A take at one tempo, with drums and patches, whose knobs nobody turns."""
    jam = SimulatedJam(seed, seconds, decoder=Pentatonic())
    jam.act = lambda: None  # type: ignore[method-assign]
    at = jam.time.value
    jam.put(SetTempo(TEMPO, at=at))
    jam.put(SetKnob("noise", 0.7, at=at))
    jam.put(SetKnob("vibrato", vibrato, at=at))
    jam.play()
    lines = LogLines()
    return lines_to_jam([line for entry in jam.written.entries for line in lines.take(entry)])


def take_at_ticks(jam: Jam) -> tuple[int, RegisterLog]:
    """What the take's chip has when each event is played in the tick nearest to its own time.

    By the log's clock, which is the music's: a sound card's clock drifts away from it.
    """
    entries = [
        replace(entry, at=nearest_tick(60 * entry.at) / 60) if isinstance(entry, Sent) else entry
        for entry in jam.entries
        if not isinstance(entry, Sounded | Silenced)
    ]
    timeline = jam_to_timeline(replace(jam, entries=tuple(entries)))
    return frames_to_log(log_to_frames(*to_log(timeline), 60.0))


def render(rate: int, log: RegisterLog) -> npt.NDArray[np.int16]:
    chip = Apu(RATE)
    return chip.render(queue_writes(rate, log, chip))


SHIPPED = PatchBank.read(shipped_dir("presets") / "patches" / "shipped.toml").patches


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "vibrato", "patches"),
    [
        (16, 0.0, ()),
        (9, None, ()),
        (16, None, ()),
        (16, 0.6, ()),
        (16, None, ("lead", "comp", "bass")),
        (16, None, ("trumpet", "whistle", "fretless")),
        (16, 0.2, ("siren", "strings", "thump")),
        (16, None, ("major", "shadow", "staccato")),
    ],
)
def test_the_module_sounds_as_the_take_at_the_tracker_s_ticks(
    seed: int, vibrato: float | None, patches: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within half a dB, vibrato and slides included."""
    for voice, name in zip(Voice, patches, strict=False):
        monkeypatch.setitem(PATCHES, voice, SHIPPED[name])
    jam = steady(seed, 12.0, vibrato)
    made = jam_to_module(jam, NO_CREDITS, 0)
    assert made.notices == ()
    module = ftm_to_module(module_to_ftm(made.module))
    heard = render(CPU_CLOCK, Player(module).play())
    assert distance(heard, render(*take_at_ticks(jam)), RATE) < 0.5


def test_where_instruments_run_out_effects_say_what_was_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for voice, name in zip(Voice, ("trumpet", "whistle", "fretless"), strict=False):
        monkeypatch.setitem(PATCHES, voice, SHIPPED[name])
    monkeypatch.setattr(instruments, "MOST_INSTRUMENTS", 20)
    jam = steady(16, 12.0, 0.2)
    module = jam_to_module(jam, NO_CREDITS, 0).module
    assert len(module.instruments) == 20
    heard = render(CPU_CLOCK, Player(module).play())
    assert distance(heard, render(*take_at_ticks(jam)), RATE) < 0.5


@pytest.mark.parametrize("swing", [58.0, 62.5, 66.7])
def test_swing_is_on_the_same_ticks(swing: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """62.5 is half-way between two ticks."""
    grid = partial(Grid, quantise=None, swing=swing)
    monkeypatch.setattr(simulated, "Grid", lambda mode, **_: grid(mode))
    jam = steady(16, 8.0, 0.0)
    assert any(abs(24 * note.start - round(24 * note.start)) > 0.1 for note in jam.notes())
    module = jam_to_module(jam, NO_CREDITS, 0).module
    heard = render(CPU_CLOCK, Player(module).play())
    assert distance(heard, render(*take_at_ticks(jam)), RATE) < 0.05


def test_patches_are_the_instruments_and_bars_the_patterns() -> None:
    jam = steady(16, 12.0, None)
    module = jam_to_module(jam, NO_CREDITS, 0).module
    (track,) = module.tracks
    assert (len(track.order), track.rows % 16) == (jam.bars(), 0)
    rows_per_beat = track.rows / 4
    assert track.tempo * 24 / track.speed / rows_per_beat == TEMPO
    steps = {(s.kind, s.index): s for s in module.sequences}
    played = {name.split()[0] for name in (instrument.name for instrument in module.instruments)}
    assert {"P1", "P2", "plain", "kick", "snare", "hat"} <= played
    volume = next(i for i in module.instruments if i.name == "P2").sequences[Kind.VOLUME]
    p2 = steps[Kind.VOLUME, volume or 0]
    patch = PATCHES[Voice.P2].volume
    assert (p2.values, p2.loop) == (patch.values, patch.loop)
    effects = {e for p in module.patterns for c in p.cells for e, _ in c.effects}
    assert not effects - {0, *Effect}


def test_every_note_stands_in_its_row_or_is_counted() -> None:
    jam = SimulatedJam(4, 20.0)
    jam.play()
    lines = LogLines()
    read = lines_to_jam([line for entry in jam.written.entries for line in lines.take(entry)])
    made = jam_to_module(read, NO_CREDITS, 0)
    written = sum(1 <= c.note <= 12 for p in _every(made.module) for c in p)
    lost = next((int(n.split()[0]) for n in made.notices if "left out" in n), 0)
    assert written + lost == pytest.approx(len(jam_to_notes(read)), abs=2)


def _every(module: Module) -> list[tuple[Cell, ...]]:
    """The cells of every bar of every channel, patterns that come again included."""
    (track,) = module.tracks
    cells = {(p.channel, p.number): p.cells for p in module.patterns}
    return [
        cells.get((channel, number), ())
        for frame in track.order
        for channel, number in enumerate(frame)
    ]


def test_without_a_loop_it_stops_in_its_last_row() -> None:
    module = jam_to_module(steady(9, 6.0, None), NO_CREDITS, None).module
    (stop,) = [c for p in module.patterns for c in p.cells if (Effect.STOP, 0) in c.effects]
    assert stop.row == module.tracks[0].rows - 1


def test_the_command_writes_all_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jam = SimulatedJam(12, 16.0)
    jam.play()
    take = jam.write(tmp_path / "take")
    out = tmp_path / "out"
    command = ["jam", "export", str(take), "--to", "ftm,ftmtxt,famistudio", "--bars", "2-5"]
    assert main([*command, "--title", "Steered", "--loop", "3", "-o", str(out)]) == 0
    module = ftm_to_module(next(out.glob("*.ftm")).read_bytes())
    assert module.title == "Steered"
    assert len(module.tracks[0].order) == 4
    assert (Effect.JUMP, 1) in [e for p in module.patterns for c in p.cells for e in c.effects]
    assert next(out.glob("*.famitracker.txt")).read_text().startswith("# FamiTracker text export")
    assert next(out.glob("*.famistudio.txt")).read_text().startswith('Project Version="4.5.0"')
    capsys.readouterr()
    assert main(["patches", "import", str(next(out.glob("*.ftm")))]) == 0
    assert "[patches." in capsys.readouterr().out
    assert main(["patches", "import", str(take / "take.jsonl")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
