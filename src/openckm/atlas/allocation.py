"""Two small examples of what maps are for: which cell each user takes, and how a cell's power is split.

Rates are Shannon's, r = B log2(1 + SINR). Users of a cell share its time.

    strongest           every user takes the cell of the highest SINR
    proportional fair   maximise sum_u ln(r_{u, c(u)} / n_{c(u)}), n_c the users of cell c: with equal shares of a
                        cell's time, which is what proportional fairness gives users of constant rate; found by moving
                        one user at a time while the objective grows
    equal power         the users of one cell each get 1 / n of its band and of its power; objective: sum of rates

References:
    User association for load balancing in heterogeneous cellular networks. Q. Ye, B. Rong, Y. Chen, M. Al-Shalash,
    C. Caramanis, J. G. Andrews, 2013 (association under proportional fairness).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openckm.atlas.servers import Radio, sinr_db
from openckm.errors import OptionError

Floats = NDArray[np.float64]
_Rule = Literal["strongest", "proportional fair"]
ROUNDS = 100


@dataclass(frozen=True, eq=False)
class Association:
    """Which cell each user takes.

    Attributes:
        cell: number of each user's cell, -1 for users whom no cell reaches, shape (user,).
        rate_bps: the rate of each user with its share of the cell's time [bit/s], 0 for users without a cell, shape
            (user,).
        objective: sum of the logarithms of the rates [bit/s] of the users that have a cell.
        rule: how it was found.
        left_out: users without a cell.
    """

    cell: NDArray[np.intp]
    rate_bps: Floats
    objective: float
    rule: _Rule
    left_out: int


@dataclass(frozen=True, eq=False)
class PowerSplit:
    """How a cell's power is split among its users.

    Attributes:
        share: the share of power and band, shape (user,).
        rate_bps: the rate of each user [bit/s], shape (user,).
        objective: sum of the rates [bit/s].
    """

    share: Floats
    rate_bps: Floats
    objective: float


def associate(power_dbm: Floats, radio: Radio, rule: _Rule = "proportional fair") -> Association:
    """Return which cell each user takes.

    Args:
        power_dbm: the power of each cell at each user, NaN where nothing is known, shape (cell, user).
        radio: noise, bandwidth and load.
        rule: "strongest" or "proportional fair".

    Raises:
        OptionError: if there is no such rule.
    """
    if rule not in ("strongest", "proportional fair"):
        raise OptionError(f"rule {rule!r}: wanted 'strongest' or 'proportional fair'")
    cells, users = power_dbm.shape
    each = [sinr_db(power_dbm, np.full(users, c, np.intp), radio) for c in range(cells)]
    rates = radio.bandwidth_hz * np.log2(1.0 + 10.0 ** (np.nan_to_num(np.stack(each), nan=-np.inf) / 10.0))
    cell = np.where(rates.max(0) > 0, rates.argmax(0), -1)
    if rule == "proportional fair":
        cell = _balanced(rates, cell)
    served = cell >= 0
    load = np.bincount(cell[served], minlength=cells)
    own = np.where(served, rates[np.maximum(cell, 0), np.arange(users)], 0.0)
    shared = own / np.maximum(load[np.maximum(cell, 0)], 1)
    return Association(cell, shared, float(np.log(shared[served]).sum()), rule, int((~served).sum()))


def _balanced(rates: Floats, cell: NDArray[np.intp]) -> NDArray[np.intp]:
    """Move one user at a time to where the objective grows most, until no move helps."""
    cells, users = rates.shape
    cell = cell.copy()
    load = np.bincount(cell[cell >= 0], minlength=cells).astype(np.float64)
    with np.errstate(divide="ignore"):
        log_rate = np.log(rates)
    for _ in range(ROUNDS):
        moved = False
        for u in range(users):
            now = cell[u]
            if now < 0:
                continue
            joining = _cost(load + 1) - _cost(load)
            leaving = _cost(load[now]) - _cost(load[now] - 1)
            gain = log_rate[:, u] - log_rate[now, u] - joining + leaving
            gain[now] = 0.0
            best = int(np.argmax(gain))
            if gain[best] > 1e-12:
                load[now], load[best], cell[u], moved = load[now] - 1, load[best] + 1, best, True
        if not moved:
            break
    return cell


def _cost(users: Floats | float) -> Floats:
    """What sharing costs a cell of n users: sum_u ln(1 / n) = -n ln n."""
    return np.asarray(users * np.log(np.maximum(users, 1.0)), np.float64)


def equal_power(sinr: Floats, radio: Radio) -> PowerSplit:
    """Return the rates of one cell's users with equal shares of its power and band.

    Args:
        sinr: the SINR of each user with the whole power in the whole band [dB], shape (user,). With a share s of both,
            power
            and noise fall alike, and with them interference, so that the SINR within the share stays.
        radio: the radio whose band is split.
    """
    share = np.full(len(sinr), 1.0 / max(len(sinr), 1))
    rate = share * radio.bandwidth_hz * np.log2(1.0 + 10.0 ** (np.nan_to_num(sinr, nan=-np.inf) / 10.0))
    return PowerSplit(share, rate, float(rate.sum()))
