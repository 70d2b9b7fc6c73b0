"""The performer as torch trains it: a note's patch is one from before, or a new one of the kit."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from nesvae_live.model.performer.likes import N_HEARD, N_LIKE
from nesvae_live.model.performer.pairs import N_NOTE, N_PAIR
from nesvae_live.model.performer.performerfile import PerformerConfig
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
        self.level_of = nn.Embedding(c.shapes, LOUDEST)
        self.gate = nn.Linear(c.hidden, 1)
        self.pair = nn.Linear(N_PAIR, c.pair_hidden)
        self.wanted = nn.Linear(c.hidden, c.pair_hidden, bias=False)
        self.score = nn.Linear(c.pair_hidden, 1, bias=False)
        self.tell = nn.Linear(c.hidden + N_HEARD, c.told_hidden)
        self.to_duty = nn.Linear(c.told_hidden, c.duties)
        self.told_gate = nn.Linear(c.told_hidden, 1)
        self.told_pair = nn.Linear(N_PAIR + N_LIKE, c.pair_hidden)
        self.told_wanted = nn.Linear(c.told_hidden, c.pair_hidden, bias=False)
        self.told_score = nn.Linear(c.pair_hidden, 1, bias=False)
        nn.init.zeros_(self.level_of.weight)

    def forward(
        self, note: Tensor, patches: Tensor, heard: Tensor, pairs: Tensor, there: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Read notes.

        Args:
            note: `[B, N_NOTE]`.
            patches: `[B, 2, 3]`, shape, level and duty of the last note of its own voice and of the
                other pulse; one past the last of each where there is none (level: 0).
            heard: `[B, N_HEARD]`, how loud the note begins: for its duty.
            pairs: `[B, N_PAIR + N_LIKE, W]`, the latter for its duty.
            there: `[B, W]`, whether there is such an earlier note.

        Returns:
            For volume and duty the log-probabilities of each earlier note's, `[B, W, 2]`, and of a new
            one, `[B, 2]`; and what a new volume and a new duty are drawn from, `[B, hidden]` and
            `[B, told_hidden]`.
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
        told = torch.relu(self.tell(torch.cat([hidden, heard], -1)))
        across = pairs.transpose(1, 2)
        pair = self.pair(across[..., :N_PAIR]) + self.wanted(hidden)[:, None]
        told_pair = self.told_pair(across) + self.told_wanted(told)[:, None]
        score = torch.cat(
            [self.score(torch.relu(pair)), self.told_score(torch.relu(told_pair))], -1
        )
        score = score.masked_fill(~there[..., None], -1e9)
        gate = torch.cat([self.gate(hidden), self.told_gate(told)], -1)
        gate = gate.masked_fill(~there.any(1)[:, None], 30.0)
        again = torch.log_softmax(score, 1) + nn.functional.logsigmoid(-gate)[:, None]
        return again, nn.functional.logsigmoid(gate), hidden, told

    def new_volume(self, hidden: Tensor, patch: Tensor) -> Tensor:
        """`[B]`: the log-probability that a new patch has the shape and level of `patch` `[B, 3]`."""
        shape = patch[:, :1]
        levels = self.to_level(hidden) + self.level_of(patch[:, 0])
        return (
            torch.log_softmax(self.to_shape(hidden), 1).gather(1, shape)
            + torch.log_softmax(levels, 1).gather(1, patch[:, 1:2] - 1)
        )[:, 0]

    def new_duties(self, told: Tensor) -> Tensor:
        """`[B, duties]`: the log-probability of each duty of the kit in a new patch."""
        return torch.log_softmax(self.to_duty(told), 1)
