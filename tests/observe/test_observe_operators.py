"""What each operator does, in numbers, and how it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from openckm.errors import GridError, InputError, LayoutError, OptionError, OutsideGrid, UnitError
from openckm.maps import Grid, Points
from openckm.observe import (
    AffineOffset,
    Compose,
    DbToLinear,
    Domain,
    Downsample,
    Identity,
    Joint,
    LinearOperator,
    LinearToDb,
    Mask,
    PointSample,
    Quantize,
    QuantizeAngle,
    QuantizeDirection,
    Select,
    Truncate,
    box_mask,
    compose,
    from_points,
    gaussian_noise,
    joint_truncate_quantize,
    map_domain,
    random_mask,
    simulate,
    straight_through,
)

P1 = map_domain((16, 16), "pixel", ("gain_db", "aoa_sin", "building"))
FREE = np.zeros((16, 16), dtype=np.bool_)


def gain_domain(*shape: int, scale: str = "latent") -> Domain:
    return Domain(("gain_db",), scale, shape)


def test_bicubic_taps_are_those_of_the_released_code():
    operator = Downsample(gain_domain(32, 32), 2)
    row = operator.dense().reshape(16, 16, 32, 32)[8, 8].sum(dim=0)
    taps = [-0.0117, -0.0352, 0.1133, 0.4336, 0.4336, 0.1133, -0.0352, -0.0117]
    np.testing.assert_allclose(row[13:21], taps, atol=5e-5)
    assert torch.count_nonzero(row) == 8


def test_downsampling_mirrors_its_border_and_keeps_constants():
    operator = Downsample(gain_domain(8, 4), 2)
    constant = operator(torch.full((1, 1, 8, 4), 3.0, dtype=torch.float64))
    torch.testing.assert_close(constant, torch.full((1, 1, 4, 2), 3.0, dtype=torch.float64))
    x = torch.arange(8.0, dtype=torch.float64)[None, None, :, None].expand(1, 1, 8, 4)
    taps = np.array([-0.01171875, -0.03515625, 0.11328125, 0.43359375])
    taps = np.concatenate([taps, taps[::-1]])
    mirrored = np.array([2, 1, 0, 0, 1, 2, 3, 4])
    assert operator(x)[0, 0, 0, 0] == pytest.approx(float(taps @ mirrored))


def test_downsampling_agrees_with_torch_inside_an_image():
    x = torch.randn(2, 1, 32, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ours = Downsample(gain_domain(32, 32), 4)(x)
    theirs = torch.nn.functional.interpolate(x, scale_factor=0.25, mode="bicubic", antialias=True)
    torch.testing.assert_close(ours[..., 2:-2, 2:-2], theirs[..., 2:-2, 2:-2])
    blocks = Downsample(gain_domain(32, 32), 4, "mean")(x)
    torch.testing.assert_close(blocks, torch.nn.functional.avg_pool2d(x, 4))


def test_downsampling_refuses_shapes_it_does_not_divide():
    with pytest.raises(GridError, match="divide"):
        Downsample(gain_domain(9, 8), 2)
    with pytest.raises(OptionError, match="factor"):
        Downsample(gain_domain(8, 8), 0)


def test_states_of_the_wrong_shape_are_refused():
    with pytest.raises(GridError, match="wanted floating"):
        Identity(P1)(torch.zeros(1, 2, 16, 16))
    with pytest.raises(GridError):
        Identity(P1)(torch.zeros(1, 3, 16, 16, dtype=torch.int64))


def test_composition_refuses_mixed_scales_and_channels():
    truncate = Truncate(gain_domain(8, 8, scale="db"), -120.0, -60.0)
    with pytest.raises(UnitError, match="latent"):
        truncate @ Identity(gain_domain(8, 8))
    with pytest.raises(GridError):
        truncate @ Identity(gain_domain(8, 4, scale="db"))
    with pytest.raises(InputError):
        compose()
    decode = AffineOffset(gain_domain(8, 8), -100.0, 40.0, "db")
    chained = truncate @ decode
    assert type(chained) is Compose and not isinstance(chained, LinearOperator)
    assert chained(torch.full((1, 1, 8, 8), 9.0)).max() == -60.0


def test_average_of_power_is_taken_in_linear_scale():
    db, average = gain_domain(2, 2, scale="db"), Downsample(gain_domain(2, 2, scale="linear"), 2, "mean")
    area = compose(LinearToDb(gain_domain(1, 1, scale="linear")), average, DbToLinear(db))
    x = torch.tensor([[-60.0, -90.0], [-90.0, -90.0]], dtype=torch.float64)[None, None]
    expected = 10 * math.log10((1e-6 + 3e-9) / 4)
    assert area(x).item() == pytest.approx(expected)
    with pytest.raises(UnitError):
        compose(average, Identity(db))


def test_composition_of_linear_operators_is_linear_and_knows_its_support():
    mask = Mask(gain_domain(8, 8), FREE[:8, :8])
    chain = Mask(gain_domain(8, 8), ~FREE[:8, :8]) @ mask
    assert isinstance(chain, LinearOperator)
    assert not chain.support().any()


def test_mask_keeps_known_channels_and_accepts_one_mask_per_sample():
    observed = np.ones((16, 16), dtype=np.bool_)
    observed[2:5, 3:9] = False
    mask = Mask.cells(P1, observed)
    y = mask(torch.ones(2, 3, 16, 16))
    assert (y[:, 2] == 1).all() and (y[:, :2, 2:5, 3:9] == 0).all() and y[:, 0].sum() == 2 * (256 - 18)
    each = torch.stack([torch.ones(1, 16, 16), torch.zeros(1, 16, 16)]).bool()
    assert Mask(P1, each)(torch.ones(2, 3, 16, 16)).sum(dim=(1, 2, 3)).tolist() == [768.0, 0.0]
    with pytest.raises(GridError, match="boolean"):
        Mask(P1, np.ones((16, 16)))
    with pytest.raises(GridError):
        Mask(P1, np.ones((8, 16), dtype=np.bool_))


def test_a_nan_in_a_hidden_cell_does_not_leak():
    x = torch.full((1, 1, 2, 2), torch.nan)
    assert (Mask(gain_domain(2, 2), FREE[:2, :2])(x) == 0).all()


def test_box_mask_hides_one_box_without_buildings():
    building = np.zeros((128, 128), dtype=np.bool_)
    building[40:90, 40:90] = True
    heights = set()
    for seed in range(200):
        observed = box_mask(building, np.random.default_rng(seed))
        rows, cols = np.nonzero(~observed)
        height, width = np.ptp(rows) + 1, np.ptp(cols) + 1
        assert len(rows) == height * width and 5 <= height < 50 and 5 <= width < 50
        assert not (building & ~observed).any()
        heights |= {height, width}
    assert min(heights) == 5 and max(heights) >= 47
    twice = [box_mask(building, np.random.default_rng(3)) for _ in range(2)]
    np.testing.assert_array_equal(*twice)


def test_box_mask_says_when_nothing_fits():
    with pytest.raises(LayoutError, match="no box"):
        box_mask(np.ones((32, 32), dtype=np.bool_), np.random.default_rng(0))
    with pytest.raises(OptionError):
        box_mask(FREE, np.random.default_rng(0), sides=(5, 5))


def test_random_mask_drops_the_papers_share_and_no_building():
    building = np.zeros((128, 128), dtype=np.bool_)
    building[:, :64] = True
    shares, rng = [], np.random.default_rng(0)
    for _ in range(1000):
        observed = random_mask(building, rng)
        assert observed[building].all()
        shares.append((~observed[:, 64:]).mean())
    assert np.mean(shares) == pytest.approx((0.001526 + 0.1526) / 2, abs=4 * 0.0436 / 1000**0.5)
    assert max(shares) < 0.17
    with pytest.raises(OptionError):
        random_mask(building, np.random.default_rng(0), rates=(0.5, 0.1))


def test_joint_task_of_the_paper_in_numbers():
    building = FREE.copy()
    building[0, 0] = True
    operator = joint_truncate_quantize(P1, building)
    x = torch.rand(2, 3, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    x[:, 1] = 0.35 * torch.sin(torch.deg2rad(torch.tensor(10.0, dtype=torch.float64))) + 0.65
    y = operator(x)
    assert y[:, 0].min() == 0.2 and y[:, 0].max() == 0.7
    assert (y[:, 1, 0, 0] == 0).all()
    assert y[0, 1, 5, 5].item() == pytest.approx(0.35 * math.sin(math.radians(7.5)) + 0.65)
    assert torch.equal(y[:, 2], x[:, 2])


def test_angle_quantiser_takes_the_building_mask_from_its_argument_not_from_the_estimate():
    operator = QuantizeAngle(P1.only("aoa_sin"), 24, FREE)
    near_zero = torch.full((1, 1, 16, 16), 0.01)
    assert (operator(near_zero) > 0.29).all()


@pytest.mark.parametrize("sectors", [2, 4, 6, 10, 24])
def test_angle_quantiser_agrees_with_quantising_the_angle_itself(sectors):
    theta = np.random.default_rng(0).uniform(-180, 180, 256)
    width = 360 / sectors
    centre = -180 + (np.floor((theta + 180) / width) + 0.5) * width
    x = torch.as_tensor(0.35 * np.sin(np.radians(theta)) + 0.65).reshape(1, 1, 16, 16)
    y = QuantizeAngle(P1.only("aoa_sin"), sectors, FREE)(x)
    np.testing.assert_allclose(y.flatten(), 0.35 * np.sin(np.radians(centre)) + 0.65, atol=1e-12)


def test_direction_quantiser_agrees_with_quantising_the_angle():
    domain = map_domain((16, 16), "linear", ("aoa_cos", "aoa_sin"))
    theta = np.random.default_rng(0).uniform(-180, 180, (16, 16))
    x = torch.as_tensor(np.stack([np.cos(np.radians(theta)), np.sin(np.radians(theta))]))[None]
    centre = np.radians(-180 + (np.floor((theta + 180) / 15) + 0.5) * 15)
    y = QuantizeDirection(domain, 24)(x)
    np.testing.assert_allclose(y[0], np.stack([np.cos(centre), np.sin(centre)]), atol=1e-12)
    latent = QuantizeDirection(map_domain((16, 16), "latent", ("aoa_cos", "aoa_sin")), 24)
    np.testing.assert_allclose(latent(x).norm(dim=1), 0.7)


def test_quantisers_refuse_what_makes_no_sense():
    with pytest.raises(OptionError, match="even"):
        QuantizeAngle(P1.only("aoa_sin"), 5, FREE)
    with pytest.raises(UnitError):
        QuantizeAngle(map_domain((16, 16)).only("aoa_sin"), 24, FREE)
    with pytest.raises(GridError):
        QuantizeAngle(P1.only("aoa_sin"), 24, FREE[:8])
    with pytest.raises(InputError):
        QuantizeDirection(map_domain((16, 16)).only("gain_db"), 24)
    with pytest.raises(UnitError):
        QuantizeDirection(map_domain((16, 16), "db", ("aoa_cos", "aoa_sin")), 24)
    for bad in ({}, {"step": 1.0, "levels": (0.0,)}, {"step": -1.0}, {"levels": (1.0, 0.0)}):
        with pytest.raises(OptionError):
            Quantize(gain_domain(4, 4), **bad)
    with pytest.raises(OptionError):
        Truncate(gain_domain(4, 4), 1.0, 1.0)
    with pytest.raises(UnitError):
        Domain(("gain_db",), "dBm", (4, 4))
    with pytest.raises(UnitError):
        DbToLinear(gain_domain(4, 4))
    with pytest.raises(InputError):
        Domain(("a", "a"), "db", (4, 4))


@pytest.mark.parametrize(
    "operator",
    [
        Truncate(P1.only("gain_db"), 0.4, 0.7),
        Quantize(P1.only("gain_db"), step=0.13),
        Quantize(P1.only("gain_db"), levels=(0.2, 0.3, 0.8)),
        QuantizeAngle(P1.only("aoa_sin"), 24, FREE),
        QuantizeAngle(P1.only("aoa_sin"), 10, FREE),
    ],
)
def test_bounds_of_a_reading_hold_the_truth_and_map_to_the_reading(operator):
    x = torch.rand(4, 1, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 0.7 + 0.3
    y = operator(x)
    low, high = operator.bounds(y)
    slack = 1e-12
    assert (low - slack <= x).all() and (x <= high + slack).all()
    for end, inward in ((low, 1e-6), (high, -1e-6)):
        inside = torch.where(low == high, x, end + inward)
        ok = torch.isfinite(end) & (inside > 0.3) & (inside < 1.0)
        torch.testing.assert_close(operator(torch.where(ok, inside, x)), y, atol=1e-9, rtol=0)


def test_bounds_on_buildings_say_nothing():
    operator = QuantizeAngle(P1.only("aoa_sin"), 24, ~FREE)
    low, high = operator.bounds(operator(torch.rand(1, 1, 16, 16)))
    assert torch.isneginf(low).all() and torch.isposinf(high).all()


def test_joint_refuses_parts_that_do_not_fit():
    gain = Truncate(P1.only("gain_db"), 0.2, 0.7)
    with pytest.raises(InputError, match="share"):
        Joint(P1, gain, gain)
    with pytest.raises(UnitError):
        Joint(map_domain((16, 16)), gain)
    with pytest.raises(GridError):
        Joint(P1, Downsample(P1.only("gain_db"), 2))
    hidden = Joint(P1, Mask(P1.only("gain_db"), FREE)).support()
    assert not hidden[:, 0].any() and hidden[:, 1:].all()


def test_straight_through_refuses_operators_that_mix_cells_or_change_shape():
    with pytest.raises(OptionError):
        straight_through(Downsample(P1, 2))
    with pytest.raises(GridError):
        straight_through(DbToLinear(gain_domain(4, 4, scale="db")))


def test_points_read_their_cells():
    grid = Grid((4, 6), 10.0)
    points = Points.exact(np.array([5.0, 55.0]), np.array([-5.0, -35.0]), np.zeros(2), sigma=1.0, unit="dB")
    operator = from_points(points, grid)
    x = torch.arange(4 * 6, dtype=torch.float32).reshape(1, 1, 4, 6).expand(1, 5, 4, 6)
    assert operator(x).tolist() == [[[0.0, 23.0]]]
    with pytest.raises(OutsideGrid):
        from_points(Points.exact(np.array([70.0]), np.array([-5.0]), np.zeros(1), sigma=1.0), grid)
    with pytest.raises(GridError, match="outside"):
        PointSample(map_domain((4, 6)), np.array([4]), np.array([0]))
    with pytest.raises(InputError):
        from_points(points, grid, channels=("building",))


def test_select_reads_a_channel_exactly():
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(Select(P1, "building")(x), x[:, 2:])
    with pytest.raises(InputError):
        Select(P1, "tx")


def test_simulated_noise_is_seeded_per_sample_and_stays_on_the_support():
    mask = Mask(P1, FREE | (np.arange(16) < 8))
    x = torch.zeros(4, 3, 16, 16)
    draw = lambda n: simulate(mask, x[:n], 0.5, torch.Generator().manual_seed(3))  # noqa: E731
    assert torch.equal(draw(4)[:2], draw(2))
    assert (draw(4)[..., 8:] == 0).all()
    assert draw(4)[..., :8].std() == pytest.approx(0.5, rel=0.05)
    assert not torch.equal(draw(2)[0], draw(2)[1])
    assert gaussian_noise(x[:0], torch.Generator()).shape == (0, 3, 16, 16)
    with pytest.raises(OptionError):
        simulate(mask, x, -1.0, torch.Generator())


def test_one_position_outside_is_enough_to_be_refused():
    from openckm.observe import PositionBlur

    domain = map_domain((6, 8), channels=("gain_db",))
    with pytest.raises(GridError, match="1 positions"):
        PositionBlur(domain, np.array([2.0, 6.0]), np.array([3.0, 3.0]), 1.0)


def test_a_box_as_high_as_the_map_has_room():
    from openckm.observe.masks import _free_windows

    assert _free_windows(np.zeros((5, 7), bool), 5, 3).tolist() == [[True] * 5]
    assert _free_windows(np.zeros((5, 7), bool), 6, 3).size == 0
