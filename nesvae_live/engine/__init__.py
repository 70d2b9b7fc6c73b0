"""The engine: what is played, and when. Two threads, the sequencer's and the one that decodes.

It is given its time, outputs, decoder and journal, and knows no network, chip, device or file.

    engine        the two threads, started and stopped together; the status; what each thread may do
    config        what a performance is set up from, as the first entry of its log holds it
    protocols     what the engine is given: outputs, a decoder and an encoder, a clock, callbacks
    sequencer     one step of the loop, and the one place where all parts are put together
    dispatcher    every input is journaled, carried out and answered
    gestures      snapshots, morphs, transposition, hold, capture: gestures, carried out
    state         where the knobs are, how the voices are arranged; what is stored as snapshots
    automation    recalls, morphs, the fader, chance, the auto mode, rounds
    phraseplayer  the next phrase, and a new tail when a knob was turned; a table of its states
    deadlines     how late a decode may be asked for; the first cut that leaves time for it
    inference     requests, and the thread that decodes them
    placedphrase  a phrase on its beats: where it may be cut for a splice; the history of phrases
    schedule      which notes are due on which beat, with swing; which notes sound
    outputs       notes shaped by patches and sent to every output, in order of time
    lookout       what was played, what comes and how all stands, for whoever watches
    journaling    entries for the log: a step's time, the tempo line, decoded phrases

In a room of its own: `band`, voices that somebody else plays than the network.

May import `clock`, `music`, `latent`, `control` and `log`.
"""
