"""The network, which knows the bar, the song so far and the voices that are given.

In reading order:

    songconfig      its sizes, and every weight's shape
    songcheckpoint  the safetensors file: weights, quantiles, the map, provenance
    song            encoder and decoder in torch, with all that a token costs
    pointer         which earlier tuples the next one may be like, and how they are quoted
    prior           how likely a z is after the phrases so far
    measuring       the attributes of phrases in torch
    songbound       what a chunk of songs costs, with its past
    devicecorpus    the corpus in ticks on a device
    songsampling    phrases spelt in torch: the reference of the live decoder
    songweights     the weights as the live decoder reads them
    memory          what was played, and where a performance stands
    candidates      the pointer when live: places of the past, and what they say
    songkernel      the live decoder's loop, without the GIL
    songdecoder     the live decoder
    songcritic      several candidates, of which one is kept; knobs are heeded; the decoder that plays
    songprior       the prior when live

In a room of its own: `steering`, what is asked of the symbols beside the knobs.

It may import `music`, `latent`, `model` and `chip`.
"""
