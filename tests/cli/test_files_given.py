"""Files and folders that a command can't use: one line that names them, exit 1 or 2, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.cli.main import main

MODULE = """# FamiTracker text export 0.4.2
MACRO 0 0 -1 -1 0 : 15 12 8
INST2A03 0 0 -1 -1 -1 -1 "Lead"
"""


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in: files without contents, one that isn't music, a folder with a file's name."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.mid", "a.vgm", "a.npz", "a.exprsco.pkl", "a.ftm"):
        Path(name).touch()
    Path("in.txt").write_text(MODULE, encoding="utf-8")
    Path("log.jsonl").write_text("{}\n", encoding="utf-8")
    Path("some").mkdir()
    (tmp_path / "jams" / "2026-01-01_10-00-00").mkdir(parents=True)
    return tmp_path


def one_line(line: str, capsys: pytest.CaptureFixture[str], status: int) -> str:
    try:
        got = main(line.split())
    except SystemExit as left:
        got = left.code  # type: ignore[assignment]
    assert got == status
    shown = capsys.readouterr()
    (said,) = shown.err.splitlines()
    return said


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("name", ["a.mid", "a.vgm", "a.npz", "a.exprsco.pkl"])
@pytest.mark.parametrize("command", ["render NAME -o x.wav", "encode NAME", "meter NAME"])
def test_a_file_without_contents_is_called_empty(
    command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    said = one_line(command.replace("NAME", name), capsys, 1)
    assert said == f"nesvae-live: {name}: the file is empty"


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("patches import a.ftm", "a.ftm: the file is empty"),
        ("patches import in.txt -o nowhere/x.toml", "nowhere/x.toml: there is no folder nowhere"),
        ("patches import in.txt -o some", "some: Is a directory"),
        ("jam list --jams nowhere", "there is no folder nowhere: `nesvae-live play` makes it"),
        ("jam recover --jams nowhere", "there is no folder nowhere: `nesvae-live play` makes it"),
        ("jam show ./log.jsonl --jams jams", "log.jsonl: a take is a folder with take.jsonl in it"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_reason(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert one_line(line, capsys, 1).startswith(f"nesvae-live: {says}")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("encode a.mid -o x.txt", "argument -o/--out: 'x.txt': the file's name must end in .json"),
        ("meter a.mid -o x.jpg", "argument -o/--out: 'x.jpg': the file's name must end in .png"),
        ("jam replay", "it needs -o/--out or --live"),
        ("jam export --to", "--to needs a value"),
    ],
)
def test_a_line_that_lacks_something_says_what(
    line: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in one_line(line, capsys, 2)
