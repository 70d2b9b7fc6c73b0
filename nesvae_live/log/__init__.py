"""The jam log: a jam recorded as lines of JSON, and what they tell.

    entries  the vocabulary: one class for each kind of entry, and the journal that takes them
    names    the names of the format: entries, events and inputs; they never change
    codec    an entry to a line, and back
    quick    a fast path for the most frequent lines
    plain    dataclasses and arrays as plain data, and back
    tally    what sounds and where the knobs stand, bar by bar; makes the lines of a log
    reader   a whole log, or its first line; what is damaged is left out
    jam      a log that was read as music: its notes, tempo lines and bars
    excerpt  some bars of a take, found by bisection
    text     a jam in a terminal: piano roll, knobs and figures

May import `clock`, `music` and `control`. It opens no file but the log
that `excerpt` is given; `take/recorder` writes it.
"""
