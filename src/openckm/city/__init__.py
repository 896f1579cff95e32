"""Whole cities: many sites on one grid, made tile by tile, with no seams, resumable.

from openckm.city import CityPlan, make_city

make_city(CityPlan(layout="town.osm.pbf", sites=read_sites("sites.csv"), bbox=(W, S, E, N), output="town.zarr"))
"""

from __future__ import annotations

from openckm.city.plan import CityPlan
from openckm.city.plan import Estimate as Estimate
from openckm.city.run import make_city

__all__ = ["CityPlan", "make_city"]
