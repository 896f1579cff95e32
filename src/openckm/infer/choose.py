r"""Which method draws the posterior and which estimates its mean, from the evidence alone. The user may override both.

    evidence                                                           draws   estimate of the mean
    a device or likelihood for which no sites are known                dps     dps      needs but a gradient
    no reading at all                                                  told    refined
    single cells, few of them (below FEW of the cells of a channel),
      all in the network's evidence planes                             jfs     refined
    everything else that the network is told in its evidence planes    jfs     both     refined and jfs, averaged
    everything else                                                    jfs     jfs

    told       the network's own sampler, told the readings in its evidence planes
    jfs        the prior and the likelihood (`openckm.infer.jfs`); as an estimate, the mean of 8 chains that stop where
               a mean wants them to (`openckm.infer.posterior_draws`)
    refined    one call of the network that is told, made to agree with the likelihood (`openckm.infer.refine`)
    both       a quarter of refined, three quarters of jfs: one errs by what the network makes too little of, the other
               by the Gaussian belief, and the errors differ

RMSE of the gain over that of jfs, on 64 x 64 windows of validation maps (Florence and procedural), prior 0.4.0, paired,
95 % intervals by bootstrap over scenes; in brackets that of the direction's sine:

    task                     windows   refined                        both                           CPU time, jfs [s]
    hidden box               14        1.17, 1.00 to 1.29 [1.49]      0.99, 0.96 to 1.01 [1.06]      0.8
    single cells hidden      8         1.01, 0.98 to 1.04 [1.00]      0.99, 0.98 to 1.00 [0.99]      0.8
    blocks of 2 x 2          8         0.98, 0.97 to 0.99 [1.00]      0.99, 0.98 to 0.99 [1.00]      0.8
    clip                     10        1.10, 1.05 to 1.14             0.98, 0.96 to 1.00             0.7
    clip and 24 sectors      8         1.12, 1.01 to 1.21 [0.99]      1.00, 0.97 to 1.03 [0.99]      1.2
    2 % of the cells read    8         0.99, 0.91 to 1.07             0.98, 0.96 to 1.00             0.5

refined takes 0.2 s of CPU time on each. Halves instead of quarters are 1 to 3 % worse behind a hidden box, a clip or
sectors and at most 1 % better elsewhere. Draws by `told` have 1.02 of the error of those by jfs where 2 % are read, 1.2
behind a box.

mmps, DiffPIR and DAPS are never picked: they are there to be compared with (`ckm bench samplers`).
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


def choose_method(likelihood: Likelihood) -> str:
    """Return the method of the draws by the table of the module.

    Args:
        likelihood: of the readings.
    """
    try:
        terms = terms_of(likelihood)
    except OptionError:
        return "dps"
    return "told" if share_told(terms) == 0.0 else "jfs"


def choose_estimate(likelihood: Likelihood, condition: Condition | None = None) -> str:
    """Return the method of the posterior mean by the table of the module: "refined", "both", "jfs" or "dps".

    Args:
        likelihood: of the readings.
        condition: what is known besides; its evidence planes must hold the readings for the network to be told.
    """
    drawn = choose_method(likelihood)
    if drawn == "told":
        return "refined"
    if drawn == "dps" or not _in_planes(condition):
        return drawn
    terms = terms_of(likelihood)
    single = all(squared(term.operator) is not None for term in terms)
    return "refined" if single and share_told(terms) < FEW else "both"


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
