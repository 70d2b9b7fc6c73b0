"""engine: to be written."""
