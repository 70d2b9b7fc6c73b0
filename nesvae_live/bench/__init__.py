"""What `nesvae-live bench` measures: this machine, and the instrument on it."""
