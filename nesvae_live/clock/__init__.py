"""clock: to be written."""
