"""Steering from other programs: the socket, OSC and Ableton Link.

    client           where the control socket is, and how `ctl` sends it a command
    server           the socket: who may open it, its clients, commands in and answers out
    command          the base of every command: it makes the input that it asks for
    commands         the commands for knobs, voices, tempo and the controller; parses a line
    gesturecommands  the commands for gestures: hold, themes, key, capture ...
    snapshotcommands the commands for snapshots: store, recall, morph, the fader
    bandcommands     the commands for a band: who plays a voice, keys, chords
    asides           the commands that are answered beside the music
    oscmap           OSC addresses to inputs, and the live state to OSC messages
    osc              the OSC server: a UDP socket and its listeners
    osclayout        the layout for Open Stage Control
    ableton          clips into Ableton Live's Session view, through AbletonOSC
    link             an Ableton Link session, as a source of clocks

May import `clock`, `music`, `control` and `latent`; no other room of `io`.
"""
