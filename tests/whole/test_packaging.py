"""What is shipped: the wheel, built from the source distribution, as `pip install` would get it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from nesvae_live import __version__
from tests.support.places import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """What the command printed; it must end with 0."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that was made from it."""
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_is_for_any_system_and_has_the_packages_version(
    wheel: Path, metadata: Message
) -> None:
    assert wheel.name == f"nesvae_live-{__version__}-py3-none-any.whl"
    assert metadata["Version"] == __version__


def test_every_module_is_in_the_wheel(names: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nesvae_live").rglob("*.py")}
    assert modules <= names


def test_the_panels_page_is_in_the_wheel(names: set[str]) -> None:
    page = ROOT / "nesvae_live" / "panel" / "page"
    assert {path.relative_to(ROOT).as_posix() for path in page.iterdir()} <= names


def test_presets_checkpoints_and_their_cards_are_in_the_wheel(names: set[str]) -> None:
    for kind, pattern in (("presets", "*.toml"), ("checkpoints", "*.safetensors")):
        assert list((ROOT / kind).glob(pattern)), f"{kind} is empty"
        files = [path for path in (ROOT / kind).rglob("*") if path.is_file()]
        there = {path.relative_to(ROOT).as_posix() for path in files}
        assert {f"nesvae_live/_data/{name}" for name in there} <= names


def test_the_wheel_holds_the_package_and_nothing_else(names: set[str]) -> None:
    info = f"nesvae_live-{__version__}.dist-info/"
    assert not {name for name in names if not name.startswith(("nesvae_live/", info))}
    assert not {name for name in names if name.endswith((".pyc", ".nbi", ".nbc", ".pkl", ".part"))}


def test_the_source_distribution_can_be_built_and_tested_and_carries_no_corpus(built: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "constraints.txt", "LICENSE", "presets/default.toml"} <= inside
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("*.py")} <= inside
    assert not {name for name in inside if name.startswith((".venv", "shared", "jams", "runs"))}


def test_playing_needs_no_torch(metadata: Message) -> None:
    required = metadata.get_all("Requires-Dist") or []
    assert any(
        "torch" in line and 'extra == "train"' in line.replace("'", '"') for line in required
    )
    assert not [line for line in required if "torch" in line and "extra ==" not in line]


def test_the_command_is_nesvae_live(unpacked: Path) -> None:
    (entries,) = unpacked.glob("*.dist-info/entry_points.txt")
    assert "nesvae-live = nesvae_live.cli.main:main" in entries.read_text(encoding="utf-8")


def test_the_unpacked_wheel_finds_its_own_preset_and_checkpoint_from_any_folder(
    unpacked: Path, tmp_path: Path
) -> None:
    code = (
        "from nesvae_live.paths import find_checkpoint;"
        "from nesvae_live.presets.preset import load_preset;"
        "print(load_preset().path); print(find_checkpoint())"
    )
    printed = run(sys.executable, "-c", code, cwd=tmp_path, PYTHONPATH=str(unpacked))
    assert [Path(line).parents[1] for line in printed.splitlines()] == [
        unpacked / "nesvae_live" / "_data"
    ] * 2


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_wheel_plays_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    programs = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    constraints = ROOT / "constraints.txt"
    run(programs / "python", "-m", "pip", "install", "-c", constraints, wheel, cwd=tmp_path)
    jams = tmp_path / "jams"
    quiet = ("--midi-api", "none", "--audio", "none", "--no-status")
    run(programs / "nesvae-live", "play", "--bars", "2", "--jams", jams, *quiet, cwd=tmp_path)
    assert list(jams.glob("*/take.mid"))
