"""Our MIDI ports: how they are opened, what they are for, and how they are kept alive."""
