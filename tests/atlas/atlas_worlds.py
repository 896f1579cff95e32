"""Small finished maps, made by code."""

import numpy as np
from scipy.ndimage import gaussian_filter

from openckm.maps import Grid, RadioMap

UTM = "EPSG:32617"
ORIGIN = (690_000.0, 3_986_000.0)


def smooth(rng, shape, width=6.0, std=8.0):
    field = gaussian_filter(rng.normal(size=shape), width)
    return std * (field - field.mean()) / field.std()


def make_map(
    seed=0, shape=(60, 80), *, draws=16, cell=2.0, origin=ORIGIN, crs=UTM, unit="dBm", direction=False, **facts
):
    """A smooth map with draws about its mean and a tenth of its cells in buildings."""
    rng = np.random.default_rng(seed)
    mean = -90 + smooth(rng, shape)
    channels, fields = ["gain_db"], [mean[None] + np.stack([smooth(rng, shape, std=4.0) for _ in range(draws)])]
    if direction:
        angle = smooth(rng, shape, 8.0, 1.5) + np.stack([smooth(rng, shape, 4.0, 0.3) for _ in range(draws)])
        channels += ["aoa_cos", "aoa_sin"]
        fields += [np.cos(angle), np.sin(angle)]
    valid = smooth(rng, shape, 2.0, 1.0) < 1.3
    grid = Grid(shape, cell, origin, crs)
    return RadioMap.from_draws(
        grid, np.stack(fields, 1).astype(np.float32), channels, valid=valid, provenance={"unit": unit, **facts}
    )
