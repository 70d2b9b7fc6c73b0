"""The panel's process: started, ended, stuck, started again; and its port."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nesvae_live.panel.door import open_door
from nesvae_live.panel.keeper import START_SECONDS, STUCK_SECONDS, PanelKeeper
from nesvae_live.panel.soundring import SoundRing
from tests.support.fakes import ManualTime
from tests.support.panels import LEAD_SECONDS, RATE, BarePage, Told, free_port, some_facts
from tests.support.waiting import wait_until

PATIENCE = 60.0
LONGER_THAN_A_PIPE = 10_000_000


@pytest.fixture
def time() -> ManualTime:
    return ManualTime(100.0)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def keeper(tmp_path: Path, time: ManualTime, said: list[str]) -> Iterator[PanelKeeper]:
    ring = SoundRing(RATE, LEAD_SECONDS)
    keeper = PanelKeeper(*open_door(free_port()), ring, time, said.append)
    keeper.look()  # it loads, and waits for what it is to show
    keeper.show(some_facts(tmp_path))
    yield keeper
    keeper.close()


def see(keeper: PanelKeeper) -> None:
    """Let a page come, which waits until there is a process to serve it."""
    with BarePage(keeper.door.port, open_timeout=PATIENCE) as page:
        page.wait_for(lambda: page.pictures > 0, PATIENCE)


def test_a_process_that_is_killed_is_started_again_at_the_same_address(
    tmp_path: Path, keeper: PanelKeeper, time: ManualTime, said: list[str]
) -> None:
    with Told(tmp_path):
        see(keeper)
        assert keeper.pid is not None
        os.kill(keeper.pid, signal.SIGKILL)

        def noticed() -> bool:
            keeper.look()
            return bool(said)

        assert wait_until(noticed)
        assert said == ["the panel ended: starting it again"]
        keeper.look()
        assert keeper.starts == 1  # not at once: what ends at once would be started for ever
        time.value += 2.0
        keeper.look()
        assert keeper.starts == 2
        see(keeper)


def test_a_process_that_gives_no_sign_of_life_is_ended_and_started_again(
    keeper: PanelKeeper, time: ManualTime, said: list[str]
) -> None:
    see(keeper)
    stuck = keeper.pid
    assert stuck is not None
    os.kill(stuck, signal.SIGSTOP)
    keeper.look()
    for _ in range(round(START_SECONDS + 2 * STUCK_SECONDS)):
        time.value += 1.0
        keeper.look()
    assert said == ["the panel was stuck: starting it again"]
    assert not Path(f"/proc/{stuck}").exists()
    time.value += 2.0
    keeper.look()
    assert keeper.starts == 2


def test_closing_ends_the_process_and_gives_the_port_back(keeper: PanelKeeper) -> None:
    see(keeper)
    process, port = keeper.pid, keeper.door.port
    keeper.close()
    keeper.close()
    assert not Path(f"/proc/{process}").exists()
    socket.create_server(("127.0.0.1", port)).close()


def test_closing_while_it_is_being_told_leaves_nothing_behind(
    tmp_path: Path, time: ManualTime, said: list[str]
) -> None:
    keeper = PanelKeeper(*open_door(free_port()), SoundRing(RATE, LEAD_SECONDS), time, said.append)
    keeper.look()
    process = keeper.pid
    assert process is not None
    os.kill(process, signal.SIGSTOP)  # it reads nothing
    keeper.show(replace(some_facts(tmp_path), preset="x" * LONGER_THAN_A_PIPE))
    keeper.close()
    assert not Path(f"/proc/{process}").exists()
    assert "panel facts" not in [thread.name for thread in threading.enumerate()]


def test_who_was_asleep_itself_does_not_take_the_process_for_stuck(
    keeper: PanelKeeper, time: ManualTime, said: list[str]
) -> None:
    see(keeper)
    assert keeper.pid is not None
    os.kill(keeper.pid, signal.SIGSTOP)  # as Ctrl-Z does, to both
    keeper.look()
    time.value += 3600.0
    keeper.look()
    os.kill(keeper.pid, signal.SIGCONT)
    see(keeper)
    keeper.look()
    assert keeper.starts == 1
    assert not said
