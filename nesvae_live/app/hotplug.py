"""What comes and goes while the music plays: a known controller's port, and its preset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nesvae_live.presets.preset import Preset

OURS = "nesvae_live"


class Hotplug:
    """Looks at the ports that there are, and proposes a controller's preset once.

    Args:
        there: the names of the ports that there are.
        known: presets of controllers.
        playing: the preset in use.
        say: takes one line for a person.
    """

    def __init__(
        self,
        there: Callable[[], Iterable[str]],
        known: Sequence[Preset],
        playing: Preset,
        say: Callable[[str], None],
    ) -> None:
        self._there = there
        self._known = known
        self._playing = playing
        self._say = say
        self._seen: set[str] = set()

    def look(self) -> None:
        """Look; from one thread, about once a second."""
        lines: dict[str, str] = {}  # JACK has a port for each way: one line a controller
        for name in sorted(name for name in self._there() if OURS not in name):
            line = proposal(name, self._known, self._playing.name)
            if line is not None:
                lines.setdefault(line.split(" is at ", 1)[0], line)
        for controller, line in lines.items():
            if controller not in self._seen:
                self._say(line)
        self._seen = set(lines)


def proposal(port: str, known: Sequence[Preset], playing: str = "") -> str | None:
    """The line that proposes a preset for a port; None: it is no known controller's, or in use."""
    found = [p for p in known if p.controller is not None and p.controller.port_among([port])]
    if not found or any(p.name == playing for p in found):
        return None
    preset = found[0]
    assert preset.controller is not None  # that is how it was found
    which = " or ".join(p.name for p in found)
    return (
        f"{preset.controller.name} is at {port!r}, and its preset is {which}: "
        f"play --preset {preset.name} --midi-in {preset.controller.ports[0]!r}"
    )
