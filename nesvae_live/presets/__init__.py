"""presets: to be written."""
