"""MIDI ports: opened by name, watched and got back; notes sent on time.

    opening      `open_midi`: which ports are opened, on which MIDI system
    ports        the MIDI systems, the ports that they list, the names of our own ports
    openports    the open ports by purpose: inputs, notes, clock, feedback to a controller
    slot         one port of ours, which is opened, lost and reopened: RtMidi's
    transportslots  JACK's transport, followed into the inbox, or led by our clock
    jackports    the same on a JACK server, where a process of its own has them
    stream       bytes to whole messages: running status, real-time bytes; sysex is dropped
    sender       the deadline sender: events at their time; every note ended, again after an xrun
    framesender  the same on a JACK server: events at their frame
    leading      who leads others by our clock
    clocksender  MIDI clock for others to follow
    monitor      lost ports, noticed and got back; whether an xrun may have lost messages
    jackkeeper   the same under JACK: connections made again, deaf inputs reopened
    cables       the cables on our ports there: pulled out, or only without their other end
    wiring       which ports of others may be meant for us: controllers, clocks, synths
    jackwatch    the JACK server itself: its end, its ports, its lost cycles

May import `clock`, `music`, `control`, `io.jack`, and what lies in `io` itself.
"""
