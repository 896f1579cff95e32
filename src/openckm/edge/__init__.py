"""The main job at a site: a drive test and a layout in, a map with its uncertainty and a self-check out."""

from openckm.edge.construction import Construction, construct
from openckm.edge.selfcheck import Score, SelfCheck, self_check

__all__ = ["Construction", "Score", "SelfCheck", "construct", "self_check"]
