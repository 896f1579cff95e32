"""Rays in 2.5 dimensions: what walls, ground and roofs bring to the cells of a map, from its layout alone."""

from openckm.maps.rays.launcher import CARRIERS_HZ as CARRIERS_HZ
from openckm.maps.rays.launcher import MARGIN_M as MARGIN_M
from openckm.maps.rays.launcher import RayField as RayField
from openckm.maps.rays.launcher import RayOptions as RayOptions
from openckm.maps.rays.launcher import trace_parts as trace_parts
from openckm.maps.rays.launcher import trace_rays as trace_rays

__all__ = ["trace_rays"]
