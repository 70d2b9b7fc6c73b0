"""The verbs of `ctl`: the table has all that the release had, each sending what it sent then."""

from __future__ import annotations

import json

from nesvae_live.cli.ctl import VERBS
from tests.support.places import RELEASE


def test_every_verb_is_tried_with_a_stored_line() -> None:
    lines = (RELEASE / "ctl.jsonl").read_text(encoding="utf-8").splitlines()
    tried = {json.loads(line)["ctl"].split()[0] for line in lines}
    assert tried == {spec.name for spec in VERBS}
