"""Boosted regression trees on what is known of the path, and kriging of what they leave.

    v(cell) = a + b 10 log10(d) + c pattern + offsets of phones  (least squares)  +  trees(path)  +  kriged residual

The trees see distance, obstruction, diffraction, pattern, buildings, the bearing from the boresight, the place, and any
further maps of the site.
They are fitted on FOLDS parts in turn; the residual that is kriged is that of cells which a tree did not see, and the
answer is the average of all parts. LightGBM is used where it is installed (extra `rivals`), else scikit-learn's
histogram boosting; provenance says which.

References:
    "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", Ke et al., 2017.
    "Random forests as a generic framework for spatial prediction", Hengl et al., 2018 (features and residual kriging).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from openckm.baselines.cells import positions
from openckm.baselines.drift import (
    PHONE,
    Column,
    Maps,
    SiteDrift,
    layout_columns,
    map_columns,
    phone_columns,
    require_transmitter,
    site_drift,
)
from openckm.baselines.kriging import ordinary
from openckm.baselines.regression import Prediction, Regression, Table
from openckm.baselines.variogram import Variogram, fit_variogram
from openckm.errors import OptionError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations, Points

FOLDS = 4
_TREES, RATE, LEAVES = 120, 0.05, 8
Floats = NDArray[np.float64]
PATH = "path: "
"""Front of the names of columns that the trees see and the linear part does not."""


def trees_available() -> bool:
    """Return whether a library of boosted trees is installed."""
    return find_spec("lightgbm") is not None or find_spec("sklearn") is not None


@dataclass(frozen=True)
class BoostedTrees(Regression):
    """Boosted trees on path features, with kriging of their residuals.

    Attributes:
        phones: whether each phone's share in a cell's readings is in the linear part.
        maps: makes further maps of the site that the trees see; None for none.
        name: name in tables; made from the options where it is empty.
    """

    phones: bool = False
    maps: Maps | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            parts = {"phones": self.phones, "maps": self.maps}
            object.__setattr__(self, "name", "_".join(["boosted_trees", *(k for k, used in parts.items() if used)]))

    def columns(self, observations: Observations, cells: Points, grid: Grid) -> SiteDrift:
        """Return the linear columns, then the features of the path.

        Raises:
            OptionError: if the transmitter is not known, or no library of trees is installed.
        """
        if not trees_available():
            raise OptionError(f"{self.name} needs LightGBM or scikit-learn; pip install 'openckm[rivals]'")
        transmitter = require_transmitter(observations, self.name)
        drift = site_drift(transmitter, cells, grid)
        if self.phones:
            drift = drift.with_columns(phone_columns(observations, cells, grid))
        features = [*layout_columns(observations, cells, grid), *_place(observations, cells, grid)]
        if self.maps is not None:
            features += map_columns(self.maps(observations, grid), cells, grid)
        return SiteDrift(
            drift.names + tuple(PATH + name for name, _, _ in features),
            np.column_stack([drift.at_cells, *(near for _, near, _ in features)]),
            np.column_stack([drift.on_grid, *(far for _, _, far in features)]),
            drift.scales,
        )

    def predict(
        self, table: Table, targets: Floats, columns: Floats, *, variogram: Variogram | None = None, seed: int = 0
    ) -> Prediction:
        """Return predictions at targets; see `Regression.predict`.

        Raises:
            ComputationError: if the system of the residuals cannot be solved.
        """
        cells, names = table.cells, table.drift.names
        linear = np.array([not name.startswith(PATH) for name in names], bool)
        phone = np.array([name.startswith(PHONE) for name in names], bool)
        at, to = (np.insert(c[:, linear], 0, 1.0, axis=1) for c in (table.drift.at_cells, columns))
        coefficient = np.linalg.lstsq(at, cells.value, rcond=None)[0]
        residual = cells.value - at @ coefficient
        out_of_fold, at_targets = _boosted(table.drift.at_cells[:, ~phone], residual, columns[:, ~phone], seed)
        left = replace(cells, value=residual - out_of_fold)
        if variogram is None:
            variogram = fit_variogram(positions(left), left.value, np.ones((len(left), 1)))
        mean, variance = ordinary(left, variogram, targets)
        of_columns = np.zeros(len(names))
        of_columns[linear] = coefficient[1:]
        return Prediction(to @ coefficient + at_targets + mean, variance, variogram, of_columns)


def _place(observations: Observations, cells: Points, grid: Grid) -> list[Column]:
    """Bearing from the boresight, and the place itself."""
    transmitter = require_transmitter(observations, "boosted trees")
    x, y = (a.ravel() for a in grid.centres())
    found: list[Column] = [("x", cells.x, x), ("y", cells.y, y)]
    turn = transmitter.azimuth_rad or 0.0
    bearings = [np.arctan2(b - transmitter.y, a - transmitter.x) - turn for a, b in ((cells.x, cells.y), (x, y))]
    for name, function in (("cos", np.cos), ("sin", np.sin)):
        found.append((name, function(bearings[0]), function(bearings[1])))
    return found


def _boosted(features: Floats, value: Floats, targets: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return what trees say of each cell without having seen it, and the average of all trees at targets."""
    folds = min(FOLDS, len(value))
    fold = np.random.default_rng(seed).permutation(len(value)) % folds
    out_of_fold, at_targets = np.zeros(len(value)), np.zeros(len(targets))
    fit = _lightgbm if find_spec("lightgbm") is not None else _histogram_boosting
    for k in range(folds):
        seen = fold != k
        predict = fit(features[seen], value[seen], max(4, len(value) // 40))
        out_of_fold[~seen] = predict(features[~seen])
        at_targets += predict(targets) / folds
    return out_of_fold, at_targets


def _lightgbm(features: Floats, value: Floats, least: int) -> Callable[[Floats], Floats]:
    import lightgbm

    data = lightgbm.Dataset(features, value, params={"verbose": -1, "min_data_in_bin": 1})
    settings: dict[str, Any] = {
        "objective": "regression", "learning_rate": RATE, "num_leaves": LEAVES, "min_data_in_leaf": least,
        "bagging_fraction": 0.8, "bagging_freq": 1, "feature_fraction": 0.7, "lambda_l2": 5.0, "verbose": -1,
        "num_threads": 1, "seed": 0, "deterministic": True, "force_row_wise": True, "min_data_in_bin": 1,
    }  # fmt: skip
    booster = lightgbm.train(settings, data, num_boost_round=_TREES)
    return lambda x: np.asarray(booster.predict(x, num_threads=1), np.float64)


def _histogram_boosting(features: Floats, value: Floats, least: int) -> Callable[[Floats], Floats]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        max_iter=_TREES, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=least, l2_regularization=5.0,
        random_state=0, early_stopping=False,
    )  # fmt: skip
    model.fit(features, value)
    return lambda x: cast(Floats, np.asarray(model.predict(x), np.float64))
