"""The processes that train one model together, as torch's launcher (torchrun) starts them."""

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
    """This process among those that train together: number `rank` of `size`.

    Every process must call the same methods in the same order. In a single process they return what
    they were given.
    """

    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Whether this is the process that evaluates, writes files and prints."""
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
        """The leading process's value; those of the others are ignored."""
        if self.size == 1:
            return said
        box = [said]
        distributed.broadcast_object_list(box, src=0)
        return box[0]

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in any process."""
        return bool(self.mean(torch.tensor(float(flag), device=self.device)) > 0)


ALONE = Ranks()


@contextmanager
def join(device: str) -> Iterator[Ranks]:
    """Join the other processes that torchrun started; without torchrun there is only this one."""
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
