"""The command line: parsers, exit codes, and one line for what went wrong.

    main       where `nesvae-live` starts: it parses, runs the command, and reports an error
    arguments  what commands share: numbers in a range, parsers filled when they are needed
    play       `play` and `demo`
    ctl        `ctl`: the table of its verbs, and the command each sends to io/remote
    prompt     `ctl` that stays open: what is typed, completion, history; a shell's completion
    learn      `learn` and `presets`
    jam        `jam`: list, show, export, recover, capture and replay takes
    shelf      `jam` too: takes named, rated, opened, deleted
    patches    `patches import`: a tracker's instruments
    files      `render`, `encode`, `interpolate` and `meter`
    machine    `ports`, `doctor` and `align`
    bench      `bench timing` and `bench audio`
    network    `train`, `finish` and `evaluate`
    yours      `adopt` and `prepare`: what is made of your own files
    performer  the same of the performer: `--part performer`
    drums      the same of the drummer: `--part drums`

May import every room; what is slow to load is imported in the function that needs it.
"""
