"""The classical rivals, behind the same call as everything else: kriging, boosted trees, inverse distance, nearest,
log-distance, and the best of them by cross-validation."""

from openckm.baselines.best import BestClassical, Choice, best_classical
from openckm.baselines.kriging import Kriging, UniversalKriging
from openckm.baselines.logdistance import LogDistance
from openckm.baselines.neighbours import InverseDistance, Nearest
from openckm.baselines.trees import BoostedTrees

__all__ = [
    "BestClassical", "BoostedTrees", "Choice", "InverseDistance", "Kriging", "LogDistance", "Nearest",
    "UniversalKriging", "best_classical",
]  # fmt: skip
