"""`nesvae-live render`, `encode` and `interpolate`: from files to files."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from nesvae_live.cli.arguments import whole, within


def add_files(commands: Any) -> None:
    """Add all three."""
    _render(
        commands.add_parser(
            "render", help="a score, VGM, MIDI file or jam to WAV, VGM, MIDI, score"
        )
    )
    _encode(commands.add_parser("encode", help="where the phrases of a piece lie in z"))
    _interpolate(commands.add_parser("interpolate", help="the way from one phrase to another"))


def _render(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_render)
    p.add_argument(
        "source",
        type=Path,
        metavar="IN",
        help=".exprsco.pkl, .seprsco.pkl, .npz (rate, nsamps, score), .vgm, .mid or .jsonl",
    )
    p.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="OUT",
        help=".wav, .vgm, .mid or .exprsco.pkl",
    )
    p.add_argument("--stems", action="store_true", help="a WAV per voice too, OUT.P1.wav and so on")
    p.add_argument("--dc", action="store_true", help="leave the DC that nesmdb's renderer leaves")
    p.add_argument(
        "--sample-rate",
        type=whole(8_000, 192_000),
        metavar="HZ",
        help="default: a jam's own, else 44100",
    )
    p.add_argument(
        "--rate",
        type=within(1.0, 1000.0),
        metavar="HZ",
        help="steps a second of an .exprsco.pkl; default: a score's own, else 24",
    )


def _encode(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_encode)
    p.add_argument("source", type=Path, metavar="FILE", help=".mid, .exprsco.pkl or .seprsco.pkl")
    p.add_argument(
        "-o", "--out", type=Path, metavar="OUT", help="a preset's snapshots, .json; default: print"
    )
    p.add_argument(
        "--first", type=whole(1, 1_000_000), default=1, metavar="K", help="phrase that is number 1"
    )
    p.add_argument("--checkpoint", metavar="FILE")


def _interpolate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_interpolate)
    for name in ("A", "B"):
        p.add_argument(name.lower(), type=Path, metavar=name, help="music as for encode, or .json")
    p.add_argument("--steps", type=whole(2, 1000), default=9, metavar="N")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    for name in ("a", "b"):
        p.add_argument(
            f"--phrase-{name}",
            type=whole(1, 1_000_000),
            default=1,
            metavar="K",
            help=f"which phrase of {name.upper()}",
        )
    p.add_argument("--checkpoint", metavar="FILE")


def _run_render(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.render import RenderOptions, render

    options = RenderOptions(
        source=arguments.source,
        out=arguments.out,
        stems=arguments.stems,
        dc=arguments.dc,
        sample_rate=arguments.sample_rate,
        rate=arguments.rate,
        progress=sys.stderr.isatty(),
    )
    files = render(options, lambda text: print(f"nesvae-live: {text}", file=sys.stderr))
    print("\n".join(str(file) for file in files))
    return 0


def _run_encode(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.encode import encode_file, encode_to_bank
    from nesvae_live.latent.decoding import SAMPLING
    from nesvae_live.model.checkpoint import load_checkpoint
    from nesvae_live.music.ranges import SNAPSHOTS
    from nesvae_live.paths import find_checkpoint

    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    encoded = encode_file(arguments.source, checkpoint, _warn)
    chosen = encoded[arguments.first - 1 :][: len(SNAPSHOTS.whole)]
    if not chosen:
        _warn(f"{arguments.source}: there is no phrase {arguments.first}, only {len(encoded)}")
        return 1
    if len(chosen) < len(encoded):
        last = arguments.first + len(chosen) - 1
        _warn(f"{arguments.source}: phrases {arguments.first} to {last} of {len(encoded)}")
    text = encode_to_bank(chosen, checkpoint, SAMPLING.temperature, arguments.out)
    print(
        text if arguments.out is None else arguments.out, end="" if arguments.out is None else "\n"
    )
    return 0


def _run_interpolate(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.interpolate import End, interpolate
    from nesvae_live.model.checkpoint import load_checkpoint
    from nesvae_live.paths import find_checkpoint

    files = interpolate(
        load_checkpoint(find_checkpoint(arguments.checkpoint)),
        End(arguments.a, arguments.phrase_a),
        End(arguments.b, arguments.phrase_b),
        arguments.steps,
        arguments.out,
        _warn,
    )
    print("\n".join(str(file) for file in files))
    return 0


def _warn(text: str) -> None:
    print(f"nesvae-live: {text}", file=sys.stderr)
