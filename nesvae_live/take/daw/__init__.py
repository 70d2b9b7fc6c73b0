"""A take as the session of a digital audio workstation.

    arrangement  a jam as every DAW sees one: tracks, tempo map, markers, knobs, stretches of sound
    dawproject   .dawproject: Bitwig Studio, Studio One, Cubase and others
    reaper       .RPP: Reaper

May import `clock`, `music`, `latent` and `log`.
"""
