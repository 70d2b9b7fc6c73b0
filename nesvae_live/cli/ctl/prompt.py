"""`ctl` that stays open, with completion and history, quick enough to play by; a shell's completion.

Starting Python takes a third of a second each time, so that a tap from a shell is none. Here a line is
sent as soon as it is typed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from nesvae_live.cli.reading.parser import CommandParser

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


SHELLS = ("bash", "zsh", "fish")
"""The shells whose completion we know."""


def shell_script(shell: str) -> str:
    """What a shell has to read so that Tab completes our commands."""
    from argcomplete.shell_integration import shellcode

    return shellcode([PROGRAM], shell=shell)


PROGRAM = "nesvae-live"
ASKED = "_ARGCOMPLETE"
"""Is in the environment of a program that a shell asks for completions."""


def answer_shell(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks what may come next, and leave the process."""
    import argcomplete

    fill(parser, os.environ.get("COMP_LINE", "").split()[1:])
    argcomplete.autocomplete(parser, always_complete_options=False)


def fill(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Let a command that was typed, and the verb after it, have its arguments.

    Each that takes a name of something that is there gets a completer.
    """
    if isinstance(parser, CommandParser):
        parser.fill()
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - nor to these
            for name, inner in action.choices.items():
                if name in words:
                    fill(inner, words)
        elif (names := NAMES_OF.get(action.dest)) is not None:
            action.completer = names  # type: ignore[attr-defined]


def _presets(**_: object) -> list[str]:
    from nesvae_live.paths import shipped_dir, user_presets_dir

    folders = (shipped_dir("presets"), user_presets_dir())
    return sorted({path.stem for folder in folders for path in folder.glob("*.toml")})


def _takes(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    from nesvae_live import NesvaeError
    from nesvae_live.paths import default_jams_dir
    from nesvae_live.take.takes import find_takes

    jams = getattr(parsed_args, "jams", None) or default_jams_dir()
    try:
        return ["newest", *(take.name for take in find_takes(jams))]
    except NesvaeError:  # there is no such folder yet
        return ["newest"]


def _snapshots(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    return snapshot_names(getattr(parsed_args, "control", None))


def snapshot_names(control: Path | None) -> list[str]:
    """The names, and the numbers, of the snapshots of what plays; empty if nothing does."""
    from nesvae_live import NesvaeError
    from nesvae_live.io.remote.client import send_command

    try:
        there = send_command({"do": "snapshots"}, control).get("snapshots", ())
    except NesvaeError:
        return []
    names = [kept["name"] for kept in there if kept["name"]]
    return [*(shlex.quote(name) for name in names), *(str(kept["slot"]) for kept in there)]


def _knobs(**_: object) -> list[str]:
    from nesvae_live.latent.knobs import KNOB_BY_NAME

    return list(KNOB_BY_NAME)


def _targets(**_: object) -> list[str]:
    from nesvae_live.control.targets import TARGET_BY_NAME

    return list(TARGET_BY_NAME)


NAMES_OF: Mapping[str, Callable[..., list[str]]] = {
    "preset": _presets,
    "take": _takes,
    "takes": _takes,
    "slot": _snapshots,
    "low": _snapshots,
    "high": _snapshots,
    "knob": _knobs,
    "target": _targets,
}
"""By an argument's name: what may stand there."""
