"""The first start: what numba has to compile before anything can play.

In reading order:

    beside  the chip and the encoder, compiled in a process beside the decoder's

It may import `chip`, `model` and `model/song`.
"""
