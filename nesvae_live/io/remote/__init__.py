"""remote: to be written."""
