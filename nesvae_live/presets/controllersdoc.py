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

Any MIDI controller can play the instrument. A *preset* says which control moves which *target*: a knob
of the network, a mute button, a snapshot, and so on. Some controllers have a [preset](#presets); any
other one is [taught](#learning) while it plays.

```
nesvae-live presets list                  # every preset
nesvae-live presets show korg-nanokontrol2
nesvae-live play --preset korg-nanokontrol2 --midi-in nanoKONTROL2 --feedback nanoKONTROL2
nesvae-live presets check                 # all presets, or yours: presets check ./mine.toml
```

When a controller with a preset is plugged in, `play` suggests its preset and says which options to
start with.

[Learning](#learning) · [writing a preset](#writing-a-preset) · [takeover](#takeover) ·
[feedback](#feedback) · [targets](#targets) · [presets](#presets)

## Learning
While it plays, run `nesvae-live learn` in another terminal, type the name of a [target](#targets), and
move a control:

```
> density
density (more notes a second): move its control
  CC 21, channel 1: 12, 15, 19
density is CC 21, channel 1: a knob, fader or wheel, or a button that latches
  saved: ~/.config/nesvae_live/presets/default.toml
```

`nesvae-live learn density motion mute-P1` asks for these three in turn. The control you move while it
listens moves nothing else. Turn an encoder both ways, so that its type can be recognised. If the control
belonged to another target, it is taken from that one, and you are told; `undo` gives it back.

What it learns is saved at once, and the rest of the file, comments included, stays as it is. A shipped
preset isn't changed: your version goes into your presets folder and is used from then on, until
`nesvae-live presets reset NAME` brings the shipped one back.

## Writing a preset
Copy a file from `presets/`, change it, and start with `--preset ./mine.toml`. Each line has a target
and its control; a target with several controls has them in a list:

```toml
[defaults]                 # for every control: channel, takeover, deadband, feedback
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
        "what happens when the control and its target are apart: [below](#takeover)",
    ),
    ("deadband", "1", "a step back no longer than this counts as a pot's noise"),
    (
        "range",
        "[0, 1]",
        "the target's values at the two ends of the control; higher value first: inverted",
    ),
    ("curve", "linear", ", ".join(f"`{name}` ({c.what})" for name, c in CURVES.items())),
    ("speed", "1", "for an encoder; at 1, 127 steps are the full range"),
    ("lsb_first", "false", "for a 14-bit pair that sends its lower half first"),
    ("pick", "-", "the choice a button selects; without it, the next one"),
    (
        "momentary",
        "false",
        "the switch is on while the button is held, instead of toggling with each press",
    ),
    (
        "feedback",
        "false",
        "`true`: the target's value is sent back to the control; a number: to that CC (an LED ring)",
    ),
    (
        "lit, unlit",
        "127, 0",
        "the values sent to a button while its target is on and off; for an LED ring, its two ends",
    ),
    (
        "gives_up",
        "-",
        "for a [reserved controller](#reserved-controllers): what it means otherwise, in the words below",
    ),
)

TAKEOVER = """
## Takeover
After a recall, a morph, a command, a tapped tempo or a change of page, a control may no longer be where its
target is. `takeover` says what happens next:

| | when you move the control |
| --- | --- |
| `none` | the target jumps to it |
| `pickup` | nothing, until the control reaches or passes the target's value |
| `scale` | the target moves along in proportion, until the two meet |

A target that hasn't been touched yet follows the first control that moves it.

## Feedback
`--feedback NAME` opens the controller's port for motor faders, LED rings and lit buttons. Without it,
under JACK, a preset that uses feedback opens the port `nesvae_live feedback`. Changes are sent some thirty
times a second: after a recall, during a morph, when you change pages. Everything is sent when the
controller is connected, and after `nesvae-live ctl refresh`. A control that you are moving is left alone
until it has been still for a quarter of a second. A controller that echoes what it receives moves
nothing.
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
            *table(("target", "a knob, fader or wheel", "a button or pad"), PRESSES),
            "\n### Options\n",
            *table(("option", "default", "what it does"), OPTIONS),
            "\n### Reserved controllers\n",
            RESERVED_SAY,
            *table(
                ("CC", "why", "can be given up"),
                (
                    (_span(r.first, r.last), r.why, "yes" if r.can_be_given_up else "no")
                    for r in RESERVED
                ),
            ),
            TAKEOVER,
            TARGETS_SAY,
            *table(("target", "kind", "turned up, or pressed"), _target_rows()),
            "\n## Presets\n",
            *(line for preset in presets for line in _preset(preset)),
        ]
    )


RESERVED_SAY = """Other gear and programs send these on their own, so they can't be learnt or used. Some can be taken all the
same, where a controller has controls there: the control then says in `gives_up` what the number means otherwise,
as in `{ cc = 0, gives_up = "bank select" }`.
"""

TARGETS_SAY = """## Targets

P1 and P2 are the two pulse voices, TR is the triangle, NO the noise, which plays the drums.
[Performing](performing.md) explains snapshots, morphs, themes and the auto mode. A *swap point* is where a
change takes effect: at once, or at the next beat or bar, as `swap` says.
"""

RELATIVE = """
Encoders move a target from where it is; buttons and pads act when they go down:"""

PRESSES = (
    ("knob", "sets it", "sets it to the upper end of its range"),
    ("trigger", "fires when it comes up past its middle", "fires"),
    ("switch", "on above the middle, off below", "toggles"),
    ("choice", "each choice has an equal part of the range", "the next choice, or `pick`"),
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
        first = family[0]
        more = _of_all(first) if len(family) > 1 else first.more
        if first.choices:
            shown = first.choices if len(first.choices) <= 8 else (*first.choices[:3], "...")
            more += f": {', '.join(shown)}"
        rows.append((_names(family), str(first.kind), more))
    return rows


def _names(family: Sequence[TargetSpec]) -> str:
    """The names of a family: from the first to the last, or each where numbers are left out."""
    names = [f"`{spec.name}`" for spec in family]
    numbers = [found[0] for spec in family if (found := NUMBERED.search(spec.name))]
    if numbers and numbers[-1].isdigit() and int(numbers[-1]) != int(numbers[0]) + len(names) - 1:
        return ", ".join(names)
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


NUMBERED = re.compile(r"(?<=style)\d+$|(?<=-)\d+$|(?<=-)[A-H]$")
"""What tells the members of a family apart: a number, or a theme's letter."""


def _family(spec: TargetSpec) -> str:
    """A target's name without the number or letter at its end."""
    return NUMBERED.sub("", spec.name)


def _of_all(first: TargetSpec) -> str:
    """What the members of a family do, after the first one: `snapshot N` for `snapshot 1`."""
    found = NUMBERED.search(first.name)
    assert found is not None  # a family has more than one member
    return re.sub(rf"\b(style)?{found[0]}\b", r"\1N" if found[0].isdigit() else "X", first.more)


def _preset(preset: Preset) -> list[str]:
    """The section of a preset."""
    lines = [f"### {preset.name}", "", f"{preset.description}.", ""]
    controller = preset.controller
    if controller is not None:
        if controller.rows:
            lines += [f"![{controller.name}]({PICTURES}/{preset.name}.svg)", ""]
            if preset.layout.pages:
                names = ", ".join(page.name for page in preset.layout.pages)
                lines += [
                    f"The lines below each control are the pages, top to bottom: {names}.",
                    "",
                ]
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
