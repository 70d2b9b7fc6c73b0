"""chip: to be written."""
