"""The panel of a session: what it is told, and where it is said to be."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from nesvae_live.app.during.choices import Loaded
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.say import say as say_only
from nesvae_live.clock.hosttime import Time
from nesvae_live.io.remote.client import default_path
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.panel.door import Door, open_door
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.panel.keeper import PanelKeeper
from nesvae_live.panel.soundring import SoundRing
from nesvae_live.panel.table import table

WITHOUT_TLS = (
    "the panel is open to this network, without TLS: anyone who can read its traffic can read the "
    "token and play along, and browsers don't install the page as an app (docs/panel.md)"
)


def panel_facts(take: Path, options: PlayOptions, loaded: Loaded, sample_rate: int) -> PanelFacts:
    """What the panel is told of a session; `sample_rate` is that of its `take`, in Hz."""
    checkpoint = loaded.checkpoint
    n_style = checkpoint.config.style
    return PanelFacts(
        control=options.control or default_path(),
        take=take,
        meter=str(options.meter),
        beats_per_bar=options.meter.beats_per_bar,
        checkpoint=checkpoint.path.stem if checkpoint.path else "",
        preset=loaded.preset.name,
        quantiles=checkpoint.quantiles,
        reach=checkpoint.quantiles.reach(),
        table=table(n_style, labels(axes_of(checkpoint.about, n_style))),
        atlas=checkpoint.atlas,
        sample_rate=sample_rate,
        checkpoint_file=str(checkpoint.path or ""),
    )


def open_panel(
    stack: ExitStack,
    options: PlayOptions,
    sound: SoundRing,
    time: Time,
    say: Callable[[str], None],
) -> PanelKeeper | None:
    """Open the panel's port, and start the process behind it; None if there is to be none.

    It loads what it takes to serve a page while the instrument is made ready, and gets what the
    page shows from the keeper's `show`.

    Raises:
        PanelError: the port can't be had.
    """
    port = options.panel_port
    if port is None:
        return None
    door, listener = open_door(port, options.panel_host)
    panel = PanelKeeper(door, listener, sound, time, say)
    stack.enter_context(closing(panel))
    panel.look()
    return panel


def say_where(door: Door, options: PlayOptions, say: Callable[[str], None]) -> None:
    """Say where the panel is, and open it in a browser if that is asked for.

    What has the token in it is for the terminal only: `say` goes into the take's log, too.
    """
    port = options.panel_port
    say(f"panel at {door.address}" + ("" if door.port == port else f" (port {port} is taken)"))
    if door.token is not None:
        _show_the_way(door)
        if not door.is_local:
            say(WITHOUT_TLS)
    if options.open_panel:
        threading.Thread(target=webbrowser.open, args=(door.url,), daemon=True).start()


def _show_the_way(door: Door) -> None:
    """Say what to open, on a terminal also for a telephone's camera."""
    say_only(f"with its token: {door.url}")
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        import segno

        segno.make(door.url, micro=False).terminal(sys.stderr, border=2, compact=True)
