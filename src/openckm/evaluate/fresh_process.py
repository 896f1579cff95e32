"""What a program takes in a fresh process, where nothing that ran before hides it."""

from __future__ import annotations

import json
import subprocess
import sys

from openckm.errors import ComputationError


def measured_mb(program: str, *arguments: str, failed: str) -> float:
    """Return the memory that a program says it took: it prints {"mb": ...}, in the program's unit.

    Args:
        program: text of a Python program.
        arguments: what it finds in sys.argv.
        failed: what could not be measured, for the message.

    Raises:
        ComputationError: if the process fails.
    """
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ComputationError(f"{failed} failed ({last}); free some memory and run again")
    return float(json.loads(done.stdout)["mb"])
