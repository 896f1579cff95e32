"""Is the ray tracer usable here? A wrong libLLVM aborts the process, so a child process tries it first."""

from __future__ import annotations

import functools
import importlib.metadata
import subprocess
import sys

from openckm.errors import RayTracerUnavailable

SIONNA_VERSION = "2.2.0"
"""The version whose internals `sionna_patch` relies on."""
_HELP = "; install it with pip install 'openckm[raytrace]', and the system package libllvm19 with apt-get"
_PROBE = (
    "import drjit as dr, mitsuba as mi; import sionna.rt; x = dr.arange(mi.Float, 64);"
    "y = dr.minimum(dr.floor(x * 0.3), dr.maximum(dr.sin(x), 0.5));"
    "raise SystemExit(0 if len(y.numpy()) == 64 else 3)"
)


@functools.cache
def require_tracer() -> None:
    """Return if sionna-rt works on this machine; the answer is remembered.

    Raises:
        RayTracerUnavailable: if sionna-rt is missing or of another version, or its LLVM library does not
        work.
    """
    try:
        version = importlib.metadata.version("sionna-rt")
    except importlib.metadata.PackageNotFoundError as error:
        raise RayTracerUnavailable(f"sionna-rt is not installed{_HELP}") from error
    if version != SIONNA_VERSION:
        raise RayTracerUnavailable(f"sionna-rt {version} is installed, but {SIONNA_VERSION} is needed{_HELP}")
    try:
        command = [sys.executable, "-c", _PROBE]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RayTracerUnavailable(f"a first trace with sionna-rt did not end ({error}){_HELP}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1][:300]
        what = f"exit {done.returncode}: {last}"
        raise RayTracerUnavailable(f"sionna-rt's LLVM library is missing or wrong ({what}){_HELP}")
