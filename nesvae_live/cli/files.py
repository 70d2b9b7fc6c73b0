"""`nesvae-live render`, `encode`, `interpolate`, `meter` and `patches`: what is made of a file, and told."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.app.say import say
from nesvae_live.cli.play.devicearguments import SAMPLE_RATES
from nesvae_live.cli.reading.arguments import (
    COUNT,
    FRAME_RATES,
    add_credits,
    credits_of,
    file_named,
    number,
)
from nesvae_live.music.ranges import Range

SCORE_RATES = Range(1.0, 1000.0, "Hz")
STEPS = Range(2, 1000)


def add_files(commands: Any) -> None:
    """Add all of the commands."""
    commands.add_parser(
        "render",
        help="convert a score, VGM, MIDI file or jam into another of these, or into a WAV",
        fill=_render,
    )
    commands.add_parser("encode", help="find where a piece's phrases lie on the map", fill=_encode)
    commands.add_parser(
        "interpolate",
        help="go from one phrase to another, as MIDI, WAV and picture",
        fill=_interpolate,
    )
    commands.add_parser("meter", help="find a piece's beat and bars", fill=_meter)


def add_patches(commands: Any) -> None:
    """Add the command that is listed on its own, below `jam`."""
    commands.add_parser("patches", help="take patches from a tracker's module", fill=_patches)


def _render(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_render)
    p.add_argument(
        "source",
        type=Path,
        metavar="IN",
        help=".exprsco.pkl, .seprsco.pkl, .blndsco.pkl, .nlm.pkl, .npz (rate, nsamps, score), .vgm, "
        ".vgz, .mid (.midi, .kar, .rmi, .smf) or .jsonl",
    )
    p.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        metavar="OUT",
        help=".wav, .vgm, .vgz, .mid, .nsf, .nes or .exprsco.pkl",
    )
    p.add_argument(
        "--stems", action="store_true", help="a WAV for each voice, too: OUT.P1.wav and so on"
    )
    p.add_argument("--dc", action="store_true", help="keep the DC, as nesmdb's renderer does")
    p.add_argument(
        "--sample-rate",
        type=number("a sample rate", SAMPLE_RATES, whole=True),
        metavar="HZ",
        help="for a WAV; default: the jam's own, or 44100",
    )
    p.add_argument(
        "--rate",
        type=number("a rate", SCORE_RATES),
        metavar="HZ",
        help="for an .exprsco.pkl: steps a second; default: the score's own, or 24",
    )
    p.add_argument(
        "--fps",
        type=number("a number of frames a second", FRAME_RATES),
        metavar="HZ",
        help="for a vgm: put the writes on this many frames a second; most programs want 60",
    )
    p.add_argument(
        "--dialect",
        choices=("general", "nesmdb"),
        default="general",
        help="for a mid: General MIDI's velocities and drums, for other programs (the default), or "
        "NES-MDB's convention, to the bit",
    )
    add_credits(p)
    p.add_argument(
        "--loop",
        choices=("on", "off"),
        help="at the end, go back to the beginning or fall silent; default: an nsf or nes goes back, a "
        "vgm does what the one it is made from does",
    )


def _encode(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_encode)
    p.add_argument(
        "source",
        type=Path,
        metavar="FILE",
        help=".mid, .exprsco.pkl, .seprsco.pkl, .blndsco.pkl, .nlm.pkl, .npz, .vgm or .vgz",
    )
    p.add_argument(
        "-o",
        "--out",
        type=file_named(".json"),
        metavar="OUT",
        help="a preset's file of snapshots, .json; default: print them",
    )
    p.add_argument(
        "--first",
        type=number("the number of a phrase", COUNT, whole=True),
        default=1,
        metavar="K",
        help="the phrase that becomes snapshot 1; default: 1",
    )
    p.add_argument("--checkpoint", metavar="NAME|FILE")


def _interpolate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_interpolate)
    for name in ("A", "B"):
        p.add_argument(
            name.lower(), type=Path, metavar=name, help="music, as for encode, or snapshots, .json"
        )
    p.add_argument(
        "--steps",
        type=number("a number of phrases", STEPS, whole=True),
        default=9,
        metavar="N",
        help="how many phrases, both ends included; default: 9",
    )
    p.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    for name in ("a", "b"):
        p.add_argument(
            f"--phrase-{name}",
            type=number("the number of a phrase", COUNT, whole=True),
            default=1,
            metavar="K",
            help=f"which phrase of {name.upper()}, or which of its snapshots; default: 1",
        )
    p.add_argument("--checkpoint", metavar="NAME|FILE")


def _meter(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_meter)
    p.add_argument(
        "source",
        type=Path,
        metavar="FILE",
        help=".exprsco.pkl, .seprsco.pkl, .blndsco.pkl, .nlm.pkl, .npz, .vgm, .vgz, .mid or .jsonl",
    )
    p.add_argument(
        "-o", "--out", type=file_named(".png"), metavar="OUT", help="also draw it there, as a .png"
    )
    p.add_argument("--json", action="store_true", help="print JSON")


def _patches(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser(
        "import", help="a module's instruments, as tables for a preset", fill=_fill_import
    ).set_defaults(run=_run_import)


def _fill_import(p: argparse.ArgumentParser) -> None:
    p.add_argument("source", type=Path, metavar="FILE", help=".ftm, or FamiTracker's .txt")
    p.add_argument(
        "-o", "--out", type=Path, metavar="OUT", help="a file of TOML; default: print them"
    )


def _run_render(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.files.render import RenderOptions, render

    options = RenderOptions(
        source=arguments.source,
        out=arguments.out,
        stems=arguments.stems,
        dc=arguments.dc,
        sample_rate=arguments.sample_rate,
        rate=arguments.rate,
        progress=sys.stderr.isatty(),
        about=credits_of(arguments),
        loops=None if arguments.loop is None else arguments.loop == "on",
        fps=arguments.fps,
        dialect=arguments.dialect,
    )
    files = render(options, say)
    print("\n".join(str(file) for file in files))
    return 0


def _run_encode(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.files.encode import encode_file, encode_to_bank
    from nesvae_live.latent.decoding import SAMPLING
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.music.ranges import SNAPSHOTS
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.presets.presetfile import write_preset_for
    from nesvae_live.presets.snapshotbank import SUFFIX

    checkpoint = load_song_checkpoint(find_checkpoint(arguments.checkpoint))
    encoded = encode_file(arguments.source, checkpoint, say)
    chosen = encoded[arguments.first - 1 :][: len(SNAPSHOTS.whole)]
    if not chosen:
        say(f"{arguments.source}: there is no phrase {arguments.first}, only {len(encoded)}")
        return 1
    if len(chosen) < len(encoded):
        last = arguments.first + len(chosen) - 1
        say(f"{arguments.source}: phrases {arguments.first} to {last} of {len(encoded)}")
    out: Path | None = arguments.out
    text = encode_to_bank(chosen, checkpoint, SAMPLING.temperature, out)
    what = f"{len(chosen)} phrase{'s' if len(chosen) > 1 else ''}"
    if out is None and sys.stdout.isatty():
        say(f"{arguments.source}: {what}; -o FILE{SUFFIX} keeps them, play --snapshots plays them")
    elif out is None:
        print(text, end="")
    else:
        made = write_preset_for(out)
        print("\n".join(str(file) for file in (out, made) if file is not None))
        preset = out.name.removesuffix(SUFFIX) + ".toml"
        how = f"--preset ./{preset}" if out.name != preset and made else f"--snapshots {out}"
        say(f"{what}: play {how} recalls them")
    return 0


def _run_interpolate(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.files.interpolate import End, interpolate
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.paths import find_checkpoint

    files = interpolate(
        load_song_checkpoint(find_checkpoint(arguments.checkpoint)),
        End(arguments.a, arguments.phrase_a),
        End(arguments.b, arguments.phrase_b),
        arguments.steps,
        arguments.out,
        say,
    )
    print("\n".join(str(file) for file in files))
    return 0


def _run_meter(arguments: argparse.Namespace) -> int:
    from nesvae_live.app.meter.found import find_piece, piece_to_json, piece_to_text

    piece = find_piece(arguments.source, say)
    if arguments.out is not None:
        from nesvae_live.app.meter.meterpicture import write_meter_picture

        try:
            write_meter_picture(piece, arguments.out)
        except OSError as error:
            raise NesvaeError(f"{arguments.out}: {error.strerror}") from None
    print(json.dumps(piece_to_json(piece), indent=2) if arguments.json else piece_to_text(piece))
    return 0


def _run_import(arguments: argparse.Namespace) -> int:
    from nesvae_live.chip.tracker.patchtext import file_to_patches
    from nesvae_live.paths import read_whole, replacing

    try:
        text, notices = file_to_patches(read_whole(arguments.source))
    except OSError as error:
        say(f"{arguments.source}: cannot be read: {error.strerror or error}")
        return 1
    except ValueError as error:
        say(f"{arguments.source}: {error}")
        return 1
    for notice in notices:
        say(f"{arguments.source}: {notice}")
    if arguments.out is None:
        print(text, end="")
        return 0
    with replacing(arguments.out) as new:
        new.write_text(text, encoding="utf-8")
    print(arguments.out)
    return 0
