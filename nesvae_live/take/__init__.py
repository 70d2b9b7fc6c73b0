"""take: to be written."""
