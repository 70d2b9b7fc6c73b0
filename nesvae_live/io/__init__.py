"""Devices and sockets: MIDI, sound, and other programs on the network.

    midi/      MIDI ports: opened, watched, got back; notes sent on time
    jack/      the process that has our ports on a JACK server
    audio/     the sound device, in a process of its own, and the renderer that feeds it
    remote/    the control socket, OSC and Link
    matching   which port or device is meant by a part of its name
    portname   a port's name without the system's numbers; a port that is known again
    jacklisting  the ports of a JACK server, though some go away while they are listed
    libraries  the shared libraries that this process has loaded, such as libjack
    ownprocess how Python is started for a process of our own; whether one is stopped
    pace       how far ahead everything is done, by the device's period and this machine
    pipewire   whether PipeWire runs, and how to reach its JACK
    bin        the system's bin, from which a person can get things back
    realtime   real-time scheduling for the calling thread

What lies here itself imports no room; `midi`, `audio` and `remote` never import one another.
"""
