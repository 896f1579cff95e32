"""The classical rivals, behind the same call as everything else: kriging, inverse distance, nearest, log-distance."""

from openckm.baselines.kriging import Kriging, UniversalKriging
from openckm.baselines.logdistance import LogDistance
from openckm.baselines.neighbours import InverseDistance, Nearest

__all__ = ["InverseDistance", "Kriging", "LogDistance", "Nearest", "UniversalKriging"]
