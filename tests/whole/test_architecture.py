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


def anchors(page: Path) -> set[str]:
    """What a page's headings are called in links."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().casefold()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", [*PAGES, *(DOCS / "adr").glob("*.md")], ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (heading and heading not in anchors(there)):
            broken.append(link)
    assert not broken


def test_the_index_has_every_page() -> None:
    text = (DOCS / "index.md").read_text(encoding="utf-8")
    pages = [page.name for page in DOCS.glob("*.md") if page.name != "index.md"]
    assert not [page for page in pages if f"({page}" not in text]
