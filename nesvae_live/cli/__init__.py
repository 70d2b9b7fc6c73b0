"""The command line: commands, exit codes, and one line for what went wrong.

    main       where `nesvae-live` starts: it parses, runs the command, and reports an error
    learn      `learn` and `presets`
    shelf      `jam` for takes in their folder: listed, shown, named, rated, completed, deleted
    jam        `jam` for what is made of a take: files, another performance, clips
    files      `render`, `encode`, `interpolate`, `meter` and `patches`
    machine    `ports`, `doctor` and `align`
    bench      `bench timing` and `bench audio`

In rooms of their own: `reading`, how a command line is read; `play`; `ctl`; and `network`, what trains and
measures.

May import every room; what is slow to load is imported in the function that needs it.
"""
