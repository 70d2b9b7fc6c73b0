"""What our MIDI ports are called: a DAW's session finds them by these names."""

from __future__ import annotations

IN_CLIENT, IN_PORT = "nesvae_live_in", "nesvae_live in"
OUT_CLIENT, OUT_PORT = "nesvae_live_out", "nesvae_live out"
CLOCK_CLIENT, CLOCK_PORT = "nesvae_live_clock", "nesvae_live clock"
FEEDBACK_CLIENT, FEEDBACK_PORT = "nesvae_live_feedback", "nesvae_live feedback"
OWN_FEEDBACK = ""
"""In a port's place: feedback goes to a virtual port."""
