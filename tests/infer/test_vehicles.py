"""Vehicles in the evidence: used by a prior that has learnt them, and said aloud where it has not."""

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import GridError
from openckm.infer.construct import LoadedPrior, OpenCKM
from openckm.infer.scene import prepare_scene
from openckm.maps.observations import Observations
from openckm.maps.site import Layout
from openckm.priors.denoiser import with_planes
from worlds import blocks_layout, centred_grid, tiny_denoiser, transmitter_near

GRID = centred_grid(24)
LAYOUT = blocks_layout(GRID)
SITE = Observations(layout=LAYOUT, transmitter=transmitter_near(GRID))
CARS = Layout(GRID, np.where(np.eye(24, dtype=bool), 1.5, 0.0).astype(np.float32), source="cars")
WITH = replace(SITE, vehicles=CARS)


def test_the_scene_shows_vehicles_in_the_streets_alone():
    moving = prepare_scene(WITH, GRID, 16).condition.moving
    assert moving.shape == (1, 3, 32, 32)
    here = moving[0, 0, :24, :24].numpy() > 0
    assert np.array_equal(here, (CARS.height_m > 0) & ~LAYOUT.building)
    assert bool((moving[0, 2] == 1).all())
    assert prepare_scene(SITE, GRID, 16).condition.moving is None
    with pytest.raises(GridError, match="vehicles on"):
        prepare_scene(replace(SITE, vehicles=blocks_layout(centred_grid(16))), GRID, 16)


def test_a_prior_that_has_learnt_vehicles_uses_them_and_any_other_says_that_it_does_not():
    plain, learnt = tiny_denoiser(), with_planes(tiny_denoiser(), ["vehicles"])
    learnt.network.entrance.weight.data[:, -12:] += 0.3
    answers = {}
    for name, network in (("plain", plain), ("learnt", learnt)):
        method = OpenCKM(LoadedPrior(network, name))
        answers[name] = [method.reconstruct(what, GRID, draws=2) for what in (SITE, WITH)]
    without, with_cars = (a.dataset["mean"].values for a in answers["plain"])
    assert np.array_equal(without, with_cars)
    assert answers["plain"][1].provenance["vehicles"] == "not used: this prior has not learnt vehicles"
    without, with_cars = (a.dataset["mean"].values for a in answers["learnt"])
    assert not np.allclose(without, with_cars) and answers["learnt"][1].provenance["vehicles"] == "used"
    assert "vehicles" not in answers["learnt"][0].provenance
    drawn = [a.dataset["draws"].values for a in answers["learnt"]]
    assert not np.allclose(*drawn), "draws must see the vehicles, too"
