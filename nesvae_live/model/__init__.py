"""model: to be written."""
