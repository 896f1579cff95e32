"""First-order diffraction, edge by edge for every cell, with sionna-rt 2.2.0's own wedge coefficients.

sionna-rt finds edges by chance hits and shoots random rays off them, which leaves deep shadows speckled. Here
all edges of the mesh are known. For a transmitter T, an edge and a point R of a cell there is one Keller
point q on the edge's line; it counts if it lies on the edge, T and R lie outside the wedge, and q is seen
from both:

    g += (lambda / 4 pi)^2 |D(T, q, R) E_T|^2,      R drawn evenly in the cell, anew for every edge.

That is the area mean which sionna-rt estimates by rays. Edges that are flat (below 14 deg), re-entrant, or
filled up by an adjoining building are left out. Importing this module loads sionna-rt.

References:
    Kouyoumjian and Pathak, A uniform geometrical theory of diffraction for an edge in a perfectly conducting
    surface, 1974.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import drjit as dr
import mitsuba as mi
import numpy as np
import sionna.rt as rt
from numpy.typing import NDArray
from sionna.rt.antenna_pattern import antenna_pattern_to_world_implicit
from sionna.rt.utils import WedgeGeometry, rotation_matrix, spawn_ray_to
from sionna.rt.utils.wedges import wedge_geometry

from openckm.data.guidance import Pairs, neighbourhood

PAIRS = 4_000_000
"""Pairs of edge and cell treated at once."""
BUDGET = 12_000_000
_MOST_POINTS = 6
"""Several points are drawn per cell and edge, up to so many, while points in all stay below the budget."""
_FINE_POINTS = 16
"""Points of a pair of edge and cell that an earlier seed has found to matter."""
MATTERS = 0.02
"""Share of a cell's gain from which on a pair matters."""
ROOT = 1.32471795724474602596
"""Root of x^3 = x + 1, of the R2 sequence."""
_FLAT_COSINE = 0.97
PROBES = 8
"""Points along an edge at which it is tested for being open and for being seen."""
NEAR_M = 0.005
"""Least distance off an edge for sight lines: exact contact may fail by rounding [m]."""
_OFFSET_M = 0.05
"""How far off an edge visibility is tested as well, against leaks [m]."""


def find_edges(scene: Any, name: str) -> Any:
    """Return the convex, open edges of a scene's mesh as sionna wedges; None where there is none."""
    if name not in scene.objects:
        return None
    mesh = scene.objects[name].mi_mesh
    count = 3 * int(mesh.face_count())
    number = dr.arange(mi.UInt, count)
    pointer = dr.gather(mi.MeshPtr, mi.MeshPtr(mesh), dr.zeros(mi.UInt, count))
    wedges = wedge_geometry(pointer, number // 3, number % 3)
    sharp = (wedges.prim0 < wedges.primn) & (wedges.length > 0.2) & (dr.dot(wedges.n0, wedges.nn) < _FLAT_COSINE)
    kept: Any = dr.compress(sharp)
    wedges = dr.gather(WedgeGeometry, wedges, kept)
    if dr.width(wedges.length) == 0:
        return None
    return _any_probe(wedges, lambda w, q: _open(scene, w, q))


def _any_probe(wedges: Any, test: Any) -> Any:
    """Keep the wedges for which `test(wedges, points)` holds at one of some points along them."""
    edges = dr.width(wedges.length)
    index = dr.repeat(dr.arange(mi.UInt, edges), PROBES)
    part = dr.tile((dr.arange(mi.Float, PROBES) + 0.5) / PROBES, edges)
    spread = dr.gather(WedgeGeometry, wedges, index)
    found = test(spread, spread.o + part * spread.length * spread.e_hat)
    votes = dr.zeros(mi.UInt, edges)
    dr.scatter_reduce(dr.ReduceOp.Add, votes, value=mi.UInt(1), index=index, active=found)
    kept: Any = dr.compress(votes > 0)
    return dr.gather(WedgeGeometry, wedges, kept) if dr.width(kept) else None


def _open(scene: Any, wedge: Any, q: Any) -> Any:
    """Whether no other building fills the space before either face at q."""
    start = q + _OFFSET_M * (wedge.n0 + wedge.nn)
    free = dr.full(mi.Bool, True, dr.width(q))
    for normal in (wedge.n0, wedge.nn):
        ray = spawn_ray_to(start, start - 0.99 * _OFFSET_M * mi.Vector3f(normal))
        free &= ~scene.mi_scene.ray_test(ray, coherent=False, active=free)
    return free


def add_diffraction(
    solver: Any,
    scene: Any,
    radio_map: Any,
    edges: Any,
    free: NDArray[np.uint32],
    options: Any,
    shift: Any,
    guide: Pairs | None = None,
    expected: NDArray[np.float64] | None = None,
) -> Pairs | None:
    """Add the power diffracted once from the only transmitter of the scene to the free cells of a radio map.

    Args:
        solver: a sionna RadioMapSolver, for its wedge coefficients.
        scene: sionna scene with one transmitter.
        radio_map: map with `add_power` and `normalization_per_point`.
        edges: what `find_edges` returned, not None.
        free: flat numbers of the cells outside buildings, row 0 = south.
        options: `TraceOptions` of the window.
        shift: two numbers in [0, 1) that move the points within cells.
        guide: pairs of edge and cell that get _FINE_POINTS points, as an earlier seed found them.
        expected: gain of the cells by an earlier seed [linear], shape (cells, cells), row 0 = south.

    Returns:
        The pairs that matter, with their neighbours, where `expected` was given.
    """
    if len(free) == 0:
        return None
    positions, orientations, _, _ = scene.sources(True, False)
    source, orientation = mi.Point3f(positions), mi.Point3f(orientations)
    dr.make_opaque(source, orientation)
    seen = _any_probe(edges, lambda w, q: _seen(scene, w, q, source))
    if seen is None:
        return None
    seen.swap_faces(dr.dot(seen.o + 0.5 * seen.length * seen.e_hat - source, seen.n0) > 0)
    dr.eval(seen)
    cells, count = mi.UInt(free), dr.width(seen.length)
    points = int(np.clip(BUDGET // (count * len(free)), 1, _MOST_POINTS))
    job = _Job(solver, scene, radio_map, seen, source, orientation, options, shift)
    if expected is not None:
        job.expected, job.found = mi.Float(np.ravel(expected).astype(np.float32)), []
    fine = None if guide is None else mi.Bool(guide.mask(count, free))
    step = max(1, PAIRS // len(free))
    for begin in range(0, count * points, step):
        serial = dr.arange(mi.UInt, min(step, count * points - begin)) + dr.opaque(mi.UInt, begin)
        serials, cell = dr.repeat(serial, len(free)), dr.tile(cells, dr.width(serial))
        edge = serials // dr.opaque(mi.UInt, points)
        active = dr.full(mi.Bool, True, dr.width(cell))
        if fine is not None:
            number = dr.tile(dr.arange(mi.UInt, len(free)), dr.width(serial))
            active = ~dr.gather(mi.Bool, fine, edge * dr.opaque(mi.UInt, len(free)) + number)
        _add_pairs(job, serials, dr.zeros(mi.UInt, dr.width(cell)), edge, cell, active, 1.0 / points)
    if guide is not None:
        _add_fine(job, guide)
    return None if job.found is None else neighbourhood(job.found, free, options.cells)


@dataclass
class _Job:
    """What all pairs of one transmitter have in common, and the pairs found to matter."""

    solver: Any
    scene: Any
    radio_map: Any
    wedges: Any
    source: Any
    orientation: Any
    options: Any
    shift: Any
    expected: Any = None
    found: list[Pairs] | None = None


def _add_fine(job: _Job, guide: Pairs) -> None:
    """Add the pairs that matter, at _FINE_POINTS points each."""
    step = max(1, PAIRS // _FINE_POINTS)
    for begin in range(0, len(guide.edge), step):
        some = guide.edge[begin : begin + step], guide.cell[begin : begin + step]
        edge, cell = (mi.UInt(np.repeat(v, _FINE_POINTS).astype(np.uint32)) for v in some)
        point = mi.UInt(np.tile(np.arange(_FINE_POINTS, dtype=np.uint32), len(some[0])))
        _add_pairs(job, edge, point, edge, cell, dr.full(mi.Bool, True, dr.width(edge)), 1.0 / _FINE_POINTS)


def _seen(scene: Any, wedge: Any, q: Any, source: Any) -> Any:
    """Whether a point just off the edge is seen from outside the wedge."""
    start = mi.Point3f(source) + dr.zeros(mi.Point3f, dr.width(q))
    outside = (dr.dot(start - q, wedge.n0) > 1e-3) | (dr.dot(start - q, wedge.nn) > 1e-3)
    ray = spawn_ray_to(start, q + _OFFSET_M * dr.normalize(wedge.n0 + wedge.nn))
    return outside & ~scene.mi_scene.ray_test(ray, coherent=False, active=outside)


def _add_pairs(job: _Job, serial: Any, point: Any, edge: Any, cell: Any, active: Any, weight: float) -> None:
    """Add the power of pairs of edge and cell at one point each, times a weight; points of a serial are spread."""
    source, scene = job.source, job.scene
    target = _points_in_cells(cell, serial, point, job.options, job.shift)
    reached, _ = _keller_point(dr.gather(WedgeGeometry, job.wedges, edge), source, target)
    kept: Any = dr.compress(reached & active)
    if dr.width(kept) == 0:
        return
    cell, edge, target = _pick(kept, cell, edge, target)
    wedge = dr.gather(WedgeGeometry, job.wedges, edge)
    _, q = _keller_point(wedge, source, target)
    start = source + dr.zeros(mi.Point3f, dr.width(cell))
    seen = dr.full(mi.Bool, True, dr.width(cell))
    outwards = dr.normalize(wedge.n0 + wedge.nn)
    for offset in (_OFFSET_M, NEAR_M):
        point = q + offset * outwards
        for end in (target, start):
            seen &= ~scene.mi_scene.ray_test(spawn_ray_to(end, point), coherent=False, active=seen)
    kept = dr.compress(seen)
    if dr.width(kept) == 0:
        return
    cell, edge, target, q = _pick(kept, cell, edge, target, q)
    wedge = dr.gather(WedgeGeometry, wedge, kept)
    before, after = dr.norm(q - source), dr.norm(target - q)
    ki, ko = (q - source) / before, (target - q) / after
    fields = _diffracted(job.solver, scene, wedge, q, (ki, ko), (before, after), job.orientation)
    power = sum(dr.squared_norm(f) for f in fields) * job.radio_map.normalization_per_point
    far = (before > 0.05) & (after > 0.05)
    job.radio_map.add_power(power * dr.opaque(mi.Float, weight), cell, ko, far)
    if job.found is not None:
        matters = dr.compress(far & dr.isfinite(power) & (power > MATTERS * dr.gather(mi.Float, job.expected, cell)))
        chosen = _pick(matters, edge, cell)
        job.found.append(Pairs(*(np.array(v).astype(np.int64) for v in chosen)))


def _pick(index: Any, *values: Any) -> Any:
    return tuple(dr.gather(type(v), v, index) for v in values)


def _diffracted(solver: Any, scene: Any, wedge: Any, q: Any, k: Any, lengths: Any, orientation: Any) -> Any:
    """Fields after the edge, by sionna-rt's material model, for each pattern of the transmit antenna."""
    (ki, ko), (before, after) = k, lengths
    to_world = rotation_matrix(orientation + dr.zeros(mi.Point3f, dr.width(q)))
    patterns = scene.tx_array.antenna_pattern.patterns
    fields = [antenna_pattern_to_world_implicit(p, to_world, ki, direction="out") for p in patterns]
    evaluate: Any = rt.RadioMapSolver._evaluate_radio_material_diffraction
    return evaluate(solver, mi.ShapePtr(wedge.shape), wedge, q, ki, ko, fields, after, before, mi.Bool(True))


def _points_in_cells(cell: Any, serial: Any, point: Any, options: Any, shift: Any) -> Any:
    """Draw a point in each cell: the R2 sequence over points, from a place by cell and serial; y points north."""
    n = mi.Float64(cell * mi.UInt(7919) + serial * mi.UInt(104729)) + mi.Float64(point)
    u, v = (n * (1.0 / ROOT ** (k + 1)) + shift[k] for k in (0, 1))
    side, half = options.cell_m, options.half_m
    x = (mi.Float(cell % options.cells) + mi.Float(u - dr.floor(u))) * side - half
    y = (mi.Float(cell // options.cells) + mi.Float(v - dr.floor(v))) * side - half
    return mi.Point3f(x, y, options.receiver_m)


def _keller_point(wedge: Any, source: Any, target: Any) -> tuple[Any, Any]:
    """Return whether the shortest path over the edge's line bends on the edge, and where."""
    a, b = source - wedge.o, target - wedge.o
    along_a, along_b = dr.dot(a, wedge.e_hat), dr.dot(b, wedge.e_hat)
    across_a, across_b = dr.norm(a - along_a * wedge.e_hat), dr.norm(b - along_b * wedge.e_hat)
    t = (along_a * across_b + along_b * across_a) / (across_a + across_b)
    outside = dr.full(mi.Bool, True, dr.width(t))
    for p in (a, b):
        outside &= (dr.dot(p, wedge.n0) > 1e-3) | (dr.dot(p, wedge.nn) > 1e-3)
    return outside & (t > 0.0) & (t < wedge.length), wedge.o + t * wedge.e_hat
