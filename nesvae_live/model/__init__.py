"""The network: a checkpoint's weights, run by numba when live and by torch for training.

In reading order:

    checkpoint      the safetensors file: sizes, weights, quantiles, provenance; its errors
    vae             the network in torch: encoder, decoder, sampling; the reference
    intervals       how candidate notes relate to known ones, and the scores of intervals
    int8            the matrices that are rounded to 8 bits
    decoderweights  the decoder's weights as its compiled loop reads them
    decoder         the live decoder: from z and a state to a phrase, without the GIL
    critic          several candidates, of which the one nearest to what was asked is kept
    symbols         how symbols are drawn from logits, and guided, when live
    encoder         the live encoder: where a phrase lies in z
    gru             a GRU's arithmetic, shared by decoder and encoder

It may import `music` and `latent`.
"""
