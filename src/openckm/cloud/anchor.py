"""Training stays near its parent, and parent and child are interpolated.

The trained network is D(.; theta_0 + delta) with the parent's weights theta_0 fixed and delta learned from 0. Decoupled
weight decay on delta then pulls towards the parent instead of towards zero,

    delta <- delta - eta (update + lambda delta),                                                   (1)

which is the L2-SP penalty; averages of delta are averages of the weights; and the interpolation of parent and child is

    theta(w) = theta_0 + w delta,    0 <= w <= 1.                                                   (2)

References:
    X. Li, Y. Grandvalet, F. Davoine, Explicit inductive bias for transfer learning with convolutional networks, 2018.
    M. Wortsman et al., Robust fine-tuning of zero-shot models, 2022, section 3 (weight-space ensembles).
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.func import functional_call

from openckm.errors import OptionError
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoised, Denoiser, MapDenoiser
from openckm.store.codec import decode, encode


class Anchored(Denoiser):
    """A denoiser whose parameters are the differences to a parent's."""

    def __init__(self, parent: MapDenoiser) -> None:
        """Begin at the parent, which is not changed."""
        super().__init__()
        self._parent = (copy.deepcopy(parent).requires_grad_(False),)  # in a tuple: no parameters of this module
        self._names = [name for name, _ in parent.named_parameters()]
        self.deltas = nn.ParameterList([torch.zeros_like(p, requires_grad=True) for p in parent.parameters()])

    def forward(self, x: Tensor, sigma: Tensor, condition: Condition | None = None) -> Denoised:
        """Denoise x [B, C, H, W] at noise levels sigma [B]."""
        own = zip(self._names, self._parent[0].parameters(), self.deltas, strict=True)
        weights = {name: p + delta for name, p, delta in own}
        denoised: Denoised = functional_call(self._parent[0], weights, (x, sigma, condition))
        return denoised

    def interpolated(self, weight: float) -> MapDenoiser:
        """Return a denoiser with the weights theta_0 + weight * delta, ready to use.

        Raises:
            OptionError: if the weight is not in [0, 1].
        """
        if not 0.0 <= weight <= 1.0:
            raise OptionError(f"weight {weight} of the interpolation: wanted a value in [0, 1]")
        child = copy.deepcopy(self._parent[0])
        with torch.no_grad():
            for parameter, delta in zip(child.parameters(), self.deltas, strict=True):
                parameter.add_(delta, alpha=weight)
        return child.train(False)


def as_published(denoiser: MapDenoiser, precision: str = "bf16") -> MapDenoiser:
    """Return the denoiser as an edge will have it: its weights rounded to a precision of `openckm.store.codec`."""
    rounded = copy.deepcopy(denoiser)
    arrays = {name: value.detach().numpy() for name, value in denoiser.state_dict().items()}
    rounded.load_state_dict(
        {name: torch.from_numpy(value) for name, value in decode(encode(arrays, precision)).items()}
    )
    return rounded
