r"""Which method draws the posterior and which estimates its mean, from the evidence alone. The user may override both.

    evidence                                                           draws   estimate of the mean
    a device or likelihood for which no sites are known                dps     dps      needs but a gradient
    no reading at all                                                  told    refined
    single cells, few of them (below FEW of the cells of a channel),
      all in the network's evidence planes                             told    refined
    everything else that the network is told in its evidence planes    jfs     both     refined and jfs, averaged
    everything else                                                    jfs     jfs

    told       the network's own sampler, told the readings in its evidence planes
    jfs        the prior and the likelihood (`openckm.infer.jfs`); as an estimate, the mean of 8 draws
    refined    one call of the network that is told, made to agree with the likelihood (`openckm.infer.refine`)
    both       half refined, half the mean of 8 draws by jfs: one errs by what the network makes too little of, the
               other by the Gaussian belief, and the errors differ

RMSE of the gain over that of the mean of 8 draws by jfs, on 64 x 64 windows of validation maps (Florence and
procedural), prior 0.4.0, paired, 95 % intervals by bootstrap over scenes; in brackets that of the direction's sine:

    task                     windows   refined                        both                           CPU time, jfs [s]
    hidden box               12        1.08, 0.96 to 1.19 [1.42]      0.93, 0.81 to 1.03 [1.11]      1.5
    single cells hidden      8         0.95, 0.92 to 0.98 [0.95]      0.95, 0.93 to 0.97 [0.95]      1.7
    blocks of 2 x 2          8         0.94, 0.89 to 1.00 [0.95]      0.94, 0.91 to 0.98 [0.95]      1.5
    clip and 24 sectors      6         1.01, 0.93 to 1.07 [0.98]      0.98, 0.96 to 1.00 [0.98]      5.3
    2 % of the cells read    6         0.79, 0.73 to 0.95             0.85, 0.81 to 0.94             0.9

refined takes 0.3 s of CPU time on each, 0.4 s with the sectors. Draws by `told` have 0.97 (0.96 to 0.98) of the error
of those by jfs where 2 % are read.

mmps, DiffPIR and DAPS are never picked: they are there to be compared with. On 8 windows with a hidden box the mean of
8 draws by MMPS has 1.02 (0.74 to 1.40) of the error of jfs, a single draw 0.93 (0.73 to 1.24), at 11 times the network
cost and 5 times the time. Two ways between were tried there, and left: MMPS at the four highest noise levels alone
(mean of 8: 1.02, 0.81 to 1.31; a single draw 0.89, 0.72 to 1.16; 2.8 times the time of jfs), and the network told of
the readings by planes above a noise level of 0.5 beside the likelihood (12 windows: 1.02, 0.92 to 1.13; the sine 1.34).
"""

from __future__ import annotations

from openckm.errors import OptionError
from openckm.infer.terms import Term, squared, terms_of
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition

__all__ = ["FEW", "METHODS", "choose_estimate", "choose_method", "share_told"]

METHODS = ("jfs", "mmps", "diffpir", "daps", "dps", "told")
FEW = 0.05
"""Share of the cells of a channel below which scattered readings count as few."""


def choose_method(likelihood: Likelihood, condition: Condition | None = None) -> str:
    """Return the method of the draws by the table of the module.

    Args:
        likelihood: of the readings.
        condition: what is known besides; whether its evidence planes hold readings decides where readings are few.
    """
    try:
        terms = terms_of(likelihood)
    except OptionError:
        return "dps"
    share = share_told(terms)
    if share == 0.0:
        return "told"
    single = all(squared(term.operator) is not None for term in terms)
    return "told" if single and _in_planes(condition) and share < FEW else "jfs"


def choose_estimate(likelihood: Likelihood, condition: Condition | None = None) -> str:
    """Return the method of the posterior mean by the table of the module: "refined", "both", "jfs" or "dps".

    Args:
        likelihood: of the readings.
        condition: what is known besides; its evidence planes must hold the readings for the network to be told.
    """
    drawn = choose_method(likelihood, condition)
    if drawn == "told":
        return "refined"
    return "both" if drawn == "jfs" and _in_planes(condition) else drawn


def _in_planes(condition: Condition | None) -> bool:
    return condition is not None and bool((condition.evidence[:, 2::3] > 0).any())


def share_told(terms: list[Term]) -> float:
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
