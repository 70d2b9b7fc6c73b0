"""The DAW beside the instrument: what is connected with what.

    wiring  connections on JACK: proposed, made once, remembered in the preset

May import every room but `app` itself, `cli`, `bench`, `evaluation` and `training`.
"""
