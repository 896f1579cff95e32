"""`python -m openckm`: the same as the command `ckm`."""

from __future__ import annotations

from openckm.cli.main import main as main

if __name__ == "__main__":
    main()
