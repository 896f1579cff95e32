"""What is taken from inside sionna-rt 2.2.0: direction per cell, and launch directions of our own.

Importing this module loads sionna-rt; only `raytrace.SceneTracer` does so, after probing. y points north
here; the caller flips rows.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import drjit as dr
import mitsuba as mi
import numpy as np
import sionna.rt as rt
from numpy.typing import NDArray
from sionna.rt.radio_map_solvers import radio_map_solver as solver_module

from openckm.data import sionna_edges

if TYPE_CHECKING:
    from openckm.data.raytrace import Antenna, TraceOptions

__all__ = ["build_scene", "solve"]

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
        cell = self._local_to_cell_ind(si.uv)
        index = tx_indices * self.cells_count + cell
        a = dr.zeros(mi.Vector4f, 1)
        for field, weight in zip(e_fields, array_w, strict=True):
            a += weight @ field
        slope = dr.abs(k_world.z)
        power = dr.squared_norm(a) * self._normalization_factor
        power *= solid_angle * dr.rcp(slope) * _STATE["solid_angle_ratio"](slope)
        self.add_power(power, index, k_world, active)

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

    n = dr.arange(mi.Float64, 0, count)
    golden = (1.0 + math.sqrt(5.0)) / 2.0
    x = n / golden + mi.Float64(_STATE["shift"][0])
    u = (n + mi.Float64(_STATE["shift"][1])) / count
    k_z = launch_cosine(u, _STATE["height"], _STATE["radius"])
    return mi.Point2f(x - dr.floor(x), 0.5 * (1.0 + k_z))


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


def build_scene(vertices: NDArray[np.float32], faces: NDArray[np.uint32], half_m: float) -> Any:
    """Return a sionna scene of the buildings on a square ground of half side `half_m` [m]."""
    scene = rt.load_scene()
    concrete = rt.RadioMaterial("openckm-concrete", thickness=0.3)
    ground = rt.RadioMaterial("openckm-ground", thickness=5.0)
    h = half_m
    plane = np.array([[-h, -h, 0], [h, -h, 0], [h, h, 0], [-h, h, 0]], np.float32)
    shapes = [_object("ground", plane, np.array([[0, 1, 2], [0, 2, 3]], np.uint32), ground)]
    if len(faces):
        shapes.append(_object("buildings", vertices, faces, concrete))
    scene.edit(add=shapes)
    return scene


def _object(name: str, vertices: NDArray[np.float32], faces: NDArray[np.uint32], radio_material: Any) -> Any:
    return rt.SceneObject(mi_mesh=_mesh(name, vertices, faces), name=name, radio_material=radio_material)


def _set_up(scene: Any, antenna: Antenna, carrier_hz: float) -> None:
    from openckm.data.raytrace import material

    scene.frequency = carrier_hz
    for name in ("concrete", "ground"):
        permittivity, conductivity = material(name, carrier_hz)
        radio = scene.radio_materials.get(f"openckm-{name}")
        if radio is not None:
            radio.relative_permittivity = permittivity
            radio.conductivity = conductivity
    pattern = "iso" if antenna.azimuth_deg is None else "tr38901"
    scene.tx_array = rt.PlanarArray(num_rows=1, num_cols=1, pattern=pattern, polarization="V")
    for name in list(scene.transmitters):
        scene.remove(name)
    angles = [math.radians(antenna.azimuth_deg or 0.0), math.radians(antenna.downtilt_deg), 0.0]
    scene.add(rt.Transmitter("tx", position=[antenna.x_m, antenna.y_m, antenna.z_m], orientation=angles))


def solve(
    scene: Any,
    edges: Any,
    antenna: Antenna,
    carrier_hz: float,
    options: TraceOptions,
    seed: int,
    free: NDArray[np.uint32],
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Return gain (rows, cols), spectrum and first moment (72, rows, cols); row 0 = south."""
    from openckm.data.raytrace import AOA_BINS, launch_density

    o = options
    _set_up(scene, antenna, carrier_hz)
    height = antenna.z_m - o.receiver_m
    radius = math.hypot(abs(antenna.x_m) + o.half_m, abs(antenna.y_m) + o.half_m)
    shift = [dr.opaque(mi.Float64, float(v)) for v in np.random.default_rng([seed, 77]).random(4)]
    h, r = dr.opaque(mi.Float, height), dr.opaque(mi.Float, radius)
    state = {
        "bins": AOA_BINS,
        "shift": shift,
        "height": dr.opaque(mi.Float64, height),
        "radius": dr.opaque(mi.Float64, radius),
        "solid_angle_ratio": lambda c: 0.5 / launch_density(c, h, r),
    }
    with _patched(**state):
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
        if o.diffraction:
            sionna_edges.add_diffraction(solver, scene, result, edges, free, o, shift[2:])
        gain = np.array(result.path_gain)[0].astype(np.float64)
        planes = [np.array(v).reshape(o.cells, o.cells, AOA_BINS) for v in (result.spectrum, result.offset)]
    return gain, np.moveaxis(planes[0], 2, 0), np.moveaxis(planes[1], 2, 0)
