"""Musical time: a line from seconds to beats, whoever leads it.

In reading order:

    timing      the tempo line (`ClockRef`), the metre, bars and counts
    sources     the clocks that the sequencer runs on: its own tempo, or an incoming MIDI clock
    follower    an incoming MIDI clock: start, stop, song position, loss, coasting, doubled clocks
    joining     a clock that rolled before anybody listened: when to join, and where its bar is
    tempoloop   the delay-locked loop that takes the jitter out of incoming clocks
    linkclocks  an Ableton Link session, as if it were a MIDI clock
    jackclock   JACK's transport, as its server tells it, to a fraction of a frame
    leader      the MIDI clock that is sent: which messages, and when
    taptempo    a tempo from taps
    hosttime    the host's monotonic clock, on which all time stamps are

It imports no other room. It is pure, except that `hosttime` reads the time.
"""
