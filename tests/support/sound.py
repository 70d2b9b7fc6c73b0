"""Sound devices, opened for tests, with what was said about them."""

from __future__ import annotations

from nesvae_live.io.audio.device import AudioDevice
from nesvae_live.io.audio.opening import open_audio
from tests.support.fakes import RealTime


def open_quietly(
    api: str,
    device: str | None = None,
    *,
    rate: int = 44100,
    block: int = 256,
    voice_ports: bool = False,
) -> tuple[AudioDevice | None, list[str]]:
    """The device, and the warnings."""
    said: list[str] = []
    opened = open_audio(
        api,
        device,
        sample_rate=rate,
        block_frames=block,
        time=RealTime(),
        warn=said.append,
        voice_ports=voice_ports,
    )
    return opened, said


def open_jack(*, voice_ports: bool = False) -> AudioDevice:
    """JACK's, of the default server; nothing was said."""
    device, said = open_quietly("auto", voice_ports=voice_ports)
    assert device is not None, said
    assert not said
    assert device.api == "jack"
    return device
