r"""mmps is moment matching posterior sampling, with the covariance that the network itself implies.

Tweedie's second-order formula gives the covariance of the belief at noise level s exactly, as a product that costs one
vector-Jacobian product (J is symmetric for a perfect denoiser):

    V[x_0 | x_s] = s^2 J,  J = dD / dx_s                                                            (1)
    E[x_0 | x_s, y] = D + V A' (R + A V A')^-1 (y - A D)                                            (2)

Where jfs fixes the covariance in advance, this one knows where the edges of this very map are: it carries sparse points
further, at some ten times the cost. Sites of devices are those that jfs finds at the same noise level. The Jacobian of
a trained network is neither symmetric nor positive, so that the system is solved by generalised conjugate residuals,
a few of them, in units of the deviation that a reading has from the belief: what is read precisely and what is read
roughly then count alike. The solution of jfs as a start, and its covariance as a preconditioner, made it worse: where
the two covariances differ, conjugate directions of one are uphill in the other, and the solve stood still.

References:
    Learning Diffusion Priors from Observations by Expectation Maximization. F. Rozet, G. Andry, F. Lanusse, G. Louppe,
    2024, Section 4.2 and Algorithm 3.
    Tweedie Moment Projected Diffusions for Inverse Problems. B. Boys et al., 2023, Eq. 8.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from openckm.errors import OptionError
from openckm.infer.exact.guided import Guided, Noisy
from openckm.infer.exact.jfs import JFS, Fit, JFSOptions
from openckm.infer.exact.solver import System, generalised_conjugate_residuals
from openckm.infer.exact.spectrum import Spectrum
from openckm.observe.likelihood import Likelihood
from openckm.priors.denoiser import Denoised, Denoiser


class MMPS(Guided):
    """See the module.

    Args:
        denoiser: the prior, differentiable.
        likelihood: the likelihood of one measurement.
        spectrum: the spectrum of the denoiser's errors, for sites and units; `default_spectrum` if None.
        iterations: the number of iterations of the solve; each costs a vector-Jacobian product, and one more is needed.
        options: the options of jfs, for the sites.

    Raises:
        OptionError: if there is no iteration, or no site is known for a part of the likelihood.
    """

    def __init__(
        self, denoiser: Denoiser, likelihood: Likelihood, spectrum: Spectrum | None = None, iterations: int = 4,
        options: JFSOptions | None = None,
    ) -> None:  # fmt: skip
        super().__init__(denoiser, likelihood)
        if iterations < 1:
            raise OptionError(f"iterations={iterations}: wanted at least 1")
        self.jfs = JFS(denoiser, likelihood, spectrum, options)
        self.iterations = iterations
        self.evaluations = 1 + 2 * (iterations + 1)

    def guide(self, noisy: Noisy) -> Denoised:
        """Return E[x_0 | x_s, y] under the belief with the network's own covariance."""
        with torch.enable_grad():
            x = noisy.x.detach().requires_grad_()
            denoised = self.prior(noisy._replace(x=x))
        plain = Denoised(denoised.mean.detach(), None if denoised.var is None else denoised.var.detach())

        def push(v: Tensor) -> Tensor:
            """V v by a vector-Jacobian product."""
            (pulled,) = torch.autograd.grad(denoised.mean, x, v, retain_graph=True)
            return noisy.level**2 * pulled  # (1): V v = s^2 J' v

        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            fit = Fit(self.jfs, plain, self.jfs.spectrum.covariance(plain, noisy.level))
            fit.assemble()
            if fit.system is None:
                return plain
            return Denoised(plain.mean + self._correction(fit, fit.system, push), None)

    def _correction(self, fit: Fit, system: System, push: Callable[[Tensor], Tensor]) -> Tensor:
        """Solve (I + B V B') w = target, and return V B' w."""
        unit = system.units(fit.variance[:, system.channels])

        def spread(w: Tensor) -> Tensor:
            whole = torch.zeros_like(fit.mean)
            whole[:, system.channels] = system.adjoint(system.root * w)
            return push(whole)

        def product(u: Tensor) -> Tensor:
            w = unit * u
            # (2): (R + A V A') in units of the readings' deviation
            return unit * (w + system.root * system.forward(spread(w)[:, system.channels]))

        target = system.target(fit.prior.mean[:, system.channels] - fit.linearised[:, system.channels])
        # (2): V A' (...)^-1 (y - A D)
        return spread(unit * generalised_conjugate_residuals(product, unit * target, self.iterations))
