"""The network: what a checkpoint's file is, and the arithmetic that runs without torch.

In reading order:

    checkpoint      what a checkpoint's file says of itself, and its checks
    partfile        the file of a network beside the song's: performer, drummer
    intervals       how candidate notes relate to known ones, and the scores of intervals
    int8            matrices of 8 bits
    wide            products of small tiles in vectors of 512 bits
    gru             a GRU's arithmetic, shared by decoder and encoder
    alike           which places of the past are like the present, by comparing integers
    symbols         how symbols are drawn from logits, and guided, when live
    measured        the attributes of phrases, compiled, for the live decoder's critic
    encoder         the live encoder: where a phrase lies in z

The network itself is the room `model/song`, who plays what it writes `model/performer`, and
who drums to it `model/drums`. It may import `music` and `latent`.
"""
