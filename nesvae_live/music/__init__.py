"""music: to be written."""
