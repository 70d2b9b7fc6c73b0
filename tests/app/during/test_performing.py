"""Who is to be performed gets a performer, and everybody else plays as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.app.during.performing import performing
from nesvae_live.engine.live.protocols import Compose, Perform
from nesvae_live.latent.performing import Passage
from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.model.performer.performerfile import save_performer
from nesvae_live.music.voices import Voice
from nesvae_live.paths import ConfigError
from tests.support.remembering import ComposingDecoder
from tests.support.tinyperformer import tiny_performer


def test_without_a_voice_to_perform_the_decoder_is_as_it_was() -> None:
    decoder = ComposingDecoder()
    assert performing(decoder, (), None) is decoder
    assert not isinstance(decoder, Perform)


def test_a_performer_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"performer nobody: no such file; shipped: nesmdb"):
        performing(ComposingDecoder(), {Voice.P1}, "nobody")
    (tmp_path / "empty.performer").write_bytes(b"")
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        performing(ComposingDecoder(), {Voice.P1}, str(tmp_path / "empty.performer"))


@pytest.mark.slow
def test_a_decoder_with_a_performer_composes_and_performs(tmp_path: Path) -> None:
    save_performer(tmp_path / "mine.performer", tiny_performer())
    decoder = performing(ComposingDecoder(), {Voice.P2}, str(tmp_path / "mine.performer"))
    assert isinstance(decoder, Compose)
    assert isinstance(decoder, Perform)
    played = decoder.perform(Passage(((60, 64, 0, 6), (62, 65, 0, 6)), 0, 0, (0, 0, 0), (), (1,)))
    assert [(touch.number, touch.voice) for touch in played.touches] == [
        (0, Voice.P2),
        (1, Voice.P2),
    ]
