"""audio: to be written."""
