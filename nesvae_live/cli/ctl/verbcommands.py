"""The verbs of `ctl` as commands of the control socket: what was given on a line, to a command."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from nesvae_live.app.say import say
from nesvae_live.latent.given import Source
from nesvae_live.music.voices import Voice

Command = Mapping[str, Any]
Given = argparse.Namespace


def plain(given: Given) -> Command:
    """The command that has the verb's name, and whose fields have the arguments' names."""
    fields = {name: value for name, value in vars(given).items() if name in given.fields}
    return {"do": given.verb, **fields}


def switch(given: Given) -> Command:
    """Something turned on or off; None turns it over."""
    return {**plain(given), "on": None if given.on is None else given.on == "on"}


def turned(given: Given) -> Command:
    """A voice muted, or in solo; `un` before the verb takes it back."""
    name = given.verb.removeprefix("un")
    return {"do": name, "voice": given.voice, "on": name == given.verb}


def back(given: Given) -> Command:
    """So many phrases back, or forward, which is less than none."""
    return {"do": "back", "phrases": given.phrases if given.verb == "back" else -given.phrases}


def key(given: Given) -> Command:
    """A key, or every note."""
    text = " ".join(given.key)
    return {"do": "key", "key": None if text == "off" else text}


def capture(given: Given) -> Command:
    """What was played on the input, or a phrase of a file."""
    if given.file is None:
        return {"do": "capture"}
    from nesvae_live.app.files.encode import read_tuples
    from nesvae_live.io.remote.client import ControlError
    from nesvae_live.music.phrase import TUPLES_PER_PHRASE

    first = (given.phrase - 1) * TUPLES_PER_PHRASE
    tuples = read_tuples(given.file, say)
    there = -(-len(tuples) // TUPLES_PER_PHRASE)
    if given.phrase > there:
        raise ControlError(f"{given.file}: there is no phrase {given.phrase}, only {there}")
    tuples = tuples[first : first + TUPLES_PER_PHRASE]
    return {"do": "capture-phrase", "tuples": tuples.tolist()}


def style(given: Given) -> Command:
    """A style that was adopted; `none` is the network's own."""
    return {"do": "choose", "what": "style", "name": given.style}


def adopt(given: Given) -> Command:
    """Adopt files here, beside the music, and play in that style."""
    from nesvae_live.cli.network.yours import make_style

    return {"do": "choose", "what": "style", "name": make_style(given)[1]}


def give(given: Given) -> Command:
    """Who plays a voice, or a file's line for it."""
    if given.file is None:
        return {"do": "voice", "voice": given.voice, "source": given.source}
    from nesvae_live.app.files.encode import read_line
    from nesvae_live.io.remote.client import ControlError

    if given.source != str(Source.FILE):
        raise ControlError(f"a file is for `ctl voice {given.voice} file FILE`")
    line = read_line(given.file, Voice[given.voice], say)
    return {"do": "line", "voice": given.voice, "line": line}


def store(given: Given) -> Command:
    """A snapshot, with a name if one was given."""
    named = {} if given.name is None else {"name": given.name}
    return {"do": "store", "slot": given.slot, **named}


def steady(given: Given) -> Command:
    """The knobs that stay; `none` of them do."""
    names = [name.lower() for name in ",".join(given.knobs).split(",") if name]
    return {"do": "steady", "names": [] if names == ["none"] else names}
