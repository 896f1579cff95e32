"""How far the trajectories of two questions are apart that start from the same noise, along the noise level.

For each change the deterministic chain (eta = 0, order 1) runs under the condition before and under the condition after
it, from the same noise. Reported is |x_s - x'_s|_2 over all cells and channels; the divergence of the laws that two
such maps stand for is at most |x_0 - x'_0|^2 / (2 s^2) (`openckm.flux.stages.merged_bound`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from openckm.evaluate.report.rows import Row, plain_row
from openckm.evaluate.worlds.moving import Place
from openckm.flux.stages import merged_bound
from openckm.infer.exact.samplers import FewStepSampler, draw_generator, draw_noise
from openckm.priors.conditioning import Condition
from openckm.priors.denoiser import Denoiser

STEPS = 12
SEED = 3


@torch.no_grad()
def trajectory(denoiser: Denoiser, one: Condition, other: Condition, steps: int = STEPS) -> list[tuple[float, float]]:
    """Return (noise level, |x_s - x'_s|_2) of two chains of equal noise, from the top down to 0."""
    sampler = FewStepSampler(steps, eta=0.0, order=1)
    sigma = sampler.sigmas().tolist()
    shape = (5, int(one.site.shape[-2]), int(one.site.shape[-1]))
    noise = draw_noise([draw_generator(SEED, 0)], shape).repeat(2, 1, 1, 1)
    state, both = sampler.start(noise), Condition.join([one, other])
    found = []
    while state.index > 0:
        state = sampler.step(denoiser, state, torch.zeros_like(state.x), both)
        found.append((float(sigma[state.index]), float((state.x[0] - state.x[1]).norm())))
    return found


def trajectory_rows(denoiser: Denoiser, places: Sequence[Place], changes: Sequence[str]) -> list[Row]:
    """Return the mean distances of trajectories over places, of each change and of another city, with the bound."""
    rows: list[Row] = []
    for change in (*changes, "another city"):
        runs = []
        for k, place in enumerate(places):
            if change == "another city":
                one, other = place.frame("readings", 0), places[(k + 1) % len(places)].frame("readings", 0)
            else:
                one, other = place.frame(change, 0, "burnt"), place.frame(change, 1, "burnt")
            runs.append(trajectory(denoiser, one.condition, other.condition))
        values = np.array([[distance for _, distance in run] for run in runs])
        for i, (level, _) in enumerate(runs[0]):
            found = {"distance": list(values[:, i])}
            if level > 0:
                found["bound_nats"] = [merged_bound(v, level) for v in values[:, -1]]
            for metric, each in found.items():
                three = (float(np.mean(each)), min(each), max(each))
                rows.append(plain_row("trajectory", change, f"s={level:.4g}", metric, three, len(runs), calls=2))
    return rows
