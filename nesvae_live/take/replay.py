"""Plays a jam again: the same sequencer is given what the log says came from outside.

The outputs in the log are not read: events are computed again from the inputs, the decoder's
answers and the times of the sequencer's steps. At which sample the chip took which event is not
decided by the sequencer, so those entries are passed on.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue

import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.control.reply import ignore
from nesvae_live.engine.journaling import STALLED
from nesvae_live.engine.live.config import REMEMBERS, Setup
from nesvae_live.engine.live.protocols import Callbacks, Decode, Output
from nesvae_live.engine.phrases.entries import to_strokes, to_touches
from nesvae_live.engine.phrases.inference import run_request
from nesvae_live.engine.phrases.request import Item, Request, Result
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.latent.decoding import Standing
from nesvae_live.latent.performing import UNPLAYED, Performance
from nesvae_live.log.codec import to_stamp
from nesvae_live.log.entries import (
    Answered,
    Closed,
    Drummed,
    Entry,
    Heard,
    Journal,
    Noted,
    Opened,
    Overtaken,
    Performed,
    Rendered,
    Silenced,
    Sounded,
    Stepped,
)
from nesvae_live.log.plain import to_value
from nesvae_live.music.balance import Balance
from nesvae_live.music.phrase import Phrase, tokens_to_tuples, tuples_to_symbols
from nesvae_live.take.given import GivenEncoder, GivenSpelling, GivenState, GivenTime

GAP_SECONDS = 1.0
"""The sequencer steps far more often than that."""


class ReplayError(NesvaeError):
    """A log can't be played again; one line says why and what can still be had."""


def at_once(stamp: float) -> None:
    """Don't wait: play as fast as it goes."""


class Replay:
    """Plays a log again, entry by entry.

    `journal` gets what the sequencer decides, with times on the scale of the jam's own stamps, and
    what the chip took. With a `decoder` the network runs too: `difference` names the first answer
    that isn't the log's, and from there on nothing is played. `outputs` get every event as live
    ones do; `pace` is called before each step with its time on the jam's scale, and may wait for
    it. `hear` gets each balance of the voices; `balance` is the first.

    Raises:
        ReplayError: the log doesn't say what the sequencer was made with.
    """

    def __init__(
        self,
        opened: Opened,
        journal: Journal,
        *,
        outputs: tuple[Output, ...] = (),
        decoder: Decode | None = None,
        pace: Callable[[float], None] = at_once,
        balance: Balance | None = None,
        hear: Callable[[Balance], None] = ignore,
    ) -> None:
        self.difference = ""
        self._opened = opened
        self._journal = journal
        self._decoder = decoder
        self._pace = pace
        self._time = GivenTime()
        self._inbox: SimpleQueue[Item] = SimpleQueue()
        self._asked: Request | None = None
        self._performed: Performed | None = None
        self._drummed: Drummed | None = None
        self._waits: list[Item] = []
        self._passes: list[Entry] = []  # to be journaled after the step in which they stand
        self._began = False
        self._stepped: float | None = None
        self._looked = math.inf
        self._missed = False  # whether the last step was long after the one before
        self.gaps: list[str] = []
        """Where the log lacks something, so that what follows may differ, a line each."""
        setup = _setup(opened)
        remembers = bool(opened.setup.get(REMEMBERS))
        origin: Standing = decoder.initial_state() if decoder else GivenState(remembers)
        self.sequencer = Sequencer(
            setup,
            origin,
            time=self._time,
            inbox=self._inbox,
            outputs=outputs,
            journal=journal,
            ask=self._ask,
            balance=balance,
            callbacks=Callbacks(hear=hear),
        )
        self._asked = self.sequencer.first_request()

    def _ask(self, request: Request) -> None:
        self._asked = request

    def take(self, entry: Entry) -> None:
        """Take the log's next entry; what doesn't concern the sequencer is skipped.

        Raises:
            ReplayError: the entry can't follow from those before it.
        """
        if self.difference:
            return
        if isinstance(entry, Stepped):
            self._step()
            self._missed = entry.at - self._looked > GAP_SECONDS
            if self._missed:
                self.gaps.append(f"nothing is logged from {self._looked:.1f} to {entry.at:.1f} s")
            self._looked = entry.at
            self._stepped = to_stamp(entry.at, self._opened.origin)
        elif isinstance(entry, Heard):
            stamp = to_stamp(entry.at, self._opened.origin)
            self._waits.append(replace(entry.input, at=stamp))
        elif isinstance(entry, Noted) and self._missed and entry.text.startswith(STALLED):
            self._missed = False
            self.gaps.pop()
        elif isinstance(entry, Performed):
            self._performed = entry
        elif isinstance(entry, Drummed):
            self._drummed = entry
        elif isinstance(entry, Answered):
            self._answer(entry)
        elif isinstance(entry, Overtaken):
            self._waits.append(entry)
        elif isinstance(entry, Sounded | Silenced | Rendered):
            self._passes.append(entry)
        elif isinstance(entry, Closed):
            self._step()
            self._close(entry)

    def _answer(self, entry: Answered) -> None:
        result = self._result(entry)
        if result is None:
            return
        if self._began:
            self._waits.append(result)
            return
        self._began = True
        self._time.value = to_stamp(entry.at, self._opened.origin)
        self.sequencer.begin(result)
        self.sequencer.start(self._opened.origin)

    def _result(self, entry: Answered) -> Result | None:
        """What the decoder answered; None if the network's answer differs now."""
        asked = self._asked
        if asked is None or (asked.index, asked.splice) != (entry.index, entry.splice):
            raise ReplayError(
                f"at {entry.at:.3f} s the log has an answer that nothing asked for (phrase "
                f"{entry.index}): it is damaged before, or of another version of nesvae_live"
            )
        tuples = tokens_to_tuples(np.array(entry.tokens))
        performance = _performance(self._performed, self._drummed, entry)
        self._performed = self._drummed = None
        if self._decoder is not None:
            result = run_request(asked, self._decoder, self._time, GivenEncoder(entry.z))
            if result.phrase.tokens != entry.tokens:
                self.difference = _difference(entry, result.phrase)
                return None
            return replace(result, seconds=entry.seconds, performance=performance)
        phrase = Phrase(tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in tuples))
        decoded = GivenSpelling(tuples_to_symbols(tuples), asked.start)
        z = GivenEncoder(entry.z).encode(tuples) if entry.z else None
        return Result(asked, phrase, decoded, entry.seconds, z, performance)

    def _step(self) -> None:
        """Carry out the last step, now that everything it took is known."""
        if self._stepped is not None and self._began and not self.sequencer.done.is_set():
            self._time.value, self._stepped = self._stepped, None
            for item in self._waits:
                self._inbox.put(item)
            self._waits.clear()
            self._pace(self._time.value)
            self.sequencer.step()
        for entry in self._passes:
            self._journal.put(entry)
        self._passes.clear()

    def _close(self, entry: Closed) -> None:
        """Journal the end as the sequencer came to it or, if it did not, as the log has it."""
        s, origin = self.sequencer, self._opened.origin
        if s.done.is_set():
            self._journal.put(Closed(s.ended_at, s.ended_beat, s.why))
        else:
            self._journal.put(replace(entry, at=entry.at + origin))

    def end(self) -> None:
        """Finish: the log has ended, whether it was closed or not."""
        if not self.difference:
            self._step()


def _setup(opened: Opened) -> Setup:
    if not opened.setup:
        raise ReplayError(
            "the log doesn't say what the jam was set up with, so it can't be played again; "
            "`jam export` makes its files from what it sent"
        )
    try:
        setup: Setup = to_value(opened.setup, Setup)
    except (TypeError, ValueError) as error:
        raise ReplayError(
            f"the log's set-up is of another version of nesvae_live ({error}): it can't be played "
            "again here; `jam export` makes its files from what it sent"
        ) from None
    return setup


def _performance(
    performed: Performed | None, drummed: Drummed | None, answer: Answered
) -> Performance:
    """How the log says that an answer is played, and its drums.

    Raises:
        ReplayError: that is of another answer, or can't be read.
    """
    for entry in (performed, drummed):
        if entry and (entry.index, entry.splice) != (answer.index, answer.splice):
            raise ReplayError(
                f"at {entry.at:.3f} s the log says how a phrase was played that isn't there"
            )
    try:
        return replace(UNPLAYED, touches=to_touches(performed), strokes=to_strokes(drummed))
    except (KeyError, ValueError) as error:
        raise ReplayError(f"at {answer.at:.3f} s: how a phrase was played: {error}") from None


def _difference(entry: Answered, phrase: Phrase) -> str:
    """Where the network's answer differs from the log, in one line."""
    ours = phrase.tokens
    at = next(i for i, token in enumerate(entry.tokens) if i >= len(ours) or ours[i] != token)
    what = f"phrase {entry.index}" + (f", tail {entry.splice}" if entry.splice else "")
    return (
        f"at {entry.at:.3f} s, {what}, tuple {at // 4 + 1}: token {entry.tokens[at]} in the log, "
        f"{ours[at] if at < len(ours) else 'none'} from this checkpoint here"
    )
