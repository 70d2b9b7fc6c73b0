"""The process that has our ports on a JACK server, and what it shares with the others.

    cycle      a cycle's frames and times; what a port sends in it, and the ends of its notes
    times      the times of a client's cycles, on the host's clock
    barring    the metre by what a master counts
    process    the process: messages written at their frame, and stamped by it
    said       what a timebase master says, and how it counts ticks
    ticking    the tempo by its ticks
    transport  JACK's transport, read cycle by cycle
    transportclients  the transport followed, and led as its timebase master

May import what lies in `io` itself. It lies beneath `midi`, which imports it.
"""
