"""A radio map as a posterior: mean, spread, quantiles and draws per channel, on a grid, in physical units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from openckm.errors import GridError, OptionError
from openckm.maps.grid import Grid

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)
"""The quantile levels that every map carries; 5-95 % is the 90 % interval."""


def chance_below(
    threshold: float, mean: NDArray[np.floating], std: NDArray[np.floating], drawn: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Return P(value < threshold) of cells, of the shape of `mean`; NaN where the mean is.

    For a normal belief it is Phi((threshold - mean) / std); for a map made of K draws the same with Student's
    distribution of K - 1 degrees of freedom and std sqrt(1 + 1/K), which agrees with the map's quantiles.

    Args:
        threshold: [unit of the mean].
        mean: the mean of each cell, of any shape.
        std: the standard deviation of each cell [dB], of the same shape.
        drawn: the draws (draw, *shape) that the map is made of, or None for a normal belief.

    Raises:
        OptionError: if the threshold is not finite.
    """
    from scipy.special import ndtr, stdtr

    if not math.isfinite(threshold):
        raise OptionError(f"outage threshold {threshold}: wanted a finite number")
    gap = (threshold - mean.astype(np.float64)) / np.maximum(std.astype(np.float64), 1e-9)
    chance = ndtr(gap) if drawn is None else stdtr(max(len(drawn) - 1, 1), gap / math.sqrt(1.0 + 1.0 / len(drawn)))
    return np.asarray(np.where(np.isnan(mean), np.nan, chance), np.float64)


class RadioMap:
    """The answer of every reconstructor, wrapping an `xarray.Dataset`. Its variables:

    mean (channel, row, col), std (channel, row, col), quantile (q, channel, row, col), and, where there are
    draws, draws (draw, channel, row, col), all in the channel's physical unit; valid (row, col) is False where
    the map says nothing (inside buildings); outage (row, col) is the probability of a gain below a threshold, where
    `with_outage` was asked for it. Grid and provenance ride along as attributes.
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

        `mean` (channel, row, col) replaces the average of the draws where a better one is known. Quantiles are those of
        one more draw of the same normal law, as K draws tell it: mean + std sqrt(1 + 1/K) t_(K-1), Student's t. (The
        quantiles of the draws themselves are too near: the 90 % interval of 8 draws would hold 70 %.) A single draw
        tells no spread: its std is 0.

        Raises:
            GridError: if the draws do not fit the grid.
            OptionError: if channels and draws disagree, or there is no draw.
        """
        if draws.ndim != 4 or draws.shape[0] < 1 or draws.shape[1] != len(channels):
            raise OptionError(f"draws have shape {draws.shape}: wanted (draw >= 1, {len(channels)}, row, col)")
        centre = draws.mean(0) if mean is None else mean
        spread = draws.std(0, ddof=1) if draws.shape[0] > 1 else np.zeros_like(centre)
        levels = np.stack([centre + spread * _student(draws.shape[0], q) for q in QUANTILES]).astype(np.float32)
        made = cls._build(grid, centre, spread, levels, channels, valid, provenance, draws)
        made.dataset.attrs["belief"] = "draws"
        return made

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

    def with_outage(self, threshold: float, channel: str = "gain_db") -> RadioMap:
        """Return this map with P(channel < threshold) per cell as the variable `outage` (row, col).

        See `chance_below`.

        Args:
            threshold: [unit of the map's channel: dBm for received power].
            channel: the channel whose outage is wanted.

        Raises:
            OptionError: if the threshold is not finite or there is no such channel.
        """
        drawn = self.draws(channel) if self.dataset.attrs.get("belief") == "draws" else None
        chance = chance_below(threshold, self.mean(channel), self.std(channel), drawn)
        kept = self.dataset.assign(outage=(("row", "col"), np.asarray(chance, np.float32)))
        kept["outage"].attrs.update(threshold=float(threshold), channel=channel)
        return RadioMap(kept, self.grid, self.provenance)

    @property
    def outage_threshold(self) -> float | None:
        """Threshold of the outage that this map carries [unit of its channel], or None where it carries none."""
        return float(self.dataset["outage"].attrs["threshold"]) if "outage" in self.dataset else None

    def outage(self) -> NDArray[np.float32]:
        """Probability of falling below `outage_threshold`, shape grid.shape.

        Raises:
            OptionError: if the map carries none.
        """
        if "outage" not in self.dataset:
            raise OptionError("this map carries no outage probability; ask for it: radiomap.with_outage(threshold)")
        return np.asarray(self.dataset["outage"].values)

    def with_wider_spread(self, factor: float | NDArray[np.float64], channel: str = "gain_db") -> RadioMap:
        """Return this map with a channel's spread, quantiles and draws stretched about its mean; outage is left out.

        Args:
            factor: the factor on the standard deviation, positive, one for all cells or of shape grid.shape.
            channel: the channel whose spread is changed.

        Raises:
            OptionError: if the factor is not positive and finite or there is no such channel.
        """
        scale = np.asarray(factor, dtype=np.float32)
        if not (np.isfinite(scale) & (scale > 0)).all():
            raise OptionError(f"factor {factor} on the spread: wanted a positive number")
        mean = self._pick("mean", channel).drop_vars("channel")
        kept = self.dataset.drop_vars("outage", errors="ignore").copy(deep=True)
        kept["std"].loc[{"channel": channel}] *= scale
        for name in ("quantile", "draws"):
            if name in kept:
                old = kept[name].sel(channel=channel).drop_vars("channel")
                kept[name].loc[{"channel": channel}] = mean + scale * (old - mean)
        return RadioMap(kept, self.grid, self.provenance)

    def shifted(self, offset: float | NDArray[np.float64], unit: str, channel: str = "gain_db") -> RadioMap:
        """Return this map with an offset on a channel's mean, quantiles and draws; outage is left out.

        Args:
            offset: what is added [dB], one number or one a cell, shape grid.shape.
            unit: unit of the sum: "dBm" where the offset is a transmit power.
            channel: the channel.

        Raises:
            OptionError: if an offset is not finite or there is no such channel.
        """
        added = np.broadcast_to(np.asarray(offset, dtype=np.float32), self.grid.shape)
        if not np.isfinite(added).all():
            raise OptionError("the offset of a map has to be finite")
        self._pick("mean", channel)
        kept = self.dataset.drop_vars("outage", errors="ignore").copy(deep=True)
        for name in ("mean", "quantile", "draws"):
            if name in kept:
                old = kept[name].sel(channel=channel).drop_vars("channel")
                kept[name].loc[{"channel": channel}] = old + added
        return RadioMap(kept, self.grid, {**self.provenance, "unit": unit})

    def _pick(self, variable: str, channel: str) -> xr.DataArray:
        if channel not in self.channels:
            raise OptionError(f"this map has no channel {channel!r}: it has {', '.join(self.channels)}")
        return self.dataset[variable].sel(channel=channel)


def _student(count: int, level: float) -> float:
    """Return what a quantile of one more draw lies from the mean of `count` draws [their standard deviations]."""
    from scipy.special import stdtrit

    return float(stdtrit(max(count - 1, 1), level)) * math.sqrt(1.0 + 1.0 / count)
