"""Rays in 2.5 dimensions: what walls, ground and roofs bring to the cells of a map, from its layout alone."""

from openckm.maps.rays.launcher import CARRIERS_HZ, MARGIN_M, RayField, RayOptions, trace_rays

__all__ = ["CARRIERS_HZ", "MARGIN_M", "RayField", "RayOptions", "trace_rays"]
