"""Adapters: MIDI, audio, files and the control socket."""
