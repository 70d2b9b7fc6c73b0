"""What determines a run's weights, together with the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """A run's settings; with the data they determine its weights."""

    steps: int = 6000
    streams: int = 64
    chunk: int = 8
    learning_rate: float = 2e-3
    warmup: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    rate: float = 32.0  # nats of u a phrase that the controller holds
    free: float = 0.25  # nats an axis of u that cost nothing
    reset: float = 0.15  # how often a phrase starts without a past
    let_go: float = 0.2  # how often an attribute is masked
    let_go_any: float = 0.5  # how often a phrase has a share of its own instead, 0..1
    noise: float = 0.1  # on the attribute coordinates
    ema: float = 0.999
    seed: int = 1
    precision: str = "bf16"
    init_sha256: str = ""  # of the checkpoint whose weights it began with; empty: none
