"""The performer as torch trains it: a note's patch is one from before, or a new one of the kit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nesvae_live.model.performer.pairs import N_NOTE, N_PAIR
from nesvae_live.model.performer.performerconfig import SIDES, PerformerConfig
from nesvae_live.music.events import LOUDEST


class PerformerNet(nn.Module):
    """See `model.performer.performer`, which does the same live."""

    def __init__(self, config: PerformerConfig) -> None:
        super().__init__()
        c = config
        self.shape_in = nn.Embedding(c.shapes + 1, c.shape_width)
        self.level_in = nn.Embedding(LOUDEST + 1, c.level_width)
        self.duty_in = nn.Embedding(c.duties + 1, c.duty_width)
        self.read = nn.Linear(N_NOTE + 2 * c.patch_width, c.hidden)
        self.think = nn.Linear(c.hidden, c.hidden)
        self.to_shape = nn.Linear(c.hidden, c.shapes)
        self.to_level = nn.Linear(c.hidden, LOUDEST)
        self.to_duty = nn.Linear(c.hidden, c.duties)
        self.level_of = nn.Embedding(c.shapes, LOUDEST)
        self.gate = nn.Linear(c.hidden, SIDES)
        self.pair = nn.Linear(N_PAIR, c.pair_hidden)
        self.wanted = nn.Linear(c.hidden, c.pair_hidden, bias=False)
        self.score = nn.Linear(c.pair_hidden, SIDES, bias=False)
        nn.init.zeros_(self.level_of.weight)

    def forward(
        self, note: Tensor, patches: Tensor, pairs: Tensor, there: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Read notes.

        Args:
            note: `[B, N_NOTE]`.
            patches: `[B, 2, 3]`, shape, level and duty of the last note of its own voice and of the
                other pulse; one past the last of each where there is none (level: 0).
            pairs: `[B, N_PAIR, W]`.
            there: `[B, W]`, whether there is such an earlier note.

        Returns:
            For volume and duty the log-probabilities of each earlier note's, `[B, W, 2]`, and of a new
            one, `[B, 2]`; and what the new one is drawn from, `[B, hidden]`.
        """
        said = torch.cat(
            [
                self.shape_in(patches[..., 0]),
                self.level_in(patches[..., 1]),
                self.duty_in(patches[..., 2]),
            ],
            -1,
        ).flatten(1)
        hidden = torch.relu(self.read(torch.cat([note, said], -1)))
        hidden = torch.relu(self.think(hidden))
        score = self.score(
            torch.relu(self.pair(pairs.transpose(1, 2)) + self.wanted(hidden)[:, None])
        )
        score = score.masked_fill(~there[..., None], -1e9)
        gate = self.gate(hidden).masked_fill(~there.any(1)[:, None], 30.0)
        again = torch.log_softmax(score, 1) + nn.functional.logsigmoid(-gate)[:, None]
        return again, nn.functional.logsigmoid(gate), hidden

    def new_volume(self, hidden: Tensor, patch: Tensor) -> Tensor:
        """`[B]`: the log-probability that a new patch has the shape and level of `patch` `[B, 3]`."""
        shape = patch[:, :1]
        levels = self.to_level(hidden) + self.level_of(patch[:, 0])
        return (
            torch.log_softmax(self.to_shape(hidden), 1).gather(1, shape)
            + torch.log_softmax(levels, 1).gather(1, patch[:, 1:2] - 1)
        )[:, 0]

    def new_duty(self, hidden: Tensor, patch: Tensor) -> Tensor:
        """`[B]`: the log-probability that a new patch has the duty of `patch` `[B, 3]`."""
        return torch.log_softmax(self.to_duty(hidden), 1).gather(1, patch[:, 2:])[:, 0]
