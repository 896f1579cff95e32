"""Ray-traced gain and direction of the strongest path over a window of a city, by sionna-rt.

Geometry: prisms on flat ground, x east, y north, receivers at 1.5 m. Paths: line of sight, up to five
specular reflections, diffraction at one edge (`sionna_edges`); no refraction (buildings are dark inside) and
no diffuse scattering. The solver sums |a|^2 over paths and averages over the area of a cell:

    g = 1/|C| int_C sum_n |a_n(s)|^2 ds,            estimated by   g = sum_rays |a|^2 w_ray.

**Rays where cells are.** All walls are vertical and all roofs level, so |k_z| of a ray never changes: the
elevation it left with is read off where it lands. Rays need not leave evenly over the sphere, then: with
launch density p(c), c = |k_z|, of the downward rays, the solid angle of a ray is 2 pi / (N p(c)). p mixes
even coverage of the sphere with even coverage of the ground within one, two and four times the distance of
the farthest cell (balance heuristic). Rays sent upwards would never come down: none are.

**Direction.** Power is summed per cell in 72 bins of arrival azimuth, with its first moment; the direction is
the power-weighted mean inside the strongest bin.

References:
    Hoydis et al., Sionna RT: technical report, 2025. ITU-R P.2040-3, 2023. Veach and Guibas, Optimally
    combining sampling techniques for Monte Carlo rendering, 1995.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from openckm.data.guidance import Guide
from openckm.data.prisms import Prism, heights_at
from openckm.data.tracer_probe import SIONNA_VERSION as SIONNA_VERSION
from openckm.data.tracer_probe import require_tracer as require_tracer
from openckm.errors import ComputationError, OptionError
from openckm.maps.antenna_file import AntennaPattern
from openckm.maps.rays.materials import material

AOA_BINS = 72
_EVEN = 0.1
"""Share of rays that leave evenly over directions downwards."""
_GROUND = ((0.3, 1.0), (0.4, 2.0), (0.2, 4.0))
"""Shares of rays spread evenly over the ground within so many times the distance of the farthest cell."""
Field = NDArray[np.float64]


@dataclass(frozen=True)
class Antenna:
    """Transmitter position and antenna; x east, y north of the window's centre.

    Attributes:
        x_m: east [m].
        y_m: north [m].
        z_m: above ground [m], above the receivers.
        azimuth_deg: the azimuth of the main beam, counter-clockwise from east [deg]; None = isotropic.
        downtilt_deg: the downtilt of the main beam below the horizon [deg].
        pattern: the pattern of a sector; None is that of 3GPP TR 38.901, Table 7.3-1.
    """

    x_m: float
    y_m: float
    z_m: float
    azimuth_deg: float | None = None
    downtilt_deg: float = 0.0
    pattern: AntennaPattern | None = None


@dataclass(frozen=True)
class TraceOptions:
    """How a window is traced.

    Attributes:
        cells: number of rows and of columns.
        cell_m: side of a cell [m].
        margin_m: traced surroundings on every side [m].
        rays: rays per transmitter and seed.
        max_depth: reflections at most.
        receiver_m: height of the receivers [m].
        diffraction: whether edges diffract.
    """

    cells: int = 128
    cell_m: float = 2.0
    margin_m: float = 96.0
    rays: int = 3_000_000
    max_depth: int = 5
    receiver_m: float = 1.5
    diffraction: bool = True

    @property
    def half_m(self) -> float:
        """Half the side of the window [m]."""
        return 0.5 * self.cells * self.cell_m

    def centres(self) -> tuple[Field, Field]:
        """Return east and north of the cell centres [m], shape (cells, cells), row 0 = north."""
        axis = (np.arange(self.cells) + 0.5) * self.cell_m - self.half_m
        east, north = np.meshgrid(axis, -axis)
        return east, north


@dataclass(frozen=True)
class TracedField:
    """Result of a trace; row 0 = north, column 0 = west.

    Attributes:
        gain: path gain, area mean of power [linear], 0 where no ray arrives; shape (cells, cells).
        spectrum: the same power by arrival azimuth, bins from -180 deg counter-clockwise from east; shape
            (72, cells, cells).
        offset: first moment of power inside its bin, in bin widths from the bin's centre; shape (72, cells,
            cells).
        guide: the places where further seeds should look, where it was asked for (`guidance`).
    """

    gain: Field
    spectrum: NDArray[np.float32]
    offset: NDArray[np.float32]
    guide: Guide | None = None

    def aoa_deg(self) -> Field:
        """Azimuth of the strongest path [deg], (-180, 180], NaN where no ray arrives; (cells, cells)."""
        peak = self.spectrum.argmax(axis=0)[None]
        power = np.take_along_axis(self.spectrum, peak, 0)[0].astype(np.float64)
        moment = np.take_along_axis(self.offset, peak, 0)[0].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            shift = np.clip(moment / power, -0.5, 0.5)
        angle = -180.0 + 360.0 / AOA_BINS * (peak[0] + 0.5 + shift)
        return np.where(power > 0, np.where(angle <= -180.0, angle + 360.0, angle), np.nan)


def prism_mesh(buildings: Sequence[Prism]) -> tuple[NDArray[np.float32], NDArray[np.uint32]]:
    """Return vertices (v, 3) [m] and triangles (t, 3) of walls and roofs, normals outwards.

    Vertices are shared within a prism, so that its edges are known as edges of the mesh.
    """
    vertices: list[Field] = []
    faces: list[NDArray[np.int64]] = []
    start = 0
    for b in buildings:
        points, triangles = _one_prism(b)
        vertices.append(points)
        faces.append(triangles + start)
        start += len(points)
    if not vertices:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint32)
    return np.concatenate(vertices).astype(np.float32), np.concatenate(faces).astype(np.uint32)


def _one_prism(b: Prism) -> tuple[Field, NDArray[np.int64]]:
    polygon = shapely.geometry.polygon.orient(b.polygon, 1.0)
    rings = [np.asarray(r.coords)[:-1, :2] for r in (polygon.exterior, *polygon.interiors)]
    flat = np.concatenate(rings)
    n = len(flat)
    index = {tuple(p): k for k, p in enumerate(flat.tolist())}
    points = np.concatenate([np.c_[flat, np.zeros(n)], np.c_[flat, np.full(n, b.height_m)]])
    walls, begin = [], 0
    for ring in rings:
        a = begin + np.arange(len(ring))
        c = begin + (np.arange(len(ring)) + 1) % len(ring)
        walls += [np.c_[a, c, c + n], np.c_[a, c + n, a + n]]
        begin += len(ring)
    triangles = shapely.constrained_delaunay_triangles(polygon).geoms
    rings = [shapely.get_coordinates(shapely.orient_polygons(t))[:3] for t in triangles]
    roof = [[index[tuple(p)] + n for p in ring.tolist()] for ring in rings]
    return points, np.concatenate([*walls, np.array(roof, dtype=np.int64).reshape(-1, 3)])


def launch_density(c: Any, height_m: Any, radius_m: Any) -> Any:
    """Density of |k_z| = c among the rays, which all leave downwards; on numpy and drjit arrays alike."""
    inverse = 1.0 / (c * c * c)
    total = _EVEN
    for share, factor in _GROUND:
        radius = factor * radius_m
        lowest = height_m / (height_m * height_m + radius * radius) ** 0.5
        total = total + _where(c >= lowest, share * 2.0 * (height_m / radius) ** 2 * inverse, 0.0 * inverse)
    return total


def launch_cosine(u: Any, height_m: Any, radius_m: Any) -> Any:
    """Map u in [0, 1) to |k_z| of a ray by the shares _EVEN and _GROUND; on numpy and drjit arrays alike."""
    result, begin = u / _EVEN, _EVEN
    for share, factor in _GROUND:
        ground = (factor * radius_m) * (factor * radius_m) * (u - begin) / share
        below = height_m / _where(u < begin, 1.0 + 0.0 * u, height_m * height_m + ground) ** 0.5
        result = _where(u < begin, result, below)
        begin += share
    return result


def _where(condition: Any, yes: Any, no: Any) -> Any:
    if isinstance(condition, np.ndarray | np.bool_):
        return np.where(condition, yes, no)
    import drjit as dr

    return dr.select(condition, yes, no)


class SceneTracer:
    """Traces transmitters over one window of one layout; the window's centre is the origin."""

    def __init__(self, buildings: Sequence[Prism], options: TraceOptions, vehicles: Sequence[Prism] = ()) -> None:
        """Build the scene.

        Args:
            buildings: disjoint prisms around the origin, x east, y north [m], already turned and clipped.
            options: window and rays.
            vehicles: metal boxes clear of the buildings [m]; cells that they stand on are not traced.

        Raises:
            RayTracerUnavailable: if sionna-rt or its LLVM library cannot be used.
        """
        require_tracer()
        from openckm.data import sionna_edges, sionna_patch

        self.options = options
        self._sionna = sionna_patch
        self.height_m = heights_at([*buildings, *vehicles], *options.centres())
        self._free = np.flatnonzero(self.height_m[::-1] <= 0).astype(np.uint32)
        meshes = {"buildings": prism_mesh(buildings), "vehicles": prism_mesh(vehicles)}
        self._scene = sionna_patch.build_scene(meshes, options.half_m + options.margin_m)
        found = [sionna_edges.find_edges(self._scene, name) for name in meshes] if options.diffraction else []
        self._edges = [edges for edges in found if edges is not None]

    def trace(self, antenna: Antenna, carrier_hz: float, seed: int, guide: Guide | None = None) -> TracedField:
        """Return the traced field of one transmitter.

        Args:
            antenna: the transmitter.
            carrier_hz: carrier [Hz].
            seed: the seed of the launch directions.
            guide: what earlier seeds tell this one; nothing by default.

        Raises:
            OptionError: if the transmitter is not above the receivers or the carrier is out of range.
            ComputationError: if the tracer fails or returns numbers that are not finite.
        """
        o = self.options
        if antenna.z_m <= o.receiver_m:
            raise OptionError(f"transmitter at {antenna.z_m:g} m must be higher than the receivers, {o.receiver_m:g} m")
        material("concrete", carrier_hz)
        try:
            gain, spectrum, offset, more = self._sionna.solve(
                self._scene, self._edges, antenna, carrier_hz, o, seed, self._free, guide or Guide()
            )
        except (RuntimeError, MemoryError) as error:
            raise ComputationError(f"sionna-rt failed ({error}); use fewer rays or free some memory") from error
        if not np.isfinite(gain).all():
            raise ComputationError("sionna-rt returned values that are not finite; report the scene and its seed")
        return TracedField(gain[::-1].copy(), spectrum[:, ::-1].copy(), offset[:, ::-1].copy(), more)

    def exact_gain(
        self,
        antenna: Antenna,
        carrier_hz: float,
        points: NDArray[np.float32],
        *,
        samples: int,
        max_depth: int,
        seed: int,
    ) -> Field:
        """Return the gain of the coherent sum of exact paths [linear] at points.

        Args:
            antenna: the transmitter.
            carrier_hz: carrier [Hz].
            points: isotropic receivers [m], shape (n, 3); a few hundred at a time, else paths get lost.
            samples: rays that search for paths.
            max_depth: interactions at most.
            seed: the seed of the search.

        Raises:
            OptionError: if the carrier is out of range.
            ComputationError: if the tracer fails.
        """
        from openckm.data import sionna_paths

        material("concrete", carrier_hz)
        try:
            self._sionna.set_up(self._scene, antenna, carrier_hz)
            found = sionna_paths.solve_paths(self._scene, points, samples=samples, max_depth=max_depth, seed=seed)
        except (RuntimeError, MemoryError) as error:
            raise ComputationError(f"sionna-rt failed ({error}); use fewer rays or free some memory") from error
        return np.abs(found) ** 2


@contextlib.contextmanager
def single_thread() -> Iterator[None]:
    """Let the tracer use one processor core while the context lasts."""
    require_tracer()
    import drjit as dr

    before = dr.thread_count()
    dr.set_thread_count(1)
    try:
        yield
    finally:
        dr.set_thread_count(before)
