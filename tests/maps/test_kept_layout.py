"""A layout that is kept beside a map comes back as it was, with what surrounds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openckm.errors import LayoutError
from openckm.maps import read_layout
from openckm.maps.buildings.kept import KEPT_LAYOUT, decode_layout, encode_layout
from openckm.maps.grid import Grid
from openckm.maps.site import Layout

INNER = Grid((24, 32), 4.0, (480_000.0, 6_600_000.0), "EPSG:3067")
WIDE = Grid((44, 52), 4.0, (480_000.0 - 40.0, 6_600_000.0 + 40.0), "EPSG:3067")


def layout() -> Layout:
    heights = np.random.default_rng(0).uniform(3, 40, WIDE.shape).astype(np.float32)
    heights[np.random.default_rng(1).random(WIDE.shape) < 0.6] = 0.0
    wide = Layout(WIDE, heights, 0.25, "town.osm", "ODbL")
    assumed = np.random.default_rng(2).random(INNER.shape) < 0.7
    return Layout(INNER, heights[10:34, 10:42], 0.25, "town.osm", "ODbL", around=wide, assumed=assumed)


@pytest.mark.parametrize("crs", ["EPSG:3067", None])
def test_it_comes_back_with_its_surroundings(crs):
    made = layout()
    grids = [Grid(g.shape, g.cell_m, g.origin, crs) for g in (INNER, WIDE)]
    made = replace(made, grid=grids[0], around=replace(made.around, grid=grids[1]))
    back = decode_layout(encode_layout(made), grids[0])
    np.testing.assert_array_equal(back.height_m, made.height_m)
    np.testing.assert_array_equal(back.around.height_m, made.around.height_m)
    np.testing.assert_array_equal(back.assumed, made.assumed)
    assert (back.grid, back.around.grid) == tuple(grids)
    assert (back.source, back.licence, back.height_known) == ("town.osm", "ODbL", 0.25)


def test_it_is_a_raster_of_heights_that_is_read_as_any_other(tmp_path):
    path = tmp_path / KEPT_LAYOUT
    path.write_bytes(encode_layout(layout()))
    np.testing.assert_allclose(read_layout(path, INNER).height_m, layout().height_m, atol=1e-3)


def test_one_on_other_cells_or_damaged_is_refused():
    content = encode_layout(layout())
    elsewhere = replace(INNER, origin=(480_002.0, 6_600_000.0))
    with pytest.raises(LayoutError, match="other cells"):
        decode_layout(content, elsewhere)
    with pytest.raises(LayoutError, match="other cells"):
        decode_layout(content, replace(INNER, shape=(200, 200)))
    for broken in (b"", content[: len(content) // 3], b"no raster"):
        with pytest.raises(LayoutError, match="damaged"):
            decode_layout(broken, INNER)
