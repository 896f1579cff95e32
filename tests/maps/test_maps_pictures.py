"""Pictures of maps, and the grey levels of published data sets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openckm.errors import InputError, OptionError
from openckm.maps import GreyScale, Observations, Points, render_png, write_png
from openckm.maps import pixels as px

HALF = 0.5 / 255 + 1e-6


@pytest.fixture
def readings(radiomap):
    x, y = radiomap.grid.centres()
    points = Points.exact(x[0], y[0], np.full(16, -90.0), sigma=3.0, unit="dBm")
    points.kind[:3] = "below"
    return points


def decoded(data):
    import io

    import matplotlib.image

    return matplotlib.image.imread(io.BytesIO(data), format="png")


@pytest.mark.parametrize("layer", ["mean", "std", "p05", "p90"])
@pytest.mark.parametrize("channel", ["gain_db", "aoa_sin"])
def test_layers_are_drawn(tmp_path, radiomap, readings, channel, layer):
    path = tmp_path / "map.png"
    write_png(radiomap, path, channel, layer, observations=Observations(points=(readings,)), dpi=40)
    picture = decoded(path.read_bytes())
    assert picture.shape[1] == 288
    assert len(np.unique(picture.reshape(-1, picture.shape[-1]), axis=0)) > 50
    assert [p.name for p in tmp_path.iterdir()] == ["map.png"]


def test_cells_that_are_not_valid_are_grey(radiomap):
    grey = np.array([0x9A] * 3) / 255

    def share(data):
        return np.isclose(decoded(data)[..., :3], grey, atol=0.01).all(-1).mean()

    with_buildings = share(render_png(radiomap, limits=(-110, -80), dpi=60))
    radiomap.dataset["valid"][:] = True
    assert with_buildings > share(render_png(radiomap, limits=(-110, -80), dpi=60)) + 0.03


def test_readings_in_another_unit_are_marked_without_colour(radiomap, readings):
    radiomap.provenance["unit"] = "dB"
    assert render_png(radiomap, observations=readings, dpi=40) != render_png(radiomap, dpi=40)


def test_a_constant_map_and_one_without_valid_cells_can_be_drawn(radiomap):
    radiomap.dataset["mean"][:] = -90.0
    render_png(radiomap, dpi=30)
    radiomap.dataset["valid"][:] = False
    render_png(radiomap, dpi=30)


def test_pictures_refuse_what_does_not_exist(tmp_path, radiomap):
    for options, word in (
        ({"layer": "max"}, "layer='max'"),
        ({"channel": "delay"}, "no channel"),
        ({"limits": (0.0, -1.0)}, "smaller first"),
        ({"dpi": 0}, "dpi=0"),
    ):
        with pytest.raises(OptionError, match=word):
            write_png(radiomap, tmp_path / "map.png", **options)
    with pytest.raises(OptionError, match=r"ends in \.png"):
        write_png(radiomap, tmp_path / "map.jpg")
    with pytest.raises(InputError, match="does not exist"):
        write_png(radiomap, tmp_path / "no" / "map.png", dpi=30)
    assert list(tmp_path.iterdir()) == []


# --- pixels


def within(low, high):
    return arrays(np.float64, (7,), elements=st.floats(low, high, allow_nan=False))


@given(within(-250.0, -50.0))
def test_p1_gain_survives_eight_bits(gain):
    back = px.gain_from_pixel(px.from_grey(px.to_grey(px.gain_to_pixel(gain))))
    assert np.abs(back - gain).max() <= 200 * HALF + 1e-4


@given(within(-1.0, 1.0))
def test_p1_sine_survives_eight_bits(sine):
    back = px.sine_from_pixel(px.from_grey(px.to_grey(px.sine_to_pixel(sine))))
    assert np.abs(back - sine).max() <= HALF / 0.35


@given(within(-180.0, 180.0))
def test_ckmimagenet_angle_survives_eight_bits(angle):
    back = px.aoa_from_pixel(px.from_grey(px.to_grey(px.aoa_to_pixel(angle))))
    assert np.abs(back - angle).max() <= HALF * 360 * 19 / 18 + 1e-3


@given(st.floats(-200, -100), st.floats(20, 150), arrays(np.uint8, (9,)))
def test_grey_scales_come_back_to_the_level(floor, span, grey):
    scale = GreyScale(floor, span)
    np.testing.assert_array_equal(scale.encode(scale.decode(grey)), grey)
    gain = floor + np.linspace(0, 1, 50) * span
    assert np.abs(scale.decode(scale.encode(gain)) - gain).max() <= span * HALF + 1e-3


def test_the_published_end_points():
    np.testing.assert_allclose(px.gain_to_pixel([-300, -250, -150, -50, 0]), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(px.sine_to_pixel([-1, 0, 1]), [0.3, 0.65, 1.0], rtol=1e-6)
    np.testing.assert_allclose(px.aoa_to_pixel([-180, 0, 180, 270]), [1 / 19, 10 / 19, 1, 5.5 / 19], rtol=1e-6)
    np.testing.assert_allclose(px.RADIOMAPSEER.decode([0, 255]), [-147.0, -47.84], rtol=1e-6)
    np.testing.assert_allclose(px.RADIOMAPSEER_THRESHOLDED.decode([0, 255]), [-127.0, -47.84], rtol=1e-6)
    np.testing.assert_allclose(px.RADIOMAP3DSEER.decode([0, 255]), [-111.0, -75.0], rtol=1e-6)


def test_the_threshold_of_radiomapseer_joins_its_two_scales():
    """Grey < 0.2 becomes 0, the rest (k - 51) / 204: both scales then give the same gain, to 0.2 dB."""
    grey = np.arange(51, 256)
    stretched = (grey - 51) / 204 * 255
    gap = px.RADIOMAPSEER.decode(grey) - px.RADIOMAPSEER_THRESHOLDED.decode(stretched)
    assert np.abs(gap).max() < 0.2


def test_buildings_are_dark_and_come_back_as_nan():
    building = np.array([True, False])
    assert px.gain_to_pixel([-100, -100], building).tolist() == [0.0, 0.75]
    assert np.isnan(px.gain_from_pixel([0.0, 0.75], building)).tolist() == [True, False]
    assert np.isnan(px.sine_from_pixel([0.0, 0.3])).tolist() == [True, False]
    assert np.isnan(px.aoa_from_pixel([0.0, 1 / 19])).tolist() == [True, False]
    assert px.RADIOMAPSEER.encode([-100.0, np.nan], building).tolist() == [0, 0]
    assert np.isnan(px.RADIOMAPSEER.decode([9, 9], building)).tolist() == [True, False]


@pytest.mark.parametrize("pixel", [-0.1, 1.1, np.nan])
def test_pixels_out_of_range_are_refused(pixel):
    with pytest.raises(OptionError, match=r"wanted values in \[0, 1\]"):
        px.to_grey([0.5, pixel])


@pytest.mark.parametrize(("floor", "span"), [(np.nan, 10.0), (-100.0, 0.0), (-100.0, np.inf)])
def test_scales_must_make_sense(floor, span):
    with pytest.raises(OptionError, match="positive span"):
        GreyScale(floor, span)
