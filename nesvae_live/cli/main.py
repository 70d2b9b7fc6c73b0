"""The command line: it parses, runs a command, and says in one line what went wrong."""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence

from nesvae_live import NesvaeError, __version__
from nesvae_live.app.say import say


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when the command did what was asked, 1 when something went wrong (one line on standard
        error says what), 2 for a wrong command line, 130 when it was interrupted.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # counts when numpy is loaded
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    for stream in (sys.stdout, sys.stderr):  # a character that it lacks must not end anything
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:  # from here on: a Ctrl-C may come while the commands are still being imported
        if argv is None and "_ARGCOMPLETE" in os.environ:
            from nesvae_live.cli.ctl.prompt import answer_shell

            answer_shell(parser())
        try:
            arguments = parser().parse_args(argv)
        except SystemExit:  # help is printed, or a version; whether it could be shows now
            sys.stdout.flush()
            raise
        run: Callable[[argparse.Namespace], int] = arguments.run
        status = run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except NesvaeError as error:
        say(str(error))
        return 1
    except OSError as error:
        if error.filename is not None:
            say(f"{os.fsdecode(error.filename)}: {error.strerror}")
            return 1
        if error.errno not in UNREAD:
            raise
        return _unread(error)
    return status


UNREAD = (errno.EPIPE, errno.ENOSPC, errno.EIO)
"""What a write to standard output fails with when nobody can take it."""


def _unread(error: OSError) -> int:
    """Nobody takes what is printed: be silent if he has read enough, and say so otherwise."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python says it at its end
    if error.errno == errno.EPIPE:
        return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 1
    say(f"the output can't be written: {error.strerror}")
    return 1


def parser() -> argparse.ArgumentParser:
    """The parser of every command; each gets its options when it is given."""
    from nesvae_live.cli.bench import add_bench
    from nesvae_live.cli.ctl.ctl import add_ctl
    from nesvae_live.cli.files import add_files, add_patches
    from nesvae_live.cli.jam import add_jam
    from nesvae_live.cli.learn import add_learn
    from nesvae_live.cli.machine import add_machine
    from nesvae_live.cli.network.evaluate import add_evaluate
    from nesvae_live.cli.network.finish import add_finish
    from nesvae_live.cli.network.train import add_train
    from nesvae_live.cli.network.yours import add_yours
    from nesvae_live.cli.play.play import add_play
    from nesvae_live.cli.reading.parser import CommandParser

    top = CommandParser(
        prog="nesvae-live", description="Steer a neural map of NES music with MIDI knobs."
    )
    top.add_argument("--version", action="version", version=f"nesvae-live {__version__}")
    commands = top.add_subparsers(
        dest="command", required=True, metavar="COMMAND", parser_class=CommandParser
    )
    add_play(commands)
    add_learn(commands)
    add_ctl(commands)
    add_machine(commands)
    add_files(commands)
    add_yours(commands)
    add_jam(commands)
    add_patches(commands)
    add_bench(commands)
    add_train(commands)
    add_finish(commands)
    add_evaluate(commands)
    return top
