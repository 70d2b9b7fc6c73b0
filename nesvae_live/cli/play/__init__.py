"""`nesvae-live play` and `demo`: what they take, and how they begin.

    play             both commands
    musicarguments   what plays, and how it lies in time
    devicearguments  ports, a clock, the sound device, the panel, where takes go

May import `cli/reading`, and `clock`, `music`, `latent`, `io`, `panel` and `app`.
"""
