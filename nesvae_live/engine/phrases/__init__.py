"""Phrases: asked for as late as is safe, decoded, placed on beats, cut for new tails.

    phraseplayer    the next phrase, and a new tail when a knob was turned; a table of its states
    playing         what plays: phrases put onto the schedule, their tails, and what was played before
    request         a request, and its result
    requestbuilder  makes requests from the knobs as they are
    inference       how a request is answered, and the thread that does it
    deadlines       how late a decode may be asked for; the first cut that leaves time for it
    placedphrase    a phrase on its beats: where it may be cut for a splice; the history of phrases
    schedule        which notes are due on which beat, with swing; which notes sound
    entries         what the log holds of a phrase, and what is read back from it

May import `clock`, `music`, `latent`, `control`, `log`, `engine/band` and `engine/live`.
"""
