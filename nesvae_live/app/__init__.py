"""Programs: each opens the rooms that it needs, and closes what it has opened.

    play          `play` and `demo`: a performance from its start to its end
    stage         what lasts through all of it: ports, sound device, socket, panel
    session       a take and what plays it, opened and closed in one order
    options       the options of `play`, and what is made of them: config, setup, first entry
    openpanel     the panel of a session: what it is told, and where it is said to be
    during/       earlier takes and other choices, while it plays
    files/        files of music made into others
    daw/          connections with a DAW and controllers
    start/        what has to be compiled at the first start
    watch         what the main thread watches: lost connections, controllers plugged in
    notices       the status line, and the notices above it and in the log
    learnsession  `learn`: the conversation about which control moves what
    replaylive    `jam replay --live`: a take on real ports, in its own time
    doctor        `doctor` and `ports`: what this machine offers, what is missing, what to do
    doctorreport  the same as plain data, and as text
    say           one line for a person, on standard error

May import every room but `cli`, `bench`, `evaluation` and `training`.
"""
