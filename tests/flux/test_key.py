"""Two questions share a key exactly where nothing that matters differs, and only for one owner."""

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import InputError
from openckm.flux.key import EMBEDDING, canonical, digest, embed, secret_of
from openckm.maps.grid import Grid
from openckm.maps.observations import Points
from openckm.maps.site import Layout, Transmitter

GRID = Grid((48, 40), 2.0)


def layout(seed: int = 0) -> Layout:
    rng = np.random.default_rng(seed)
    coarse = np.where(rng.random((12, 10)) > 0.7, rng.uniform(5, 30, (12, 10)), 0.0)
    return Layout(GRID, np.kron(coarse, np.ones((4, 4))).astype(np.float32))


TX = Transmitter(30.0, -40.0, 20.0)
READ = Points.exact([3.0, 9.0], [-4.0, -8.0], [-80.0, -90.0], sigma=2.0, unit="dBm", source="drive")


def test_the_key_changes_with_everything_that_matters():
    what = (GRID, layout(), TX, READ, {"draws": 8, "steps": 10})
    key = digest(what)
    assert key == digest((GRID, layout(), TX, READ, {"steps": 10, "draws": 8}))
    taller = replace(layout(), height_m=np.where(layout().height_m > 0, layout().height_m + 0.1, 0).astype(np.float32))
    for k, other in enumerate(
        (
            Grid((48, 40), 2.5),
            taller,
            replace(TX, x=30.1),
            replace(READ, value=READ.value + 0.01),
            {"draws": 9, "steps": 10},
        )
    ):
        assert digest((*what[:k], other, *what[k + 1 :])) != key, k


def test_what_is_below_every_instrument_and_names_that_are_not_compared_do_not_change_it():
    assert digest(replace(TX, x=30.0 + 1e-9, name="north mast")) == digest(TX)
    assert digest(np.float32(10.1)) == digest(10.1)
    assert digest((1.0, None, True)) != digest((1.0, None, False))


def test_numbers_that_are_none_and_numbers_that_are_large_are_told_apart():
    values = [np.inf, -np.inf, np.nan, 0.0, 1e13, 1.00001e13, -1e13, 28e9, 3.5e9]
    assert len({digest(np.array([v])) for v in values}) == len(values)
    assert canonical(1.5) == 1_500_000


def test_what_has_no_form_is_refused():
    with pytest.raises(InputError, match="no form"):
        canonical(object())


def test_an_owner_finds_its_own_keys_alone_and_nothing_tells_the_token():
    a, b = secret_of("token a"), secret_of("token b")
    assert a == secret_of("token a") and a[0] != b[0] and a[1] != b[1]
    assert digest(READ, a[1]) != digest(READ, b[1]) != digest(READ)
    assert b"token a" not in a[0].encode() + a[1]


def test_nearer_sites_are_nearer_in_the_embedding():
    here = embed(GRID, layout(), TX)
    assert here.shape == (EMBEDDING,) and here.dtype == np.float32
    assert np.array_equal(here, embed(GRID, layout(), replace(TX, name="x")))

    def far(other: np.ndarray) -> float:
        return float(np.linalg.norm(here - other))

    moved = [far(embed(GRID, layout(), replace(TX, x=30.0 + d))) for d in (2.0, 4.0, 10.0, 20.0)]
    assert moved == sorted(moved) and moved[0] > 0
    assert far(embed(GRID, layout(7), TX)) > moved[1]
    assert (
        np.isfinite(embed(Grid((8, 8), 2.0), None, None)).all()
        and np.isfinite(embed(Grid((300, 20), 1.0), None, TX)).all()
    )


def test_pooling_keeps_the_mean_of_any_shape():
    from openckm.flux.key import _pooled

    field = np.random.default_rng(0).random((48, 80))
    assert _pooled(field).shape == (16, 16)
    assert _pooled(field).mean() == pytest.approx(field.mean())
    np.testing.assert_allclose(_pooled(field)[0, 0], field[:3, :5].mean())
    assert _pooled(np.ones((5, 33))) == pytest.approx(np.ones((16, 16)))
