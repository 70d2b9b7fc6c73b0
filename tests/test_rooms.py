"""Who may import whom: the table of rooms is the architecture, and a room that isn't in it fails."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

import nesvae_live

ROOT = Path(nesvae_live.__file__).parent
PACKAGE = "nesvae_live."

INSTRUMENT = (
    *(
        "clock",
        "music",
        "music.metre",
        "latent",
        "model",
        "chip.vgm",
        "chip",
        "chip.console",
        "chip.tracker",
        "chip.smf",
        "model.song",
        "model.song.yours",
        "model.song.steering",
        "model.performer",
        "model.drums",
    ),
    *("control", "log", "engine.band", "engine.live", "engine.phrases", "engine", "presets"),
)
PROGRAMS = (
    *(
        *INSTRUMENT,
        "io",
        "io.jack",
        "io.midi",
        "io.audio",
        "io.remote",
        "take.daw",
        "take",
        "take.export",
        "panel",
    ),
    "panel.terminal",
)
ROOMS: dict[str, tuple[str, ...]] = {
    "clock": (),
    "music": ("clock",),
    "music.metre": ("clock", "music"),
    "latent": ("music",),
    "model": ("music", "latent"),
    "chip.vgm": ("music",),
    "chip": ("music", "music.metre", "chip.vgm"),
    "chip.tracker": ("music", "chip"),
    "chip.smf": ("music", "music.metre", "chip.vgm", "chip"),
    "chip.console": ("music", "music.metre", "chip.vgm", "chip"),
    "model.song.steering": ("music", "music.metre", "latent"),
    "model.song": (*("music", "music.metre", "latent", "model", "model.song.steering", "chip"),),
    "model.song.yours": ("music", "music.metre", "latent", "model", "model.song"),
    "model.performer": ("music", "music.metre", "latent", "model", "chip"),
    "model.drums": ("music", "music.metre", "latent", "model", "model.performer", "chip"),
    "control": ("clock", "music", "latent"),
    "log": ("clock", "music", "control"),
    "engine.band": ("clock", "music", "latent"),
    "engine.live": ("clock", "music", "latent", "control", "log", "engine.band"),
    "engine.phrases": (
        *("clock", "music", "music.metre", "latent", "control", "log", "engine.band"),
        "engine.live",
    ),
    "engine": (
        *("clock", "music", "latent", "control", "log", "engine.band", "engine.live"),
        "engine.phrases",
    ),
    "presets": ("clock", "music", "latent", "control"),
    "io": (),
    "io.jack": ("io",),
    "io.midi": ("clock", "music", "control", "io", "io.jack"),
    "io.audio": ("clock", "music", "chip", "log", "io"),
    "io.remote": ("clock", "music", "control", "latent"),
    "take.daw": ("clock", "music", "latent", "control", "log"),
    "take": (
        *("take.daw", "clock", "music", "latent", "chip", "control", "log"),
        *("engine", "engine.live", "engine.phrases"),
    ),
    "take.export": (
        *("take", "take.daw", "music", "chip", "chip.console", "chip.tracker", "log"),
        "engine.live",
        "io.audio",  # its mixer: what is exported as heard is mixed as what is heard
    ),
    "panel": (
        *("clock", "music", "latent", "chip", "chip.smf", "control", "take", "io", "io.remote"),
    ),
    "panel.terminal": ("clock", "music", "latent", "control", "io.remote", "panel"),
    "app.files": (
        *("music", "music.metre", "latent", "model", "model.song", "chip", "chip.smf"),
        *("chip.console", "chip.vgm", "log", "presets", "take", "take.export"),
    ),
    "app.daw": PROGRAMS,
    "app.start": ("music", "latent", "chip", "model", "model.song"),
    "app.during": PROGRAMS,
    "app": (*PROGRAMS, "app.files", "app.daw", "app.start", "app.during"),
    "app.meter": ("music", "music.metre", "chip", "chip.smf", "log", "take", "app", "app.files"),
    "app.yours": (*PROGRAMS, "app", "app.files", "app.meter"),
    "bench": (*PROGRAMS, "app.during", "app"),
    "evaluation": ("music", "music.metre", "latent", "model", "chip", "model.song"),
    "evaluation.song": (
        *("music", "music.metre", "latent", "model", "chip", "model.song"),
        "evaluation",
    ),
    "evaluation.performing": (
        "music",
        "music.metre",
        "latent",
        "model",
        "model.performer",
        "chip",
        "chip.vgm",
        "evaluation",
    ),
    "evaluation.drumming": ("music", "music.metre", "model", "model.drums", "evaluation"),
    "training": (
        *("music", "music.metre", "latent", "model", "chip", "model.song", "model.performer"),
        *("model.song.yours", "model.drums", "evaluation", "evaluation.song"),
    ),
    "cli.reading": ("music", "chip.console"),
    "cli.play": ("cli.reading", *PROGRAMS, "app.during", "app"),
    "cli.network": (
        *("cli.reading", *PROGRAMS, "app.during", "app", "app.yours", "training"),
        *("evaluation", "evaluation.song", "evaluation.performing", "evaluation.drumming"),
    ),
    "cli.ctl": ("cli.reading", "cli.network", *PROGRAMS, "app", "app.files"),
    "cli": (
        *("cli.reading", "cli.play", "cli.network", "cli.ctl"),
        *(*PROGRAMS, "app.daw", "app.files", "app.during", "app", "app.meter", "bench"),
    ),
}
"""Each room, from the bottom up, and the rooms that it may import from."""

TOP = ("__init__", "__main__", "compiled", "paths")
"""What lies beside the rooms. Everyone may import the package itself and `paths`."""

PURE = (
    "clock",
    "music",
    "music.metre",
    "latent",
    "chip.vgm",
    "chip",
    "chip.console",
    "chip.tracker",
    "chip.smf",
    "control",
    "log",
)
"""No threads, no time, no log, no hidden randomness: they come in as arguments."""

IMPURE = {
    *("threading", "time", "logging", "random", "queue"),
    *("asyncio", "concurrent", "multiprocessing", "socket", "subprocess"),
}
PURE_BUT = {"clock.hosttime": {"time"}, "control.learn": {"queue"}}
"""`hosttime` is the one clock; `learn` offers what it hears to whoever asks."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "numpy": ("*",),
    "numba": (
        *("chip.kernel", "model.encoder", "model.gru", "model.measured", "model.symbols"),
        *("model.alike", "model.wide"),
        *("model.song.candidates", "model.song.songkernel", "model.song.steering.leaning"),
        *(f"model.song.steering.{name}" for name in ("barsago", "chording", "figures")),
        *("model.performer.kit", "model.performer.pairs", "model.performer.choosing"),
        *("model.performer.likes", "model.performer.weighing"),
        *("model.performer.batches", "evaluation.performing.*"),
        *("model.drums.strokes", "model.drums.reading", "model.drums.drumming"),
        "model.drums.drumnet",
    ),
    "llvmlite": ("model.wide",),
    "torch": (
        *("model.song.song", "model.song.pointer", "model.song.prior"),
        *(
            "model.song.measuring",
            "model.song.songbound",
            "model.song.songsampling",
            "model.song.devicecorpus",
        ),
        *("model.performer.performernet", "model.performer.batches", "model.drums.drumnet"),
        *("evaluation.*", "training.*"),
        *("cli.network.loading", "bench.usual"),
    ),
    "safetensors": ("model.song.songcheckpoint", "model.partfile"),
    "tqdm": ("cli.jam", "app.files.render", "training.songtrain"),
    "msgspec": (
        *(
            "app.during.styles",
            "take.takes",
            "take.export.tracked",
            "log.codec",
            "log.plain",
            "log.quick",
        ),
        *("io.remote.*", "panel.*", "presets.tomltable", "presets.snapshotbank"),
    ),
    "platformdirs": ("io.remote.client", "paths"),
    "tomlkit": ("presets.presetfile",),
    "mido": (
        *(
            "chip.nesmidi",
            "chip.smf.general",
            "take.daw.ardour",
            "take.midifile",
            "app.files.piece",
        ),
        *("io.midi.*", "bench.usual"),
    ),
    "aalink": ("io.remote.link",),
    "pythonosc": ("io.remote.ableton", "io.remote.osc"),
    "rtmidi": ("io.midi.ports",),
    "jack": (
        *("bench.listener", "bench.server", "io.audio.jacksound", "io.audio.loop"),
        *("io.jack.*", "io.jacklisting", "io.midi.jackwatch"),
    ),
    "pyo": ("bench.case", "io.audio.probe", "io.audio.pyosound"),
    "matplotlib": (
        "take.picture",
        "app.files.piece",
        "app.meter.meterpicture",
        "evaluation.*",
        "training.*",
    ),
    "sklearn": ("evaluation.contexts", "training.maplayout"),
    "threadpoolctl": ("training.maplayout",),
    "rich": ("panel.terminal.drawing", "panel.terminal.view"),
    "argcomplete": ("cli.ctl.prompt",),
    "segno": ("app.openpanel",),
    "starlette": ("panel.guard", "panel.server"),
    "uvicorn": ("panel.process",),
}
"""Who may import what is not in the standard library; numpy is everyone's."""

HEAVY = (
    "rich",
    "segno",
    "starlette",
    "uvicorn",
    "torch",
    "numba",
    "pyo",
    "rtmidi",
    "mido",
    "matplotlib",
    "jack",
    "safetensors",
)

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


def room_of(module: str) -> str:
    """The room that a module lies in, or is; empty for what lies beside the rooms."""
    parts = module.split(".")
    found = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return next((name for name in found if name in ROOMS), "")


def imports(module: str) -> Iterator[str]:
    """Every module that `module` imports anywhere in it, in full."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import; write it in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole.removeprefix(PACKAGE) in MODULES else str(node.module)


def own_imports(module: str) -> set[str]:
    """Those of ours, without the package's name."""
    ours = {name.removeprefix(PACKAGE) for name in imports(module) if name.startswith(PACKAGE)}
    return ours - {module}


def foreign_imports(module: str) -> set[str]:
    """The packages of those that aren't ours."""
    names = {name.split(".")[0] for name in imports(module)}
    return names - {"nesvae_live"}


def loaded_by(module: str, *libraries: str) -> list[str]:
    """Which of the libraries a process has loaded that imported a module and nothing else."""
    code = (
        f"import sys, nesvae_live.{module}; print(*(m for m in {libraries!r} if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.split()


def test_every_module_lies_in_a_room() -> None:
    lost = [module for module in MODULES if module not in TOP and not room_of(module)]
    assert not lost, "ROOMS in this file has no such"


def test_a_room_imports_only_from_the_rooms_below_it() -> None:
    wrong = [
        f"{module} imports {name}, which {room_of(module)} may not"
        for module in MODULES
        if module not in TOP
        for name in own_imports(module) - set(TOP)
        if room_of(name) not in {room_of(module), *ROOMS[room_of(module)]}
    ]
    assert not wrong


def test_the_table_has_no_circle() -> None:
    done: set[str] = set()
    for room, below in ROOMS.items():
        assert set(below) <= done
        done.add(room)


def test_rooms_of_io_never_import_one_another_but_jacks_beneath_them() -> None:
    inner = {room for room in ROOMS if room.startswith("io.")} - {"io.jack"}
    assert not {room for room in inner if inner & set(ROOMS[room])}


def test_the_listing_is_the_architecture() -> None:
    rooms = {room.split(".")[0] for room in ROOMS}
    assert {path.name for path in ROOT.iterdir() if path.is_dir() and not ignored(path)} == rooms
    assert {path.name for path in ROOT.iterdir() if path.is_file()} == {
        *(f"{name}.py" for name in TOP),
        "py.typed",
    }
    for folder in {path.parent for path in MODULES.values()}:
        assert len(list(folder.glob("*.py"))) <= 17, f"{folder.name} has too many files for a room"


def ignored(folder: Path) -> bool:
    return folder.name in {"__pycache__", "_data"}


def test_a_pure_room_has_no_threads_clock_log_or_hidden_randomness() -> None:
    pure = [module for module in MODULES if room_of(module) in PURE]
    found = {m: foreign_imports(m) & IMPURE - PURE_BUT.get(m, set()) for m in pure}
    assert not {module: libraries for module, libraries in found.items() if libraries}


def test_a_library_is_imported_only_where_it_belongs() -> None:
    wrong = [
        f"{module}: {library}; LIBRARIES says whose it is"
        for module in MODULES
        for library in foreign_imports(module) - set(sys.stdlib_module_names)
        if not any(fnmatch(module, who) for who in LIBRARIES.get(library, ()))
    ]
    assert not wrong


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("engine.")])
def test_the_engine_knows_no_library_but_numpy(module: str) -> None:
    assert foreign_imports(module) <= {"numpy", *sys.stdlib_module_names}


def test_the_command_line_starts_without_a_heavy_library() -> None:
    assert not loaded_by("cli.main", *HEAVY, "numpy")  # which counts its threads when it is loaded


def test_the_table_of_targets_is_read_without_a_compiler() -> None:
    assert not loaded_by("control.targets", *HEAVY)


def test_the_engine_loads_no_compiler_and_no_chip() -> None:
    assert not loaded_by("engine.engine", *HEAVY, "nesvae_live.chip", "nesvae_live.model")


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_sign_names_every_file_of_its_room(room: str) -> None:
    folder = ROOT / room.replace(".", "/")
    sign = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    files = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    named = {words[0] for line in str(sign).splitlines()[1:] if (words := line.split())}
    assert not files - named
