"""`nesvae-live jam`: takes listed, shown, exported, played again, completed, captured."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nesvae_live.engine.protocols import Decode

MEGABYTE = 1e6
KINDS = ("mid", "wav", "stems", "vgm", "exprsco", "png")
"""What can be exported; as in `export`, which is not loaded for a command line."""

LONG_BYTES = 2_000_000
"""A log that is larger gets a progress bar."""


def add_jam(commands: Any) -> None:
    """Add it, with every verb."""
    p = commands.add_parser("jam", help="takes: list, show, export, replay, recover, capture")
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    list_ = _verb(verbs, "list", "every take in the folder", _list)
    list_.set_defaults(take=None)
    show = _verb(verbs, "show", "a take's picture and figures, in the terminal", _show)
    _take(show)
    show.add_argument("--bars", type=_bars, metavar="A-B", help="these bars only")
    export = _verb(verbs, "export", "a take, or some bars of it, as files", _export)
    _take(export)
    export.add_argument(
        "--to", type=_kinds, required=True, metavar="KINDS", help=f"of {','.join(KINDS)}"
    )
    export.add_argument("--bars", type=_bars, metavar="A-B", help="these bars only")
    export.add_argument("-o", "--out", type=Path, default=Path(), metavar="DIR")
    recover = _verb(verbs, "recover", "complete takes that were cut off", _recover)
    recover.set_defaults(take=None)
    capture = _verb(verbs, "capture", "files of the last bars of what is being played", _capture)
    capture.add_argument("--bars", type=_count, default=8, metavar="N", help="default: 8")
    capture.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")
    replay = _verb(verbs, "replay", "play a take again, to files or to ports", _replay)
    _take(replay)
    where = replay.add_mutually_exclusive_group(required=True)
    where.add_argument("-o", "--out", type=Path, metavar="DIR", help="where its files go")
    where.add_argument("--live", action="store_true", help="to the ports, in its own time")
    replay.add_argument(
        "--redecode", action="store_true", help="let the network decode again, and compare"
    )
    replay.add_argument("--checkpoint", metavar="FILE", help="for --redecode; default: the take's")
    replay.add_argument("--midi-api", default="auto", metavar="API")
    replay.add_argument("--midi-out", metavar="NAME")
    replay.add_argument("--audio", default="auto", metavar="API")
    replay.add_argument("--audio-device", metavar="NAME")


def _verb(
    verbs: Any, name: str, text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    verb.add_argument("--jams", type=Path, metavar="DIR", help="where takes are")
    verb.set_defaults(run=run)
    return verb


def _take(p: argparse.ArgumentParser) -> None:
    p.add_argument(
        "take",
        nargs="?",
        metavar="TAKE",
        help="a folder, or the beginning of a name in the folder of takes; default: the newest",
    )


def _bars(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        bars = int(first), int(last or first)
    except ValueError:
        bars = 0, 0
    if not 1 <= bars[0] <= bars[1]:
        raise argparse.ArgumentTypeError(f"{text!r} are no bars: write them as 5-12, from 1 on")
    return bars


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text!r} are no bars: a number from 1 on")
    return int(text)


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(dict.fromkeys(text.replace(" ", "").split(",")))
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]!r}: some of {','.join(KINDS)}")
    return kinds


def _jams(arguments: argparse.Namespace) -> Path:
    from nesvae_live.paths import default_jams_dir

    return arguments.jams or default_jams_dir()


def say(text: str) -> None:
    """Tell a person, in one line."""
    print(f"nesvae-live: {text}", file=sys.stderr)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], Any]]:
    """A progress bar on standard error, where a person looks and there is much to do."""
    if total < LONG_BYTES or not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    bar_format = "{desc} {percentage:3.0f}% |{bar}| {remaining} left"
    with tqdm(total=total, desc=what, bar_format=bar_format) as bar:
        yield bar.update


@contextmanager
def steps(what: str, names: Sequence[str]) -> Iterator[Callable[[str], Any]]:
    """A progress bar over named steps, where a person looks and they take long."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from tqdm import tqdm

    with tqdm(total=len(names), desc=what, bar_format="{desc} {n}/{total} |{bar}|{postfix}") as bar:

        def done(name: str) -> None:
            bar.set_postfix_str(name)
            bar.update()

        yield done


def _list(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.takes import find_takes, inspect_take

    jams = _jams(arguments)
    takes = [inspect_take(folder) for folder in find_takes(jams)]
    if not takes:
        say(f"no take in {jams}")
        return 0
    width = max(len(take.folder.name) for take in takes)
    for take in takes:
        minutes, seconds = divmod(round(take.seconds), 60)
        tempo = f"{take.opened.tempo:.0f} BPM {take.opened.meter}" if take.opened else ""
        print(
            f"{take.folder.name:{width}}  {minutes:3d}:{seconds:02d}  {take.bars:4d} bars  "
            f"{tempo:12}  {take.n_bytes / MEGABYTE:8.1f} MB  {take.state}"
            + (f": {take.fault}" if take.fault else "")
        )
    return 0


def _show(arguments: argparse.Namespace) -> int:
    from nesvae_live.log.text import jam_to_figures, jam_to_text
    from nesvae_live.take.export import read_selection
    from nesvae_live.take.takes import find_take, inspect_take

    take = find_take(arguments.take, _jams(arguments))
    jam = read_selection(take, arguments.bars).jam
    width = shutil.get_terminal_size((100, 24)).columns
    print("\n".join(jam_to_text(jam, width, colour=sys.stdout.isatty())))
    print()
    for name, value in {**jam_to_figures(jam), "state": str(inspect_take(take).state)}.items():
        print(f"{name:>12}  {value}")
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.export import export, read_selection
    from nesvae_live.take.takes import find_take

    take = find_take(arguments.take, _jams(arguments))
    with steps(take.name, ("reading", *arguments.to)) as done:
        selection = read_selection(take, arguments.bars)
        done("reading")
        if selection.jam.cut:
            say(f"{take}: {selection.jam.cut}")
        files = export(selection, arguments.to, arguments.out, done)
    print("\n".join(str(file) for file in files))
    return 0


def _capture(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.remote.server import send_command

    answer = send_command({"do": "keep", "bars": arguments.bars}, arguments.control)
    if not answer["ok"]:
        say(str(answer["error"]))
        return 1
    print(f"bars {answer['first']} to {answer['last']} will be in {answer['folder']} in a moment")
    return 0


def _recover(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.recover import cut_takes, recover
    from nesvae_live.take.takes import TakeError

    jams = _jams(arguments)
    takes = cut_takes(jams)
    if not takes:
        print(f"{jams}: no take was cut off")
    failed = 0
    for take in takes:
        try:
            print(recover(take), flush=True)
        except TakeError as error:
            say(str(error))
            failed = 1
    return failed


def _replay(arguments: argparse.Namespace) -> int:
    from nesvae_live.take.folder import LOG_NAME
    from nesvae_live.take.replayfiles import replay_take
    from nesvae_live.take.takes import find_take

    take = find_take(arguments.take, _jams(arguments))
    log = take / LOG_NAME
    if arguments.live:
        return _replay_live(log, arguments)
    decoder = _decoder(log, arguments.checkpoint) if arguments.redecode else None
    with progress(take.name, log.stat().st_size) as count:
        done = replay_take(log, arguments.out, count, decoder=decoder)
    for fault in done.faults:
        say(f"{log}: {fault}")
    if done.difference:
        say(f"{log}: the network plays another tune: {done.difference}")
        return 1
    if decoder is not None:
        print("every decode is the log's")
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
    """The network that the take was played with.

    Raises:
        ReplayError: what there is is another one.
    """
    from nesvae_live.log.codec import line_to_opened
    from nesvae_live.model.checkpoint import load_checkpoint
    from nesvae_live.model.critic import Critic
    from nesvae_live.model.decoder import Decoder
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.take.replay import ReplayError

    with log.open("rb") as lines:
        opened = line_to_opened(lines.readline())
    found = load_checkpoint(find_checkpoint(checkpoint))
    if found.sha256 != opened.checkpoint_sha256:
        raise ReplayError(
            f"{log}: it was played with the checkpoint {opened.checkpoint or 'of no name'} "
            f"({opened.checkpoint_sha256[:12]}...), {found.path} is another: name it with "
            "--checkpoint; without --redecode the take plays again all the same"
        )
    return Critic(Decoder(found), found.quantiles)
