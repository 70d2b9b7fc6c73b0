"""Training that is asked to end by a signal."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from nesvae_live.training.stop import SIGNALS, Stop


@pytest.mark.parametrize("number", SIGNALS)
def test_being_asked_is_noted_and_interrupts_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    assert not Stop().asked
    with Stop() as stop:
        signal.raise_signal(number)
        assert stop.asked
    assert signal.getsignal(number) == before


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as a terminal has it: what is started with nohup ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_who_asks_twice_is_obeyed_at_once() -> None:
    with Stop() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
