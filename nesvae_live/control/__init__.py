"""Control surfaces: MIDI messages to inputs, and values back to lights.

    inputs          everything that can be asked of the instrument: knobs, levels, tempo, panic ...
    gestureinputs   the rest of the inputs: snapshots, morphs, hold, key, seed, capture, auto ...
    reply           how an input is answered
    target          what a target is: a knob, a trigger, a switch or a choice, moved by 0..1
    targets         the table of targets: everything that a control can move
    gesturetargets  the part of that table for gestures
    kinds           the table of kinds of controls: CC, 14-bit CC, encoder, NRPN, note, bend ...
    controlspec     a control of a preset: its kind, number, target, curve, range and takeover
    layout          all controls of a preset, and their pages
    readings        MIDI bytes to a control's reading, and back; which NRPN is selected
    takeover        a physical control: 14-bit pairs, deadband, pickup and scaling
    surface         takes a MIDI message, an NRPN's data entry too, and gives the inputs it asks for
    feedback        the values sent back: motor faders, rings of LEDs, lit buttons
    detect          which kind of control is being moved, an NRPN too
    learn           MIDI learn while the music plays, with undo

May import `clock`, `music` and `latent`. It has no threads, no time and no devices.
"""
