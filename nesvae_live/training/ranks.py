"""The processes that train one model together, as torch's launcher starts them (torchrun)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed


@dataclass(frozen=True)
class Ranks:
    """This process's place among those that train together: `rank` of `size`.

    Every process calls the same methods in the same order; alone, each returns what it was given.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether it is this process that evaluates, writes and speaks."""
        return self.rank == 0

    def part(self, n: int) -> slice:
        """This process's share of `n` streams, which must divide evenly."""
        each = n // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def mean(self, value: Tensor) -> Tensor:
        """The mean over the processes."""
        if self.size == 1:
            return value
        value = value / self.size
        distributed.all_reduce(value)
        return value

    def gather(self, part: Tensor, dim: int) -> Tensor:
        """All processes' parts, joined along `dim`."""
        if self.size == 1:
            return part
        parts = [torch.empty_like(part) for _ in range(self.size)]
        distributed.all_gather(parts, part.contiguous())
        return torch.cat(parts, dim)

    def broadcast(self, said: Any) -> Any:
        """What the leading process said; the others' is not looked at."""
        if self.size == 1:
            return said
        box = [said]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def any(self, flag: bool) -> bool:
        """Whether it is so in any process."""
        return bool(self.mean(torch.tensor(float(flag), device=self.device)) > 0)


ALONE = Ranks()


@contextmanager
def join(device: str) -> Iterator[Ranks]:
    """Meet the other processes that torchrun started; without it this one is alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    if device.startswith("cuda"):
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size(), device)
    finally:
        distributed.destroy_process_group()
