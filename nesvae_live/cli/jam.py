"""`nesvae-live jam`: what is made of a take: files, another performance, clips for Live."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nesvae_live.app.say import say
from nesvae_live.cli.reading.arguments import FRAME_RATES, add_credits, credits_of, loop_bar, number
from nesvae_live.cli.shelf import (
    add_bars,
    add_jams,
    add_take,
    fill_delete,
    fill_name,
    fill_open,
    fill_rate,
    fill_show,
    run_delete,
    run_list,
    run_name,
    run_open,
    run_rate,
    run_recover,
    run_show,
    take_of,
)
from nesvae_live.music.ranges import Range

if TYPE_CHECKING:
    from nesvae_live.engine.live.protocols import Decode

KEPT = Range(1, 100_000, "bars")
LONG_BYTES = 2_000_000
"""A log that is larger gets a progress bar."""


def add_jam(commands: Any) -> None:
    """Add the command, with every verb."""
    more = "list, show, export, replay, recover, capture, name, rate, open and delete takes"
    commands.add_parser("jam", help=more, fill=_jam)


def _jam(p: argparse.ArgumentParser) -> None:
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    for name, more, fill, run in (
        ("list", "list every take in the folder", add_jams, run_list),
        ("show", "show a take's picture and figures in the terminal", fill_show, run_show),
        ("export", "write a take, or some bars of it, as files", _fill_export, _export),
        ("recover", "complete interrupted takes", add_jams, run_recover),
        ("capture", "export the last bars while it plays", _fill_capture, _capture),
        ("replay", "play a take again, to files or to ports", _fill_replay, _replay),
        ("name", "name a take; it is found by that name, too", fill_name, run_name),
        ("rate", "give a take stars, 0 to 5", fill_rate, run_rate),
        ("open", "open a take's folder", fill_open, run_open),
        ("delete", "put takes into the system's bin", fill_delete, run_delete),
        ("clips", "put bars of a take into Ableton Live's Session view", _fill_clips, _clips),
    ):
        verbs.add_parser(name, help=more, fill=fill).set_defaults(run=run)


def _fill_export(p: argparse.ArgumentParser) -> None:
    from nesvae_live.take.export.export import EXPORT_KINDS
    from nesvae_live.take.midifile import MIDI_CC

    def kinds(text: str) -> tuple[str, ...]:
        given = tuple(dict.fromkeys(text.replace(" ", "").split(",")))
        if unknown := [kind for kind in given if kind not in EXPORT_KINDS]:
            raise argparse.ArgumentTypeError(f"{unknown[0]!r} is none of {','.join(EXPORT_KINDS)}")
        return given

    add_take(p)
    p.add_argument(
        "--to",
        type=kinds,
        required=True,
        metavar="KINDS",
        help=f"one or more of {', '.join(EXPORT_KINDS)}; write mid,wav",
    )
    add_bars(p)
    p.add_argument("-o", "--out", type=Path, default=Path(), metavar="DIR")
    p.add_argument(
        "--midi-cc",
        choices=MIDI_CC,
        help="for mid: with the patches' volume and duty as CC 11 and 12, or without; default: as it "
        "was played",
    )
    add_credits(p)
    p.add_argument(
        "--loop",
        type=loop_bar,
        default=0,
        metavar="BAR|off",
        help="the bar of the take to go back to at the end, or off: it falls silent; "
        "default: the first in nsf and nes, off in vgm",
    )
    p.add_argument(
        "--fps",
        type=number("a number of frames a second", FRAME_RATES),
        metavar="HZ",
        help="for vgm and vgz: put the writes on this many frames a second",
    )


def _fill_clips(p: argparse.ArgumentParser) -> None:
    add_take(p)
    add_bars(p)
    p.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="HOST",
        help="the machine that runs Live with AbletonOSC; default: this one",
    )


def _fill_capture(p: argparse.ArgumentParser) -> None:
    from nesvae_live.io.remote.gesturecommands import KEPT_BARS

    add_jams(p)
    p.add_argument(
        "--bars",
        type=number("a number of bars", KEPT, whole=True),
        default=KEPT_BARS,
        metavar="N",
        help=f"default: {KEPT_BARS}",
    )
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the path of the control socket")


def _fill_replay(p: argparse.ArgumentParser) -> None:
    add_take(p)
    where = p.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--out", type=Path, metavar="DIR", help="where the files go")
    where.add_argument("--live", action="store_true", help="play it to the ports, in real time")
    p.add_argument(
        "--redecode", action="store_true", help="let the network decode it again, and compare"
    )
    p.add_argument(
        "--checkpoint", metavar="NAME|FILE", help="for --redecode; default: the shipped one"
    )
    p.add_argument("--midi-api", default="auto", metavar="API")
    p.add_argument("--midi-out", metavar="NAME")
    p.add_argument("--audio", default="auto", metavar="API")
    p.add_argument("--audio-device", metavar="NAME")


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], Any]]:
    """A progress bar on standard error, if that is a terminal and there is much to do."""
    if total < LONG_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    bar_format = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"
    with tqdm(total=total, desc=what, bar_format=bar_format) as bar:
        yield bar.update


@contextmanager
def steps(what: str, names: Sequence[str]) -> Iterator[Callable[[str], Any]]:
    """A progress bar over named steps, on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=len(names), desc=what, bar_format="{desc} {n}/{total} |{bar}|{postfix}") as bar:

        def done(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        yield done


def _export(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.export.export import export
    from nesvae_live.take.export.release import Release
    from nesvae_live.take.export.selection import read_selection

    take = take_of(arguments)
    with steps(take.name, ("reading", *arguments.to)) as done:
        selection = read_selection(take, arguments.bars)
        done("reading")
        if selection.jam.cut:
            say(f"{take}: {selection.jam.cut}")
        release = Release(credits_of(arguments), arguments.loop, arguments.fps)
        files = export(
            selection, arguments.to, arguments.out, done, release, say, arguments.midi_cc
        )
    print("\n".join(str(file) for file in files))
    return 0


def _capture(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.remote.client import send_command

    answer = send_command({"do": "keep", "bars": arguments.bars}, arguments.control)
    if not answer["ok"]:
        say(str(answer["error"]))
        return 1
    print(f"bars {answer['first']} to {answer['last']} will be in {answer['folder']} in a moment")
    return 0


def _clips(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.remote.ableton import AbletonLive, Clip
    from nesvae_live.take.daw.arrangement import jam_to_arrangement
    from nesvae_live.take.export.selection import read_selection

    selection = read_selection(take_of(arguments), arguments.bars)
    arrangement = jam_to_arrangement(selection.jam)
    clips = []
    for track in arrangement.tracks:
        notes = tuple((n.key, n.start, n.end - n.start, n.velocity) for n in track.notes)
        clips.append(Clip(track.name, selection.name, arrangement.end, notes))
    with AbletonLive(arguments.host) as live:
        scene = live.put(clips)
    print(f"{selection.name} is in scene {scene}, on {', '.join(clip.track for clip in clips)}")
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.folder import LOG_NAME
    from nesvae_live.take.replayfiles import replay_take

    take = take_of(arguments)
    log = take / LOG_NAME
    if arguments.live:
        return _replay_live(log, arguments)
    decoder = _decoder(log, arguments.checkpoint) if arguments.redecode else None
    with progress(take.name, log.stat().st_size) as count:
        done = replay_take(log, arguments.out, count, decoder=decoder)
    for fault in done.faults:
        say(f"{log}: {fault}")
    if done.difference:
        say(f"{log}: the network decodes something different: {done.difference}")
        return 1
    if decoder is not None:
        print("every decode matches the log")
    print("\n".join(str(file) for file in done.files))
    return 0


def _replay_live(log: Path, arguments: argparse.Namespace) -> int:
    from nesvae_live.app.replaylive import LiveOptions, replay_live
    from nesvae_live.clock.hosttime import PerfTime

    options = LiveOptions(
        arguments.midi_api, arguments.midi_out, arguments.audio, arguments.audio_device
    )
    with progress(log.parent.name, log.stat().st_size) as count:
        for fault in replay_live(log, options, PerfTime(), warn=say, count=count):
            say(f"{log}: {fault}")
    return 0


def _decoder(log: Path, checkpoint: str | None) -> Decode:
    """The network with which the take was played.

    Raises:
        ReplayError: the checkpoint is another one, or its network is one that there is no more.
    """
    from nesvae_live.engine.live.config import REMEMBERS
    from nesvae_live.latent.adopted import Adopted
    from nesvae_live.log.plain import to_value
    from nesvae_live.log.reader import line_to_opened
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
    from nesvae_live.model.song.songcritic import make_decoder
    from nesvae_live.model.song.yours.styledprior import make_styled_decoder, turned
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.take.replay import ReplayError

    with log.open("rb") as lines:
        opened = line_to_opened(lines.readline())
    if not opened.setup.get(REMEMBERS):
        raise ReplayError(
            f"{log}: its network ({opened.checkpoint or 'of no name'}) is of a version that this "
            "program no longer supports; without --redecode the take still replays"
        )
    found = load_song_checkpoint(find_checkpoint(checkpoint))
    if found.sha256 != opened.checkpoint_sha256:
        raise ReplayError(
            f"{log}: it was played with the checkpoint {opened.checkpoint or 'of no name'} "
            f"({opened.checkpoint_sha256[:12]}...), and {found.path} is a different one: name the "
            "right one with --checkpoint; without --redecode the take still replays"
        )
    adopted = to_value(opened.setup["performance"].get("adopted"), Adopted | None)
    if adopted is None:
        return make_decoder(found)
    return make_styled_decoder(turned(found, adopted), adopted)
