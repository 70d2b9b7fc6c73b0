"""What `ctl` sends for a line, with nobody at the socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.cli.main import main
from nesvae_live.io.remote import client


def sent_by_ctl(words: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the command that `ctl WORDS` sends, as JSON reads it."""
    sent: list[Any] = []

    def send_command(command: Mapping[str, Any], _place: Path | None) -> dict[str, Any]:
        sent.append(json.loads(json.dumps(command)))
        return {"ok": True}

    monkeypatch.setattr(client, "send_command", send_command)
    assert main(["ctl", *words.split()]) == 0
    return sent[0]
