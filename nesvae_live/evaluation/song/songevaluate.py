"""Evaluation of format 3 on held-out songs: nats, knobs, beat, themes, and what is heard."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.chip.corpus import Corpus
from nesvae_live.chip.tickcorpus import TickCorpus
from nesvae_live.evaluation.autorun import KnownPhrases, auto_figures, copied
from nesvae_live.evaluation.bootstrap import interval
from nesvae_live.evaluation.knobtest import Responses, knob_figures, own_correlation, turn_knobs
from nesvae_live.evaluation.song.beat import WINDOW, Music, beat_figures
from nesvae_live.evaluation.song.heard import HEARD_SECONDS, HEARD_STEPS, heard_figures, onsets_of
from nesvae_live.evaluation.song.songmetres import cut_to_steps, metres, metres_by_song, tempi
from nesvae_live.evaluation.song.songnats import nats_figures
from nesvae_live.evaluation.song.songplaying import (
    SongPast,
    SongPlay,
    choose_contexts,
    read_song,
    run_song,
)
from nesvae_live.evaluation.song.songtimes import decode_times
from nesvae_live.latent.attributes import N_ATTRIBUTES, Quantiles, measure
from nesvae_live.latent.decoding import QUOTE, SAMPLING, Sampling
from nesvae_live.model.song.devicecorpus import DeviceCorpus
from nesvae_live.model.song.measuring import Ranks
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import (
    SLOTS,
    STEPS_PER_SECOND,
    TUPLES_PER_PHRASE,
    Ints,
    tuples_to_phrases,
    tuples_to_steps,
)

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SongPlan:
    """How much is measured: the nats are always of every song.

    `contexts` and `settings` of each knob; `runs` of `phrases` in the auto mode, in the songs' metres; `heard`
    runs of 64 s of the auto mode, and as many with no attribute set, in 4/4 at the songs' tempi; `timed` decodes.
    """

    contexts: int = 128
    settings: int = 33
    runs: int = 256
    phrases: int = 24
    heard: int = 40
    timed: int = 300


class Part(StrEnum):
    """What can be measured by itself."""

    NATS = "nats"
    AUTO = "auto"
    HEARD = "heard"
    TIMES = "times"
    KNOBS = "knobs"


EVERYTHING = frozenset(Part)
PLANNED = {
    Part.AUTO: ("runs", "phrases"),
    Part.HEARD: ("heard",),
    Part.TIMES: ("timed",),
    Part.KNOBS: ("contexts", "settings"),
}
"""What of a `SongPlan` says how much of a part is measured."""


@dataclass(frozen=True)
class SongEvaluation:
    """The figures, and the music that a report shows.

    `figures` is a tree whose leaves are `{value, low, high, n}`, with an `about`, of the `parts` that
    were measured. `responses` are
    those to the knobs, `music` the auto mode's `[runs, phrases, 13, 4]` (None: they were not measured),
    and `held_out` each held-out song's phrases `[m, 13, 4]`.
    """

    figures: dict[str, Any]
    parts: frozenset[Part]
    responses: Responses | None
    music: Ints | None
    held_out: list[Ints]


COPY_LENGTHS = (TUPLES_PER_PHRASE, 2 * TUPLES_PER_PHRASE, 4 * TUPLES_PER_PHRASE)
"""Tuples in a row that may stand in a song of the training."""
LEAST_ONSETS = 60
"""A song in which less begins in 64 s is not put beside what is heard."""


def load_song_model(checkpoint: SongCheckpoint) -> SongVae:
    """The network of a checkpoint, ready to be evaluated."""
    model = SongVae(checkpoint.config)
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    model.encoder.turn = model.prior.turn
    return model.eval()


def evaluate_song(
    checkpoint: SongCheckpoint,
    held_out: TickCorpus,
    plan: SongPlan = SongPlan(),
    *,
    songs_in_steps: Corpus | None = None,
    train: TickCorpus | None = None,
    sampling: Sampling = SAMPLING,
    quote: float | None = None,
    seed: int = 0,
    parts: Collection[Part] = EVERYTHING,
    say: Callable[[str], None] = lambda _: None,
) -> SongEvaluation:
    """Measure a checkpoint of format 3.

    Args:
        checkpoint: what is measured.
        held_out: songs that it was not trained on.
        plan: how much to measure.
        songs_in_steps: the same songs as they are, for what is heard beside them.
        train: songs that it was trained on, for the human divergences and the copies; without them
            these figures are None.
        sampling: the instrument's.
        quote: how much it quotes; None: as the checkpoint says.
        seed: for all draws; each part draws by itself.
        parts: what is measured.
        say: told what is being measured.

    Returns:
        Figures. By part: `nats`: those of `nats_figures`, and `metre.sure` (the share of the songs'
        seconds whose metre is sure). `knobs`: those of `knob_figures`, and `knobs_at.quote_0` and
        `.quote_1`, the same at these ends. `auto`: `beat_figures`, `auto_figures`,
        `copies_in_a_row`. `heard`: `heard.auto`, `.untouched` and `.songs` as of `heard_figures`.
        `times`: `decode_times`. And `about`.
    """
    model, quantiles = load_song_model(checkpoint), checkpoint.quantiles
    songs = [Music(*held_out.song(i)) for i in range(len(held_out.lengths))]
    held = [tuples_to_phrases(song.tuples)[0] for song in songs]
    quote = float(checkpoint.about.get("quote", QUOTE)) if quote is None else quote
    prior = SongPrior(checkpoint.weights, checkpoint.config)
    critic = SongCritic(SongDecoder(checkpoint), quantiles, prior)
    figures: dict[str, Any] = {}
    responses, music = None, None

    def play(run: int, place: int, **how: Any) -> Music:
        return run_song(critic, sampling, seed + run, place=place, quote=quote, **how)

    if Part.NATS in parts:
        say("nats")
        cpu = torch.device("cpu")
        corpus = DeviceCorpus(held_out, cpu)
        figures |= nats_figures(model, Ranks(quantiles, cpu), corpus, held_out.seconds, seed)
        figures["metre"] = {"sure": interval(held_out.sure * held_out.seconds, held_out.seconds)}
    if Part.AUTO in parts:
        say("auto mode")
        places = metres(songs, plan.runs)
        ours = [play(run, int(at), phrases=plan.phrases) for run, at in enumerate(places)]
        long_enough = [song for song in songs if len(song.tuples) >= max(WINDOW, TUPLES_PER_PHRASE)]
        figures |= beat_figures(ours, long_enough or songs)
        music = np.stack([piece.tuples.reshape(-1, TUPLES_PER_PHRASE, SLOTS) for piece in ours])
        say("beside the corpus")
        figures |= _beside(music, held, train)
    if Part.HEARD in parts:
        say("what is heard")
        figures["heard"] = _heard(play, held_out, songs, plan.heard, seed)
        if songs_in_steps is not None and (beside := songs_heard(songs_in_steps)):
            figures["heard"]["songs"] = heard_figures(beside)
    if Part.TIMES in parts:
        say("how long a decode takes")
        figures["decode_ms"] = decode_times(critic, sampling, plan.timed, seed)
    if Part.KNOBS in parts:
        own = own_correlation(measure(np.concatenate(held)))
        contexts = read_contexts(model, quantiles, songs, plan.contexts, seed)
        say("knobs")
        responses = _turn(critic, contexts, sampling, quote, plan.settings, seed)
        figures |= knob_figures(responses, own)
        figures["knobs_at"] = {}
        for end in (0.0, 1.0):
            say(f"knobs, quoting {end:g}")
            turned = _turn(critic, contexts, sampling, end, plan.settings, seed)
            figures["knobs_at"][f"quote_{end:g}"] = knob_figures(turned, own)
    figures["about"] = {
        "checkpoint": checkpoint.path.name if checkpoint.path else "",
        "checkpoint_sha256": checkpoint.sha256,
        "held_out_sha256": held_out.sha256,
        "train_sha256": train.sha256 if train else None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "guidance": sampling.guidance,
        "candidates": sampling.candidates,
        "quote": quote,
        "seed": seed,
        "plan": {
            name: getattr(plan, name)
            for part, names in PLANNED.items()
            for name in names
            if part in parts
        },
    }
    return SongEvaluation(figures, frozenset(parts), responses, music, held)


def songs_heard(corpus: Corpus) -> list[Ints]:
    """The first 64 s of each song that lasts so long and is no effect: `[1536, 3]`."""
    out = []
    for song in corpus.songs:
        notes = tuples_to_steps(song)[:HEARD_STEPS]
        if len(notes) == HEARD_STEPS and onsets_of(notes).sum() >= LEAST_ONSETS:
            out.append(notes)
    return out


@dataclass(frozen=True)
class SongContexts:
    """Places in songs from which knobs are turned: n states, styles `[n, U]` and songs `[n]`."""

    past: SongPast
    style: F32
    song: Ints
    quantiles: Quantiles


def read_contexts(
    model: SongVae, quantiles: Quantiles, songs: list[Music], n: int, seed: int
) -> SongContexts:
    """At most n whole phrases inside songs, with the songs played up to them."""
    contexts = choose_contexts(songs, n, np.random.default_rng(seed))
    read = [read_song(model, quantiles, songs[song], phrase) for song, phrase in contexts]
    return SongContexts(
        SongPast(tuple(state for state, _ in read)),
        np.stack([z[N_ATTRIBUTES:] for _, z in read]),
        np.array([song for song, _ in contexts]),
        quantiles,
    )


def _heard(
    play: Callable[..., Music], held_out: TickCorpus, songs: list[Music], n: int, seed: int
) -> dict[str, Any]:
    """`auto` and `untouched` as of `heard_figures`, in the songs' metres and at their tempi."""
    rates = tempi(held_out, n, np.random.default_rng([seed, 2]))
    lasting = [songs[i] for i in np.flatnonzero(held_out.seconds >= HEARD_SECONDS)]
    places = metres_by_song(lasting or songs, n)
    figures = {}
    for name, touched in (("auto", True), ("untouched", False)):
        pieces = []
        for run, (place, tempo) in enumerate(zip(places, rates, strict=True)):
            rate = STEPS_PER_SECOND if place == FREE else tempo
            long = math.ceil(HEARD_SECONDS * rate)
            piece = play(run, int(place), ticks=long, touched=touched)
            pieces.append(cut_to_steps(piece.tuples, rate, HEARD_STEPS))
        figures[name] = heard_figures(pieces)
    return figures


def _turn(
    critic: SongCritic,
    contexts: SongContexts,
    sampling: Sampling,
    quote: float,
    settings: int,
    seed: int,
) -> Responses:
    return turn_knobs(
        SongPlay(critic, sampling, np.random.default_rng([seed, 1]), quote),
        contexts.quantiles,
        contexts.style,
        contexts.past,
        contexts.song,
        settings,
    )


def _beside(music: Ints, held: list[Ints], train: TickCorpus | None) -> dict[str, Any]:
    """`auto_figures`, and `copies_in_a_row`: ours and held-out music's, by how many tuples."""
    if train is None:
        return auto_figures(music, held, None, None) | {"copies_in_a_row": None}
    songs = [train.song(i)[0] for i in range(len(train.lengths))]
    known = {n: KnownPhrases(songs, n) for n in COPY_LENGTHS}
    phrases = [tuples_to_phrases(song)[0] for song in songs]
    figures = auto_figures(music, held, phrases, known[TUPLES_PER_PHRASE])
    figures["copies_in_a_row"] = {
        str(n): {"ours": copied(list(music), k), "human": copied(held, k)} for n, k in known.items()
    }
    return figures
