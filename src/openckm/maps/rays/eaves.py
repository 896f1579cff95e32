r"""Diffraction at the upper edges of walls, of which a straight line over the roofs knows only those that it crosses.

For an antenna T, the upper edge of a wall and a cell R there is one point q of the edge's line where both rays make the
same angle with it (Keller's cone). With a_T, a_R the places of T and R along the line and rho_T, rho_R their distances
from it,
    a_q = (a_T rho_R + a_R rho_T) / (rho_T + rho_R),
which counts if q lies on the edge, neither end lies within the building, and q is seen from both. Bent by theta, with
s_1 = |T q| and s_2 = |q R|, its power is that of free space over s_1 + s_2 times 10^(-J(nu) / 10), where
    nu = 2 sin(theta / 2) sqrt(2 s_1 s_2 / (lambda (s_1 + s_2))).

References:
    J. B. Keller, Geometrical theory of diffraction, 1962. ITU-R P.526-15, Eqs. 26 and 31 (nu, J).
"""

from __future__ import annotations

import math
from typing import Any

from openckm.maps.rays.kernel import knife_edge_db, line_in_wood, wood_db

PROBES = 7
"""Points of an edge at which it is asked whether the antenna sees any of it."""
MATTERS = 0.02
"""Share of a cell's power from which on an edge is looked at."""
CLEAR_M = 0.05
"""How far a building must reach into a line of sight to block it [m]."""


def eaves(
    height: Any, edges: Any, tx: float, ty: float, tz: float, receiver_m: float, cell_m: float, wavelength: float,
    first_row: int, first_col: int, pattern: Any, unit: float, crown: Any, gamma: float, limit: float, into: Any,
) -> None:  # fmt: skip
    """Add what upper edges of walls bring to the cells that the antenna does not see.

    Args:
        height, tx, ty, tz, receiver_m, cell_m, first_row, first_col, crown, gamma, limit: as for
            `openckm.maps.rays.kernel.launch`.
        edges: the edges of `Walls`.
        wavelength: [m].
        pattern: power of the antenna (azimuths, elevations).
        unit: value in `into` of a gain of (lambda / 4 pi)^2 / m^2.
        into: as for `launch`; what comes over an edge is its last kind.
    """
    bins = (into.shape[0] - 6) // 3
    straight, last = 3 * bins, 3 * bins + 5
    azimuths, elevations = pattern.shape
    for k in range(edges.shape[0]):
        x0, y0, nx, ny, top = edges[k, 0], edges[k, 1], edges[k, 4], edges[k, 5], edges[k, 6]
        length = math.hypot(edges[k, 2] - x0, edges[k, 3] - y0)
        before = (tx - x0) * nx + (ty - y0) * ny  # of the antenna in front of the wall [cells]
        if length < 0.5 or (before <= 0.0 and tz <= top):
            continue
        ux, uy = (edges[k, 2] - x0) / length, (edges[k, 3] - y0) / length
        seen = False
        for p in range(PROBES):
            part = (p + 0.5) / PROBES * length
            seen = seen or _clear(height, tx, ty, tz, x0 + part * ux + 0.2 * nx, y0 + part * uy + 0.2 * ny, top)
        if not seen:
            continue
        along, off = (tx - x0) * ux + (ty - y0) * uy, math.hypot(before, (tz - top) / cell_m)
        for row in range(into.shape[1]):
            for col in range(into.shape[2]):
                x, y = first_col + col + 0.5, first_row + row + 0.5
                front = (x - x0) * nx + (y - y0) * ny
                if front <= 0.0 or into[straight, row, col] > 0.0 or height[first_row + row, first_col + col] > 0.0:
                    continue
                there = math.hypot(front, (top - receiver_m) / cell_m)
                at = (along * there + ((x - x0) * ux + (y - y0) * uy) * off) / (there + off)  # a_q
                if at < 0.0 or at > length:
                    continue
                qx, qy = x0 + at * ux + 0.2 * nx, y0 + at * uy + 0.2 * ny
                ax, ay, az = (qx - tx) * cell_m, (qy - ty) * cell_m, top - tz
                bx, by, bz = (x - qx) * cell_m, (y - qy) * cell_m, receiver_m - top
                s1 = max(math.sqrt(ax * ax + ay * ay + az * az), 0.1)
                s2 = max(math.sqrt(bx * bx + by * by + bz * bz), 0.1)
                straight_on = (ax * bx + ay * by + az * bz) / (s1 * s2)  # cos theta
                nu = math.sqrt(max(2.0 - 2.0 * straight_on, 0.0)) * math.sqrt(2.0 * s1 * s2 / (wavelength * (s1 + s2)))
                azimuth = math.floor(math.atan2(ay, ax) / (2.0 * math.pi) * azimuths) % azimuths
                elevation = int((math.asin(max(-1.0, min(1.0, az / s1))) / math.pi + 0.5) * (elevations - 1) + 0.5)
                power = unit * pattern[azimuth, elevation] * 10.0 ** (-0.1 * knife_edge_db(nu)) / (s1 + s2) ** 2
                had = 0.0
                for kind in range(straight + 1, last + 1):
                    had += into[kind, row, col]
                if power < MATTERS * had or not _clear(height, x, y, receiver_m, qx, qy, top):
                    continue
                if _clear(height, tx, ty, tz, qx, qy, top):
                    if crown.shape[0] > 0:
                        metres = line_in_wood(crown, tx, ty, tz, qx, qy, top, cell_m)
                        metres += line_in_wood(crown, qx, qy, top, x, y, receiver_m, cell_m)
                        power *= 10.0 ** (-0.1 * wood_db(metres, gamma, limit))
                    east, north = qx - x, y - qy
                    flat = max(math.hypot(east, north), 1e-9)
                    bin_ = math.floor(math.atan2(-north, east) / (2.0 * math.pi) * bins) % bins
                    into[bin_, row, col] += power
                    into[bins + bin_, row, col] += power * east / flat
                    into[2 * bins + bin_, row, col] += power * north / flat
                    into[last, row, col] += power


def _clear(height: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float) -> bool:
    """Say whether nothing stands in a straight line, the last two thirds of a cell at either end aside."""
    flat = math.hypot(x1 - x0, y1 - y0)
    count = int(1.5 * flat) + 1
    for k in range(1, count):
        t = k / count
        if t * flat < 0.67 or (1.0 - t) * flat < 0.67:
            continue
        row, col = math.floor(y0 + t * (y1 - y0)), math.floor(x0 + t * (x1 - x0))
        inside = 0 <= row < height.shape[0] and 0 <= col < height.shape[1]
        if inside and height[row, col] > z0 + t * (z1 - z0) + CLEAR_M:
            return False
    return True
