"""The pictures and the tables of docs/architecture.md are what the code says."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.places import DOCS, ROOT


@pytest.fixture(scope="module")
def drawing() -> ModuleType:
    spec = spec_from_file_location("draw", DOCS / "architecture" / "draw.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["rooms.svg", "ways.svg"])
def test_a_picture_is_drawn_from_the_code_as_it_is(drawing: ModuleType, name: str) -> None:
    there = (DOCS / "architecture" / name).read_text(encoding="utf-8")
    assert there == drawing.PICTURES[name](), "draw it again: python docs/architecture/draw.py"


def test_what_the_architecture_names_is_there() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 40
    assert not [link for link in links if not (DOCS / link).exists()]


PAGES = [
    *DOCS.glob("*.md"),
    *(DOCS / "evaluation").glob("*.md"),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
PAGES += [*(ROOT / "checkpoints").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?<![\w./-])((?:nesvae_live|tests|benchmarks|docs)/[\w/-]+\.\w+)", text)
    assert not [name for name in named if not (ROOT / name).exists()]
