"""The sound device in a process of its own, and the renderer that fills it.

    opening   `open_audio`: which device is opened, through JACK or PortAudio
    probe     which devices there are, asked in a child process
    device    the open device: its ring buffers, how it is lost and got back
    process   the process that plays on the device
    deviceplan what that process is asked for, and answers
    pyosound  plays through pyo: PortAudio, or a jackd
    jacksound plays through JACK-Client, where pyo finds no server: PipeWire's JACK
    renderer  events to samples, ahead of the device and into the take
    playhead  the line from time to samples, steered by the device's clock
    loop      a loop on JACK, measured: clicks and notes go out and come back
    clicks    a click, and where it begins in what was heard
    mixer     what is heard: level, stereo spread, the voices' balance
    insert    sound that is heard in the music's place, while it goes on into the take
    hearing   who hears that: the device's rings, and whoever listens beside it

May import `clock`, `music`, `chip`, `log`, and what lies in `io` itself.
"""
