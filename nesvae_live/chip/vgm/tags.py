"""GD3, a VGM file's tags: eleven texts in UTF-16, each ended by a zero."""

from __future__ import annotations

from dataclasses import astuple, fields

from nesvae_live.chip.vgm.registerlog import NO_TAGS, Tags

MAGIC = b"Gd3 "
VERSION = 0x100
HEAD_BYTES = 12


def read_tags(data: bytes, at: int | None) -> tuple[Tags, str | None]:
    """The tags at an offset of a file, and what is wrong with them, if anything is."""
    if at is None:
        return NO_TAGS, None
    if data[at : at + 4] != MAGIC:
        return NO_TAGS, "its tags are not where its header says; left out"
    size = int.from_bytes(data[at + 8 : at + HEAD_BYTES], "little")
    raw = data[at + HEAD_BYTES :][:size]
    texts = raw[: len(raw) & ~1].decode("utf-16-le", "replace").split("\0")
    names = [field.name for field in fields(Tags)]
    # What follows the last zero is nothing, or a text that was cut off.
    tags = Tags(**{name: text.strip() for name, text in zip(names, texts, strict=False)})
    cut = len(raw) < size or len(texts) < len(names)
    return tags, "its tags are cut off" if cut else None


def write_tags(tags: Tags) -> bytes:
    """The bytes of tags; what UTF-16 can't say becomes a question mark."""
    texts = [str(text).replace("\0", " ") for text in astuple(tags)]
    raw = "".join(text + "\0" for text in texts).encode("utf-16-le", "replace")
    return MAGIC + VERSION.to_bytes(4, "little") + len(raw).to_bytes(4, "little") + raw
