"""The pictures and the tables of docs/architecture.md are what the code says."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from tests.support.places import DOCS


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
