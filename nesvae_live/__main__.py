"""`python -m nesvae_live`."""

from nesvae_live.cli.main import main

raise SystemExit(main())
