"""Music of any kind as a VGM file: plain as nesmdb's, or with tags, a loop, and on frames."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nesvae_live.chip.console.frames import frames_to_log, log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS, Credits
from nesvae_live.chip.convert import Source, at_vgm_rate, to_log, to_vgm, to_vgm_log
from nesvae_live.chip.timeline import Timeline
from nesvae_live.chip.vgm.looping import on_frames, with_loop
from nesvae_live.chip.vgm.packed import pack
from nesvae_live.chip.vgm.registerlog import VGM_RATE, RegisterLog, Tags
from nesvae_live.chip.vgm.writer import writes_to_vgm

VGM_SUFFIXES = (".vgm", ".vgz")

SYSTEM, CREATOR = "Nintendo Entertainment System", "nesvae_live"


@dataclass(frozen=True, slots=True)
class VgmOptions:
    """How music goes into a VGM.

    At its end it goes on from `loop`, in seconds; with None from where its source does, if
    `keeps_loop`. `fps` puts its writes on frames, so many a second.
    """

    about: Credits = NO_CREDITS
    loop: float | None = None
    fps: float | None = None
    keeps_loop: bool = True


PLAIN = VgmOptions()


def to_vgm_file(source: Source, suffix: str, options: VgmOptions = PLAIN) -> bytes:
    """The file of a suffix (`VGM_SUFFIXES`); a score by itself gives nesmdb's, to the byte.

    Raises:
        ValueError: it can't go on from there, or is too long.
    """
    if options == PLAIN and not isinstance(source, RegisterLog):
        data = to_vgm(source)
    else:
        log = _on_frames(source, options.fps)
        log = replace(log, tags=_tags(log.tags, options.about))
        if options.loop is not None:
            log = with_loop(replace(log, loop=None), _loop_sample(source, options))
        elif not options.keeps_loop:
            log = replace(log, loop=None)
        data = writes_to_vgm(log, brief=options.fps is not None)
    return pack(data) if suffix == ".vgz" else data


def _on_frames(source: Source, fps: float | None) -> RegisterLog:
    """The log, on frames if they are given: of music no note is lost, of a log no write."""
    if fps is None:
        return to_vgm_log(source)
    if isinstance(source, RegisterLog):
        return on_frames(source, fps)
    rate, log = frames_to_log(log_to_frames(*to_log(source), fps))
    return on_frames(at_vgm_rate(rate, log), fps)


def _loop_sample(source: Source, options: VgmOptions) -> int:
    """Where the loop begins: what sounds at second t of a timeline is written a sample later."""
    loop = options.loop or 0.0
    if options.fps is not None:
        return round(round(loop * options.fps) * VGM_RATE / options.fps)
    if isinstance(source, Timeline):
        return (1 + round(loop * source.rate)) * VGM_RATE // source.rate
    return round(loop * VGM_RATE)


def _tags(tags: Tags, about: Credits) -> Tags:
    """The tags that there were, with what is given in place of theirs."""
    if about == NO_CREDITS:
        return tags
    return replace(
        tags,
        title=about.title or tags.title,
        author=about.artist or tags.author,
        notes=about.copyright or tags.notes,
        system=tags.system or SYSTEM,
        creator=tags.creator or CREATOR,
    )
