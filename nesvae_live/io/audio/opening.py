"""Which sound device to play on: JACK, PortAudio or none, chosen by what this machine offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nesvae_live.clock.hosttime import Time
from nesvae_live.io.audio.device import AudioDevice, AudioError, device_name
from nesvae_live.io.audio.deviceplan import OUTPUTS, DevicePlan
from nesvae_live.io.audio.probe import AudioOffer, probe
from nesvae_live.io.matching import match_name
from nesvae_live.music.voices import Voice

APIS = ("auto", "portaudio", "jack", "none")


def open_audio(
    api: str,
    device: str | None,
    *,
    sample_rate: int,
    block_frames: int,
    time: Time,
    warn: Callable[[str], None],
    voice_ports: bool = False,
) -> AudioDevice | None:
    """Open the sound device, or None where there is to be none.

    Args:
        api: one of `APIS`. `auto` takes JACK if a server answers, else PortAudio if it has an
            output, else none, and `warn` is told what could not be opened. A device that is named
            is PortAudio's, or JACK's where PortAudio has none.
        device: part of the name of a PortAudio device, or of the JACK client to play to.
        sample_rate: in Hz, for PortAudio; under JACK the server decides.
        block_frames: frames a block, likewise.
        time: the clock of `lost`.
        warn: told one line for a person.
        voice_ports: whether each voice gets a JACK output too, called P1, P2, TR or NO and
            connected to nothing.

    Raises:
        AudioError: if what was asked for can't be opened.
    """
    if api not in APIS:
        raise AudioError(f"no audio API {api!r}: choose one of {', '.join(APIS)}")
    if api == "none":
        return None
    offer = probe()
    wish = DevicePlan("jack", None, sample_rate, block_frames, _outputs(voice_ports=voice_ports))
    if voice_ports and (api == "portaudio" or not offer.jack_rate):
        fault = "this is PortAudio" if api == "portaudio" else offer.jack_fault
        raise AudioError(f"an output for each voice needs JACK: {fault}")
    if api == "auto" and device is None:
        return _open_any(offer, wish, time, warn)
    if api == "jack" or (api == "auto" and offer.jack_rate and (voice_ports or not offer.outputs)):
        return _open_jack(offer, device, wish, time)
    return _open_portaudio(offer, device, wish, time)


def offered(offer: AudioOffer, device: AudioDevice) -> list[str]:
    """The devices that an open one can be changed for, as `device_name` has them."""
    clients = _jack_clients(offer) if offer.jack_rate == device.sample_rate else []
    cards = [] if device.outputs > len(OUTPUTS) else [port.name for port in offer.outputs]
    jack = [device_name("jack", name) for name in (None, *clients)] if clients else []
    return [*jack, *(device_name("portaudio", name) for name in cards)]


def switch_audio(device: AudioDevice, name: str) -> str:
    """Change an open device for another, as `offered` has it; for the main thread.

    Returns:
        What came of it, in one line.

    Raises:
        AudioError: it isn't there, or can't be opened; the old one plays on then.
    """
    offer = probe()
    if name not in offered(offer, device):
        raise AudioError(f"there is no sound device {name!r} at {device.sample_rate} Hz")
    api, _, which = name.partition(": ")
    plan = DevicePlan(api, which or None, device.sample_rate, device.block_frames, device.outputs)
    device.switch(plan)
    return f"the sound is played on {device.name} now"


def _jack_clients(offer: AudioOffer) -> list[str]:
    return list(dict.fromkeys(port.rsplit(":", 1)[0] for port in offer.jack_outputs))


def _outputs(*, voice_ports: bool) -> int:
    return len(OUTPUTS) + (len(Voice) if voice_ports else 0)


def _open_any(
    offer: AudioOffer, wish: DevicePlan, time: Time, warn: Callable[[str], None]
) -> AudioDevice | None:
    try:
        return _open_jack(offer, None, wish, time)
    except AudioError as error:
        no_jack = error
    try:
        return _open_portaudio(offer, None, wish, time)
    except AudioError as error:
        warn(f"no sound device, the sound goes into the take and to the panel ({no_jack}; {error})")
        return None


def _open_jack(offer: AudioOffer, device: str | None, wish: DevicePlan, time: Time) -> AudioDevice:
    if not offer.jack_rate:
        raise AudioError(f"JACK: {offer.jack_fault}")
    if device is not None:
        clients = _jack_clients(offer)
        device = clients[match_name(clients, device, "JACK playback client", AudioError)]
    return _opened(replace(wish, device=device), time)


def _open_portaudio(
    offer: AudioOffer, device: str | None, wish: DevicePlan, time: Time
) -> AudioDevice:
    if not offer.outputs:
        raise AudioError(f"PortAudio: {offer.portaudio_fault or 'it has no output device'}")
    names = [port.name for port in offer.outputs]
    if device is not None:
        name = names[match_name(names, device, "audio output", AudioError)]
    else:
        defaults = [p.name for p in offer.outputs if p.index == offer.default_output]
        if not defaults:
            raise AudioError("PortAudio: it has no default output; name one (--audio-device)")
        name = defaults[0]
    return _opened(replace(wish, api="portaudio", device=name), time)


def _opened(plan: DevicePlan, time: Time) -> AudioDevice:
    device = AudioDevice(plan, time)
    device.open()
    return device
