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

**Woods.** A fan remembers the pieces [s_a, s_b] of its line that lie in a wood of crowns H, and a ray of it loses
    A = A_m [1 - exp(-d gamma / A_m)],   d = sqrt(1 + t^2) sum of the lengths within them on which |z_T + t s| < H,
gamma dB a metre at first and A_m at most (ITU-R P.833-9, Eq. 1; `openckm.maps.trees`).

**Edges.** Along the straight line to a cell the three edges of Deygout: the one p of greatest nu, and one on each side
of it, seen from its top (t before it, r behind it):
    nu = h sqrt(2 d / (lambda d1 d2)),   J(nu) = 6.9 + 20 log10(sqrt((nu - 0.1)^2 + 1) + nu - 0.1), 0 below nu = -0.78
    L = J(nu_p) + J(nu_t) + J(nu_r)

References:
    J. Deygout, Multiple knife-edge diffraction of microwaves, 1966. ITU-R P.526-15, Eq. 31 (J). ITU-R P.833-9, Eq. 1.
"""

from __future__ import annotations

import math
from typing import Any

from openckm.maps.rays.materials import MOST_BOUNCES

TURN = 2.0 * math.pi
STACK = 512
"""Fans that may wait at once; more are dropped and counted. One row more holds the fan that is followed."""
FAN = 9 + MOST_BOUNCES
"""Numbers of a fan: x, y, direction, length so far, slopes from and to, share, bounces, last wall, and its cosines."""
LEFT, _OVER, _ABSORBED, _DROPPED = range(4)
"""Fates of rays in the ledger: off the raster, over roofs or onto them, at the last bounce, for want of room."""
_GHOST, _OWN_GHOST = 3, 24
"""Built cells that a ray may pass behind a stair of a wall that it does not meet, and of the wall it has just left."""
_MOST_SHIFT = 1.5
"""How far the wall may lie from the side of the cell that was hit, along the ray [cells]."""
_OWN_EDGE = 2
"""Samples of a profile on either side of an edge that belong to it."""
_PIECES = 16
"""Pieces of a fan's line in woods that are told apart; what comes beyond them lengthens the last one."""
TRAIL = 1 + 3 * _PIECES
"""Numbers that a fan remembers of woods: how many pieces; of each where it begins and ends, and the crowns' height."""
_WEAKEST = 1e-7
"""Share of power below which a ray is followed no further."""


def _angle(t: float) -> float:
    """Return the sine of the elevation: solid angle is its difference times that of the azimuth."""
    return t / math.sqrt(1.0 + t * t)


def knife_edge_db(nu: float) -> float:
    """Return J(nu) [dB] (ITU-R P.526-15, Eq. 31)."""
    if nu <= -0.78:
        return 0.0
    return 6.9 + 20.0 * math.log10(math.sqrt((nu - 0.1) ** 2 + 1.0) + nu - 0.1)


def wood_db(metres: float, gamma: float, limit: float) -> float:
    """Return A [dB] of so many metres of wood: `gamma` dB a metre at first, `limit` at most (P.833-9, Eq. 1)."""
    return limit * (1.0 - math.exp(-metres * gamma / limit))


def _enter_wood(trail: Any, at: int, begin: float, end: float, crown: float) -> None:
    """Note that the line of fan `at` runs through a wood from one path length to another [m], crowns so high [m]."""
    count = int(trail[at, 0])
    last = 3 * count - 2
    if count > 0 and trail[at, last + 1] >= begin - 1e-6 and trail[at, last + 2] == crown:
        trail[at, last + 1] = end
    elif count == _PIECES:
        trail[at, last + 1] += end - begin
    else:
        trail[at, last + 3], trail[at, last + 4], trail[at, last + 5] = begin, end, crown
        trail[at, 0] = count + 1.0


def _wood_metres(trail: Any, at: int, tz: float, slope: float, path: float) -> float:
    """Return d [m]: what a ray of fan `at`, of a slope t, has run below crowns within a path length [m]."""
    total = 0.0
    for k in range(int(trail[at, 0])):
        begin, end, crown = trail[at, 1 + 3 * k], trail[at, 2 + 3 * k], trail[at, 3 + 3 * k]
        one, other = (-crown - tz) / slope, (crown - tz) / slope  # where |z_T + t s| = H
        total += max(min(end, path, max(one, other)) - max(begin, min(one, other)), 0.0)
    return total * math.sqrt(1.0 + slope * slope)


def line_in_wood(
    crown: Any, x0: float, y0: float, z0: float, x1: float, y1: float, z1: float, cell_m: float
) -> float:  # fmt: skip
    """Return how many metres of a straight line run below crowns; x and y in cells, z in metres."""
    flat = math.hypot(x1 - x0, y1 - y0)
    count = int(3.0 * flat) + 1
    inside = 0
    for k in range(count):
        t = (k + 0.5) / count
        row, col = math.floor(y0 + t * (y1 - y0)), math.floor(x0 + t * (x1 - x0))
        if 0 <= row < crown.shape[0] and 0 <= col < crown.shape[1] and crown[row, col] > z0 + t * (z1 - z0):
            inside += 1
    return math.hypot(flat * cell_m, z1 - z0) * inside / count


def launch(
    height: Any, wall: Any, lines: Any, sources: Any, tx: float, ty: float, tz: float, receiver_m: float, cell_m: float,
    azimuths: int, bent: int, most: int, first_row: int, first_col: int, stack: Any, pattern: Any, walls: Any,
    ground: Any, crown: Any, gamma: float, limit: float, trail: Any, into: Any, ledger: Any,
) -> None:  # fmt: skip
    """Send fans to all azimuths, and from corners; add what they bring to the cells that are wanted.

    What is compiled is kept plain (one loop, scalars, no slices): the time of the first call goes by statements.

    Args:
        height: the height of buildings [m], (rows, cols).
        wall, lines: which wall each side of a cell belongs to, and the lines of the walls, as `Walls` has them.
        sources: the sources of `corner_sources`, (corners, 7).
        tx, ty: of the antenna in cells from the north-west corner, eastwards and southwards; tz: its height [m].
        receiver_m: height of the receivers [m].
        cell_m: side of a cell [m].
        azimuths: number of fans from the antenna; bent: of those from each corner.
        most: bounces off walls, at most.
        first_row, first_col: first row and column of the cells that are wanted.
        stack: room for fans that wait, (STACK, FAN).
        pattern: power of the antenna (azimuths, elevations); walls: what they reflect (cosines, elevations + 1), in
            the last column the most over elevations; ground: what it reflects (elevations,).
        crown: height of woods [m], (rows, cols), 0 on buildings, or of no rows where there are none; gamma: what they
            take at first [dB/m]; limit: what they take at most [dB].
        trail: room for what waiting fans remember of woods, (STACK + 1, TRAIL).
        into: power by bin of arrival, its moments east and north by bin, and power by kind (straight, off the ground,
            off walls, off both, around corners, over eaves), (3 bins + 6, rows, cols) of the cells that are wanted, in
            units of (lambda / 4 pi)^2 dphi / cell^2, with dphi the width of a fan from the antenna.
        ledger: solid angles by fate, in units of dphi, of the antenna's fans and of the corners', (2, 4).
    """
    rows, cols = height.shape
    bins = (into.shape[0] - 6) // 3
    window_rows, window_cols = into.shape[1], into.shape[2]
    elevations = ground.shape[0]
    rise = receiver_m - tz
    if abs(rise) < 1e-3:
        rise = -1e-3
    under = receiver_m + tz
    wooded = crown.shape[0] > 0
    for source in range(azimuths + sources.shape[0] * bent):
        corner = (source - azimuths) // bent if source >= azimuths else -1
        if corner < 0:
            angle, since, bend, wide, book = TURN * (source + 0.5) / azimuths, 0.0, 0.0, 1.0, 0
            seen = source * pattern.shape[0] // azimuths
            x, y, low, high = tx, ty, -1e4, (-1e-7 if rise < 0 else 1e4)
        else:
            heading = sources[corner, 5]
            angle = TURN * ((source - azimuths) % bent + 0.5) / bent
            x, y, since, low, high = (
                sources[corner, 0], sources[corner, 1], sources[corner, 2], sources[corner, 3], sources[corner, 4]
            )  # fmt: skip
            bend = abs((angle - heading + 0.5 * TURN) % TURN - 0.5 * TURN) * sources[corner, 6]  # nu / root
            seen = math.floor(heading / TURN * pattern.shape[0]) % pattern.shape[0]
            wide, book = azimuths / bent, 1  # a wider fan
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = x, y, angle, since
        stack[0, 4], stack[0, 5], stack[0, 6], stack[0, 7], stack[0, 8] = low, high, 1.0, 0.0, -1.0
        trail[0, 0] = 0.0
        if wooded and corner >= 0:  # the way to the corner
            count = int(4.0 * since / cell_m) + 1
            for k in range(count):
                t = (k + 0.5) / count
                row, col = math.floor(ty + t * (y - ty)), math.floor(tx + t * (x - tx))
                if 0 <= row < rows and 0 <= col < cols and crown[row, col] > 0:
                    _enter_wood(trail, 0, since * k / count, since * (k + 1) / count, crown[row, col])
        waiting = 1
        while waiting > 0:
            waiting -= 1
            top = waiting
            x, y, angle, s = stack[top, 0], stack[top, 1], stack[top, 2], stack[top, 3]
            low, high, share = stack[top, 4], stack[top, 5], stack[top, 6]
            bounces, last = int(stack[top, 7]), stack[top, 8]
            for k in range(bounces):  # what waits above may be overwritten while this fan is followed
                stack[STACK, 9 + k] = stack[top, 9 + k]
            for k in range(1 + 3 * int(trail[top, 0])):
                trail[STACK, k] = trail[top, k]
            row, col = math.floor(y), math.floor(x)
            dx, dy = math.cos(angle), math.sin(angle)
            bin_ = math.floor((angle / TURN + 0.5) * bins) % bins  # of arrival, clockwise from east
            right, down = (1 if dx > 0 else -1), (1 if dy > 0 else -1)
            per_col, per_row = 1.0 / max(abs(dx), 1e-30), 1.0 / max(abs(dy), 1e-30)
            to_col = ((col + 1 - x) if dx > 0 else (x - col)) * per_col
            to_row = ((row + 1 - y) if dy > 0 else (y - row)) * per_row
            gone = 0.0  # along this straight piece [cells]
            inside = 0 <= row < rows and 0 <= col < cols
            # an antenna below the top of the cell it stands in is let out; so is a ray behind the sides of its own wall
            ghost = 0
            if inside and height[row, col] > 0:
                if bounces > 0:
                    ghost = _OWN_GHOST
                elif s == 0.0 and tz <= height[row, col]:
                    ghost = 10_000
            while True:
                beyond = min(to_col, to_row)
                path = s + beyond * cell_m
                if inside:
                    r, c, h = row - first_row, col - first_col, height[row, col]
                    if wooded and crown[row, col] > 0 and beyond > gone:
                        _enter_wood(trail, STACK, s + gone * cell_m, path, crown[row, col])
                    if h <= 0 and 0 <= r < window_rows and 0 <= c < window_cols and beyond > gone:
                        middle = s + 0.5 * (gone + beyond) * cell_m
                        for grounded in range(2):
                            drop = under if grounded else rise
                            slope = -under / middle if grounded else rise / middle
                            if low <= slope <= high:
                                at = int((math.atan(slope) / math.pi + 0.5) * (elevations - 1) + 0.5)
                                power = (
                                    wide * pattern[seen, at] * (middle - since) * (beyond - gone) * cell_m
                                    / (middle * middle + drop * drop)
                                )  # fmt: skip
                                for k in range(bounces):
                                    power *= walls[int(stack[STACK, 9 + k]), at]
                                kind = 3 * bins + grounded + (2 if bounces > 0 else 0)
                                if grounded:
                                    power *= ground[at]
                                if since > 0.0:
                                    nu = bend * math.sqrt(since * (middle - since) / middle)
                                    power *= 10.0 ** (-0.1 * knife_edge_db(nu))
                                    kind = 3 * bins + 4
                                if trail[STACK, 0] > 0.0:
                                    metres = _wood_metres(trail, STACK, tz, slope, middle)
                                    power *= 10.0 ** (-0.1 * wood_db(metres, gamma, limit))
                                into[kind, r, c] += power
                                into[bin_, r, c] += power
                                into[bins + bin_, r, c] -= power * dx  # towards where the wave comes from
                                into[2 * bins + bin_, r, c] += power * dy  # rows run southwards
                    if h > 0 and ghost == 0:
                        clear = (h - tz) / path  # what is lower has come down onto the roof
                        if clear > low:
                            ledger[book, _OVER] += _angle(min(clear, high)) - _angle(low)
                            low = clear
                            if low >= high:
                                break
                if (rise / path > high if rise < 0 else rise / path < low) and -under / path > high:
                    ledger[book, _OVER] += _angle(high) - _angle(low)
                    break
                gone = beyond
                was_inside = inside
                sideways = to_col <= to_row
                if sideways:
                    to_col += per_col
                    col += right
                else:
                    to_row += per_row
                    row += down
                inside = 0 <= row < rows and 0 <= col < cols
                if not inside:
                    coming = (
                        (col < 0 and dx > 0) or (col >= cols and dx < 0) or (row < 0 and dy > 0)
                        or (row >= rows and dy < 0)
                    )  # fmt: skip
                    away = (
                        (col < 0 and dx <= 0) or (col >= cols and dx >= 0) or (row < 0 and dy <= 0)
                        or (row >= rows and dy >= 0)
                    )  # fmt: skip
                    if was_inside or away or not coming:
                        ledger[book, LEFT] += _angle(high) - _angle(low)
                        break
                    continue
                h = height[row, col]
                if h <= 0:
                    ghost = 0
                    continue
                if ghost > 0:
                    ghost -= 1
                    if ghost == 0:
                        ledger[book, _DROPPED] += _angle(high) - _angle(low)
                        break
                    continue
                flies = (h - tz) / path
                if low >= flies:
                    continue
                side = (0 if right > 0 else 1) if sideways else (2 if down > 0 else 3)
                number = wall[row, col, side]
                nx, ny, offset = (-float(right) if sideways else 0.0), (0.0 if sideways else -float(down)), 0.0
                if number >= 0:
                    nx, ny, offset = lines[number, 0], lines[number, 1], lines[number, 2]
                facing = dx * nx + dy * ny
                own = number >= 0 and number == last
                own_line = facing < -1e-6 and not own
                if not own_line:  # a stair of a wall that the ray does not meet
                    through = _OWN_GHOST if own else _GHOST
                    opens, a, b, i, j = False, to_col, to_row, row, col
                    for _ in range(through):  # whether it comes out of the built cells within so many
                        if a <= b:
                            a += per_col
                            j += right
                        else:
                            b += per_row
                            i += down
                        if not (0 <= i < rows and 0 <= j < cols):
                            break
                        if height[i, j] <= 0:
                            opens = True
                            break
                    if opens:
                        ghost = through + 1
                        continue
                    nx, ny = (-float(right) if sideways else 0.0), (0.0 if sideways else -float(down))
                    facing = dx * nx + dy * ny
                bottom = max(low, (-h - tz) / path)
                if bottom > low:  # up again off the ground, and over this roof
                    ledger[book, _OVER] += _angle(min(bottom, high)) - _angle(low)
                ceiling = min(high, flies)
                if ceiling > bottom:
                    cosine = int(-facing * (walls.shape[0] - 1) + 0.5)
                    weaker = share * walls[cosine, elevations]
                    if since > 0.0 or bounces >= most or weaker < _WEAKEST:
                        ledger[book, _ABSORBED] += _angle(ceiling) - _angle(bottom)
                    elif waiting + 1 >= STACK - 1:
                        ledger[book, _DROPPED] += _angle(ceiling) - _angle(bottom)
                    else:
                        to_line = 0.0  # from the cell's side to the wall that was fitted to it, along the ray [cells]
                        if own_line:
                            hit = (x + dx * beyond) * nx + (y + dy * beyond) * ny
                            to_line = min(max((offset - hit) / facing, -_MOST_SHIFT), _MOST_SHIFT)
                            to_line = max(to_line, -beyond)
                        stack[waiting, 0] = x + dx * (beyond + to_line)
                        stack[waiting, 1] = y + dy * (beyond + to_line)
                        stack[waiting, 2] = math.atan2(dy - 2.0 * facing * ny, dx - 2.0 * facing * nx)
                        stack[waiting, 3] = path + to_line * cell_m
                        stack[waiting, 4], stack[waiting, 5], stack[waiting, 6] = bottom, ceiling, weaker
                        stack[waiting, 7], stack[waiting, 8] = bounces + 1.0, number
                        for k in range(bounces):
                            stack[waiting, 9 + k] = stack[STACK, 9 + k]
                        for k in range(1 + 3 * int(trail[STACK, 0])):
                            trail[waiting, k] = trail[STACK, k]
                        stack[waiting, 9 + bounces] = cosine
                        waiting += 1
                low = max(low, flies)
                if low >= high:
                    break


def roof_edges(
    height: Any, tx: float, ty: float, tz: float, receiver_m: float, cell_m: float, wavelength: float, first_row: int,
    first_col: int, crown: Any, tops: Any, loss: Any, metres: Any,
) -> None:  # fmt: skip
    """Write the loss over up to three edges of roofs [dB] on the straight line to every cell of the window.

    Samples amid a flat roof are no edges, nor are those of the edge that a part of the profile ends at.

    Args:
        height, tx, ty, tz, receiver_m, cell_m, first_row, first_col, crown: as for `launch`.
        wavelength: [m].
        tops: room for a profile, (4 (rows + columns) + 8,).
        loss: written here, shape of the window.
        metres: written here: how far the line runs through woods, bent at its greatest edge [m], shape of the window.
    """
    rows, cols = height.shape
    for r in range(loss.shape[0]):
        for c in range(loss.shape[1]):
            x, y = first_col + c + 0.5, first_row + r + 0.5
            flat = math.hypot(x - tx, y - ty)
            count = min(int(1.5 * flat) + 4, tops.shape[0] - 1)
            for k in range(count + 1):
                t = k / count
                col, row = math.floor(tx + t * (x - tx)), math.floor(ty + t * (y - ty))
                tops[k] = 0.0
                if t * flat > 0.75 and (1.0 - t) * flat > 0.75 and 0 <= row < rows and 0 <= col < cols:
                    tops[k] = height[row, col]  # not the building that an end stands on
            step = max(flat, 1.0) * cell_m / count
            main, peak = 0.0, 0
            for part in range(3):  # the whole line; what lies before its greatest edge; what lies behind it
                begin, end = (peak if part == 2 else 0), (peak if part == 1 else count)
                z1, z2 = (tops[peak] if part == 2 else tz), (tops[peak] if part == 1 else receiver_m)
                nu, where = -1e9, 0
                from_, to = max(begin + 1, 1), end
                if begin > 0:
                    from_ += _OWN_EDGE
                if end < count:
                    to -= _OWN_EDGE
                for k in range(from_, to):
                    if tops[k] > 0.0 and (tops[k] > tops[k - 1] or tops[k] > tops[k + 1]):
                        d1, d2 = (k - begin) * step, (end - k) * step
                        line = z1 + (z2 - z1) * (k - begin) / (end - begin)
                        found = (tops[k] - line) * math.sqrt(2.0 * (d1 + d2) / (wavelength * d1 * d2))
                        if found > nu:
                            nu, where = found, k
                main += knife_edge_db(nu)
                if part == 0:
                    peak = where
                    if main <= 0.0:
                        break
            loss[r, c] = main
            if crown.shape[0] > 0:
                over, at = peak / count, (tops[peak] if peak > 0 else tz)
                mx, my = tx + over * (x - tx), ty + over * (y - ty)
                metres[r, c] = line_in_wood(crown, tx, ty, tz, mx, my, at, cell_m)
                metres[r, c] += line_in_wood(crown, mx, my, at, x, y, receiver_m, cell_m)
