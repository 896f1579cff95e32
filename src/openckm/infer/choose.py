r"""Which method draws the posterior, from the evidence alone. The user may override it.

    evidence                                                           method
    a device or likelihood for which no sites are known                dps    P1's Algorithm 2: needs but a gradient
    no reading at all                                                  told   the prior's own sampler
    single cells, few of them (below FEW of the cells of a channel),
      all in the network's evidence planes                             told   trained on them: it knows long ranges best
    everything else                                                    jfs

mmps, DiffPIR and DAPS are never picked: they are there to be compared with. MMPS needs a network whose Jacobian is
right; with the shipped one it did no better than jfs on scattered points, at five times the cost.
"""

from __future__ import annotations

from openckm.errors import OptionError
from openckm.infer.terms import Term, squared, terms_of
from openckm.observe.likelihood import Likelihood
from openckm.priors.conditioning import Condition

__all__ = ["FEW", "METHODS", "choose_method", "share_told"]

METHODS = ("jfs", "mmps", "diffpir", "daps", "dps", "told")
FEW = 0.05
"""Share of the cells of a channel below which scattered readings count as few."""


def choose_method(likelihood: Likelihood, condition: Condition | None = None) -> str:
    """Return the method by the table of the module.

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
    in_planes = condition is not None and bool((condition.evidence[:, 2::3] > 0).any())
    single = all(squared(term.operator) is not None for term in terms)
    return "told" if single and in_planes and share < FEW else "jfs"


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
