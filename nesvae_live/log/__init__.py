"""log: to be written."""
