"""What the decoder is told of voices that are given."""

from __future__ import annotations

import numpy as np

from nesvae_live.latent.decoding import Asked, Ending
from nesvae_live.latent.given import OPEN, UNKNOWN, Given, nothing_given
from nesvae_live.model.song import songconfig
from nesvae_live.music.phrase import LONGEST_HOLD

YOURS = songconfig.YOURS


def given(*rows: tuple[int, int, int], known: tuple[int, ...]) -> Given:
    return Given(np.array(rows), np.isin([0, 1, 2], known))


def test_nothing_is_given_to_the_network_as_in_its_training() -> None:
    assert nothing_given().tolist() == [[*YOURS, songconfig.UNKNOWN, LONGEST_HOLD]]
    assert songconfig.UNKNOWN == UNKNOWN


def test_a_known_line_says_for_how_long_each_of_its_notes_stays() -> None:
    line = given((OPEN, OPEN, 21), (OPEN, OPEN, 21), (OPEN, OPEN, 0), known=(2,)).track()
    assert line[:, 2].tolist() == [1, 1, 0]
    assert line[:, :2].tolist() == [list(YOURS[:2])] * 3
    assert line[:, 3].tolist() == [2, 1, LONGEST_HOLD]
    assert (line[:, 3] == line[:, 4]).all()


def test_two_lines_stay_until_the_first_of_them_changes() -> None:
    rows = [(60 + i // 3, OPEN, 40 + i // 5) for i in range(7)]
    line = given(*rows, known=(0, 2)).track()
    assert line[:, 3].tolist() == [3, 2, 1, 2, 1, 1, LONGEST_HOLD]


def test_a_note_of_which_nobody_knows_the_end_hides_how_long_the_others_stay() -> None:
    rows = [(70, OPEN, 40 + i // 2) for i in range(4)]
    line = given(*rows, known=(2,)).track()
    assert set(line[:, 3]) == {UNKNOWN}
    assert line[:, 4].tolist() == [2, 1, LONGEST_HOLD, LONGEST_HOLD]


def test_a_line_that_ends_gives_the_voice_back() -> None:
    line = given((OPEN, 60, OPEN), (OPEN, 60, OPEN), (OPEN, OPEN, OPEN), known=(1,)).track()
    assert line[:, 1].tolist() == [60 - 33 + 1, 60 - 33 + 1, YOURS[1]]
    assert line[:, 3].tolist() == [2, 1, UNKNOWN]


def test_the_last_chord_is_the_networks() -> None:
    line = given(*[(60, OPEN, OPEN)] * 9, known=(0,))
    asked = Asked(0, 0.5, ending=Ending(ticks=8, last=4), given=line)
    assert asked.track is not None
    assert asked.track[:, 0].tolist() == [28] * 4 + [YOURS[0]]
    assert asked.track[0, 4] == 4
    assert Asked(0, 0.5).track is None
