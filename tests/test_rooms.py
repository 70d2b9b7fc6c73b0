"""Who may import whom: the table is the architecture, and a module that isn't in it fails."""

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

# Imports point down only, or stay within a layer. `__init__` is the version.
LAYERS: dict[int, tuple[str, ...]] = {
    0: ("__init__", "bench", "command", "io", "ports", "training"),
    1: (
        *("voices", "events", "inputs", "gestureinputs", "surfaceinputs", "reply", "journal"),
        *("phrase", "relations", "attributes"),
        *("knobs", "latent"),
        *("scales", "arrangement", "setting", "morph", "capture", "aim", "history"),
        *("atlas", "auto", "played"),
        *("targets", "controlkinds", "controls", "takeover", "wire", "pages", "surface"),
        *("feedback", "listener"),
        *("axes", "parts"),
        *("targetspec", "gesturetargets", "gesturecommands", "socketcommands"),
        *("oscmap", "osclayout"),
        *("patch", "shaper", "drums", "dialect"),
        *("timing", "schedule", "playhead", "decoding"),
        *("jam", "jamlog", "loglines", "plain", "quicklog", "tally", "braille", "figures"),
        *("apu", "chip", "mixer", "registers", "nesmdb", "pickled", "vgm", "wav"),
        *("nesmidi", "npzscore", "timeline"),
        *("dll", "follower", "grid", "leader", "pairwatch", "taptempo"),
        *("book", "budget", "performance", "linkclocks"),
        *("ports.cables", "ports.midistream", "ports.ourports"),
    ),
    2: ("checkpoint", "critic", "decoder", "encoder", "finder", "gru", "model", "rounding"),
    3: (
        "protocols",
        "clock",
        "clocksender",
        "realtime",
        "chipplayer",
        "ensemble",
        "performer",
        "mover",
        "gestures",
        "cue",
        *("asking", "phraselog", "placing", "player"),
        "tempolog",
        "desk",
        "instant",
        "shifted",
        "inference",
        "learner",
        "ports.feedbacksender",
        "sequencer",
        "setup",
        "sender",
        "renderer",
        "replay",
        "soundreplay",
        "engine",
        "fakes",
    ),
    4: (
        "diskroom",
        "growing",
        "held",
        "jamsound",
        "soundprobe",
        "soundprocess",
        "takefolder",
        *("ports.jackkeeper", "ports.jackwatch", "ports.midiports", "ports.midireading"),
        *("ports.midislot", "ports.openports", "ports.portcare", "ports.portpoll"),
        "io.*",
        "training.*",
    ),
    5: (
        "__main__",
        "bench.*",
        "cli",
        "command.*",
        "config",
        "controllerpicture",
        "controllers",
        "controllersdoc",
        "hotplug",
        "learnsession",
        "presetcontrols",
        "presetfile",
        "presets",
        "tomltable",
        *("doctor", "doctorreport", "remedies"),
        "demo",
        "encode",
        "place",
        "interpolate",
        "snapshotbank",
        "patchbank",
        *("losses", "notices", "perftime", "play", "playoptions", "playsetup", "stage", "watch"),
        "render",
        "completing",
        "excerpt",
        "export",
        "keeping",
        "recover",
        "replayed",
        "replaylive",
        "takes",
        "statusline",
    ),
}
# Who may import what is not in the standard library; numpy is everyone's.
LIBRARIES: dict[str, tuple[str, ...]] = {
    "numpy": ("*",),
    "numba": ("chip", "decoder", "encoder", "gru"),
    "torch": ("model", "training.*", "command.network", "bench.usual"),
    "safetensors": ("checkpoint", "training.*"),
    "tqdm": ("command.jam", "render", "training.*"),
    "msgspec": (
        "jamlog",
        "plain",
        "quicklog",
        "socketcommands",
        "gesturecommands",
        "io.*",
        "tomltable",
        "snapshotbank",
    ),
    "platformdirs": ("io.control", "config"),
    "tomlkit": ("presetfile",),
    "mido": ("io.*", "bench.usual"),
    "aalink": ("io.link",),
    "pythonosc": ("io.osc",),
    "rtmidi": ("ports.midiports",),
    "jack": ("bench.ear", "bench.server", "ports.jackwatch"),
    "pyo": ("bench.case", "soundprobe", "soundprocess"),
    "matplotlib": ("io.picture", "io.piece", "training.*"),
    "sklearn": ("training.contexts", "training.layout"),
    "threadpoolctl": ("training.layout",),
}
IMPURE = {
    *("threading", "time", "logging", "random", "queue"),
    *("asyncio", "concurrent", "multiprocessing", "socket", "subprocess"),
}
HEAVY = ("torch", "numba", "pyo", "rtmidi", "mido", "matplotlib", "jack", "safetensors")

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(ROOT.rglob("*.py"))
}


LAYER_OF = {
    module: layer
    for module in MODULES
    for layer, patterns in LAYERS.items()
    if any(fnmatch(module, pattern) for pattern in patterns)
}


def imports(module: str) -> Iterator[str]:
    """Every module that `module` imports anywhere in it, in full; ours without the package."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (ours(alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import; write it in full"
            for alias in node.names:
                whole = ours(f"{node.module}.{alias.name}")
                yield whole if whole in MODULES else ours(str(node.module))


def ours(name: str) -> str:
    return "__init__" if name == "nesvae_live" else name.removeprefix("nesvae_live.")


def own_imports(module: str) -> set[str]:
    return {name for name in imports(module) if name in MODULES} - {module}


def foreign_imports(module: str) -> set[str]:
    return {name.split(".")[0] for name in imports(module) if name not in MODULES}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_a_layer(module: str) -> None:
    assert module in LAYER_OF, f"nesvae_live.{module} is new: add it to LAYERS in this file"


@pytest.mark.parametrize("module", LAYER_OF)
def test_imports_point_down(module: str) -> None:
    up = {name for name in own_imports(module) if LAYER_OF.get(name, 0) > LAYER_OF[module]}
    assert not up, f"{module} (layer {LAYER_OF[module]}) imports from above: {up}"


@pytest.mark.parametrize("module", [m for m in MODULES if m.startswith("io.")])
def test_adapters_never_import_one_another(module: str) -> None:
    assert not {name for name in own_imports(module) if name.startswith("io.")}


@pytest.mark.parametrize("module", [m for m in LAYER_OF if LAYER_OF[m] == 1])
def test_layer_1_has_no_threads_clock_log_or_hidden_randomness(module: str) -> None:
    assert not foreign_imports(module) & IMPURE


@pytest.mark.parametrize("module", MODULES)
def test_a_library_is_imported_only_where_it_belongs(module: str) -> None:
    for library in foreign_imports(module) - set(sys.stdlib_module_names):
        assert library in LIBRARIES, f"{module}: {library} is new; say in LIBRARIES whose it is"
        assert any(fnmatch(module, who) for who in LIBRARIES[library]), f"{module}: {library}"


@pytest.mark.parametrize("module", [m for m in LAYER_OF if LAYER_OF[m] == 3])
def test_layer_3_knows_no_library_but_numpy(module: str) -> None:
    assert foreign_imports(module) <= {"numpy", *sys.stdlib_module_names}


def test_the_command_line_starts_without_a_heavy_library() -> None:
    code = f"import sys, nesvae_live.cli.main; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert not done.stdout.split()
