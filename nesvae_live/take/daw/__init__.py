"""A take as the session of a digital audio workstation.

    arrangement  a jam as every DAW sees one: tracks, tempo map, markers, knobs, stretches of sound
    dawproject   .dawproject: Bitwig Studio, Studio One, Cubase and others
    reaper       .RPP: Reaper
    ardour       a session of Ardour 7, from a template that Ardour made (ardour7.xml)
    messages     the MIDI messages of tracks, for both

May import `clock`, `music`, `latent` and `log`.
"""
