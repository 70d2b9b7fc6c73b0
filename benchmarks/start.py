"""From the command to the first note, and the memory that playing takes; with torch and without.

    python benchmarks/start.py [--rounds 5] [--json] [-- OPTIONS OF PLAY]

Each round starts `nesvae-live play` in a process of its own, once as it is and once with torch
imported before anything else, in turns. The first note's time is that of beat 0 (from the clock's
position, asked for over the control socket) plus the note's own in the log. What of it the process
computed, whatever else the machine did, is its CPU time when it first answers. Memory is the resident
set while it plays. Both are read from /proc (Linux). Without options there is no MIDI and no sound device:
the take is made all the same. The compiled code is cached before: a first round is thrown away.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from nesvae_live.io.remote.client import ControlError, send_command
from nesvae_live.log.entries import Sent
from nesvae_live.music.events import NoteOn
from nesvae_live.take.folder import read_jam

PLAIN = "import sys; from nesvae_live.cli.main import main; sys.exit(main(sys.argv[1:]))"
CASES = {"as it is": PLAIN, "with torch": f"import torch; {PLAIN}"}
NO_DEVICE = ("--midi-api", "none", "--audio", "none")
SETTLED_BEATS = 4.0
PATIENCE_SECONDS = 120.0


def start(code: str, options: list[str]) -> tuple[float, float, float, float]:
    """Start, play some beats, stop.

    Returns:
        Seconds to beat 0, to the first note, of CPU until it answers; resident MB.
    """
    with tempfile.TemporaryDirectory() as folder:
        control = Path(folder) / "socket"
        arguments = ["play", "--jams", folder, "--control", str(control), "--no-status", *options]
        began = time.perf_counter()
        with subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        ) as process:
            beat, computed = -1.0, 0.0
            while beat < SETTLED_BEATS:
                time.sleep(0.02)
                if process.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
                    process.kill()
                    raise SystemExit("it did not start to play")
                try:
                    asked = time.perf_counter()
                    status = send_command({"do": "status"}, control)
                    answered = time.perf_counter()
                except ControlError:
                    continue
                computed = computed or cpu_seconds(process.pid)
                beat, tempo = float(status["beat"]), float(status["tempo"])
                zero = (asked + answered) / 2 - beat * 60.0 / tempo - began
            memory = resident(process.pid)
            send_command({"do": "stop"}, control)
        (log,) = Path(folder).rglob("take.jsonl")
        notes = (
            entry.at
            for entry in read_jam(log).entries
            if isinstance(entry, Sent) and isinstance(entry.event, NoteOn)
        )
        return zero, zero + min(notes), computed, memory


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MB of a process and its children that are in memory, shared pages counted once by each."""
    total = 0.0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":", 1) for line in status.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue  # it has just ended
        if int(status.parent.name) == pid or int(fields["PPid"]) == pid:
            total += int(fields.get("VmRSS", "0 kB").split()[0]) / 1024
    return total


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the start of the instrument.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("options", nargs="*", help="of play; default: no device")
    arguments = parser.parse_args()
    options = arguments.options or list(NO_DEVICE)
    found: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in CASES}
    for number in range(arguments.rounds + 1):
        for name, code in CASES.items():
            measured = start(code, options)
            if number:
                found[name].append(measured)
    figures = {
        name: dict(
            zip(
                ("beat_0_seconds", "first_note_seconds", "cpu_seconds", "resident_mb"),
                (round(median(column), 2) for column in zip(*rounds, strict=True)),
                strict=True,
            )
        )
        for name, rounds in found.items()
    }
    load = os.getloadavg()[0]
    if arguments.json:
        print(json.dumps({"load": load, "rounds": arguments.rounds, **figures}, indent=1))
        return 0
    print("| | to beat 0, s | to the first note, s | of it CPU, s | resident, MB |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in figures.items():
        print(f"| {name} | {' | '.join(str(value) for value in row.values())} |")
    print(f"\nmedians of {arguments.rounds}; load average {load:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
