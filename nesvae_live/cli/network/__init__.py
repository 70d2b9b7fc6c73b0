"""Commands that make networks: train, finish and measure them, and learn from your own files.

    train     `train`
    finish    `finish`
    evaluate  `evaluate`
    parts     `train` and `evaluate` of the performer and the drums: `--part performer`, `--part drums`
    loading   what these share: their data, and torch with its threads
    yours     `adopt` and `prepare`: what is made of your own files

May import `cli/reading` and every room below `cli`.
"""
