"""`ctl` that stays open: a prompt with completion and history, quick enough to play by.

Starting Python takes a third of a second each time, so that a tap from a shell is none. Here a line is
sent as soon as it is typed.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

HELP = """Type a verb of `ctl`, such as `recall 1` or `mute p2`; Enter alone repeats the last line (tap, tap).
Tab completes, the arrow keys bring back earlier lines. `help` lists the verbs, `quit` or Ctrl-D leaves."""

HISTORY_LINES = 500
LEAVING = ("quit", "exit", "q")

Words = Callable[[Sequence[str]], Iterable[str]]
"""What may come after some words of a line."""


def converse(
    parse: Callable[[Sequence[str]], argparse.Namespace],
    run: Callable[[argparse.Namespace], int],
    lines: Iterable[str],
) -> None:
    """Carry out lines until there are no more, or one leaves; what is wrong with one is told.

    Args:
        parse: a line's words to what `run` takes; it has told what is wrong when it raises SystemExit.
        run: carries it out, and tells what went wrong.
        lines: what is typed.
    """
    last = ""
    for typed in lines:
        line = typed.strip() or last
        if line in LEAVING:
            return
        if line in {"help", "?"}:
            line = "--help"
        elif line:
            last = line
        try:
            words = shlex.split(line)
        except ValueError as error:
            print(f"{line}: {error}", file=sys.stderr)
            continue
        if words:
            with contextlib.suppress(SystemExit):
                run(parse(words))


def typed_lines(prompt: str, words: Words, history: Path | None) -> Iterable[str]:
    """What is typed, line by line, with completion and history where the system has readline.

    Args:
        prompt: what stands before each line on a terminal.
        words: completes them.
        history: the file in which lines are kept; None: nowhere.
    """
    if not sys.stdin.isatty():
        yield from sys.stdin
        return
    print(HELP)
    with _readline(words, history):
        while True:
            try:
                yield input(prompt)
            except EOFError:
                print()
                return


@contextlib.contextmanager
def _readline(words: Words, history: Path | None) -> Iterator[None]:
    try:
        import readline
    except ImportError:  # Windows: lines are typed without
        yield
        return
    readline.set_completer(lambda text, n: complete(words, readline.get_line_buffer(), text, n))
    readline.set_completer_delims(" ")
    bind = "bind ^I rl_complete" if "libedit" in (readline.__doc__ or "") else "tab: complete"
    readline.parse_and_bind(bind)
    readline.set_history_length(HISTORY_LINES)
    if history is not None:
        with contextlib.suppress(OSError):
            readline.read_history_file(history)
    try:
        yield
    finally:
        if history is not None:
            with contextlib.suppress(OSError):
                history.parent.mkdir(parents=True, exist_ok=True)
                readline.write_history_file(history)


def complete(words: Words, line: str, text: str, n: int) -> str | None:
    """The `n`th completion of `text`, the end of `line`; None: there are no more."""
    before = line[: len(line) - len(text)].split()
    fitting = [word for word in words(before) if word.lower().startswith(text.lower())]
    return f"{fitting[n]} " if n < len(fitting) else None
