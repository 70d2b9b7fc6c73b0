"""The commands of the control socket: what each asks for takes what it has."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import get_type_hints

import msgspec
import pytest

from nesvae_live.control.reply import AnsweredInput
from nesvae_live.io.remote.command import Command
from nesvae_live.io.remote.commands import COMMANDS

BASE = {field.name for field in dataclasses.fields(AnsweredInput)}


def kinds(base: type[Command] = Command) -> Iterator[type[Command]]:
    """Every kind of command, of which some have others beneath them."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


ASKING = [kind for kind in kinds() if hasattr(kind, "asks")]


def test_every_command_that_is_decoded_is_found() -> None:
    names = [str(kind.__struct_config__.tag) for kind in kinds() if kind.__struct_config__.tag]
    assert set(names) >= set(COMMANDS)
    assert len(ASKING) > 30


@pytest.mark.parametrize("kind", ASKING, ids=[kind.__name__ for kind in ASKING])
def test_an_input_takes_the_fields_of_the_command_that_asks_for_it(kind: type[Command]) -> None:
    given, taken = get_type_hints(kind), get_type_hints(kind.asks)
    has = [given[field.name] for field in msgspec.structs.fields(kind)]
    takes = [field for field in dataclasses.fields(kind.asks) if field.name not in BASE]
    assert has == [taken[field.name] for field in takes][: len(has)]
    assert all(field.default is not dataclasses.MISSING for field in takes[len(has) :])
