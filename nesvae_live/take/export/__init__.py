"""A take, or some bars of it, as files for other programs.

    export      the kinds of files, and what makes each
    selection   what is exported: a take, or some bars of it
    soundfiles  WAVs: the mix, its stems, what was heard, the chip's own samples
    cutsound    the sound of some bars for others: no DC, faded ends, stems that add up; as heard
    dawfiles    the sessions of DAWs, with each voice's share of the mix
    release     what a cartridge or a tracker is told: credits, bars, the loop
    tracked     a take as a tracker takes it: notes with what was heard of them

May import `take` with `daw`, `music`, `chip` with `console` and `tracker`, `log`, `engine/live`, and of
`io.audio` the mixer.
"""
