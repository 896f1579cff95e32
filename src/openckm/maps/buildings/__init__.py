"""Buildings from the files that people have: outlines with heights, and rasters of heights, brought onto a grid."""

from __future__ import annotations
