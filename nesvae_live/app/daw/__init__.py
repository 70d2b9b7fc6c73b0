"""The DAW beside the instrument: what is connected with what, and how late it is heard.

    align     `align`: both offsets, from clicks and notes that come back
    joinlink  the Link session that is followed, or whose bars a clock that rolls is joined on
    wiring    connections on JACK: proposed, made once, remembered in the preset

May import every room but `app` itself, `cli`, `bench`, `evaluation` and `training`.
"""
