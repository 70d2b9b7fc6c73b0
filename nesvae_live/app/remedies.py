"""What to do about what is missing, by platform."""

from __future__ import annotations

ADVICE = {
    "linux": {
        "alsa": "load the ALSA sequencer: sudo modprobe snd-seq (not possible in most containers)",
        "jack": "start a JACK server (sudo apt install jackd2, then: jackd -d alsa), "
        "or play through PortAudio",
        "portaudio": "plug in a sound card and join its group: sudo usermod -aG audio $USER; "
        "without one, jackd -d dummy gives ports and the take has the sound",
        "midi": "load the ALSA sequencer (sudo modprobe snd-seq) or start a JACK server "
        "(sudo apt install jackd2)",
        "python-rtmidi": "pip install python-rtmidi; where it has no wheel, first: "
        "sudo apt install g++ python3-dev libasound2-dev libjack-jackd2-dev",
        "pyo": "pip install pyo; where it has no wheel, first: sudo apt install gcc python3-dev "
        "portaudio19-dev libportmidi-dev libsndfile1-dev liblo-dev libjack-jackd2-dev",
    },
    "darwin": {
        "midi": "open Audio MIDI Setup and connect a device, or let the virtual ports be used",
        "portaudio": "choose an output in System Settings > Sound",
        "python-rtmidi": "pip install python-rtmidi; where it has no wheel, first: "
        "xcode-select --install",
        "pyo": "pip install pyo; where it has no wheel, first: "
        "brew install portaudio portmidi libsndfile liblo",
    },
    "win32": {
        "midi": "Windows has no virtual ports: install loopMIDI, add a port there, and name it "
        "with --midi-in and --midi-out",
        "portaudio": "connect or enable an output in Settings > System > Sound",
        "python-rtmidi": "pip install python-rtmidi, with a Python that it has a wheel for",
        "pyo": "pip install pyo, with a Python that it has a wheel for",
    },
}
"""By platform: what is missing -> what to do. What isn't listed has its advice in `OTHERWISE`."""

OTHERWISE = {
    "checkpoint": "install nesvae-live again, or name a file with --checkpoint",
    "config": "make the folder writable; presets are also read from any file that you name",
    "jams": "name a folder that can be written with --jams DIR",
}


def remedy(what: str, platform: str) -> str:
    """What to do where `what` is missing, on a `sys.platform`; a package is installed."""
    advice = ADVICE.get(platform, ADVICE["linux"]) | OTHERWISE
    return advice.get(what, f"pip install {what}")
