"""The live performer: sticky, repeatable, quick, the same network as torch's, and its file."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.latent.performing import LEARNT, Manner, Passage, Performance
from nesvae_live.model.checkpoint import CheckpointError
from nesvae_live.model.performer.casts import ON_BEAT
from nesvae_live.model.performer.choosing import DRAWS, choose
from nesvae_live.model.performer.choosingtables import (
    KitTables,
    Notes,
    Workspace,
    choosing_tables,
)
from nesvae_live.model.performer.leaning import brightness_of, ring_of
from nesvae_live.model.performer.notes import (
    COLUMNS,
    LATENESSES,
    ON_TIME,
    Column,
    song_to_notes,
)
from nesvae_live.model.performer.notetable import to_table
from nesvae_live.model.performer.performer import Performer
from nesvae_live.model.performer.performerfile import load_performer, save_performer
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.voices import Voice
from nesvae_live.paths import find_performer
from tests.support.tinyperformer import performed_score, tiny_performer

pytestmark = pytest.mark.slow  # what is compiled takes ten seconds of a core
SILENT = (0, 0, 0)
PHRASE = tuple((60 + i % 5, 50 + i % 3, 40, 3 + 3 * (i % 2)) for i in range(13))


@pytest.fixture(scope="module")
def shipped() -> Performer:
    return Performer(load_performer(find_performer()))


def played(
    performer: Performer, phrases: int, seed: int = 0, manners: Mapping[int, Manner] | None = None
) -> list[Performance]:
    """Phrase after phrase, each of which goes on from the one before, from some on in a manner."""
    out: list[Performance] = []
    tick, past, manner = 0, (), LEARNT
    for i in range(phrases):
        before = PHRASE[-1][:3] if i else SILENT
        manner = (manners or {}).get(i, manner)
        passage = Passage(
            *(PHRASE, place_of(tick, 4), tick, before, past, (seed, i)), manner=manner
        )
        out.append(performer.perform(passage))
        past, tick = out[-1].until(len(PHRASE)), tick + sum(held for *_, held in PHRASE)
    return out


def test_the_same_passage_is_always_played_in_the_same_way(shipped: Performer) -> None:
    assert played(shipped, 3) == played(shipped, 3)
    beginnings = {played(shipped, 1, seed)[0].touches for seed in range(8)}
    assert len(beginnings) > 1, "and another seed plays it in another"


def test_every_note_of_the_pulses_is_played_with_a_patch_that_sounds(shipped: Performer) -> None:
    for performance in played(shipped, 6):
        begun = {(touch.number, touch.voice) for touch in performance.touches}
        assert len(begun) == len(performance.touches) == len(performance.known)
        for touch in performance.touches:
            assert min(touch.volume.values) >= 1, "no note dies before its end"
            assert touch.volume.loop is None


def test_a_voice_keeps_its_patch(shipped: Performer) -> None:
    changes = notes = 0
    for seed in range(20):
        for voice in (Voice.P1, Voice.P2):
            touches = [t for p in played(shipped, 4, seed) for t in p.touches if t.voice is voice]
            changes += sum(a.duty != b.duty for a, b in pairwise(touches))
            notes += len(touches)
    assert notes > 1500
    assert changes < 0.1 * notes


def heard(performances: Sequence[Performance]) -> tuple[float, float]:
    """The mean brightness and ring of what is played, as the knobs count them."""
    kit = load_performer(find_performer()).kit
    patches = np.array([note.patch for p in performances for _, note in p.known])
    bright, ring = brightness_of(kit.duties), ring_of(kit.shapes)
    return float(bright[patches[:, 2]].mean()), float(ring[patches[:, 0]].mean())


@pytest.mark.parametrize(("knob", "which"), [("brightness", 0), ("ring", 1)])
def test_a_knob_turns_what_it_is_named_after_and_leaves_it_there(
    shipped: Performer, knob: str, which: int
) -> None:
    found = []
    for value in (0.0, 0.5, 1.0):
        phrases = played(shipped, 8, 3, {2: Manner(**{knob: value}), 6: LEARNT})
        assert phrases[:2] == played(shipped, 2, 3)
        found.append([heard(phrases[2:6])[which], heard(phrases[6:])[which]])
    turned, released = zip(*found, strict=True)
    assert turned[0] + 0.25 < turned[1] < turned[2] - 0.2
    assert released[0] < released[2], "who is released goes on from there"


def test_accents_fall_on_the_beat(shipped: Performer) -> None:
    apart = []
    for value in (0.0, 1.0):
        notes = [
            note for p in played(shipped, 8, 0, {0: Manner(accent=value)}) for _, note in p.known
        ]
        on = [n.patch[1] for n in notes if ON_BEAT[n.row[Column.PLACE]]]
        off = [n.patch[1] for n in notes if not ON_BEAT[n.row[Column.PLACE]]]
        apart.append(np.mean(on) - np.mean(off))
    assert abs(apart[0]) < 1.5
    assert apart[1] > apart[0] + 3


def test_another_instrument_plays_at_once_and_stays_after_the_knob_is_let_go(
    shipped: Performer,
) -> None:
    usual = {note.patch for p in played(shipped, 6) for _, note in p.known}
    for value in (0.3, 1.0):
        phrases = played(shipped, 6, 0, {2: Manner(instrument=value), 4: LEARNT})
        other = [note.patch for p in phrases[2:] for _, note in p.known]
        assert sum(patch in usual for patch in other) < 0.2 * len(other)
        assert len({note.cast for p in phrases[2:] for _, note in p.known}) == 1
        back = played(shipped, 4, 0, {1: Manner(instrument=value), 2: Manner(instrument=0.0)})
        again = [note.patch for p in back[2:] for _, note in p.known]
        assert sum(patch in usual for patch in again) > 0.7 * len(again)


def test_without_casts_it_has_no_hint_and_plays_all_the_same() -> None:
    file = replace(load_performer(find_performer()), casts=np.zeros((0, 2, 8, 3), np.uint8))
    alone = Performer(file)
    assert played(alone, 2) != played(Performer(load_performer(find_performer())), 2)
    assert {note.cast for p in played(alone, 2) for _, note in p.known} == {0}


def test_only_the_voices_that_are_its_own_are_told(shipped: Performer) -> None:
    alone = Performer(load_performer(find_performer()), (Voice.P2,))
    for both, one in zip(played(shipped, 3), played(alone, 3), strict=True):
        assert one.touches == tuple(t for t in both.touches if t.voice is Voice.P2)


def test_a_phrase_without_a_note_keeps_what_is_known(shipped: Performer) -> None:
    past = played(shipped, 1)[0].until(13)
    silence = shipped.perform(Passage(((0, 0, 40, 32),) * 13, 0, 0, SILENT, past, (1,)))
    assert silence.touches == ()
    assert silence.until(13) == past


def test_a_tail_goes_on_from_what_was_played_before_the_cut(shipped: Performer) -> None:
    whole = played(shipped, 1)[0]
    tail = shipped.perform(Passage(PHRASE[6:], 0, 30, PHRASE[5][:3], whole.until(6), (9, 9)))
    ticks = sum(held for *_, held in PHRASE[:6])
    joined = whole.spliced(6, PHRASE[5][3], ticks, tail)
    assert [t for t in joined.touches if t.number < 6] == [t for t in whole.touches if t.number < 6]
    assert [t.number for t in joined.touches if t.number >= 6] == [
        t.number + 6 for t in tail.touches
    ]
    assert joined.until(6) == whole.until(6)


def test_a_phrase_takes_about_a_millisecond_at_most(shipped: Performer) -> None:
    played(shipped, 2)
    best = float("inf")
    for _ in range(5):
        began = time.thread_time()
        played(shipped, 10)
        best = min(best, (time.thread_time() - began) / 10)
    assert best < 0.004, "measured: docs/performer.md; this only notices a factor"


@pytest.mark.parametrize("told", [True, False])
def test_a_note_is_played_as_one_that_was_cut_into_steps_alike(told: bool) -> None:
    file = load_performer(find_performer())
    rng, n = np.random.default_rng(3), 33
    rows = np.zeros((n, COLUMNS), np.int64)
    rows[:, Column.PITCH], rows[:, Column.TICKS] = rng.integers(60, 66, n), 6
    rows[:, Column.BEGINS] = 6 * np.arange(n)
    rows[:, Column.PLACE] = [place_of(6 * i, 4) for i in range(n)]
    rows[1:, Column.BEFORE] = rows[:-1, Column.PITCH]
    later = rng.permutation(np.arange(n) % 2 == 1)
    kit, tables = KitTables.of(file.kit), choosing_tables(file.weights)
    draws = np.zeros((1, DRAWS), np.float32)
    for late in (False, True):
        later[-1] = late
        rows[:, Column.LATE] = ON_TIME + np.where(later & told, LATENESSES // 2, 0)
        levels = np.where(later, 8 if told else 5, 9)
        patches = np.stack([np.full(n, 3), levels, np.where(later, 2, 0)], -1)
        volume = kit.volumes[15 * patches[:, 0] + patches[:, 1] - 1]
        duty = kit.duties[patches[:, 2]]
        space, before, taught = Workspace.new(), np.arange(n) - 1, np.ones(n, np.bool_)
        out = (patches.copy(), volume.copy(), duty.copy(), taught, n, np.full(n, n))
        choose(
            Notes(rows, before, patches, volume, duty, *out), n - 1, tables, kit, draws, 1.0, space
        )
        chances = np.exp(space.scores[:, : n - 1])
        alike = chances[:, later[:-1] == late].sum(1) / chances.sum(1)
        volumes, duties = alike
        assert volumes > 0.95 if told else volumes < 0.75
        if told:
            assert duties > 0.7
        else:
            assert duties > volumes + 0.2, "how loud it begins says how it was cut"


def test_it_weighs_as_torch_does() -> None:
    torch = pytest.importorskip("torch")
    from nesvae_live.model.performer.batches import READ, Batches, Played
    from nesvae_live.model.performer.performernet import PerformerNet

    file = tiny_performer()
    net = PerformerNet(file.config)
    net.load_state_dict({k: torch.from_numpy(w) for k, w in file.weights.items()})
    notes = to_table([song_to_notes(performed_score(5))])
    notes = replace(notes, phrase=np.arange(len(notes)))  # nothing is told of later notes
    played_notes = Played.of(notes, file.kit)
    batch = Batches(played_notes, file.kit).read(np.arange(len(notes)))
    with torch.no_grad():
        again, new, _, _ = net(*(batch[name] for name in READ))
    tables, kit = choosing_tables(file.weights), KitTables.of(file.kit)
    n = int((notes.first == 0).sum())
    assert n > 64
    volume, duty = played_notes.volumes[:n].copy(), notes.duty[:n].copy()
    for i in range(1, n):
        patches, out = played_notes.patches[: i + 1].copy(), np.zeros((n, 3), np.int64)
        rows, before = notes.rows[: i + 1], notes.before[: i + 1]
        taught = np.ones(n, np.bool_)
        some = np.zeros((n, 32), np.uint8)
        told = Notes(
            *(rows, before, patches, volume, duty, out, some, some, taught, n, np.full(n, n))
        )
        space, first = Workspace.new(), max(0, i - 64)
        draws = np.zeros((1, DRAWS), np.float32)
        choose(told, i, tables, kit, draws, 1.0, space)
        assert -np.logaddexp(0, -space.gate) == pytest.approx(new[i].numpy(), abs=1e-4)
        mine = space.scores[:, : i - first]
        mine = mine - np.logaddexp.reduce(mine, 1)[:, None] - np.logaddexp(0, space.gate)[:, None]
        assert pytest.approx(again[i, : i - first].numpy(), abs=1e-4) == mine.T


def test_its_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tiny_performer()
    save_performer(tmp_path / "a.performer", file)
    found = load_performer(tmp_path / "a.performer")
    assert found.config == file.config
    assert found.weights.keys() == file.weights.keys()
    assert all((found.weights[k] == w).all() for k, w in file.weights.items())
    assert (found.kit.shapes == file.kit.shapes).all()
    assert not len(found.casts)
    casts = np.arange(2 * 2 * 8 * 3, dtype=np.uint8).reshape(2, 2, 8, 3)
    save_performer(tmp_path / "a.performer", replace(file, casts=casts))
    assert (load_performer(tmp_path / "a.performer").casts == casts).all()


@pytest.mark.parametrize("cut", [0, 5, 200, -1])
def test_a_file_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    save_performer(tmp_path / "a.performer", tiny_performer())
    data = (tmp_path / "a.performer").read_bytes()
    (tmp_path / "b.performer").write_bytes(data[:cut])
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        load_performer(tmp_path / "b.performer")


def test_another_file_is_refused(tmp_path: Path) -> None:
    from nesvae_live.paths import find_checkpoint

    with pytest.raises(CheckpointError, match="not a performer of version 3"):
        load_performer(find_checkpoint())
    file = tiny_performer()
    file.weights.pop("gate.bias")
    save_performer(tmp_path / "a.performer", file)
    with pytest.raises(CheckpointError, match=r"gate\.bias is missing"):
        load_performer(tmp_path / "a.performer")
    with pytest.raises(CheckpointError, match="No such file"):
        load_performer(tmp_path / "none.performer")


def test_it_has_no_more_than_half_a_million_parameters(shipped: Performer) -> None:
    del shipped
    weights = load_performer(find_performer()).weights
    assert sum(w.size for w in weights.values()) < 500_000
