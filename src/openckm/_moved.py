"""Modules of version 0.1.0 that live elsewhere now: an import by the old name works, and says where the module went.

The table goes in version 0.3.0.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "data.pool": "runner",
    "infer.jfs": "infer.exact.jfs",
    "infer.solver": "infer.exact.solver",
    "infer.terms": "infer.exact.terms",
    "infer.spectrum": "infer.exact.spectrum",
    "infer.samplers": "infer.exact.samplers",
    "infer.guided": "infer.exact.guided",
    "infer.dps": "infer.rivals.dps",
    "infer.mmps": "infer.rivals.mmps",
    "infer.diffpir": "infer.rivals.diffpir",
    "infer.daps": "infer.rivals.daps",
    "infer.calibration": "infer.spread.calibration",
    "infer.conformal": "infer.spread.conformal",
    "observe.discrepancy": "observe.field.discrepancy",
    "observe.marginal": "observe.field.marginal",
    "observe.matern": "observe.field.matern",
    "observe.nuisance": "observe.field.nuisance",
    "edge.app": "service.app",
    "edge.connections": "service.connections",
    "edge.metrics": "service.metrics",
    "edge.requests": "service.requests",
    "edge.results": "service.results",
    "edge.serve": "service.serve",
    "edge.wire": "service.wire",
    "edge.config": "service.config",
    "edge.job": "edge.construction",
    "edge.jobs": "service.queue",
    "edge.work": "service.answers",
    "edge.sharing": "service.batching",
    "edge.updating": "service.model_keeper",
    "edge.service": "service.node",
    "evaluate.bootstrap": "evaluate.scores.bootstrap",
    "evaluate.circular": "evaluate.scores.circular",
    "evaluate.ensemble": "evaluate.scores.ensemble",
    "evaluate.image_metrics": "evaluate.scores.image_metrics",
    "evaluate.metrics": "evaluate.scores.metrics",
    "evaluate.scoring": "evaluate.scores.scoring",
    "evaluate.unmeasured_duke": "evaluate.scores.unmeasured_duke",
    "evaluate.duke": "evaluate.worlds.duke",
    "evaluate.splits": "evaluate.worlds.splits",
    "evaluate.floors": "evaluate.worlds.floors",
    "evaluate.rows": "evaluate.report.rows",
    "evaluate.table": "evaluate.report.table",
    "evaluate.bench_active": "evaluate.benches.active",
    "evaluate.bench_calibration": "evaluate.benches.heldout",
    "evaluate.bench_duke": "evaluate.benches.duke",
    "evaluate.bench_edge": "evaluate.benches.edge",
    "evaluate.bench_heldout": "evaluate.benches.heldout",
    "evaluate.bench_imperfect": "evaluate.benches.imperfect",
    "evaluate.bench_mamba": "evaluate.benches.mamba",
    "evaluate.bench_p1": "evaluate.benches.p1",
    "evaluate.bench_samplers": "evaluate.benches.samplers",
    "evaluate.bench_sparse": "evaluate.benches.heldout",
    "evaluate.p1_methods": "evaluate.p1.methods",
    "evaluate.p1_nets": "evaluate.p1.nets",
    "evaluate.p1_references": "evaluate.p1.references",
    "evaluate.p1_scores": "evaluate.p1.scores",
    "evaluate.p1_tasks": "evaluate.p1.tasks",
    "evaluate.p1_training": "evaluate.p1.training",
    "evaluate.sampler_methods": "evaluate.samplers.methods",
    "evaluate.sampler_scores": "evaluate.samplers.scores",
    "evaluate.sampler_tasks": "evaluate.p1.tasks",
    "evaluate.azula_rivals": "evaluate.samplers.azula_rivals",
    "evaluate.map_samples": "evaluate.one_pass.samples",
    "evaluate.map_training": "evaluate.one_pass.training",
    "evaluate.network_cost": "evaluate.one_pass.cost",
    "evaluate.fit_calibration": "evaluate.worlds.calibration",
    "evaluate.methods": "evaluate.benches.methods",
    "priors.ema": "training.ema",
    "priors.parallel": "training.parallel",
    "priors.objective": "training.objective",
    "priors.simulate": "training.simulate",
    "priors.training": "training.trainer",
    "priors.training_log": "training.log",
    "data.training_set": "training.samples",
}
"""Old name -> new name, both within openckm."""


class _MovedModules(MetaPathFinder, Loader):
    """Finds modules by their old names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec for a module that has moved, None for every other."""
        package, _, name = fullname.partition(".")
        return ModuleSpec(fullname, self) if package == "openckm" and name in MOVED else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module under its new name, with a warning that tells that name."""
        new = "openckm." + MOVED[spec.name.removeprefix("openckm.")]
        warnings.warn(
            f"{spec.name} has moved: import {new} instead; the old name goes in version 0.3.0",
            FutureWarning,
            stacklevel=_importer(),
        )
        module = import_module(new)
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Put back the module's own spec; the import by the old name has replaced it."""
        if module.__spec__ is not None:
            module.__spec__ = module.__spec__.loader_state


def _importer() -> int:
    """Return the stack level, seen from `create_module`, of the line whose import asked for the module."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and (level == 1 or "importlib" in frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back
    return level


def install() -> None:
    """Let old names be found; a second call changes nothing."""
    if not any(isinstance(finder, _MovedModules) for finder in sys.meta_path):
        sys.meta_path.append(_MovedModules())
