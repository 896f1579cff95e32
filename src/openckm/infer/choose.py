r"""This module chooses the methods that draw the posterior and estimate its mean; the user may override both.

    evidence                                                           draws   estimate of the mean
    a device or likelihood for which no sites are known                dps     dps      needs but a gradient
    no reading at all                                                "conditioned"  refined
    single cells, few of them (below FEW of the cells of a channel),
      all in the network's evidence planes                             jfs     refined
    everything else                                                    jfs     jfs

    "conditioned"  the network's own sampler, conditioned on the readings by its evidence planes
    jfs        the prior and the likelihood (`infer.exact.jfs`); as an estimate, the mean of 8 chains that stop where
               a mean wants them to (`openckm.infer.posterior_draws`)
    refined    one call of the network so conditioned, made to agree with the likelihood (`openckm.infer.refine`)

RMSE of the gain over that of jfs, prior 0.4.0, means over 64 x 64 windows of Florence (14) and of procedural maps that
the network has not seen (12); in brackets that of the direction's sine where it is read:

    task                     refined                       one orientation               a quarter of refined
    hidden box               1.14 [1.51], 1.17 [1.19]      1.17 [1.54], 1.19 [1.19]      1.00 [1.07], 1.00 [1.01]
    single cells hidden      1.01 [1.01], 0.99 [1.00]      1.04 [1.02], 1.03 [1.00]      1.00 [1.00], 0.99 [1.00]
    blocks of 2 x 2          1.01 [1.01], 1.00 [1.00]      1.03 [1.02], 1.02 [1.01]      1.00 [1.00], 1.00 [1.00]
    clip                     1.20, 1.18                    1.19, 1.22                    1.02, 1.02
    clip and 24 sectors      1.23 [1.18], 1.15 [1.11]      1.24 [1.17], 1.20 [1.12]      1.02 [1.02], 1.01 [1.01]
    2 % of the cells read    0.95, 0.95                    0.98, 0.96                    0.97, 0.98

CPU time for 64 x 64 cells: 0.25 to 0.75 s for jfs, 0.12 s for refined, 0.02 s for one orientation of it. An average of
both ways is worth at most 1 % beyond the better of them. Chains of jfs that also see the readings in the planes
are worse on all but points and blocks, by up to 17 %.

mmps, DiffPIR and DAPS are never picked: they are there to be compared with (`ckm bench samplers`).
"""

from __future__ import annotations

from openckm.errors import OptionError
from openckm.infer.exact.terms import Term, squared, terms_of
from openckm.observe.likelihood import Likelihood
from openckm.observe.sites import NormalSite
from openckm.priors.conditioning import Condition

METHODS = ("jfs", "mmps", "diffpir", "daps", "dps", "conditioned")
FEW = 0.05
"""Share of the cells of a channel below which scattered readings count as few."""


def choose_method(likelihood: Likelihood) -> str:
    """Return the method of the draws by the table of the module.

    Args:
        likelihood: the likelihood of the readings.
    """
    if not has_sites(likelihood):
        return "dps"
    return "conditioned" if share_read(terms_of(likelihood)) == 0.0 else "jfs"


def choose_estimate(likelihood: Likelihood, condition: Condition | None = None) -> str:
    """Return the method of the posterior mean by the table of the module: "refined", "jfs" or "dps".

    Args:
        likelihood: the likelihood of the readings.
        condition: what is known besides; its evidence planes must hold the readings for the network to see them.
    """
    drawn = choose_method(likelihood)
    if drawn == "conditioned":
        return "refined"
    if drawn == "dps" or not _in_planes(condition):
        return drawn
    terms = terms_of(likelihood)
    single = all(squared(term.operator) is not None for term in terms)
    return "refined" if single and share_read(terms) < FEW else "jfs"


def _in_planes(condition: Condition | None) -> bool:
    return condition is not None and bool((condition.evidence[:, 2::3] > 0).any())


def has_sites(likelihood: Likelihood) -> bool:
    """Return whether sites are known for every part of a likelihood, so that more than Algorithm 2 can use it."""
    try:
        terms_of(likelihood)
    except OptionError:
        return False
    return True


def reads_device(likelihood: Likelihood) -> bool:
    """Return whether any reading is behind a device for which sites are known."""
    return has_sites(likelihood) and not all(isinstance(term.site, NormalSite) for term in terms_of(likelihood))


def share_read(terms: list[Term]) -> float:
    """Return the number of readings over that of the cells of a channel, of the channel read most."""
    most: dict[tuple[str, ...], int] = {}
    cells = 1
    for term in terms:
        shape = term.operator.domain.shape
        cells = shape[0] * shape[1]
        channels = term.operator.range.channels
        full = term.site.support.expand(-1, *term.operator.range.full_shape)
        most[channels] = most.get(channels, 0) + int(full[0].flatten(1).sum(1).max()) if full.numel() else 0
    return max(most.values(), default=0) / cells
