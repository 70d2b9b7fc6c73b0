"""What is asked of the controller's side: its pages, its lights, and learning; it comes in on the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from nesvae_live.control.reply import Reply, no_reply


@dataclass(frozen=True, slots=True)
class TurnPage:
    """Put page `page` of the controls up (0-based), or with None the one `step` pages on."""

    page: int | None
    step: int
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Refresh:
    """Send the controller everything that it can show.

    `connected` says that there is, or is no more, a port to send it to; None: as before.
    """

    at: float
    connected: bool | None = None
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Learn:
    """Let the next control that is moved be `target`'s; None: no more of that."""

    target: str | None
    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class Unlearn:
    """Take back what was learnt last."""

    at: float
    reply: Reply = no_reply


@dataclass(frozen=True, slots=True)
class GetLearning:
    """Ask what is being learnt, what was heard, and what it means."""

    at: float
    reply: Reply = no_reply


SurfaceInput = TurnPage | Refresh | Learn | Unlearn | GetLearning
