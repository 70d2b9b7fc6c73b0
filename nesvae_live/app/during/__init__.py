"""During play: what can be heard and chosen beside the music, without an end of it.

    demo     the script that turns the knobs in `demo`
    again    an earlier take, heard in place of the music, which goes on unheard
    choices  preset, checkpoint, ports and device: which there are, and what choosing them does
    styles   styles of one's own as files: written, found, read
    performing  the decoder is given a performer, where one is asked for
    reception answers what is asked beside the music, for whichever session plays
    heard    what makes the sound and takes the notes of a session
    recording the take of a session, and the processes that make files beside the music
    carrying what hands have set, for a session that goes on in another's place
    beginning what a performance begins with, as if somebody asked for it first
    pausing  Ctrl-Z: notes end, and the music goes on with `fg`
    gate     an output that lets the music through, or such a take

It may import what programs are made of: every room but `app`, `cli` and those no musician enters.
"""
