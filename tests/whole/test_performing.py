"""The performer's side of the instrument as it is on stage: a process, real ports, restarted."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import OscPacket

from nesvae_live.log.entries import Decoded, Posed
from nesvae_live.music.phrase import Ints, tokens_to_tuples
from nesvae_live.music.swap import Swap
from tests.support.capturing import held_out, model, nearness, phrase_to_messages
from tests.support.daemon import Daemon, plug
from tests.support.jack import JackServer
from tests.support.probe import JackProbe
from tests.support.waiting import WAIT_SECONDS, wait_until

QUIET = ("--audio", "none", "--midi-api", "none", "--no-status")


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\n')
    return path


@pytest.mark.slow
def test_snapshots_are_there_again_after_a_restart_and_the_style_is_the_checkpoints(
    tmp_path: Path, preset: Path
) -> None:
    bank = tmp_path / "mine.snapshots.json"
    one, two, three = (tmp_path / name for name in ("one", "two", "three"))
    for folder in (one, two, three):
        folder.mkdir()
    with Daemon(one, "--preset", str(preset), "--seed", "3", *QUIET) as daemon:
        daemon.ctl(do="set", knob="density", value=0.25)
        daemon.ctl(do="key", key="D minor")
        assert daemon.ctl(do="store", slot=5) == {"ok": True, "slot": 5, "name": ""}
        assert daemon.end() == 0
    kept = json.loads(bank.read_text())
    assert kept["snapshots"]["5"]["knobs"] == {"density": 0.25}
    with Daemon(two, "--preset", str(preset), "--seed", "4", *QUIET) as daemon:
        assert daemon.ctl(do="status")["snapshots"] == [5]
        assert daemon.ctl(do="recall", slot=5) == {"ok": True}
        assert wait_until(lambda: daemon.ctl(do="status")["key"] == "D minor")
        status = daemon.ctl(do="status")
        assert (status["knobs"], status["seed"]) == ({"density": 0.25}, 3)
        assert daemon.end() == 0
    posed = [entry for entry in daemon.jam().entries if isinstance(entry, Posed)]
    stored = pytest.approx(kept["snapshots"]["5"]["style"], abs=1e-5)
    assert any(p.style == stored for p in posed if p.why.startswith("recall"))
    bank.write_text(json.dumps(kept | {"checkpoint_sha256": "another"}))
    with Daemon(three, "--preset", str(preset), "--auto", *QUIET) as daemon:
        assert daemon.ctl(do="status")["auto"]
        assert daemon.end() == 0
    assert daemon.said.count("style is dropped") == 1


@pytest.mark.slow
def test_osc_steers_the_instrument_and_is_told(tmp_path: Path, preset: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ("--preset", str(preset), "--osc", str(port), *QUIET)
    with (
        Daemon(tmp_path, *options) as daemon,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(WAIT_SECONDS)
        message = OscMessageBuilder("/nesvae/focus")
        message.add_arg(0.75)
        client.sendto(message.build().dgram, ("127.0.0.1", port))
        heard: dict[str, object] = {}
        while heard.get("/nesvae/focus/set") != 1 or "/nesvae/info/take" not in heard:
            for timed in OscPacket(client.recv(65_536)).messages:
                heard[timed.message.address] = timed.message.params[0]
        assert daemon.ctl(do="status")["knobs"]["focus"] == 0.75
        assert heard["/nesvae/info/take"] == str(daemon.take)
        assert daemon.end() == 0


def play_into_port(probe: JackProbe, phrase: Ints, tempo: float, draw: np.random.Generator) -> None:
    """Play a phrase in real time; what is late because the machine is busy is as late as it is."""
    began = time.monotonic()
    for at, data in phrase_to_messages(phrase, tempo, draw):
        while (left := began + at - time.monotonic()) > 0:
            time.sleep(left)
        probe.send_midi(data)


def captures(daemon: Daemon, probe: JackProbe, phrases: list[Ints], seed: int) -> Iterator[float]:
    """Play each phrase at a tempo of its own and capture it; the tempi."""
    draw = np.random.default_rng(seed)
    for phrase in phrases:
        tempo = float(draw.uniform(80, 160))
        assert daemon.ctl(do="tempo", tempo=tempo)["ok"]
        play_into_port(probe, phrase, tempo, draw)
        time.sleep(0.02)
        assert daemon.ctl(do="capture") == {"ok": True}
        time.sleep(0.05)
        yield tempo


def first_phrases(daemon: Daemon) -> list[Ints]:
    """What the instrument played first after each capture."""
    decoded = [entry for entry in daemon.jam().entries if isinstance(entry, Decoded)]
    return [
        tokens_to_tuples(np.array(entry.tokens))
        for entry in decoded
        if entry.follows == -1 and entry.index > 0
    ]


def play_and_capture(tmp_path: Path, phrases: list[Ints]) -> tuple[dict[str, float], ...]:
    """Nearness of what came back, and of the model's own reconstructions."""
    with (
        Daemon(
            *(tmp_path, "--midi-api", "jack", "--audio", "none", "--swap", Swap.NOW, "--no-status")
        ) as daemon,
        JackProbe() as probe,
    ):
        plug(probe, daemon, 20, "density")
        tempi = list(captures(daemon, probe, phrases, 2))
        assert daemon.end() == 0
    heard = first_phrases(daemon)
    assert len(heard) == len(phrases) == len(tempi)
    models = [model().reconstruct(phrase) for phrase in phrases]
    return nearness(phrases, heard), nearness(phrases, models)


@pytest.mark.jack
@pytest.mark.corpus
def test_a_phrase_that_is_played_into_the_port_comes_back(
    jack_server: JackServer, tmp_path: Path, corpus_archive: Path
) -> None:
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name
    ours, models = play_and_capture(tmp_path, held_out(corpus_archive, 6, seed=5))
    print(f"captured {ours}, reconstructed {models}")
    assert ours["tokens"] >= models["tokens"] - 0.15
    assert ours["attributes"] <= models["attributes"] + 0.4


@pytest.mark.soak
@pytest.mark.jack
@pytest.mark.corpus
@pytest.mark.timeout(1800)
def test_200_phrases_played_into_the_port_come_back_as_near_as_the_models_reconstructions(
    jack_server: JackServer, tmp_path: Path, corpus_archive: Path
) -> None:
    assert os.environ["JACK_DEFAULT_SERVER"] == jack_server.name
    ours, models = play_and_capture(tmp_path, held_out(corpus_archive, 200))
    print(f"captured {ours}, reconstructed {models}")
    assert ours["tokens"] >= models["tokens"] - 0.03
    assert ours["steps"] >= models["steps"] - 0.03
    assert ours["attributes"] <= models["attributes"] + 0.1
