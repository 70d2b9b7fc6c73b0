"""The names of snapshots, and which of them stands."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.latent.setting import LONGEST_NAME, Setting, checked_name, slot_of

SETTING = Setting({"density": 0.5}, np.zeros(4, np.float32), 1.0, 7, name="verse")


@pytest.mark.parametrize("name", ["", " ", "12", "-3", "x" * (LONGEST_NAME + 1), "a\x1b[2J"])
def test_what_is_no_name_is_refused_in_a_line(name: str) -> None:
    with pytest.raises(ValueError, match="a snapshot's name") as refused:
        checked_name(name)
    assert "\n" not in str(refused.value)


def test_a_name_is_found_however_it_is_written() -> None:
    there = {3: replace(SETTING, name="The Chorus"), 1: SETTING}
    assert checked_name("  the   chorus ") == "the chorus"
    assert slot_of("the  CHORUS", there) == 3
    assert slot_of("bridge", there) is None


def test_a_setting_stands_in_another_with_the_same_content_whatever_its_name() -> None:
    same = Setting({"density": 0.5}, np.zeros(4, np.float32), 1.0, 7)
    assert SETTING.stands_in(same)
    for other in (
        replace(same, knobs={}),
        replace(same, style=np.ones(4, np.float32)),
        replace(same, style=None),
        replace(same, temperature=0.9),
        replace(same, seed=8),
    ):
        assert not SETTING.stands_in(other)
    assert replace(same, style=None).stands_in(replace(SETTING, style=None))
