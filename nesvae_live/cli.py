"""The command line: parse, build, run, and one clear line for what goes wrong."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nesvae_live import __version__
from nesvae_live.ctlgestures import add_gestures
from nesvae_live.jamcli import add_jam
from nesvae_live.timing import Meter

MIDI_APIS = ("auto", "alsa", "jack", "coremidi", "winmm", "none")
HEARD = ("P1", "P2", "TR", "NO")
SWAPS = ("bar", "beat", "now")
AUDIO_APIS = ("auto", "portaudio", "jack", "none")
BENCHED = ("empty", "osc", "chip")
DEMO_BARS = 16
DEMO_SEED = 21


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        0 when it ended as asked, 1 when something went wrong at run time (one line on standard
        error), 2 for a wrong command line.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one thread for math, before numpy is loaded
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    arguments = parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except _known_errors() as error:
        print(f"nesvae-live: {error}", file=sys.stderr)
        return 1


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    top = argparse.ArgumentParser(
        prog="nesvae-live", description="Steer a neural map of NES music with MIDI knobs."
    )
    top.add_argument("--version", action="version", version=f"nesvae-live {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _play(commands.add_parser("play", help="play, until Ctrl-C or for some bars"))
    _demo(commands.add_parser("demo", help="hear it with no hardware: 16 bars, recorded"))
    _learn(commands.add_parser("learn", help="teach it which control moves what, while it plays"))
    _presets(commands.add_parser("presets", help="the presets there are: list, show, check"))
    _ctl(commands.add_parser("ctl", help="send a command to the instrument that plays"))
    _ports(commands.add_parser("ports", help="list MIDI ports and audio outputs"))
    _doctor(commands.add_parser("doctor", help="what this machine offers, and what is missing"))
    _render(
        commands.add_parser(
            "render", help="a score, VGM, MIDI file or jam to WAV, VGM, MIDI, score"
        )
    )
    _encode(commands.add_parser("encode", help="where the phrases of a piece lie in z"))
    _interpolate(commands.add_parser("interpolate", help="the way from one phrase to another"))
    add_jam(commands.add_parser("jam", help="takes: list, show, export, replay, recover, capture"))
    _bench(commands.add_parser("bench", help="measure this machine"))
    _train(commands.add_parser("train", help="train a checkpoint (needs the train extra)"))
    _finish(
        commands.add_parser("finish", help="label a checkpoint's axes, draw its map (likewise)")
    )
    _evaluate(commands.add_parser("evaluate", help="measure a checkpoint (needs the train extra)"))
    return top


def _play(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_play, demo=False)
    p.add_argument("--preset", default="default", metavar="NAME|FILE")
    p.add_argument("--midi-api", choices=MIDI_APIS, default="auto")
    p.add_argument("--midi-in", action="append", default=[], metavar="NAME", help="can be repeated")
    p.add_argument("--midi-out", metavar="NAME")
    p.add_argument(
        "--feedback", metavar="NAME", help="the controller's port that takes values back"
    )
    p.add_argument("--bars", type=_whole(1, 1_000_000), help="end after so many bars")
    p.add_argument("--clock", choices=("internal", "midi", "link"), default="internal")
    p.add_argument("--clock-in", metavar="NAME", help="the input whose MIDI clock is followed")
    p.add_argument("--clock-out", action="store_true", help="send MIDI clock, on a port of its own")
    p.add_argument(
        "--link-start-stop", action="store_true", help="start and stop with the Link session"
    )
    _performance(p)


def _demo(p: argparse.ArgumentParser) -> None:
    p.set_defaults(
        run=_run_play, demo=True, preset="default", midi_api="none", midi_in=[], midi_out=None
    )
    p.add_argument("--bars", type=_whole(1, 1_000_000), default=DEMO_BARS)
    _performance(p)
    p.set_defaults(seed=DEMO_SEED)


def _performance(p: argparse.ArgumentParser) -> None:
    p.add_argument("--checkpoint", metavar="FILE")
    p.add_argument("--audio", choices=AUDIO_APIS, default="auto")
    p.add_argument("--audio-device", metavar="NAME")
    p.add_argument("--sample-rate", type=_whole(8_000, 192_000), default=44_100, metavar="HZ")
    p.add_argument("--block-frames", type=_whole(16, 8_192), default=256, metavar="N")
    p.add_argument("--level", type=_level, default=0.0, metavar="DB", help="-90 to 12")
    p.add_argument(
        "--spread", type=_share, default=0.0, metavar="0..1", help="P1 to the left, P2 to the right"
    )
    p.add_argument("--voice-ports", action="store_true", help="a JACK output for each voice too")
    p.add_argument("--tempo", type=_tempo, metavar="BPM")
    p.add_argument("--meter", type=_meter, default=Meter(), metavar="4/4")
    p.add_argument(
        "--grid", choices=("native", "clock", "bars"), help="what sets the speed of phrases"
    )
    p.add_argument(
        "--quantise", type=int, choices=(4, 8, 16, 32), help="cells of 1/N; default: off"
    )
    p.add_argument("--swing", type=_within(50.0, 75.0), default=50.0, metavar="50..75")
    p.add_argument(
        "--bars-per-phrase", type=float, choices=(0.5, 1.0, 2.0, 4.0), help="default: by density"
    )
    p.add_argument(
        "--swap", choices=SWAPS, help="from when on a turned knob is heard; default: now, or bar"
    )
    for name in ("midi", "audio"):
        p.add_argument(
            f"--offset-{name}",
            type=_within(-250.0, 250.0),
            default=0.0,
            metavar="MS",
            help="later by so much, or earlier",
        )
    p.add_argument("--seed", type=_whole(0, 2**31 - 1), metavar="N")
    p.add_argument(
        "--osc", type=_place, metavar="[HOST:]PORT", help="listen to OSC; without HOST on loopback"
    )
    p.add_argument(
        "--osc-to", type=_place, metavar="[HOST:]PORT", help="send values there, beside who sends"
    )
    p.add_argument("--auto", action="store_true", help="let the knobs wander by themselves")
    p.add_argument("--jams", type=Path, metavar="DIR", help="where takes go")
    p.add_argument(
        "--patch",
        action="append",
        default=[],
        metavar="VOICE=NAME|off",
        help="a voice's patch, as P1=lead or TR=off; off: all voices flat; can be repeated",
    )
    p.add_argument("--status", action=argparse.BooleanOptionalAction, default=None)
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")


def _ctl(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_ctl)
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    set_ = verbs.add_parser("set", help="set a knob to 0..1, or let it go")
    set_.add_argument("knob")
    set_.add_argument("value", type=_knob_value, metavar="0..1|off")
    for name, text in (("mute", "silence a voice"), ("unmute", "let a voice sound again")):
        verbs.add_parser(name, help=text).add_argument("voice", choices=HEARD)
    level = verbs.add_parser("level", help="how loud a voice, or all, is heard")
    level.add_argument("voice", choices=(*HEARD, "all"))
    level.add_argument("level", type=_level, metavar="DB")
    for name, text in (("solo", "hear a voice alone"), ("unsolo", "take a voice out of solo")):
        verbs.add_parser(name, help=text).add_argument("voice", choices=HEARD)
    verbs.add_parser("swap", help="from when on a turned knob is heard").add_argument(
        "mode", choices=SWAPS
    )
    verbs.add_parser("tempo", help="the internal clock's").add_argument(
        "tempo", type=_tempo, metavar="BPM"
    )
    verbs.add_parser("tap", help="tap the tempo, on a beat")
    add_gestures(verbs)
    verbs.add_parser("page", help="put a page of the controls up").add_argument(
        "page", type=_whole(1, 99), metavar="N"
    )
    verbs.add_parser("refresh", help="send the controller everything that it shows")
    verbs.add_parser("panic", help="end every note now, whatever sounds")
    verbs.add_parser("stop", help="end the performance")
    verbs.add_parser("status", help="what the status line shows, as JSON")


def _learn(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_learn)
    p.add_argument("targets", nargs="*", metavar="TARGET", help="default: it asks")
    p.add_argument("--control", type=Path, metavar="SOCKET", help="the control socket's path")


def _presets(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_presets)
    verbs = p.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="a line a preset")
    verbs.add_parser(
        "show", help="a picture of the controller, and what each control moves"
    ).add_argument("preset", metavar="NAME|FILE")
    verbs.add_parser("check", help="whether they are sound").add_argument(
        "presets", nargs="*", metavar="NAME|FILE", help="default: all"
    )


def _ports(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_ports)
    p.add_argument("--json", action="store_true")


def _doctor(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_doctor)
    p.add_argument("--json", action="store_true")


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
        type=_whole(8_000, 192_000),
        metavar="HZ",
        help="default: a jam's own, else 44100",
    )
    p.add_argument(
        "--rate",
        type=_within(1.0, 1000.0),
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
        "--first", type=_whole(1, 1_000_000), default=1, metavar="K", help="phrase that is number 1"
    )
    p.add_argument("--checkpoint", metavar="FILE")


def _interpolate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_interpolate)
    for name in ("A", "B"):
        p.add_argument(name.lower(), type=Path, metavar=name, help="music as for encode, or .json")
    p.add_argument("--steps", type=_whole(2, 1000), default=9, metavar="N")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="DIR")
    for name in ("a", "b"):
        p.add_argument(
            f"--phrase-{name}",
            type=_whole(1, 1_000_000),
            default=1,
            metavar="K",
            help=f"which phrase of {name.upper()}",
        )
    p.add_argument("--checkpoint", metavar="FILE")


def _bench(p: argparse.ArgumentParser) -> None:
    what = p.add_subparsers(dest="what", required=True, metavar="WHAT")
    timing = what.add_parser(
        "timing", help="whether notes, clocks and knobs are in time, through real ports"
    )
    timing.set_defaults(run=_run_bench_timing)
    timing.add_argument("--json", action="store_true")
    timing.add_argument("--seconds", type=_seconds, default=20.0, metavar="S", help="a case")
    timing.add_argument(
        "--swap", choices=SWAPS, action="append", help="can be repeated; default: all three"
    )
    timing.add_argument(
        "--beside",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also behind jack_midi_clock, and the usual Python way (needs torch)",
    )
    audio = what.add_parser(
        "audio", help="whether the sound keeps its time through JACK, alone and under load"
    )
    audio.set_defaults(run=_run_bench)
    audio.add_argument("--json", action="store_true")
    audio.add_argument("--seconds", type=_seconds, default=5.0, metavar="S", help="a case")
    audio.add_argument(
        "--rounds", type=_whole(1, 1_000), default=1, metavar="N", help="in so many parts, by turns"
    )
    audio.add_argument(
        "--frames",
        type=_whole(16, 8_192),
        action="append",
        metavar="N",
        help="can be repeated; default: 64, 128, 256 and 512",
    )
    audio.add_argument(
        "--engine", choices=BENCHED, action="append", help="can be repeated; default: all three"
    )
    audio.add_argument(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        help="the server, and so its clients; default: where the system grants it",
    )
    audio.add_argument("--server", metavar="NAME", help="a running JACK server; default: its own")


def _train(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_train)
    p.add_argument("--data", type=Path, required=True, help="NES-MDB archive, or a folder of it")
    p.add_argument("--out", type=Path, required=True, help="the run's folder; an old run resumes")
    p.add_argument("--init", type=Path, metavar="FILE", help="begin with this checkpoint's weights")
    p.add_argument("--steps", type=_whole(1, 10**9), default=6000)
    p.add_argument(
        "--streams", type=_whole(1, 4096), default=64, help="songs side by side, in all processes"
    )
    p.add_argument("--lr", type=float, default=2e-3, dest="learning_rate")
    p.add_argument("--rate", type=float, default=32.0, help="nats of style a phrase")
    p.add_argument("--seed", type=_whole(0, 2**31 - 1), default=1)
    p.add_argument("--precision", choices=("bf16", "f32"), default="bf16")
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    p.add_argument("--threads", type=_whole(1, 1024), default=1)
    p.add_argument("--check-every", type=_whole(1, 10**9), default=500, help="steps")
    p.add_argument(
        "--patience", type=_whole(1, 10**9), metavar="N", help="end after N checks without a better"
    )
    p.add_argument("--quiet", action="store_true", help="no progress bar")


def _finish(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_finish)
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a trained one")
    p.add_argument("--data", type=Path, required=True, help="what it was trained on")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT")
    p.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0)
    p.add_argument("--threads", type=_whole(1, 1024), default=1)


def _evaluate(p: argparse.ArgumentParser) -> None:
    p.set_defaults(run=_run_evaluate)
    p.add_argument("--data", type=Path, required=True, help="NES-MDB archive, or a folder of it")
    p.add_argument("--split", required=True, metavar="NAME", help="held out: valid or test")
    p.add_argument("--checkpoint", metavar="FILE")
    p.add_argument(
        "--train-data", type=Path, metavar="ARCHIVE|DIR", help="with the train split; default: DATA"
    )
    p.add_argument("--json", type=Path, metavar="OUT", help="write the figures; default: print")
    p.add_argument("--report", type=Path, metavar="DIR", help="write a page with pictures")
    p.add_argument("--quick", action="store_true", help="fewer knobs' contexts, pairs and runs")
    p.add_argument("--seed", type=_whole(0, 2**31 - 1), default=0)
    p.add_argument("--threads", type=_whole(1, 1024), default=1)


def _run_play(arguments: argparse.Namespace) -> int:
    from nesvae_live.play import PlayOptions, play

    fields = PlayOptions.__dataclass_fields__
    options = PlayOptions(
        **{name: value for name, value in vars(arguments).items() if name in fields}
        | {"midi_in": tuple(arguments.midi_in), "patch": tuple(arguments.patch)}
    )
    take = play(options)
    if take is not None:
        print("\n".join(str(file) for file in take.files))
    return 0


def _run_ctl(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.control import send_command

    command: dict[str, Any] = {"do": arguments.verb}
    if arguments.verb == "set":
        command |= {"knob": arguments.knob, "value": arguments.value}
    elif arguments.verb in {"mute", "unmute"}:
        command = {"do": "mute", "voice": arguments.voice, "on": arguments.verb == "mute"}
    elif arguments.verb == "level":
        command |= {"voice": arguments.voice, "level": arguments.level}
    elif arguments.verb in {"solo", "unsolo"}:
        command = {"do": "solo", "voice": arguments.voice, "on": arguments.verb == "solo"}
    elif arguments.verb in {"swap", "tempo", "page"}:
        name = "mode" if arguments.verb == "swap" else arguments.verb
        command |= {name: getattr(arguments, name)}
    elif "command_of" in arguments:
        command = dict(arguments.command_of(arguments))
    answer = send_command(command, arguments.control)
    if not answer.pop("ok"):
        print(f"nesvae-live: {answer['error']}", file=sys.stderr)
        return 1
    if arguments.verb == "status":
        print(json.dumps(answer, indent=2))
    return 0


def _run_learn(arguments: argparse.Namespace) -> int:
    from nesvae_live.io.control import send_command
    from nesvae_live.learnsession import LearnSession, typed_lines

    session = LearnSession(
        lambda command: send_command(command, arguments.control),
        sys.stdout,
        typed_lines(sys.stdin),
    )
    if arguments.targets:
        return 0 if session.learn(arguments.targets) else 1
    session.converse()
    return 0


def _run_presets(arguments: argparse.Namespace) -> int:
    from nesvae_live.config import load_preset
    from nesvae_live.presets import check_presets, preset_to_text, presets_to_text

    if arguments.verb == "list":
        print(presets_to_text())
    elif arguments.verb == "show":
        print(preset_to_text(load_preset(arguments.preset)))
    else:
        text, fine = check_presets(arguments.presets)
        print(text)
        return 0 if fine else 1
    return 0


def _run_ports(arguments: argparse.Namespace) -> int:
    from nesvae_live.doctor import examine_ports, ports_to_text

    ports = examine_ports()
    print(json.dumps(ports, indent=2) if arguments.json else ports_to_text(ports))
    return 0


def _run_doctor(arguments: argparse.Namespace) -> int:
    from nesvae_live.doctor import examine, to_text

    report = examine()
    print(json.dumps(report, indent=2) if arguments.json else to_text(report))
    return 0


def _run_render(arguments: argparse.Namespace) -> int:
    from nesvae_live.render import RenderOptions, render

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
    from nesvae_live.checkpoint import load_checkpoint
    from nesvae_live.config import find_checkpoint
    from nesvae_live.encode import encode_file, encode_to_bank
    from nesvae_live.performer import SLOTS
    from nesvae_live.play import SAMPLING

    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    encoded = encode_file(arguments.source, checkpoint, _warn)
    chosen = encoded[arguments.first - 1 :][: len(SLOTS)]
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
    from nesvae_live.checkpoint import load_checkpoint
    from nesvae_live.config import find_checkpoint
    from nesvae_live.interpolate import End, interpolate

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


def _run_bench(arguments: argparse.Namespace) -> int:
    from nesvae_live.bench import FRAMES, HEAD, bench_audio, bench_to_json, bench_to_text

    print(HEAD, file=sys.stderr)
    bench = bench_audio(
        arguments.seconds,
        arguments.frames or FRAMES,
        arguments.engine or BENCHED,
        rounds=arguments.rounds,
        realtime=arguments.realtime,
        server=arguments.server,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(bench_to_json(bench) if arguments.json else bench_to_text(bench))
    return 0


def _run_bench_timing(arguments: argparse.Namespace) -> int:
    from nesvae_live.benchtiming import HEAD, bench_timing, timings_to_json, timings_to_text

    print(HEAD, file=sys.stderr)
    bench = bench_timing(
        arguments.seconds,
        arguments.swap or ("now", "beat", "bar"),
        beside=arguments.beside,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    print(timings_to_json(bench) if arguments.json else timings_to_text(bench))
    return 0


def _run_train(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: training needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.checkpoint import load_checkpoint
    from nesvae_live.training.data import read_split
    from nesvae_live.training.ranks import join
    from nesvae_live.training.settings import Settings
    from nesvae_live.training.train import BEST, train

    torch.set_num_threads(arguments.threads)
    settings = Settings(
        steps=arguments.steps,
        streams=arguments.streams,
        learning_rate=arguments.learning_rate,
        rate=arguments.rate,
        seed=arguments.seed,
        precision=arguments.precision,
    )
    with join(arguments.device) as ranks:
        train(
            settings,
            read_split(arguments.data, "train"),
            read_split(arguments.data, "valid"),
            arguments.out,
            init=load_checkpoint(arguments.init) if arguments.init else None,
            device=arguments.device,
            ranks=ranks,
            check_every=arguments.check_every,
            patience=arguments.patience,
            quiet=arguments.quiet,
        )
        if ranks.leads:
            best = arguments.out / BEST
            print(f"the best checkpoint is {best}; nesvae-live finish {best} labels its axes")
    return 0


def _run_finish(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: finishing needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.checkpoint import load_checkpoint, save_checkpoint
    from nesvae_live.config import find_checkpoint
    from nesvae_live.play import SAMPLING
    from nesvae_live.training.data import read_split
    from nesvae_live.training.finish import card_lines, finish

    if not arguments.out.absolute().parent.is_dir():
        print(f"nesvae-live: {arguments.out.parent}: no such folder for -o", file=sys.stderr)
        return 1
    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    corpus = read_split(arguments.data, "train")
    if checkpoint.about.get("data_sha256", corpus.sha256) != corpus.sha256:
        print(f"nesvae-live: {arguments.data}: not what it was trained on", file=sys.stderr)
    torch.set_num_threads(arguments.threads)
    finished = finish(
        checkpoint,
        corpus,
        SAMPLING,
        seed=arguments.seed,
        say=lambda what: print(f"finishing: {what}", file=sys.stderr, flush=True),
    )
    try:
        save_checkpoint(arguments.out, finished)
    except OSError as error:
        print(f"nesvae-live: {arguments.out}: {error.strerror}", file=sys.stderr)
        return 1
    print(card_lines(finished))
    size = arguments.out.stat().st_size / 1e6
    print(f"finishing: {arguments.out}, {size:.1f} MB", file=sys.stderr)
    return 0


def _run_evaluate(arguments: argparse.Namespace) -> int:
    try:
        import torch
    except ImportError:
        print(
            "nesvae-live: evaluation needs torch: pip install 'nesvae-live[train]'", file=sys.stderr
        )
        return 1
    from nesvae_live.checkpoint import load_checkpoint
    from nesvae_live.config import find_checkpoint
    from nesvae_live.play import SAMPLING
    from nesvae_live.training.data import CorpusError, read_split
    from nesvae_live.training.evaluate import FULL, QUICK, evaluate
    from nesvae_live.training.intervals import to_json

    if arguments.json is not None and not arguments.json.absolute().parent.is_dir():
        print(f"nesvae-live: {arguments.json.parent}: no such folder for --json", file=sys.stderr)
        return 1
    checkpoint = load_checkpoint(find_checkpoint(arguments.checkpoint))
    held_out = read_split(arguments.data, arguments.split)
    try:
        train = read_split(arguments.train_data or arguments.data, "train")
    except CorpusError as error:
        if arguments.train_data is not None:
            raise
        print(f"nesvae-live: {error}; no js_over_human, no copies", file=sys.stderr)
        train = None
    torch.set_num_threads(arguments.threads)
    evaluation = evaluate(
        checkpoint,
        held_out,
        train,
        SAMPLING,
        QUICK if arguments.quick else FULL,
        seed=arguments.seed,
        say=lambda what: print(f"measuring: {what}", file=sys.stderr),
    )
    text = to_json(evaluation.figures)
    try:
        if arguments.json is not None:
            arguments.json.write_text(text, encoding="utf-8")
        if arguments.report is not None:
            from nesvae_live.training.report import write_report

            print(f"the report is {write_report(evaluation, arguments.report)}", file=sys.stderr)
    except OSError as error:
        print(f"nesvae-live: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if arguments.json is None:
        print(text, end="")
    return 0


def _whole(low: int, high: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, {low} to {high}")
        return value

    return whole


def _tempo(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 20.0 <= value <= 400.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a tempo, 20 to 400 BPM")
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.5 <= value <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time, 0.5 to 3600 s")
    return value


def _level(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -90.0 <= value <= 12.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a level, -90 (silent) to 12 dB")
    return value


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 0 to 1")
    return value


def _within(low: float, high: float) -> Callable[[str], float]:
    def within(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not within {low:g} to {high:g}")
        return value

    return within


def _place(text: str) -> tuple[str, int]:
    """`9000` or `HOST:9000`; the loopback's where no host is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535, or HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _meter(text: str) -> Meter:
    try:
        return Meter.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _knob_value(text: str) -> float | None:
    if text == "off":
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a value, 0 to 1, or off to let it go")
    return value


def _known_errors() -> tuple[type[Exception], ...]:
    """The errors that are one line for a person; their modules are loaded when one is raised."""
    names = (
        ("nesvae_live.benchserver", "BenchError"),
        ("nesvae_live.io.link", "LinkError"),
        ("nesvae_live.checkpoint", "CheckpointError"),
        ("nesvae_live.config", "ConfigError"),
        ("nesvae_live.encode", "EncodeError"),
        ("nesvae_live.io.audio", "AudioError"),
        ("nesvae_live.io.control", "ControlError"),
        ("nesvae_live.io.midi", "MidiError"),
        ("nesvae_live.io.osc", "OscError"),
        ("nesvae_live.io.record", "RecordError"),
        ("nesvae_live.play", "PerformanceError"),
        ("nesvae_live.jamlog", "JamError"),
        ("nesvae_live.render", "RenderError"),
        ("nesvae_live.snapshotbank", "BankError"),
        ("nesvae_live.replay", "ReplayError"),
        ("nesvae_live.takes", "TakeError"),
        ("nesvae_live.training.data", "CorpusError"),
        ("nesvae_live.training.finish", "FinishError"),
        ("nesvae_live.training.run", "TrainingError"),
    )
    return tuple(
        getattr(sys.modules[module], name) for module, name in names if module in sys.modules
    )
