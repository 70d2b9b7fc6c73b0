"""`nesvae-live play` and `demo`."""

from __future__ import annotations

import argparse
from typing import Any

from nesvae_live.cli.play.devicearguments import (
    add_clock,
    add_panel,
    add_ports,
    add_sound,
    add_take,
)
from nesvae_live.cli.play.musicarguments import add_music, add_time
from nesvae_live.cli.reading.arguments import COUNT, number

DEMO_BARS = 16
DEMO_SEED = 21

_BARS = number("a number of bars", COUNT, whole=True)


def add_play(commands: Any) -> None:
    """Add both commands."""
    commands.add_parser("play", help="play until Ctrl-C, or for some bars", fill=_play)
    demo = f"hear it without any hardware: {DEMO_BARS} bars, recorded"
    commands.add_parser("demo", help=demo, fill=_demo)


def _play(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_play, demo=False)
    preset = "which controls move what; `presets list` lists them"
    p.add_argument("--preset", default="default", metavar="NAME|FILE", help=preset)
    p.add_argument("--bars", type=_BARS, metavar="N", help="stop after this many bars")
    add_ports(p.add_argument_group("MIDI ports"))
    add_clock(p.add_argument_group("clock"))
    _performance(p)


def _demo(p: argparse.ArgumentParser) -> None:
    p.set_defaults(
        run=_run_play, demo=True, preset="default", midi_api="none", midi_in=[], midi_out=None
    )
    p.add_argument(
        "--bars", type=_BARS, default=DEMO_BARS, metavar="N", help=f"default: {DEMO_BARS}"
    )
    _performance(p)
    p.set_defaults(seed=DEMO_SEED)


def _performance(p: argparse.ArgumentParser) -> None:
    """Add what `play` and `demo` share."""
    add_music(p.add_argument_group("music"))
    add_time(p.add_argument_group("time"))
    add_sound(p.add_argument_group("sound"))
    add_panel(p.add_argument_group("panel and remote control"))
    add_take(p.add_argument_group("take"))


def _run_play(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.options import PlayOptions
    from nesvae_live.app.play import play

    fields = PlayOptions.__dataclass_fields__
    options = PlayOptions(
        **{name: value for name, value in vars(arguments).items() if name in fields}
        | {"midi_in": tuple(arguments.midi_in), "patch": tuple(arguments.patch)}
    )
    take = play(options)
    if take is not None:
        print("\n".join(str(file) for file in take.files))
    return 0
