"""A radio map as a posterior: mean, spread, quantiles and draws per channel, on a grid, in physical units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, OptionError
from openckm.maps.grid import Grid

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["QUANTILES", "RadioMap"]

QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)
"""The quantile levels that every map carries; 5-95 % is the 90 % interval."""


class RadioMap:
    """The answer of every reconstructor, wrapping an `xarray.Dataset`. Its variables:

    mean (channel, row, col), std (channel, row, col), quantile (q, channel, row, col), and, where there are
    draws, draws (draw, channel, row, col), all in the channel's physical unit; valid (row, col) is False where
    the map says nothing (inside buildings). Grid and provenance ride along as attributes.
    """

    def __init__(self, dataset: xr.Dataset, grid: Grid, provenance: Mapping[str, Any] | None = None) -> None:
        self.dataset = dataset
        self.grid = grid
        self.provenance: dict[str, Any] = dict(provenance or {})

    @classmethod
    def from_draws(
        cls,
        grid: Grid,
        draws: NDArray[np.float32],
        channels: Sequence[str],
        *,
        mean: NDArray[np.float32] | None = None,
        valid: NDArray[np.bool_] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> RadioMap:
        """Return the map of posterior draws (draw, channel, row, col).

        `mean` (channel, row, col) replaces the average of the draws where a better one is known.

        Raises:
            GridError: if the draws do not fit the grid.
            OptionError: if channels and draws disagree, or there is no draw.
        """
        if draws.ndim != 4 or draws.shape[0] < 1 or draws.shape[1] != len(channels):
            raise OptionError(f"draws have shape {draws.shape}: wanted (draw >= 1, {len(channels)}, row, col)")
        centre = draws.mean(0) if mean is None else mean
        spread = draws.std(0, ddof=1) if draws.shape[0] > 1 else np.zeros_like(centre)
        levels = np.quantile(draws, QUANTILES, axis=0).astype(np.float32)
        return cls._build(grid, centre, spread, levels, channels, valid, provenance, draws)

    @classmethod
    def from_gaussian(
        cls,
        grid: Grid,
        mean: NDArray[np.float32],
        std: NDArray[np.float32],
        channels: Sequence[str],
        *,
        draws: NDArray[np.float32] | None = None,
        valid: NDArray[np.bool_] | None = None,
        provenance: Mapping[str, Any] | None = None,
    ) -> RadioMap:
        """Return the map of a per-cell normal belief (channel, row, col); quantiles follow from mean and std."""
        from scipy.special import ndtri

        levels = np.stack([mean + std * float(ndtri(q)) for q in QUANTILES])
        return cls._build(grid, mean, std, levels, channels, valid, provenance, draws)

    @classmethod
    def _build(
        cls,
        grid: Grid,
        mean: NDArray[np.float32],
        std: NDArray[np.float32],
        levels: NDArray[np.float32],
        channels: Sequence[str],
        valid: NDArray[np.bool_] | None,
        provenance: Mapping[str, Any] | None,
        draws: NDArray[np.float32] | None,
        quantiles: Sequence[float] = QUANTILES,
    ) -> RadioMap:
        import xarray as xr

        if mean.shape != (len(channels), *grid.shape) or std.shape != mean.shape:
            raise GridError(f"map of shape {mean.shape}: wanted {(len(channels), *grid.shape)} (channel, row, col)")
        dims = ("channel", "row", "col")
        variables: dict[str, Any] = {
            "mean": (dims, np.asarray(mean, np.float32)),
            "std": (dims, np.asarray(std, np.float32)),
            "quantile": (("q", *dims), np.asarray(levels, np.float32)),
            "valid": (
                ("row", "col"),
                np.ones(grid.shape, bool) if valid is None else np.asarray(valid, bool),
            ),
        }
        if draws is not None:
            variables["draws"] = (("draw", *dims), np.asarray(draws, np.float32))
        coords = {"channel": list(channels), "q": list(quantiles), "x": ("col", grid.x), "y": ("row", grid.y)}
        return cls(xr.Dataset(variables, coords=coords), grid, provenance)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(str(c) for c in self.dataset["channel"].values)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """False where the map says nothing, shape grid.shape."""
        return np.asarray(self.dataset["valid"].values)

    def mean(self, channel: str = "gain_db") -> NDArray[np.float32]:
        """Posterior mean of a channel [its unit], shape grid.shape."""
        return np.asarray(self._pick("mean", channel))

    def std(self, channel: str = "gain_db") -> NDArray[np.float32]:
        """Posterior standard deviation of a channel [its unit], shape grid.shape."""
        return np.asarray(self._pick("std", channel))

    def quantile(self, level: float, channel: str = "gain_db") -> NDArray[np.float32]:
        """Posterior quantile of a channel [its unit], shape grid.shape; `level` is one of QUANTILES.

        Raises:
            OptionError: if the level is not kept.
        """
        kept = [float(q) for q in self.dataset["q"].values]
        if not any(abs(level - q) < 1e-9 for q in kept):
            raise OptionError(f"quantile {level}: this map keeps {kept}")
        return np.asarray(self._pick("quantile", channel).sel(q=level, method="nearest").values)

    def draws(self, channel: str = "gain_db") -> NDArray[np.float32]:
        """Posterior draws of a channel [its unit], shape (draw, *grid.shape).

        Raises:
            OptionError: if the map holds no draws.
        """
        if "draws" not in self.dataset:
            raise OptionError("this map holds no draws; ask its reconstructor for draws=K with K >= 1")
        return np.asarray(self._pick("draws", channel).values)

    def _pick(self, variable: str, channel: str) -> xr.DataArray:
        if channel not in self.channels:
            raise OptionError(f"this map has no channel {channel!r}: it has {', '.join(self.channels)}")
        return self.dataset[variable].sel(channel=channel)
