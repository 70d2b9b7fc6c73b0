"""The command line: parsers, exit codes, and one line for what went wrong.

    main       where `nesvae-live` starts: it parses, runs the command, and reports an error
    arguments  what commands share: numbers in a range, parsers filled when they are needed
    play       `play` and `demo`
    verbs      the table of `ctl`'s verbs: what each does, and what may follow it
    verbcommands  what was given with a verb, as the command that is sent to io/remote
    ctl        `ctl`: sends a verb's command, and tells the answer
    prompt     `ctl` that stays open: what is typed, completion, history; a shell's completion
    learn      `learn` and `presets`
    shelf      `jam` for takes in their folder: listed, shown, named, rated, completed, deleted
    jam        `jam` for what is made of a take: files, another performance, clips
    files      `render`, `encode`, `interpolate`, `meter` and `patches`
    machine    `ports`, `doctor` and `align`
    bench      `bench timing` and `bench audio`
    network    `train`, `finish` and `evaluate`
    parts      the same of the performer and the drums: `--part performer`, `--part drums`
    yours      `adopt` and `prepare`: what is made of your own files

May import every room; what is slow to load is imported in the function that needs it.
"""
