r"""The two inner loops of the rays, in cells and metres: the launch of rays in plan, and edges over roofs.

**Launch.** All walls are vertical and all roofs level, so the slope t = tan(elevation) of a ray keeps its magnitude. In
plan, a fan of rays that leaves at one azimuth runs along one broken line; of its slopes, at path length s (unfolded),
    z(s) = |z_T + t s|                                                       height above ground (ground reflects)
    t_d = (z_R - z_T) / s,   t_g = -(z_R + z_T) / s                          the slopes that cross z_R there
and at the side of a building of height H, those with z < H are reflected and those above go on over the roof. So a fan
splits at a wall into two, each with an interval of slopes, and nothing of the elevation is sampled. A fan of width
dphi that crosses a cell over a length ds adds to its mean power
    (lambda / 4 pi d)^2  P(azimuth, t)  prod R  s dphi ds / cell^2,    d^2 = s^2 + (z_R - z_T)^2 or (z_R + z_T)^2.
Rays that come down onto a roof leave upwards and never come back.

**Corners.** The edge where two walls meet is upright, so a ray that bends around it keeps its slope, too. Each corner
that the antenna sees sends a fan to all azimuths, of the slopes that reach it below its top, s_1 away; bent by theta,
at s_2 behind it, its power is that of the unfolded path times 10^(-J / 10) with
    nu = theta sqrt(2 s_1 s_2 / (lambda (s_1 + s_2))),
and it is followed to where it meets a wall.

**Edges.** Along the straight line to a cell the three edges of Deygout: the one p of greatest nu, and one on each side
of it, seen from its top (t before it, r behind it):
    nu = h sqrt(2 d / (lambda d1 d2)),   J(nu) = 6.9 + 20 log10(sqrt((nu - 0.1)^2 + 1) + nu - 0.1), 0 below nu = -0.78
    L = J(nu_p) + J(nu_t) + J(nu_r)

References:
    J. Deygout, Multiple knife-edge diffraction of microwaves, 1966. ITU-R P.526-15, Eq. 31 (J).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from openckm._compiled import machine_code
from openckm.maps.rays.materials import MOST_BOUNCES

STACK = 512
"""Fans that may wait at once; more are dropped and counted."""
LEFT, OVER, ABSORBED, DROPPED = range(4)
"""Fates of rays in the ledger: off the raster, over roofs or onto them, at the last bounce, for want of room."""
GHOST, OWN_GHOST = 3, 24
"""Built cells that a ray may pass behind a stair of a wall that it does not meet, and of the wall it has just left."""
MOST_SHIFT = 1.5
"""How far the wall may lie from the side of the cell that was hit, along the ray [cells]."""
OWN_EDGE = 2
"""Samples of a profile on either side of an edge that belong to it."""
WEAKEST = 1e-7
"""Share of power below which a ray is followed no further."""


@machine_code(reorder=False)
def _angle(t: float) -> float:
    """Return the sine of the elevation: solid angle is its difference times that of the azimuth."""
    return t / math.sqrt(1.0 + t * t)


@machine_code(reorder=False)
def knife_edge_db(nu: float) -> float:
    """Return J(nu) [dB] (ITU-R P.526-15, Eq. 31)."""
    if nu <= -0.78:
        return 0.0
    return 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


@machine_code(reorder=False)
def _deposit(
    row: int, col: int, slope: float, s: float, ds: float, rise: float, seen: int, bounces: int, grounded: int,
    cosines: Any, dx: float, dy: float, bin_: int, since: float, bend: float, wide: float,
    tables: Any, into: Any,
) -> None:  # fmt: skip
    """Add what a fan with direction (dx, dy) brings to one cell at path length s [m], bent at `since`."""
    pattern, walls, ground, _ = tables
    spectrum, east, north, kinds = into
    elevation = int((math.atan(slope) / math.pi + 0.5) * (ground.shape[0] - 1) + 0.5)
    power = wide * pattern[seen, elevation] * (s - since) * ds / (s * s + rise * rise)
    for k in range(bounces):
        power *= walls[cosines[k], elevation]
    if grounded:
        power *= ground[elevation]
    kind = grounded + (2 if bounces > 0 else 0)
    if since > 0.0:
        power *= 10.0 ** (-0.1 * knife_edge_db(bend * math.sqrt(since * (s - since) / s)))
        kind = 4
    kinds[kind, row, col] += power
    spectrum[bin_, row, col] += power
    east[bin_, row, col] -= power * dx  # towards where the wave comes from; rows run southwards
    north[bin_, row, col] += power * dy


@machine_code(reorder=False)
def launch(
    height: Any, normal: Any, offset: Any, wall: Any, corners: Any, place: Any, receiver_m: float, cell_m: float,
    wavelength: float, azimuths: int, bent: int, most: int, window: Any, tables: Any, into: Any,
) -> Any:  # fmt: skip
    """Send fans to all azimuths; return the ledger of solid angles [sr] by fate, shape (4,).

    Args:
        height: of buildings [m], (rows, cols); normal, offset, wall, corners: of `Walls`.
        place: (x eastwards, y southwards) of the antenna in cells from the north-west corner, height [m].
        receiver_m: height of the receivers [m].
        cell_m: side of a cell [m].
        wavelength: [m].
        azimuths: number of fans from the antenna; bent: of those from each corner.
        most: bounces off walls, at most.
        window: first row, first column, rows and columns of the cells that are wanted.
        tables: power of the antenna (any number of azimuths, elevations), reflectance of walls (cosines, elevations)
            and of the ground (elevations,), and of the most that a wall reflects at each cosine (cosines,).
        into: power by bin of arrival (bins, rows, cols), its moments east and north, and power by kind (6, rows,
            cols): straight, off the ground, off walls, off both, around corners, over eaves; in units of
            (lambda / 4 pi)^2 dphi / cell^2, with dphi the width of a fan from the antenna.
    """
    rows, cols = height.shape
    tx, ty, tz = place
    rise = receiver_m - tz
    if abs(rise) < 1e-3:
        rise = -1e-3
    least, greatest = -1e4, (-1e-7 if rise < 0 else 1e4)
    ledger = np.zeros(4)
    numbers = np.zeros((STACK, 9))  # x, y, direction, length so far, slopes from and to, share, bent at, nu / root
    wholes = np.zeros((STACK, 4), np.int64)  # row, column, bounces, last wall
    chains = np.zeros((STACK, MOST_BOUNCES), np.int64)
    for azimuth in range(azimuths):
        angle = 2.0 * math.pi * (azimuth + 0.5) / azimuths
        seen = azimuth * tables[0].shape[0] // azimuths
        numbers[0] = (tx, ty, angle, 0.0, least, greatest, 1.0, 0.0, 0.0)
        wholes[0] = (math.floor(ty), math.floor(tx), 0, -1)
        waiting = 1
        while waiting > 0:
            waiting -= 1
            waiting = _follow(
                waiting, numbers, wholes, chains, height, normal, offset, wall, rise, receiver_m, tz, cell_m, seen,
                most, window, tables, into, ledger, rows, cols,
            )  # fmt: skip
    ledger *= 2.0 * math.pi / azimuths
    aside = np.zeros(4)
    for k in range(corners.shape[0]):
        x, y, top = corners[k]
        s = math.hypot(x - tx, y - ty) * cell_m
        low, high = _sight(height, place, x, y, cell_m, least, greatest)
        high = min(high, (top - tz) / s)
        if s < cell_m or low >= high:
            continue
        heading = math.atan2(y - ty, x - tx)
        seen = math.floor(heading / (2.0 * math.pi) * tables[0].shape[0]) % tables[0].shape[0]
        for azimuth in range(bent):
            angle = 2.0 * math.pi * (azimuth + 0.5) / bent
            theta = abs((angle - heading + math.pi) % (2.0 * math.pi) - math.pi)
            bend = theta * math.sqrt(2.0 / wavelength)
            share = azimuths / bent  # a wider fan
            numbers[0] = (x, y, angle, s, low, high, share, s, bend)
            wholes[0] = (math.floor(y), math.floor(x), 0, -1)
            _follow(
                0, numbers, wholes, chains, height, normal, offset, wall, rise, receiver_m, tz, cell_m, seen, most,
                window, tables, into, aside, rows, cols,
            )  # fmt: skip
    return ledger


@machine_code(reorder=False)
def _sight(height: Any, place: Any, x: float, y: float, cell_m: float, least: float, greatest: float) -> Any:
    """Return the slopes (from, to) that get from the antenna to a place over all that stands between."""
    tx, ty, tz = place
    flat = math.hypot(x - tx, y - ty)
    count = int(4.0 * flat) + 1
    low = least
    for k in range(1, count):
        s = flat * k / count
        row, col = math.floor(ty + (y - ty) * k / count), math.floor(tx + (x - tx) * k / count)
        if 0 <= row < height.shape[0] and 0 <= col < height.shape[1] and height[row, col] > 0 and s > 0.75:
            low = max(low, (height[row, col] - tz) / (s * cell_m))
    return low, greatest


@machine_code(reorder=False)
def _follow(
    top: int, numbers: Any, wholes: Any, chains: Any, height: Any, normal: Any, offset: Any, wall: Any, rise: float,
    receiver_m: float, tz: float, cell_m: float, seen: int, most: int, window: Any, tables: Any, into: Any,
    ledger: Any, rows: int, cols: int,
) -> int:  # fmt: skip
    """Follow the fan on top of the stack to its end; put those that walls reflect on the stack; return its length."""
    x, y, angle, s, low, high, share, since, bend = numbers[top]
    row, col, bounces, last = wholes[top]
    cosines = chains[top].copy()
    waiting = top
    dx, dy = math.cos(angle), math.sin(angle)
    wide = share if since > 0.0 else 1.0
    bins = into[0].shape[0]
    bin_ = math.floor((angle / (2.0 * math.pi) + 0.5) * bins) % bins  # of arrival, clockwise from east
    right, down = 1 if dx > 0 else -1, 1 if dy > 0 else -1
    per_col = 1.0 / abs(dx) if dx != 0.0 else 1e30
    per_row = 1.0 / abs(dy) if dy != 0.0 else 1e30
    to_col = ((col + 1 - x) if dx > 0 else (x - col)) * per_col
    to_row = ((row + 1 - y) if dy > 0 else (y - row)) * per_row
    gone = 0.0  # along this straight piece [cells]
    first_row, first_col, window_rows, window_cols = window
    inside = 0 <= row < rows and 0 <= col < cols
    # an antenna below the top of the cell that it stands in is let out; so is a ray behind the sides of its own wall
    ghost = 10_000 if inside and s == 0.0 and height[row, col] > 0 and tz <= height[row, col] else 0
    if inside and bounces > 0 and height[row, col] > 0:
        ghost = OWN_GHOST
    while True:
        beyond = min(to_col, to_row)
        if inside:
            r, c = row - first_row, col - first_col
            if height[row, col] <= 0 and 0 <= r < window_rows and 0 <= c < window_cols and beyond > gone:
                ds = (beyond - gone) * cell_m
                middle = s + 0.5 * (gone + beyond) * cell_m
                slope = rise / middle
                if low <= slope <= high:
                    _deposit(
                        r, c, slope, middle, ds, rise, seen, bounces, 0, cosines, dx, dy, bin_, since, bend,
                        wide, tables, into,
                    )  # fmt: skip
                slope = -(receiver_m + tz) / middle
                if low <= slope <= high:
                    _deposit(
                        r, c, slope, middle, ds, receiver_m + tz, seen, bounces, 1, cosines, dx, dy, bin_, since, bend,
                        wide, tables, into,
                    )  # fmt: skip
        path = s + beyond * cell_m
        if inside and height[row, col] > 0 and ghost == 0:
            clear = (height[row, col] - tz) / path  # what is lower has come down onto the roof
            if clear > low:
                ledger[OVER] += _angle(min(clear, high)) - _angle(low)
                low = clear
                if low >= high:
                    return waiting
        done = (rise / path > high if rise < 0 else rise / path < low) and -(receiver_m + tz) / path > high
        if done:
            ledger[OVER] += _angle(high) - _angle(low)
            return waiting
        gone = beyond
        if to_col <= to_row:
            to_col += per_col
            col += right
            side = 0 if right > 0 else 1
        else:
            to_row += per_row
            row += down
            side = 2 if down > 0 else 3
        was_inside = inside
        inside = 0 <= row < rows and 0 <= col < cols
        if not inside:
            coming = (
                (col < 0 and dx > 0) or (col >= cols and dx < 0) or (row < 0 and dy > 0) or (row >= rows and dy < 0)
            )
            away = (
                (col < 0 and dx <= 0) or (col >= cols and dx >= 0) or (row < 0 and dy <= 0) or (row >= rows and dy >= 0)
            )
            if was_inside or away or not coming:
                ledger[LEFT] += _angle(high) - _angle(low)
                return waiting
            continue
        h = height[row, col]
        if h <= 0:
            ghost = 0
            continue
        if ghost > 0:
            ghost -= 1
            if ghost == 0:
                ledger[DROPPED] += _angle(high) - _angle(low)
                return waiting
            continue
        flies = (h - tz) / path
        if low < flies:
            nx, ny = normal[row, col, side, 0], normal[row, col, side, 1]
            facing = dx * nx + dy * ny
            own = wall[row, col, side] >= 0 and wall[row, col, side] == last
            own_line = True
            if facing >= -1e-6 or own:  # a stair of a wall that the ray does not meet
                through = OWN_GHOST if own else GHOST
                if _opens(height, row, col, to_col, to_row, per_col, per_row, right, down, through):
                    ghost = through + 1
                    continue
                nx, ny = (-float(right), 0.0) if side < 2 else (0.0, -float(down))
                facing = dx * nx + dy * ny
                own_line = False
            bottom = max(low, (-h - tz) / path)
            if bottom > low:  # up again off the ground, and over this roof
                ledger[OVER] += _angle(min(bottom, high)) - _angle(low)
            ceiling = min(high, flies)
            if ceiling > bottom:
                cosine = int(-facing * (tables[3].shape[0] - 1) + 0.5)
                weaker = share * tables[3][cosine]
                if since > 0.0 or bounces >= most or weaker < WEAKEST:
                    ledger[ABSORBED] += _angle(ceiling) - _angle(bottom)
                elif waiting + 1 >= STACK - 1:
                    ledger[DROPPED] += _angle(ceiling) - _angle(bottom)
                else:
                    mirrored = math.atan2(dy - 2.0 * facing * ny, dx - 2.0 * facing * nx)
                    to_line = 0.0  # from the side of the cell to the wall that was fitted to it, along the ray [cells]
                    if own_line:
                        hit = (x + dx * beyond) * nx + (y + dy * beyond) * ny
                        to_line = min(max((offset[row, col, side] - hit) / facing, -MOST_SHIFT), MOST_SHIFT)
                        to_line = max(to_line, -beyond)
                    px, py = x + dx * (beyond + to_line), y + dy * (beyond + to_line)
                    numbers[waiting] = (
                        px, py, mirrored, path + to_line * cell_m, bottom, ceiling, weaker, 0.0, 0.0
                    )  # fmt: skip
                    wholes[waiting] = (
                        math.floor(py), math.floor(px), bounces + 1, np.int64(wall[row, col, side])
                    )  # fmt: skip
                    chains[waiting, :] = cosines
                    chains[waiting, bounces] = cosine
                    waiting += 1
            low = max(low, flies)
            if low >= high:
                return waiting


@machine_code(reorder=False)
def _opens(
    height: Any, row: int, col: int, to_col: float, to_row: float, per_col: float, per_row: float, right: int,
    down: int, most: int,
) -> bool:  # fmt: skip
    """Say whether a line through built cells comes out of them within so many."""
    for _ in range(most):
        if to_col <= to_row:
            to_col += per_col
            col += right
        else:
            to_row += per_row
            row += down
        if not (0 <= row < height.shape[0] and 0 <= col < height.shape[1]):
            return False
        if height[row, col] <= 0:
            return True
    return False


@machine_code(reorder=False)
def _worst(tops: Any, count: int, first: int, last: int, z1: float, z2: float, step: float, half_wave: float) -> Any:
    """Return the greatest nu at an edge between two samples of a profile, and where; -1 where there is none.

    Samples amid a flat roof are no edges, nor are those of the edge that a part of the profile ends at.
    """
    best, where = -1e9, -1
    for k in range(max(first + 1 + (OWN_EDGE if first > 0 else 0), 1), last - (OWN_EDGE if last < count else 0)):
        if tops[k] <= 0.0 or not (tops[k] > tops[k - 1] or tops[k] > tops[k + 1]):
            continue
        d1, d2 = (k - first) * step, (last - k) * step
        line = z1 + (z2 - z1) * (k - first) / (last - first)
        nu = (tops[k] - line) * math.sqrt((d1 + d2) / (half_wave * d1 * d2))
        if nu > best:
            best, where = nu, k
    return best, where


@machine_code(reorder=False)
def roof_edges(
    height: Any, place: Any, receiver_m: float, cell_m: float, wavelength: float, window: Any, loss: Any
) -> None:
    """Write the loss over up to three edges of roofs [dB] on the straight line to every cell of the window.

    Args:
        height, place, receiver_m, cell_m, window: as for `launch`.
        wavelength: [m].
        loss: written here, shape of the window.
    """
    rows, cols = height.shape
    tx, ty, tz = place
    first_row, first_col, window_rows, window_cols = window
    tops = np.zeros(4 * (rows + cols) + 8)
    for r in range(window_rows):
        for c in range(window_cols):
            x, y = first_col + c + 0.5, first_row + r + 0.5
            flat = math.hypot(x - tx, y - ty)
            count = min(int(1.5 * flat) + 4, tops.shape[0] - 1)
            for k in range(count + 1):
                t = k / count
                col, row = math.floor(tx + t * (x - tx)), math.floor(ty + t * (y - ty))
                open_ = t * flat > 0.75 and (1.0 - t) * flat > 0.75  # not the building that an end stands on
                tops[k] = height[row, col] if open_ and 0 <= row < rows and 0 <= col < cols else 0.0
            step = max(flat, 1.0) * cell_m / count
            half_wave = 0.5 * wavelength
            nu, at = _worst(tops, count, 0, count, tz, receiver_m, step, half_wave)
            main = knife_edge_db(nu)
            if main > 0.0:
                before, _ = _worst(tops, count, 0, at, tz, tops[at], step, half_wave)
                after, _ = _worst(tops, count, at, count, tops[at], receiver_m, step, half_wave)
                main += knife_edge_db(before) + knife_edge_db(after)
            loss[r, c] = main
