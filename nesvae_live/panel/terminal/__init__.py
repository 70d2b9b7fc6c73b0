"""The live view of the terminal: the instrument to look at and to play by keys, a process apart.

Like the panel it speaks to the instrument over the control socket alone, so that a terminal that is
slow, hung or closed costs the music nothing; and it outlives the instrument long enough to give the
terminal back, whatever ended it.

    keeper      in the instrument: starts the process, tells it what is said, gets the terminal back
    facts       what the process is told when it starts
    child       the process: keys in, commands out, ten pictures a second
    screen      the terminal: taken, given back, and whose it is now
    keystrokes  what a terminal sends, as names of keys
    hands       what each key does
    view        what is drawn
    drawing     it is drawn: the lines that have changed
    health      how well it goes, in words

May import `clock`, `music`, `latent`, `control`, `io.remote` and `panel`.
"""
