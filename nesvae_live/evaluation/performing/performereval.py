"""All figures of a performer, beside those of the naive rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from nesvae_live.evaluation.bootstrap import interval, sum_by_song
from nesvae_live.evaluation.performing.accuracy import Scored
from nesvae_live.evaluation.performing.guess import of_steps
from nesvae_live.evaluation.performing.knobs import knob_figures
from nesvae_live.evaluation.performing.liveplay import Playing, play_live
from nesvae_live.evaluation.performing.naive import of_corpus, of_nearest, of_song
from nesvae_live.evaluation.performing.played import HINT, Mode, play_notes
from nesvae_live.evaluation.performing.soundtest import (
    flat_notes,
    patched_notes,
    sound_distances,
)
from nesvae_live.model.performer.batches import Batches, Played, nats_of
from nesvae_live.model.performer.notes import PULSES, STEPS, Column
from nesvae_live.model.performer.notetable import Performances
from nesvae_live.model.performer.performer import TEMPERATURE
from nesvae_live.model.performer.performerfile import SIDES, PerformerConfig, PerformerFile
from nesvae_live.model.performer.performernet import PerformerNet
from nesvae_live.music.patch import Patch
from nesvae_live.music.voices import Voice


def evaluate_performer(
    performer: PerformerFile,
    songs: Performances,
    train: Performances,
    patches: Mapping[Voice, Patch],
    *,
    sounds: int = 100,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a performer on held-out songs.

    Args:
        performer: it.
        songs: the held-out songs.
        train: those that it was trained on, for the naive rows.
        patches: the hand-made ones that it is compared with.
        sounds: how many songs are rendered.
        say: is told what is being measured.

    Returns:
        By mode: `forced` (everything before a note is known, and something is), `hinted` (the first eight phrases
        are, and then nothing later), `alone` (nothing is, it goes on from its own choices) and
        `apart` (nothing is), each with the naive rows of its kind, measured on the same notes, and `forced` also
        `guessed` (a note's duty by the volume that was chosen for it, not by the song's); `live` (the
        pulses as they are played live, hinted by its own cast); `knobs`; `nats`; `changes` of patches; `sound`.
    """
    say("patches of the songs")
    truth = songs.notes.patches(performer.kit)
    scored = Scored(songs)
    notes = songs.notes
    everything, late = np.ones(len(notes), np.bool_), notes.phrase >= HINT
    played = {mode: play_notes(performer, notes, truth, mode) for mode in Mode}
    say("nats")
    figures: dict[str, Any] = {
        "nats": _nats(performer, songs),
        "kit": scored.figures(*_in_kit(performer, truth), everything),
    }
    say("naive rows")
    rows: dict[Mode, dict[str, Playing]] = {
        Mode.FORCED: {"song_template": of_song(notes, hint=False)},
        Mode.HINTED: {"hint_majority": of_song(notes, hint=True)},
        Mode.ALONE: {},
        Mode.APART: {
            "likeliest_steps": of_steps(performer, notes, train.notes),
            "corpus_majority": of_corpus(notes, train.notes),
        },
    }
    nearest = of_nearest(notes, train.notes)
    rows[Mode.HINTED]["nearest_song"] = rows[Mode.APART]["nearest_song"] = nearest
    for mode, naive in rows.items():
        mine = {Mode.HINTED: late, Mode.FORCED: notes.before >= 0}.get(mode, everything)
        found = {"performer": scored.figures(played[mode].volume, played[mode].duty, mine)}
        found |= {name: scored.figures(*row, mine) for name, row in naive.items()}
        if mode is Mode.FORCED:
            found["one_before"] = scored.frame_before(mine)
            guessed = play_notes(performer, notes, truth, mode, guessed=True)
            found["guessed"] = scored.figures(guessed.volume, guessed.duty, mine)
        figures[mode.value] = found
    drawn = play_notes(performer, notes, truth, Mode.ALONE, temperature=TEMPERATURE)
    by_hand = patched_notes(songs, patches)
    live = play_live(performer, notes, by_hand)
    pulses = np.isin(notes.rows[:, Column.VOICE], PULSES)
    figures["live"] = {"performer": scored.figures(live.volume, live.duty, pulses)}
    say("knobs")
    figures["knobs"] = knob_figures(performer, notes, by_hand)
    figures["changes"] = {
        "songs": scored.changes(truth, everything),
        "hinted": scored.changes(played[Mode.HINTED].patches, late),
        "alone": scored.changes(played[Mode.ALONE].patches, everything),
        "drawn": scored.changes(drawn.patches, everything),
        "live": scored.changes(live.patches, pulses),
    }
    if sounds:
        say("renders")
        ways: dict[str, Playing] = {
            "flat": flat_notes(songs),
            "hand_made": by_hand,
            "live": (live.volume, live.duty),
            "hinted": (played[Mode.HINTED].volume, played[Mode.HINTED].duty),
            "alone": (played[Mode.ALONE].volume, played[Mode.ALONE].duty),
            "apart": (played[Mode.APART].volume, played[Mode.APART].duty),
            "drawn": (drawn.volume, drawn.duty),
            "kit": _in_kit(performer, truth),
        }
        figures["sound"] = sound_distances(songs, ways, sounds)
    return figures


def _in_kit(performer: PerformerFile, patches: Any) -> Playing:
    """The songs' own patches, as the kit has them: what the kit alone costs."""
    volumes = performer.kit.volumes()[patches[:, 0], patches[:, 1]]
    return volumes, performer.kit.duties[patches[:, 2]]


def _nats(performer: PerformerFile, songs: Performances) -> dict[str, Any]:
    """Nats of volumes and duties together, a step and a note: all before being known; nothing (`apart`)."""
    net = PerformerNet(PerformerConfig(**_sizes(performer)))
    net.load_state_dict({k: torch.from_numpy(w) for k, w in performer.weights.items()})
    batches = Batches(Played.of(songs.notes, performer.kit), performer.kit)
    n = len(songs.notes)
    nats, apart = np.zeros(n), np.zeros(n)
    with torch.no_grad():
        for part in np.array_split(np.arange(n), 1 + n // 2048):
            batch = batches.read(part)
            nats[part] = nats_of(net, batch)[:, :SIDES].sum(1).numpy()
            batch["there"][:] = False
            batch["last"][:] = torch.tensor([performer.config.shapes, 0, performer.config.duties])
            apart[part] = nats_of(net, batch)[:, :SIDES].sum(1).numpy()
    song, steps = songs.notes.song, np.minimum(songs.notes.steps, STEPS).astype(np.float64)
    per = {"step": sum_by_song(steps, song), "note": sum_by_song(np.ones(n), song)}
    of = [{k: interval(sum_by_song(x, song), w) for k, w in per.items()} for x in (nats, apart)]
    return of[0] | {"apart": of[1]}


def _sizes(performer: PerformerFile) -> dict[str, int]:
    c = performer.config
    return {name: getattr(c, name) for name in c.__dataclass_fields__}
