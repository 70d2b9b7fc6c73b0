"""`nesvae-live adopt` and `prepare`: what is made of your own files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nesvae_live.app.say import say
from nesvae_live.cli.reading.arguments import number
from nesvae_live.music.ranges import Range

SHARES = Range(0.0, 0.9)
TOLD_AXES = 8
"""So many axes are told."""


def add_yours(commands: Any) -> None:
    """Add both commands."""
    commands.add_parser("adopt", help="make a style to play in from your own files", fill=_adopt)
    commands.add_parser(
        "prepare", help="make an archive to train on from your own files", fill=_prepare
    )


def _adopt(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_adopt)
    p.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="MIDI files, VGM files and scores, as for encode; or folders of them",
    )
    p.add_argument(
        "-o",
        "--out",
        required=True,
        metavar="NAME|FILE",
        help="the style's name, by which play --style finds it, or a file, .style.json",
    )
    p.add_argument(
        "--themes",
        action="store_true",
        help="fill the themes A to H with beginnings of the pieces: `ctl return A` plays one",
    )
    p.add_argument("--checkpoint", metavar="NAME|FILE")


def _run_adopt(arguments: argparse.Namespace) -> int:
    path, name = make_style(arguments)
    print(path)
    say(f"play --style {name} plays in it, --style {name}:.5 half-way")
    return 0


def make_style(arguments: argparse.Namespace) -> tuple[Path, str]:
    """Adopt files, as `adopt` and `ctl adopt` do; returns the style's file, and what `--style` takes."""
    from nesvae_live.app.during.styles import style_path, write_style
    from nesvae_live.app.yours.adopt import adopt
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.paths import STYLE_SUFFIX, find_checkpoint

    path = style_path(arguments.out)
    name = path.name.removesuffix(STYLE_SUFFIX)
    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    style = adopt(arguments.sources, checkpoint, name, say, themes=arguments.themes)
    write_style(path, style)
    regions = len(style.weights)
    say(
        f"{name}: {style.pieces} piece{'s' if style.pieces > 1 else ''}, {style.phrases} phrases in "
        f"{regions} region{'s' if regions > 1 else ''}"
    )
    for i, label in enumerate(style.labels[:TOLD_AXES]):
        say(f"  style{i + 1}: {label}")
    return path, name if path == style_path(name) else str(path)


def _prepare(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_prepare)
    p.add_argument(
        "sources",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="of MIDI files, VGM files and scores, as for encode; or files",
    )
    p.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help=".tar, .tar.gz or .tar.xz"
    )
    p.add_argument(
        "--valid",
        type=number("a share", SHARES),
        default=0.1,
        metavar="SHARE",
        help="of the pieces that are held out, one at least; default: 0.1",
    )


def _run_prepare(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.yours.prepare import prepare

    prepared = prepare(arguments.sources, arguments.out, say, arguments.valid)
    print(arguments.out)
    say(f"{prepared}; train --data {arguments.out} --out RUN learns from it")
    return 0
