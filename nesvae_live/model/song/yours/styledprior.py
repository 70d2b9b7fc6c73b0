"""The learned prior of z, drawn to a style of one's own.

Each of the network's components and each region of the style make a Gaussian that lies between them as far
as the style's amount says; at 1 that is the region. An earlier phrase can come again as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.axes import AXES, AxisSpec, axes_of, axes_to_about
from nesvae_live.model.gru import F32
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songcritic import STEADINESS, SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import Form, Mixture, SongPrior
from nesvae_live.model.song.yours.turning import rotate_style


@dataclass(frozen=True)
class Blend(Mixture):
    """A mixture whose components have full covariances: `roots` `[N + J, Z, Z]` times themselves."""

    roots: F32 | None = None

    @property
    def _roots(self) -> F32:
        assert self.roots is not None  # it is made with them
        return self.roots


class StyledPrior(SongPrior):
    """The prior of a checkpoint whose axes are turned as the style's are."""

    def __init__(self, checkpoint: SongCheckpoint, style: Adopted) -> None:
        super().__init__(checkpoint.weights, checkpoint.config)
        self._plain = SongPrior(checkpoint.weights, checkpoint.config)
        self._style = style.turned()
        regions = 1 if style.amount == 0.0 else len(style.weights)
        own = 1 if style.amount == 1.0 else self.config.components
        self.config = replace(self.config, components=own * regions)

    def mixture(self, form: Form, again: float | None = None, recent: int = 0) -> Mixture:
        """Where z may be after `form`, as `SongPrior.mixture` says it."""
        own = self._plain.mixture(form, again, recent)
        n, amount = self._plain.config.components, self._style.amount
        if amount == 0.0:
            return own
        regions, means, deviations = self._style.after(form.z[-1] if len(form.z) else None)
        deviations = deviations / (1.0 - STEADINESS)  # drawn as wide as the files are
        covariances = self._style.correlations * deviations[:, :, None] * deviations[:, None, :]
        share = own.weights[:n].sum()
        if amount < 1.0:
            roots = own._roots[:n]  # noqa: SLF001 - a mixture of its own kind
            plain = roots @ roots.transpose(0, 2, 1)
            regions = (own.weights[:n, None] / share) ** (1.0 - amount) * regions**amount
            means = (1.0 - amount) * own.means[:n, None] + amount * means
            covariances = (1.0 - amount) * plain[:, None] + amount * covariances
        weights = regions.ravel() / regions.sum() * share
        size = own.means.shape[1]
        back = own._roots[n:]  # noqa: SLF001
        return Blend(
            np.concatenate((weights, own.weights[n:])),
            np.concatenate((means.reshape(-1, size), own.means[n:])).astype(np.float32),
            own.sigmas,
            own.turn,
            roots=np.concatenate(
                (np.linalg.cholesky(covariances.reshape(-1, size, size)), back)
            ).astype(np.float32),
        )


def turned(checkpoint: SongCheckpoint, style: Adopted) -> SongCheckpoint:
    """The same network and map with the style's axes, in its order and with its labels."""
    config = checkpoint.config
    if style.order == tuple(range(config.style)):
        rotated = checkpoint
    else:
        rotated = rotate_style(checkpoint, np.eye(config.style, dtype=np.float32)[[*style.order]])
    axes = axes_of(checkpoint.about, config.style)
    named: list[AxisSpec] = [
        replace(axes[old], label=label)
        for old, label in zip(style.order, style.labels, strict=True)
    ]
    atlas = checkpoint.atlas
    if atlas is not None:
        columns = [*range(N_ATTRIBUTES), *(N_ATTRIBUTES + i for i in style.order)]
        atlas = replace(atlas, z=np.ascontiguousarray(atlas.z[:, columns]))
    about = checkpoint.about | {AXES: axes_to_about(named)}
    return replace(rotated, about=about, atlas=atlas)


def make_styled_decoder(checkpoint: SongCheckpoint, style: Adopted) -> SongCritic:
    """The decoder of a checkpoint that is `turned` already, which composes in the style.

    Nothing is mended: how often things happen is as in the files, not as in the songs of the training.
    """
    decoder = SongDecoder(checkpoint)
    decoder.warm_up()
    return SongCritic(decoder, checkpoint.quantiles, StyledPrior(checkpoint, style), mends=None)
