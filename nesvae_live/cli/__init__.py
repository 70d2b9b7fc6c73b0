"""The command line's commands: a module a group, its parsers and what they run."""
