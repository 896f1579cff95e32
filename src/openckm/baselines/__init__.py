"""The classical rivals, behind the same call as everything else: kriging, boosted trees, inverse distance, nearest,
log-distance, a map of the site at their level, and the best of them by cross-validation."""

from openckm.baselines.best import BestClassical, best_classical
from openckm.baselines.best import Choice as Choice
from openckm.baselines.kriging import Kriging, UniversalKriging
from openckm.baselines.logdistance import LogDistance
from openckm.baselines.mapalone import MapAlone as MapAlone
from openckm.baselines.neighbours import InverseDistance, Nearest
from openckm.baselines.trees import BoostedTrees

__all__ = [
    "best_classical",
    "BestClassical",
    "BoostedTrees",
    "InverseDistance",
    "Kriging",
    "LogDistance",
    "Nearest",
    "UniversalKriging",
]
