"""Steer a neural map of NES music with the knobs of a MIDI controller.

Eight bars of the whole instrument, and one phrase of its network:

    import numpy as np
    from nesvae_live import Decoder, PlayOptions, Voice, assemble, find_checkpoint
    from nesvae_live import load_checkpoint, play, read_jam

    take = play(PlayOptions(bars=8, tempo=240.0, seed=1, demo=True))  # on the devices there are
    jam = read_jam(take.folder)  # everything is recorded
    print(jam.bars(), "bars", [note.note for note in jam.notes() if note.voice is Voice.TR])

    checkpoint = load_checkpoint(find_checkpoint())
    decoder, draws = Decoder(checkpoint), np.random.default_rng(1).random((13, 4), np.float32)
    z, mask = assemble({"density": 0.9}, np.zeros(32), checkpoint.quantiles.reach())
    print(decoder.decode(z, mask, decoder.initial_state(), draws).symbols)  # [13, 4]

The names in `__all__` are imported when they are asked for; everything else is imported from the
module that defines it. From the bottom up the rooms are `clock`, `music`, `latent`, `model`, `chip`,
`control`, `log`, `engine`, `presets`, `io`, `take`, `app` and `cli`; beside them stand `bench`,
`evaluation` and `training`. Each room's docstring says what is in it, and docs/architecture.md shows
how they hang together.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nesvae_live.compiled import forget_outdated, keep_compiled

if TYPE_CHECKING:
    from nesvae_live.app.options import PlayOptions
    from nesvae_live.app.play import play
    from nesvae_live.chip.apu import Apu
    from nesvae_live.engine.engine import Engine
    from nesvae_live.latent.decoding import Sampling
    from nesvae_live.latent.space import assemble
    from nesvae_live.model.encoder import Encoder
    from nesvae_live.model.song.songcheckpoint import load_song_checkpoint as load_checkpoint
    from nesvae_live.model.song.songdecoder import SongDecoder as Decoder
    from nesvae_live.music.phrase import Phrase
    from nesvae_live.music.voices import Voice
    from nesvae_live.paths import find_checkpoint
    from nesvae_live.presets.preset import Preset, load_preset
    from nesvae_live.take.folder import read_jam
    from nesvae_live.take.replay import Replay

__version__ = "0.1.0"

forget_outdated()  # before anything imports numba
keep_compiled()

__all__ = [
    "Apu",
    "Decoder",
    "Encoder",
    "Engine",
    "NesvaeError",
    "Phrase",
    "PlayOptions",
    "Preset",
    "Replay",
    "Sampling",
    "Voice",
    "__version__",
    "assemble",
    "find_checkpoint",
    "load_checkpoint",
    "load_preset",
    "play",
    "read_jam",
]

_HOMES = {
    "Apu": "chip.apu",
    "Decoder": "model.song.songdecoder:SongDecoder",
    "Encoder": "model.encoder",
    "Engine": "engine.engine",
    "Phrase": "music.phrase",
    "PlayOptions": "app.options",
    "Preset": "presets.preset",
    "Replay": "take.replay",
    "Sampling": "latent.decoding",
    "Voice": "music.voices",
    "assemble": "latent.space",
    "find_checkpoint": "paths",
    "load_checkpoint": "model.song.songcheckpoint:load_song_checkpoint",
    "load_preset": "presets.preset",
    "play": "app.play",
    "read_jam": "take.folder",
}
"""Each public name's module, which is loaded when the name is asked for first (PEP 562).

After a colon stands what it is called there, if that is longer.
"""


class NesvaeError(Exception):
    """What a person can put right; its text is one line: what is wrong, where, and what to do."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, called = _HOMES[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), called or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
