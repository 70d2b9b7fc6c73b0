"""`python -m nesvae_live`."""

from nesvae_live.cli import main

raise SystemExit(main())
