"""Makes docs/controllers.md and its pictures from the tables and the shipped presets.

python -m nesvae_live.presets.controllersdoc docs
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from nesvae_live.control.controlspec import CURVES
from nesvae_live.control.kinds import CONTROL_KINDS, RESERVED
from nesvae_live.control.learn import full_label
from nesvae_live.control.target import TargetSpec
from nesvae_live.control.targets import TARGETS
from nesvae_live.paths import shipped_dir
from nesvae_live.presets.catalogue import sections
from nesvae_live.presets.controllerpicture import picture_to_svg
from nesvae_live.presets.preset import Preset, read_preset

PAGE = "controllers.md"
PICTURES = "controllers"
"""The folder of the pictures, beside the page."""

INTRODUCTION = """# Controllers

<!-- Made by nesvae_live.presets.controllersdoc from the tables that the program reads. -->

Any MIDI controller plays the instrument. A preset says which of its controls moves what:

```
nesvae-live presets list                  # the presets there are
nesvae-live presets show korg-nanokontrol2
nesvae-live play --preset korg-nanokontrol2 --midi-in nanoKONTROL2 --feedback nanoKONTROL2
nesvae-live presets check                 # or of your own: presets check ./mine.toml
```

When a port appears that belongs to the controller of a preset, that preset is proposed.

## Learning
While it plays, run `nesvae-live learn` in another terminal, give a target's name, and move a
control.

```
> density
density (more notes a second): move its control
  CC 21, channel 1: 12, 15, 19
density is CC 21, channel 1: a knob, fader or wheel; a button that latches in the controller
  saved: ~/.config/nesvae_live/presets/default.toml
```

`nesvae-live learn density motion mute-P1` asks for these one after the other. A control that is
moved while it listens moves nothing else. Turn an encoder both ways: otherwise its kind can't be
told. A control that another target had is taken from that target, and you are told so; `undo` gives
it back. What is learnt is saved at once: in the preset's own file, or, if the preset came with the
program, in a copy in your presets folder, which is used from then on. Everything else in the file
stays, comments too.

## A preset's controls
Copy a file from `presets/`, change it, and start with `--preset ./mine.toml`. A line has a target
and its control; a target can have several controls as a list:

```toml
[defaults]                 # of every control: channel, takeover, deadband, feedback
takeover = "pickup"

[knobs]
density = { cc = 20 }
motion  = [{ cc14 = 21, channel = 2 }, { twos = 30, speed = 2 }]
tempo   = { cc = 22, range = [0.4, 0.8], curve = "slow" }

[actions]
mute-P1 = { note = 36, channel = 10, feedback = true }

[[pages]]                  # pages share the same physical controls; one is selected
name = "style"
[pages.knobs]
style1 = { cc = 23 }
```

Channels count from 1; a control without a channel listens on all sixteen. An unknown key is an
error that names the file and the key.
"""

OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("channel", "any", "1 to 16"),
    (
        "takeover",
        "none",
        "away from its target it jumps (`none`), waits to cross it (`pickup`) or nears (`scale`)",
    ),
    ("deadband", "1", "a step back that is no longer than this is taken for a pot's noise"),
    (
        "range",
        "[0, 1]",
        "the target's values at the control's ends; with the higher one first it is inverted",
    ),
    ("curve", "linear", ", ".join(f"`{name}` ({c.what})" for name, c in CURVES.items())),
    ("speed", "1", "of an encoder; at 1, 127 steps are the whole travel"),
    ("lsb_first", "false", "a 14-bit pair that is sent lower half first"),
    ("pick", "-", "the choice that a button picks; without it, the next one"),
    (
        "momentary",
        "false",
        "a switch is on while the button is held, instead of changing with each press",
    ),
    (
        "feedback",
        "false",
        "`true`: the target's place is sent to the control; a number: to that CC (a ring of LEDs)",
    ),
    (
        "lit, unlit",
        "127, 0",
        "the values for a button while its target is on and off; of a ring, its ends",
    ),
)

TAKEOVER = """
## Nothing jumps
A control holds its target for as long as the target stands where the control put it. Whatever else
moves the target (a recall, a morph, a command, another page's use of the control, a tapped tempo)
ends that, and the control comes back by its takeover. A target that nobody has touched is held by
the first control that moves it. After another page was selected every control has to pick up again.

## Feedback
`--feedback NAME` opens the controller's port. Without it, under JACK, a preset with any feedback
opens the port `nesvae_live feedback`. What the controller does not show yet is sent some thirty
times a second: after a recall, while a morph glides, when a page is selected, and everything when
the controller is connected and on `nesvae-live ctl refresh`. A control that is being moved is left
alone until it has been still for a quarter of a second. A controller that echoes what it is sent
moves nothing by it.
"""


def page(presets: Sequence[Preset]) -> str:
    """The page's text."""
    return "\n".join(
        [
            INTRODUCTION,
            "### Kinds of controls\n",
            *table(
                ("key", "number", "what it is"),
                (
                    (f"`{kind.name}`", "-" if kind.top is None else f"0-{kind.top}", kind.what)
                    for kind in CONTROL_KINDS
                ),
            ),
            RELATIVE,
            "",
            *table(("target", "a value", "a press"), PRESSES),
            "\n### Options\n",
            *table(("option", "unless said", "what it does"), OPTIONS),
            "\n### Reserved controllers\n",
            "Gear and programs send these by themselves: they are never learnt and move nothing.\n",
            *table(("CC", "why"), ((_span(r.first, r.last), r.why) for r in RESERVED)),
            TAKEOVER,
            "## Targets\n",
            *table(("target", "kind", "turned up, or pressed"), _target_rows()),
            "\n## Presets\n",
            *(line for preset in presets for line in _preset(preset)),
        ]
    )


RELATIVE = """
A relative control goes on from where its target stands; a press acts when it goes down:"""

PRESSES = (
    ("knob", "that value", "its range's upper end"),
    ("trigger", "it happens when the control comes up to its middle", "it happens"),
    ("switch", "on from the middle", "changes it"),
    ("choice", "the choices share the travel", "the next one, or the one that `pick` names"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return [
        f"| {' | '.join(head)} |",
        f"|{' --- |' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _target_rows() -> list[tuple[str, str, str]]:
    """A row for each target; a numbered family has one."""
    families: dict[str, list[TargetSpec]] = {}
    for spec in TARGETS:
        families.setdefault(_family(spec), []).append(spec)
    rows = []
    for family in families.values():
        first, last = family[0], family[-1]
        more = first.more.removesuffix(" 1") if len(family) > 1 else first.more
        if first.choices:
            shown = first.choices if len(first.choices) <= 8 else (*first.choices[:3], "...")
            more += f": {', '.join(shown)}"
        name = f"`{first.name}`" + (f" to `{last.name}`" if len(family) > 1 else "")
        rows.append((name, str(first.kind), more))
    return rows


def _family(spec: TargetSpec) -> str:
    """A target's name without the number at its end."""
    return re.sub(r"(style|-)\d+$", r"\1", spec.name)


def _preset(preset: Preset) -> list[str]:
    """The section of a preset."""
    lines = [f"### {preset.name}", "", f"{preset.description}.", ""]
    controller = preset.controller
    if controller is not None:
        if controller.rows:
            lines += [f"![{controller.name}]({PICTURES}/{preset.name}.svg)", ""]
            if preset.layout.pages:
                names = ", ".join(page.name for page in preset.layout.pages)
                lines += [f"Pages, from above below each control: {names}.", ""]
        lines += [f"Source: {controller.source}.", f"Not checked: {controller.unchecked}.", ""]
        return lines
    for _, controls in sections(preset.layout):
        lines += table(("control", "target"), ((full_label(c), f"`{c.target}`") for c in controls))
    return [*lines, ""]


def files() -> dict[str, str]:
    """The page and its pictures: path in the folder of docs -> text."""
    paths = sorted(shipped_dir("presets").glob("*.toml"))
    presets = [read_preset(path) for path in paths]
    made = {PAGE: page(presets)}
    for preset in presets:
        if preset.controller is not None and preset.controller.rows:
            made[f"{PICTURES}/{preset.name}.svg"] = picture_to_svg(preset)
    return made


def main(folder: Path) -> None:
    """Write the page and its pictures, and nothing else there."""
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
