"""Connections on JACK: proposed to a person, made once, and remembered in the preset."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection

from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.wiring import propose, remembered
from nesvae_live.io.portname import plain_name
from nesvae_live.paths import ConfigError
from nesvae_live.presets.catalogue import known_controllers
from nesvae_live.presets.preset import NEVER, Preset
from nesvae_live.presets.presetfile import PresetFile


def on_a_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_on_terminal(question: str) -> bool:
    """Ask on the terminal; Enter alone is yes, the end of what is typed is no."""
    sys.stderr.write(f"nesvae-live: {question} [Y/n] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    return answer != "" and answer.strip().lower() in {"", "y", "yes"}


def wire_up(
    midi: MidiPorts,
    preset: Preset,
    connect: str,
    roles: Collection[str],
    say: Callable[[str], None],
    ask: Callable[[str], bool] | None = None,
) -> None:
    """Make the connections that the preset remembers, and propose others.

    What is answered is remembered: a port that was declined is not proposed again.

    Args:
        midi: the open ports; where nobody knows what is connected, nothing is done.
        preset: the preset in use.
        connect: of `wiring.CONNECT`.
        roles: what there is to connect at all.
        say: takes one line for a person.
        ask: asks the person; None: on the terminal, if there is one.
    """
    if connect == "no" or not midi.tells:
        return
    kept = {role: list(names) for role, names in preset.connections.items()}
    for role, name in remembered(kept):
        if role in roles:
            midi.wire(role, name)
    if ask is None and connect == "ask" and not on_a_terminal():
        return
    ask = ask or ask_on_terminal
    settled = [name for names in kept.values() for name in names]
    parts = [part for p in known_controllers() if p.controller for part in p.controller.ports]
    changed = False
    for proposal in propose(midi.seen(), parts, roles=roles, settled=settled):
        wanted = connect == "yes" or ask(proposal.question)
        keep = kept.setdefault(proposal.role if wanted else NEVER, [])
        keep += [plain_name(name) for name in proposal.ports if plain_name(name) not in keep]
        changed = True
        if wanted:
            for name in proposal.ports:
                midi.wire(proposal.role, name)
    if changed:
        try:
            say(f"the connections are remembered in {PresetFile(preset).remember(kept)}")
        except ConfigError as error:
            say(str(error))
