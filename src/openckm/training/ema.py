r"""Averages of the weights whose width is chosen after training.

An average with a power-function profile weighs the weights theta(tau) of time tau by tau^g:

    avg_g(t) = (g + 1) / t^(g + 1) * integral_0^t tau^g theta(tau) dtau,                                          (1)

a profile that scales with training. Held constant within steps, (1) weighs step k = 1..t by (k^(g+1) - (k-1)^(g+1)) /
t^(g+1), which the recursion

    avg(t) = b avg(t - 1) + (1 - b) theta(t),    b = (1 - 1/t)^(g + 1)                                            (2)

gives exactly; it forgets the untrained weights, b(1) = 0. The width is stated as the standard deviation of the profile
over the training time,

    sigma_rel = sqrt(g + 1) / ((g + 2) sqrt(g + 3)),   g^3 + 7 g^2 + (16 - r) g + 12 - r = 0,   r = sigma_rel^-2.  (3)

Two averages are kept in training, with a few snapshots (t_i, g_i) each. Any other profile p is then sought among their
linear combinations sum_i x_i p_i, least squares over time: A x = b with A_ij = <p_i, p_j>, b_i = <p_i, p> for profiles
p_i(tau) = (g_i + 1) tau^g_i / t_i^(g_i + 1), 0 < tau <= t_i, and with m = min(t_i, t_j)

    <p_i, p_j> = (g_i + 1)(g_j + 1) / (g_i + g_j + 1) * m^(g_i + g_j + 1) / (t_i^(g_i + 1) t_j^(g_j + 1));

the same combination of the snapshots is the average sought, up to the part of p that they cannot express.

References:
    Analyzing and Improving the Training Dynamics of Diffusion Models. T. Karras, M. Aittala, J. Lehtinen, J. Hellsten,
    T. Aila, S. Laine, 2024, Section 3 and Appendix C.
"""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from openckm.errors import ModelError, OptionError
from openckm.maps.atomic import atomic_path

CHECKPOINT = "checkpoint.pt"
_SNAPSHOTS = "averages"
WIDEST = 0.28
"""Largest relative width of a profile that does not favour the early weights (exponent 0 has 0.289)."""
_MISFIT = 0.1
"""Largest part of a profile (in the norm of the least squares) that the snapshots may leave unexpressed."""


def exponent(sigma_rel: float) -> float:
    """Return the exponent g of the power function with a relative width (equation 3).

    Raises:
        OptionError: if the width is not in (0, WIDEST].
    """
    if not 0.0 < sigma_rel <= WIDEST:
        raise OptionError(f"width {sigma_rel} of an average: wanted a share of the training time in (0, {WIDEST}]")
    r = sigma_rel**-2
    return float(np.roots([1.0, 7.0, 16.0 - r, 12.0 - r]).real.max())


def profile_width(g: float) -> float:
    """Return the relative width of the power function with exponent g (equation 3)."""
    return math.sqrt(g + 1.0) / ((g + 2.0) * math.sqrt(g + 3.0))


_Profile = tuple[int, float]
"""A power function: over how many steps, and its exponent."""


def _inner(one: _Profile, other: _Profile) -> float:
    (s, g), (t, h) = one, other
    m = min(s, t)
    return float((g + 1) * (h + 1) / (g + h + 1) / m * (m / s) ** (g + 1) * (m / t) ** (h + 1))


def combination(kept: Sequence[_Profile], count: int, g: float) -> tuple[NDArray[np.float64], float]:
    """Return the weights x [n] of the combination nearest to a profile, and the share of it that is left unexpressed.

    Args:
        kept: steps averaged and exponent of every snapshot.
        count: steps that the profile sought goes over.
        g: its exponent.
    """
    sought = (count, g)
    norm = np.array([math.sqrt(_inner(p, p)) for p in kept])
    a = np.array([[_inner(p, q) for q in kept] for p in kept]) / np.outer(norm, norm)
    b = np.array([_inner(p, sought) for p in kept]) / norm
    x = np.linalg.lstsq(a, b, rcond=1e-12)[0]
    left = 1.0 - (2.0 * x @ b - x @ a @ x) / _inner(sought, sought)
    return x / norm, math.sqrt(max(float(left), 0.0))


class PowerAverages:
    """Running averages (2) of named weights, one for each relative width, and their snapshots in a folder."""

    def __init__(self, weights: Mapping[str, Tensor], widths: Sequence[float], folder: Path) -> None:
        """Begin with no step averaged.

        Args:
            weights: the weights by name; only their shapes matter.
            widths: relative widths.
            folder: snapshots go into its subfolder "averages".

        Raises:
            OptionError: if a width is not in (0, WIDEST].
        """
        self.exponents = {width: exponent(width) for width in widths}
        self.tracks = {width: {n: w.detach().clone() for n, w in weights.items()} for width in widths}
        self.folder = folder / _SNAPSHOTS
        self.count = 0

    def update(self, weights: Mapping[str, Tensor]) -> None:
        """Take in the weights after a step."""
        self.count += 1
        values = [w.detach() for w in weights.values()]
        for width, track in self.tracks.items():
            keep = (1.0 - 1.0 / self.count) ** (self.exponents[width] + 1.0)
            torch._foreach_lerp_(list(track.values()), values, 1.0 - keep)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        return {"count": self.count, "tracks": self.tracks}

    def resume(self, state: Mapping[str, Any] | None, step: int) -> None:
        """Go on from a checkpoint's state, and forget snapshots of later steps than the checkpoint's.

        Without a state, or with one of other widths, averaging begins at this step.

        Raises:
            KeyError, TypeError, ValueError, RuntimeError: if the state is not of these weights.
        """
        if state is not None and set(state["tracks"]) == set(self.tracks):
            for width, track in self.tracks.items():
                if set(track) != set(state["tracks"][width]):
                    raise ValueError("its averages are of other weights")
                for name, value in track.items():
                    value.copy_(state["tracks"][width][name])
            self.count = int(state["count"])
        for path in _snapshot_paths(self.folder):
            if int(path.stem) > step or self.count == 0:
                path.unlink()

    def snapshot(self, step: int) -> None:
        """Keep the averages as they are after a step of training."""
        self.folder.mkdir(exist_ok=True)
        arrays = {f"{w}/{n}": v.cpu().contiguous() for w, track in self.tracks.items() for n, v in track.items()}
        with atomic_path(self.folder / f"{step:09d}.safetensors") as aside:
            save_file(arrays, aside, {"count": str(self.count)})


def posthoc_average(folder: Path, sigma_rel: float) -> dict[str, Tensor]:
    """Return the weights averaged over a training with any relative width, by name.

    Args:
        folder: the folder of the training: its checkpoint and snapshots are read.
        sigma_rel: standard deviation of the profile as a share of the steps averaged; 12 snapshots of 0.05 and 0.10
            give 0.03 to 0.2, more give more.

    Raises:
        ModelError: if the checkpoint or a snapshot cannot be read, or the training kept no averages.
        OptionError: if the width is out of range, or too narrow for the snapshots that were kept.
    """
    g = exponent(sigma_rel)
    count, last = _last(folder / CHECKPOINT)
    kept = [(count, width) for width in last]
    files = {n: path for path in _snapshot_paths(folder / _SNAPSHOTS) if 0 < (n := _count(path)) < count}
    kept += [(n, width) for n in files for width in last]
    x, left = combination([(n, exponent(width)) for n, width in kept], count, g)
    if left > _MISFIT:
        raise OptionError(
            f"width {sigma_rel}: the {len(files)} snapshots in {folder} express such an average only to {left:.0%};"
            f" take one nearer to {', '.join(f'{w:g}' for w in last)}, or keep more snapshots (snapshot_every)"
        )
    total = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in next(iter(last.values())).items()}
    for (n, width), share in zip(kept, x, strict=True):
        _add(total, last[width] if n == count else _read(files[n], width, total), float(share))
    return {name: value.float() for name, value in total.items()}


def _add(total: dict[str, Tensor], values: Mapping[str, Tensor], share: float) -> None:
    for name, sum_ in total.items():
        sum_.add_(values[name].double(), alpha=share)


def _last(checkpoint: Path) -> tuple[int, dict[float, dict[str, Tensor]]]:
    """Steps averaged and averages of the checkpoint."""
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        power = state.get("power") or {"count": 0, "tracks": {}}
        count, tracks = int(power["count"]), dict(power["tracks"])
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, OSError, pickle.UnpicklingError) as error:
        raise ModelError(f"{checkpoint}: cannot read this checkpoint ({error}); train first, or again") from error
    if count < 1 or not tracks:
        raise ModelError(f"{checkpoint}: this training kept no averages for later; set power_ema and train on")
    return count, tracks


def _snapshot_paths(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.safetensors") if p.stem.isdigit())


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safe_open(path, "pt") as file:
            yield file
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot read this snapshot ({error}); delete it to do without") from error


def _count(path: Path) -> int:
    with _opened(path) as file:
        return int((file.metadata() or {}).get("count", 0))


def _read(path: Path, width: float, names: Iterable[str]) -> dict[str, Tensor]:
    with _opened(path) as file:
        return {name: file.get_tensor(f"{width}/{name}") for name in names}
