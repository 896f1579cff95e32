"""What is taken from inside sionna-rt 2.2.0: direction per cell, and launch directions of our own.

Importing this module loads sionna-rt; only `raytrace.SceneTracer` does so, after probing. y points north
here; the caller flips rows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import drjit as dr
import mitsuba as mi
import numpy as np
import sionna.rt as rt
from numpy.typing import NDArray
from sionna.rt.antenna_pattern import PolarizedAntennaPattern
from sionna.rt.radio_map_solvers import radio_map_solver as solver_module

from openckm.data import sionna_edges
from openckm.data.guidance import Guide, launch_table, mean_scores, warp

if TYPE_CHECKING:
    from openckm.data.raytrace import Antenna, TraceOptions
    from openckm.maps.antenna_file import AntennaPattern

_Base: Any = solver_module.PlanarRadioMap
_STATE: dict[str, Any] = {}


class DirectionalMap(_Base):  # type: ignore[misc]
    """A planar map that also sums power over 72 bins of arrival azimuth, with its first moment in the bin."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        size = self.num_tx * self.cells_count * _STATE["bins"]
        self.spectrum = dr.zeros(mi.Float, size)
        self.offset = dr.zeros(mi.Float, size)

    def add_paths(
        self,
        e_fields: Any,
        array_w: Any,
        si: Any,
        k_world: Any,
        tx_indices: Any,
        active: Any,
        diffracted_paths: bool,
        solid_angle: Any = None,
        tx_positions: Any = None,
        wedges: Any = None,
        diff_point: Any = None,
        wedges_samples_cnt: Any = None,
        diffraction_angular_measure: Any = None,
    ) -> None:
        """Add paths to the cells that they reach, as the map of power does, and to the bins of their angles."""
        cell = self._local_to_cell_ind(si.uv)
        index = tx_indices * self.cells_count + cell
        a = dr.zeros(mi.Vector4f, 1)
        for field, weight in zip(e_fields, array_w, strict=True):
            a += weight @ field
        slope = dr.abs(k_world.z)
        power = dr.squared_norm(a) * self._normalization_factor
        power *= solid_angle * dr.rcp(slope) * _STATE["solid_angle_ratio"](slope)
        if _STATE["weight"] is not None:
            power *= _STATE["weight"]
        self.add_power(power, index, k_world, active)
        if _STATE["expected"] is not None:
            self._score(power, index, active & dr.isfinite(power))

    def _score(self, power: Any, index: Any, active: Any) -> None:
        """Add up, per launched ray, the squares of its shares in the gain of the cells that it crosses."""
        expected = dr.gather(mi.Float, _STATE["expected"], index, active)
        share = dr.select(power < expected, power / expected, 1.0)
        dr.scatter_reduce(dr.ReduceOp.Add, _STATE["scores"], share * share, _STATE["rays"], active)

    @property
    def normalization_per_point(self) -> Any:
        """(wavelength / 4 pi)^2, for fields at points instead of over areas."""
        return self._normalization_factor * self._cell_size[0] * self._cell_size[1]

    def add_power(self, power: Any, index: Any, k_world: Any, active: Any) -> None:
        """Add power of waves that travel along `k_world` to cells `index`; not-finite power is left out."""
        active = active & dr.isfinite(power)
        dr.scatter_reduce(dr.ReduceOp.Add, self._pathgain_map.array, value=power, index=index, active=active)
        bins = _STATE["bins"]
        turn = (dr.atan2(-k_world.y, -k_world.x) / dr.two_pi + 0.5) * bins
        number = dr.clip(mi.Int(dr.floor(turn)), 0, bins - 1)
        place = index * bins + number
        dr.scatter_reduce(dr.ReduceOp.Add, self.spectrum, value=power, index=place, active=active)
        moment = power * (turn - mi.Float(number) - 0.5)
        dr.scatter_reduce(dr.ReduceOp.Add, self.offset, value=moment, index=place, active=active)


@contextlib.contextmanager
def _patched(**state: Any) -> Iterator[None]:
    """Put our map class and launch lattice in the solver's module while a solve runs."""
    ours = {"PlanarRadioMap": DirectionalMap, "fibonacci_lattice": _lattice}
    before = {name: getattr(solver_module, name) for name in ours}
    for name, value in ours.items():
        setattr(solver_module, name, value)
    _STATE.update(state)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(solver_module, name, value)
        _STATE.clear()


def _lattice(count: int) -> Any:
    """Launch directions on the unit square as sionna-rt wants them: azimuth / 2 pi, (1 - k_z) / 2."""
    from openckm.data.raytrace import launch_cosine

    if _STATE["launch"] is None:
        x, u = _even(dr.arange(mi.Float64, 0, count), count, _STATE["shift"])
    else:
        x, u = (mi.Float64(v) for v in _STATE["launch"])
    k_z = launch_cosine(u, _STATE["height"], _STATE["radius"])
    return mi.Point2f(x, 0.5 * (1.0 + k_z))


def _even(n: Any, count: int, shift: Any) -> tuple[Any, Any]:
    """Even points of the unit square, moved by a seed's shift; on numpy and drjit arrays alike."""
    first, second = shift
    turn = n * (2.0 / (1.0 + math.sqrt(5.0))) + first
    floor = np.floor if isinstance(n, np.ndarray) else dr.floor
    return turn - floor(turn), (n + second) / count


def _mesh(name: str, vertices: NDArray[np.float32], faces: NDArray[np.uint32]) -> Any:
    mesh = mi.Mesh(
        name,
        vertex_count=len(vertices),
        face_count=len(faces),
        has_vertex_normals=False,
        has_vertex_texcoords=False,
    )
    params = mi.traverse(mesh)
    params["vertex_positions"] = np.ravel(vertices)
    params["faces"] = np.ravel(faces)
    params.update()
    return mesh


_MATERIALS = {"buildings": ("concrete", 0.3), "vehicles": ("metal", 0.1)}
"""Material and thickness [m] of each mesh."""
Meshes = dict[str, tuple[NDArray[np.float32], NDArray[np.uint32]]]


def build_scene(meshes: Meshes, half_m: float) -> Any:
    """Return a sionna scene of meshes named as in _MATERIALS on a square ground of half side `half_m` [m]."""
    scene = rt.load_scene()
    ground = rt.RadioMaterial("openckm-ground", thickness=5.0)
    h = half_m
    plane = np.array([[-h, -h, 0], [h, -h, 0], [h, h, 0], [-h, h, 0]], np.float32)
    shapes = [_object("ground", plane, np.array([[0, 1, 2], [0, 2, 3]], np.uint32), ground)]
    for name, (vertices, faces) in meshes.items():
        if len(faces):
            material, thickness = _MATERIALS[name]
            radio = rt.RadioMaterial(f"openckm-{material}", thickness=thickness)
            shapes.append(_object(name, vertices, faces, radio))
    scene.edit(add=shapes)
    return scene


def _object(name: str, vertices: NDArray[np.float32], faces: NDArray[np.uint32], radio_material: Any) -> Any:
    return rt.SceneObject(mi_mesh=_mesh(name, vertices, faces), name=name, radio_material=radio_material)


def set_up(scene: Any, antenna: Antenna, carrier_hz: float) -> None:
    """Set carrier, materials and the only transmitter of a scene."""
    from openckm.maps.rays.materials import material

    scene.frequency = carrier_hz
    for name in ("concrete", "ground", "metal"):
        permittivity, conductivity = material(name, carrier_hz)
        radio = scene.radio_materials.get(f"openckm-{name}")
        if radio is not None:
            radio.relative_permittivity = permittivity
            radio.conductivity = conductivity
    pattern = "iso" if antenna.azimuth_deg is None else "tr38901"
    scene.tx_array = rt.PlanarArray(num_rows=1, num_cols=1, pattern=pattern, polarization="V")
    if antenna.azimuth_deg is not None and antenna.pattern is not None:
        scene.tx_array.antenna_pattern = PolarizedAntennaPattern(
            v_pattern=_vertical_pattern(antenna.pattern), polarization="V"
        )
    for name in list(scene.transmitters):
        scene.remove(name)
    angles = [math.radians(antenna.azimuth_deg or 0.0), math.radians(antenna.downtilt_deg), 0.0]
    scene.add(rt.Transmitter("tx", position=[antenna.x_m, antenna.y_m, antenna.z_m], orientation=angles))


def _vertical_pattern(pattern: AntennaPattern) -> Callable[[Any, Any], Any]:
    """Return a pattern by its two cuts as sionna-rt asks for it: the field at (zenith, azimuth) [rad] of the boresight.

    sionna-rt counts azimuths counter-clockwise and zeniths from above; the cuts go clockwise and down from the horizon.
    """
    cuts = (pattern.horizontal_db, pattern.vertical_db)
    tables = [mi.Float(np.append(cut, cut[0]).astype(np.float32)) for cut in cuts]

    def looked_up(table: Any, radians: Any) -> Any:
        degrees = dr.rad2deg(radians)
        degrees = degrees - dr.floor(degrees / 360.0) * 360.0
        below = dr.minimum(mi.UInt(degrees), 359)
        share = degrees - mi.Float(below)
        return dr.lerp(dr.gather(mi.Float, table, below), dr.gather(mi.Float, table, below + 1), share)

    def field(theta: Any, phi: Any) -> Any:
        loss = looked_up(tables[0], -phi) + looked_up(tables[1], theta - 0.5 * dr.pi)
        amplitude: Any = dr.exp((pattern.peak_dbi - loss) * (math.log(10.0) / 20.0))  # 10^(dB / 20)
        made: Any = mi.Complex2f
        return made(amplitude, 0)

    return field


def solve(
    scene: Any,
    edges: Any,
    antenna: Antenna,
    carrier_hz: float,
    options: TraceOptions,
    seed: int,
    free: NDArray[np.uint32],
    guide: Guide,
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32], Guide | None]:
    """Return gain (rows, cols), spectrum and first moment (72, rows, cols), row 0 = south, and a guide for more."""
    from openckm.data.raytrace import AOA_BINS

    o = options
    set_up(scene, antenna, carrier_hz)
    shift = np.random.default_rng([seed, 77]).random(4)
    with _patched(**_launch_state(antenna, o, shift), **_guide_state(guide, o.rays, shift)):
        solver: Any = rt.RadioMapSolver()
        result: Any = solver(
            scene,
            center=mi.Point3f(0.0, 0.0, o.receiver_m),
            orientation=mi.Point3f(0.0),
            size=mi.Point2f(2 * o.half_m),
            cell_size=mi.Point2f(o.cell_m),
            samples_per_tx=o.rays,
            max_depth=o.max_depth,
            refraction=False,
            diffraction=False,
            seed=seed % 2**31,
        )
        table = launch_table(_mean_scores(o.rays, shift)) if guide.expected is not None else None
        opaque = [dr.opaque(mi.Float64, float(v)) for v in shift[2:]]
        expected = None if guide.expected is None else guide.expected[::-1]
        pairs = [
            sionna_edges.add_diffraction(solver, scene, result, some, free, o, opaque, known, expected)
            for some, known in zip(edges, guide.pairs or [None] * len(edges), strict=True)
        ]
        gain = np.array(result.path_gain)[0].astype(np.float64)
        planes = [np.array(v).reshape(o.cells, o.cells, AOA_BINS) for v in (result.spectrum, result.offset)]
    more = None if table is None else Guide(tuple(pairs), table)
    return gain, np.moveaxis(planes[0], 2, 0), np.moveaxis(planes[1], 2, 0), more


def _launch_state(antenna: Antenna, options: TraceOptions, shift: NDArray[np.float64]) -> dict[str, Any]:
    from openckm.data.raytrace import AOA_BINS, launch_density

    height = antenna.z_m - options.receiver_m
    radius = math.hypot(abs(antenna.x_m) + options.half_m, abs(antenna.y_m) + options.half_m)
    h, r = dr.opaque(mi.Float, height), dr.opaque(mi.Float, radius)
    return {
        "bins": AOA_BINS,
        "shift": [dr.opaque(mi.Float64, float(v)) for v in shift[:2]],
        "height": dr.opaque(mi.Float64, height),
        "radius": dr.opaque(mi.Float64, radius),
        "solid_angle_ratio": lambda c: 0.5 / launch_density(c, h, r),
    }


def _guide_state(guide: Guide, rays: int, shift: NDArray[np.float64]) -> dict[str, Any]:
    state: dict[str, Any] = dict.fromkeys(("launch", "weight", "expected", "scores", "rays"))
    if guide.table is not None:
        x, u, weight = warp(guide.table, *_even(np.arange(rays, dtype=np.float64), rays, shift[:2]))
        state |= {"launch": (x, u), "weight": mi.Float(weight.astype(np.float32))}
    if guide.expected is not None:
        state |= {
            "expected": mi.Float(np.ravel(guide.expected[::-1]).astype(np.float32)),
            "scores": dr.zeros(mi.Float, rays),
            "rays": dr.arange(mi.UInt, rays),
        }
        dr.eval(state["scores"], state["rays"])
    return state


def _mean_scores(rays: int, shift: NDArray[np.float64]) -> NDArray[np.float64]:
    x, u = _even(np.arange(rays, dtype=np.float64), rays, shift[:2])
    return mean_scores(x, u, np.array(_STATE["scores"], np.float64))
