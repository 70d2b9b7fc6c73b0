"""The verbs of `jam` for takes in their folder: listed, shown, named, rated, opened, completed, deleted."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from nesvae_live.app.say import say
from nesvae_live.cli.reading.arguments import number
from nesvae_live.take.takes import STARS

MEGABYTE = 1e6
OPEN_SECONDS = 20.0
"""How long the system may take to find a program that opens a folder."""


def add_jams(p: argparse.ArgumentParser) -> None:
    """Add the folder of takes."""
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes are")


def add_take(p: argparse.ArgumentParser) -> None:
    """Add a take, and the folder of takes."""
    p.add_argument(
        "take",
        nargs="?",
        metavar="TAKE",
        help="a folder, the beginning of a take's name, or the name you gave it; default: the newest",
    )
    add_jams(p)


def add_bars(p: argparse.ArgumentParser) -> None:
    """Add bars of a take."""
    p.add_argument("--bars", type=_bars, metavar="A-B", help="only these bars, counted from 1")


def _bars(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        bars = int(first), int(last or first)
    except ValueError:
        bars = 0, 0
    if 1 <= bars[1] < bars[0]:
        raise argparse.ArgumentTypeError(
            f"{text!r}: the first bar comes after the last; {bars[1]}-{bars[0]}?"
        )
    if not 1 <= bars[0] <= bars[1]:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a range of bars: write 5-12, counted from 1"
        )
    return bars


def jams_of(arguments: argparse.Namespace) -> Path:
    """The folder of takes that was given, or the usual one."""
    from nesvae_live.paths import default_jams_dir

    return arguments.jams or default_jams_dir()


def take_of(arguments: argparse.Namespace) -> Path:
    """The folder of the take that was named, or of the newest."""
    from nesvae_live.take.takes import find_take

    return find_take(arguments.take, jams_of(arguments))


def fill_show(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam show`."""
    add_take(p)
    add_bars(p)


def fill_name(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam name`."""
    add_take(p)
    p.add_argument("name", nargs="*", metavar="NAME", help="its name; - removes it")


def fill_rate(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam rate`."""
    add_take(p)
    p.add_argument("stars", type=number("a rating", STARS, whole=True), metavar="0..5")


def fill_open(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam open`."""
    p.add_argument("take", nargs="?", metavar="TAKE", help="default: the newest")
    add_jams(p)


def fill_delete(p: argparse.ArgumentParser) -> None:
    """Add the arguments of `jam delete`."""
    p.add_argument("takes", nargs="+", metavar="TAKE")
    add_jams(p)


def run_list(arguments: argparse.Namespace) -> int:
    """List every take in the folder."""
    from nesvae_live.take.takes import find_takes, inspect_take

    jams = jams_of(arguments)
    takes = [inspect_take(folder) for folder in find_takes(jams)]
    if not takes:
        say(f"no takes in {jams}")
        return 0
    width = max(len(take.folder.name) for take in takes)
    for take in takes:
        minutes, seconds = divmod(round(take.seconds), 60)
        tempo = f"{take.opened.tempo:.0f} BPM {take.opened.meter}" if take.opened else ""
        print(
            f"{take.folder.name:{width}}  {minutes:3d}:{seconds:02d}  {take.bars:4d} bars  "
            f"{tempo:12}  {take.n_bytes / MEGABYTE:8.1f} MB  {take.state:9} "
            f"{'*' * take.label.stars:5} {take.label.name}".rstrip()
            + (f": {take.fault}" if take.fault else "")
        )
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Show a take's picture and figures in the terminal."""
    from nesvae_live.log.text import jam_to_figures, jam_to_text
    from nesvae_live.take.export.selection import read_selection
    from nesvae_live.take.takes import inspect_take

    take = take_of(arguments)
    jam = read_selection(take, arguments.bars).jam
    width = shutil.get_terminal_size((100, 24)).columns
    lines = jam_to_text(jam, width, colour=sys.stdout.isatty())
    print(as_printable("\n".join(lines), sys.stdout.encoding))
    print()
    for name, value in {**jam_to_figures(jam), "state": str(inspect_take(take).state)}.items():
        print(f"{name:>12}  {value}")
    return 0


def as_printable(text: str, encoding: str | None) -> str:
    """A drawn jam for an encoding that may lack Braille and blocks."""
    try:
        text.encode(encoding or "ascii")
    except UnicodeEncodeError:
        return "".join(
            "#" if "\u2800" < c <= "\u28ff" else " " if c == "\u2800" else PLAIN.get(c, c)
            for c in text
        )
    return text


PLAIN = dict(zip("▁▂▃▄▅▆▇█", "12345678", strict=True))
"""Heights as digits."""


def _is_take(name: str, jams: Path) -> bool:
    """Whether a take is called so, or begins so."""
    from nesvae_live.take.takes import TakeError, find_take, find_takes

    try:
        find_take(name, jams)
    except TakeError:
        return any(take.name.startswith(name) for take in find_takes(jams))
    return True


def run_name(arguments: argparse.Namespace) -> int:
    """Give a take a name; a word that no take begins with names the newest.

    Without a name it says which the take has.
    """
    from nesvae_live.take.takes import change_label, read_label

    name = " ".join(arguments.name)
    if not name and arguments.take and not _is_take(arguments.take, jams_of(arguments)):
        arguments.take, name = None, arguments.take
    take = take_of(arguments)
    if not name:
        print(f"{take.name}: {read_label(take).name or 'it has no name'}")
        return 0
    change_label(take, name="" if name == "-" else name)
    print(f"{take.name}: {name}")
    return 0


def run_rate(arguments: argparse.Namespace) -> int:
    """Give a take stars."""
    from nesvae_live.take.takes import change_label

    take = take_of(arguments)
    change_label(take, stars=arguments.stars)
    print(f"{take.name}: {'*' * arguments.stars or 'no stars'}")
    return 0


def run_open(arguments: argparse.Namespace) -> int:
    """Open a take's folder in the system's file manager."""
    take = take_of(arguments)
    print(take)
    why = ""
    try:
        if sys.platform == "win32":
            os.startfile(take)  # noqa: S606 - a folder, by the program that the user has for it
        else:
            opener = "open" if sys.platform == "darwin" else "xdg-open"
            done = subprocess.run(  # noqa: S603 - the system's own, on a folder of ours
                [opener, str(take)], capture_output=True, timeout=OPEN_SECONDS, check=False
            )
            why = f"{opener} failed" if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or "it takes too long"
    if why:
        say(f"no program here opens folders ({why}): the path is above")
        return 1
    return 0


def run_recover(arguments: argparse.Namespace) -> int:
    """Complete takes that were cut off."""
    from nesvae_live.take.recover import cut_takes, recover
    from nesvae_live.take.takes import TakeError, find_takes

    jams = jams_of(arguments)
    takes = cut_takes(jams)
    if not takes:
        find_takes(jams)  # says so if there is no such folder
        print(f"{jams}: no interrupted takes")
    failed = 0
    for take in takes:
        try:
            print(recover(take), flush=True)
        except TakeError as error:
            say(str(error))
            failed = 1
    return failed


def run_delete(arguments: argparse.Namespace) -> int:
    """Put takes into the bin; one that is being recorded stays."""
    from nesvae_live.io.bin import BinError, discard
    from nesvae_live.take.takes import TakeState, find_take, inspect_take

    takes = [find_take(name, jams_of(arguments)) for name in arguments.takes]
    failed = 0
    for take in takes:
        if inspect_take(take).state is TakeState.PLAYING:
            say(f"{take}: it is being recorded")
            failed = 1
            continue
        try:
            print(f"{take.name} is in {discard(take)}")
        except BinError as error:
            say(str(error))
            failed = 1
    return failed
