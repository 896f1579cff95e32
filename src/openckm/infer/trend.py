r"""One expert believes no learned map: it kriges the readings, with slopes over log-distance and what rays bring.

    y_i = offset + b_d + a 10 log10 r(s_i) + pattern(bearing_i) + c rays(s_i) + delta(s_i) + eps_i  (1)

What the readings said of the discrepancy, the noise and limits about the prior's map is taken as it is
(`openckm.observe.field.discrepancy.refit`), so that the expert costs no estimate and no further factor of the
covariance. The antenna's pattern is that of received power with a known boresight, as for the site expert
(`openckm.infer.scene`). Beside experts that hold a map it is what classical kriging knows of the site, and where the
prior's shadows are not those of the place, the blend is nearer to it. Held-out measured sets (`ckm bench duke`,
`ckm bench real`) say what it is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openckm.infer.experts import Expert, all_rows, left_out
from openckm.infer.scene import MIN_READINGS, Scene
from openckm.observe.field.discrepancy import DiscrepancyFit, refit

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trend:
    """See the module.

    Attributes:
        fit: level, slope and discrepancy.
        matrix: rows of H of every cell of the scene, shape (cells, p).
        held_out: what it says of each reading from the other folds, shape (n,); of none where no folds were given.
        held_out_std: standard deviation of the same, the reading's noise included, shape (n,).
    """

    fit: DiscrepancyFit
    matrix: Array
    held_out: Array
    held_out_std: Array

    def mean(self, scene: Scene) -> Array:
        """Return the mean of the wanted cells of a scene [unit of the readings], shape (m,)."""
        return self.fit.mean(scene.places[scene.asked], self.matrix[scene.asked])


def trend_expert(scene: Scene, site: Expert, fold: NDArray[np.intp] | None = None) -> Trend | None:
    """Return the expert; None where readings are of more than one cell, or hardly any is a value.

    Args:
        scene: the evidence.
        site: the site expert on it.
        fold: the fold of each used reading, shape (n,); None where its weight is known.
    """
    if scene.extended is not None or int(scene.plain.sum()) < MIN_READINGS:
        return None
    basis = scene.bare_design()
    rows = all_rows(scene, basis.matrix, None)
    fit = refit(site.fit, rows, prior_mean=basis.prior_mean, prior_std=basis.prior_std)
    held = left_out(fit, fold if fold is not None else np.zeros(0, np.intp))
    return Trend(fit, basis.matrix, held.mean, held.std)
