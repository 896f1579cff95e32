"""Real city layouts: sionna-rt's scenes, OpenStreetMap extracts, CityJSON files and archives of meshes, as prisms
on flat ground. Further extracts (.osm, .osm.pbf) right in the folder of layouts are cities too, called own-NAME.

Terrain is taken out: a height is measured from the lowest point of its building. OpenStreetMap heights: the
`height` tag, else `building:levels` x 3.2 m, else 8 m. Pitched and stepped roofs become level ones: one level
if the roof spans less than 8 m, else one per 6 m of height. Credit: buildings from OpenStreetMap
contributors, ODbL (openstreetmap.org/copyright).
"""

from __future__ import annotations

import functools
import importlib.util
import json
import lzma
import math
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from openckm.data.prisms import City, Prism, tidy
from openckm.errors import LayoutError, RayTracerUnavailable
from openckm.maps.buildings.osm import read_osm
from openckm.maps.buildings.tags import height_of

SIONNA_SCENES = ("munich", "etoile", "florence", "san_francisco")
_EXTRACTS = (
    "chisinau_botanica", "cuenca", "heidelberg", "higashimurayama", "kathmandu", "krems", "nairobi", "new_york",
    "odesa", "san_rafael",
)  # fmt: skip
"""Held-out towns of about one square kilometre, cropped from OpenStreetMap."""
_TRAINING_EXTRACTS = (
    "ankara", "appleton", "astana", "baltimore", "chengdu_xipu", "chennai", "cotonou", "dortmund", "essen",
    "frederiksted", "highspire", "karlsruhe", "kotka", "london_lambeth", "lucknow", "milan_bicocca", "monaco",
    "moscow_ostankino", "neudrossenfeld", "pretoria", "ruggell", "triesenberg", "uummannaq", "vaduz", "washington",
)  # fmt: skip
"""Towns of the same kind that priors learn from."""
_TRAINING_EXPORTS = (
    "brumadinho", "granada_1", "granada_2", "lima", "lisbon", "paris_pigalle", "philadelphia", "providence", "suwon",
)  # fmt: skip
"""Whole exports of OpenStreetMap that priors learn from."""
FILES = {
    "espoo": "osm/espoo.osm",
    "duke": "osm/duke.osm",
    "helsinki": "osm/Helsinki.osm.pbf",
    "rotterdam": "cityjson/rotterdam_subset.json",
    "zurich": "cityjson/zurich_subset_lod2.json",
    "den_haag": "cityjson/DH_01_subs.city.json",
    **{name: f"osm_many/{name}.osm" for name in (*_EXTRACTS, *_TRAINING_EXTRACTS)},
    **{name: f"osm_more/{name}.osm" for name in _TRAINING_EXPORTS},
    "los_angeles_1": "openpathnet_la.tar.xz",
    "los_angeles_2": "openpathnet_la.tar.xz",
    "los_angeles_3": "openpathnet_la.tar.xz",
}
_ARCHIVED = {
    "los_angeles_1": "scene_33.934784_-118.168892",
    "los_angeles_2": "scene_33.949393_-118.182020",
    "los_angeles_3": "scene_34.025879_-118.144931",
}
"""Folders of meshes inside an archive."""
OWN = "own-"
_ODBL = "ODbL 1.0, credit OpenStreetMap contributors"
_DEFAULT_HEIGHT_M = 8.0
Footprint = tuple[BaseGeometry, float]
Mesh = tuple[NDArray[np.float64], NDArray[np.int64]]


def available(layouts_dir: Path | None) -> tuple[str, ...]:
    """Return what `load_city` can load: sionna-rt's scenes, and the files found under `layouts_dir`."""
    if layouts_dir is None:
        return SIONNA_SCENES
    found = [name for name, path in FILES.items() if (layouts_dir / path).is_file()]
    return (*SIONNA_SCENES, *found, *_own(layouts_dir))


def _own(layouts_dir: Path) -> dict[str, str]:
    """Names and files of the extracts right in the folder."""
    paths = sorted(p for pattern in ("*.osm", "*.osm.pbf") for p in layouts_dir.glob(pattern))
    return {OWN + p.name.split(".")[0].lower(): p.name for p in paths}


@functools.cache
def load_city(name: str, layouts_dir: Path | None = None) -> City:
    """Return a real city by name; the answer is remembered.

    Args:
        name: one of `available(layouts_dir)`.
        layouts_dir: folder with the files that `FILES` names.

    Raises:
        LayoutError: if the name is unknown, or its file is missing or malformed.
        RayTracerUnavailable: if a sionna-rt scene is asked for and sionna-rt is not installed.
    """
    if name in SIONNA_SCENES:
        return City(name, tidy(_sionna_footprints(name)), f"sionna-rt scene {name}", f"Apache-2.0; {_ODBL}")
    files = FILES if layouts_dir is None else {**FILES, **_own(layouts_dir)}
    if name not in files or layouts_dir is None:
        raise LayoutError(f"layout {name!r} is unknown; there are {', '.join(available(layouts_dir))}")
    path = layouts_dir / files[name]
    if not path.is_file():
        raise LayoutError(f"{path}: no such layout file; point layouts_dir to a folder that holds {files[name]}")
    if name in _ARCHIVED:
        source = f"OpenPathNet scene {_ARCHIVED[name].removeprefix('scene_')}"
        return City(name, tidy(_archived_footprints(path, _ARCHIVED[name])), source, _ODBL)
    if path.suffix == ".json":
        return City(
            name,
            tidy(_cityjson_footprints(path)),
            f"cjio test file {path.name}",
            "open city data (cjio: MIT)",
        )
    return City(name, tidy(osm_footprints(path)), f"OpenStreetMap extract {path.name}", _ODBL)


# Meshes -------------------------------------------------------------------------------------------


def _scene_folder(name: str) -> Path:
    found = importlib.util.find_spec("sionna")
    for root in (found.submodule_search_locations or []) if found else []:
        folder = Path(root) / "rt" / "scenes" / name / "meshes"
        if folder.is_dir():
            return folder
    raise RayTracerUnavailable(
        f"the scene {name!r} comes with sionna-rt, which is not installed; pip install 'openckm[raytrace]'"
    )


def read_ply(path: Path) -> Mesh:
    """Return vertices (v, 3) [m] and triangles (t, 3) of a binary little-endian PLY file.

    Raises:
        LayoutError: if the file is of another kind.
    """
    return _parse_ply(path.read_bytes(), str(path))


def _parse_ply(raw: bytes, name: str) -> Mesh:
    """Return vertices (v, 3) [m] and triangles (t, 3) of a binary little-endian PLY file's bytes; `name` is for errors.

    Raises:
        LayoutError: if the file is of another kind or ends too early.
    """
    head, _, body = raw.partition(b"end_header\n")
    text = head.decode("ascii", "replace")
    counts = {k: int(n) for k, n in re.findall(r"element (\w+) (\d+)", text)}
    properties = re.findall(r"property (float|double) (\w+)", text)
    triangles = re.search(r"property list uchar u?int \w+", text)
    if "binary_little_endian" not in text or [n for _, n in properties[:3]] != ["x", "y", "z"] or not triangles:
        raise LayoutError(f"{name}: not a binary little-endian PLY file of triangles with float or double vertices")
    vertex = np.dtype([(label, "<f4" if kind == "float" else "<f8") for kind, label in properties])
    try:
        rows = np.frombuffer(body, vertex, counts["vertex"])
        face = np.dtype([("n", "u1"), ("v", "<u4", 3)])
        faces = np.frombuffer(body, face, counts["face"], offset=rows.nbytes)
    except (ValueError, KeyError) as error:
        raise LayoutError(f"{name}: ends too early ({error}); fetch it again") from error
    if np.any(faces["n"] != 3):
        raise LayoutError(f"{name}: holds faces that are no triangles; triangulate it")
    return np.stack([rows[k].astype(np.float64) for k in "xyz"], axis=1), faces["v"].astype(np.int64)


def _archived_footprints(path: Path, folder: str) -> list[Footprint]:
    """Footprints of the building meshes in one folder of a tar archive, which is read, never unpacked."""
    meshes: dict[str, Mesh] = {}
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                part = Path(member.name)
                if folder in part.parts and part.suffix == ".ply" and part.stem.startswith("building"):
                    stream = archive.extractfile(member)
                    if stream is not None:
                        meshes[part.stem] = _parse_ply(stream.read(), f"{path}: {member.name}")
    except (OSError, tarfile.TarError, EOFError, lzma.LZMAError) as error:
        raise LayoutError(f"{path}: not a readable archive ({error}); fetch it again") from error
    if not meshes:
        raise LayoutError(f"{path}: holds no building under {folder}")
    return [f for _, mesh in sorted(meshes.items()) for f in mesh_footprints([mesh])]


def _sionna_footprints(name: str) -> list[Footprint]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(_scene_folder(name).glob("*.ply")):
        stem = path.stem.rsplit("-", 1)[0] if "-" in path.stem else path.stem
        if stem.lower() not in {"ground", "plane", "terrain"}:
            groups[stem].append(path)
    return [f for paths in groups.values() for f in mesh_footprints([read_ply(p) for p in paths])]


def mesh_footprints(meshes: Iterable[Mesh], base_m: float | None = None) -> list[Footprint]:
    """Return footprints of one building from its triangles: what its roof covers, by level.

    Args:
        meshes: vertices (v, 3) [m] and triangles (t, 3) of each part.
        base_m: height of the ground; the lowest vertex where absent [m].
    """
    corners = np.concatenate([v[t] for v, t in meshes])
    ground = float(corners[..., 2].min()) if base_m is None else base_m
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1)
    level = np.abs(normal[:, 2]) > 0.2 * np.maximum(length, 1e-9)
    roof, area = corners[level], 0.5 * np.abs(normal[level, 2])
    height = roof[..., 2].mean(axis=1) - ground
    usable = (area > 0.01) & (height > 0.5)
    roof, area, height = roof[usable], area[usable], height[usable]
    if not len(roof):
        return []
    spread = height.max() - height.min()
    band = np.zeros(len(roof), int) if spread < 8.0 else np.floor(height / 6.0).astype(int)
    triangles = shapely.polygons(roof[..., :2])
    return [
        (
            shapely.union_all(triangles[band == k], grid_size=0.01),
            float(np.average(height[band == k], weights=area[band == k])),
        )
        for k in np.unique(band)
    ]


# OpenStreetMap ------------------------------------------------------------------------------------


def tagged_height(tags: dict[str, str]) -> float:
    """Return the height [m] that OpenStreetMap tags give a building, _DEFAULT_HEIGHT_M where they give none."""
    height = height_of(tags)
    return height if math.isfinite(height) else _DEFAULT_HEIGHT_M


def osm_footprints(path: Path) -> list[Footprint]:
    """Return building footprints [m, around the file's mean position] of an .osm or .osm.pbf file.

    Broken outlines are mended or left out, objects out of order sorted, as for a layout (see `openckm.maps.layouts`).

    Raises:
        LayoutError: if the file cannot be read or holds no building.
    """
    read = read_osm(path, None)
    heights = np.where(np.isfinite(read.height_m), read.height_m, _DEFAULT_HEIGHT_M)
    return _to_metres([(outline, float(h)) for outline, h in zip(read.outlines, heights, strict=True)])


def _to_metres(found: list[Footprint]) -> list[Footprint]:
    from pyproj import Transformer

    centre = shapely.MultiPoint([g.centroid for g, _ in found]).centroid
    local = f"+proj=aeqd +lat_0={centre.y} +lon_0={centre.x} +datum=WGS84 +units=m"
    to_local = Transformer.from_crs("EPSG:4326", local, always_xy=True)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_local.transform(points[:, 0], points[:, 1]))

    return [(shapely.transform(g, move), h) for g, h in found]


# CityJSON -----------------------------------------------------------------------------------------


def _cityjson_footprints(path: Path) -> list[Footprint]:
    try:
        model: dict[str, Any] = json.loads(path.read_text())
        scale, shift = (np.array(model["transform"][k]) for k in ("scale", "translate"))
        vertices = np.array(model["vertices"]) * scale + shift
        return [f for thing in model["CityObjects"].values() for f in _thing_footprints(thing, vertices)]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise LayoutError(f"{path}: not a readable CityJSON file ({error!r})") from error


def _thing_footprints(thing: dict[str, Any], vertices: NDArray[np.float64]) -> list[Footprint]:
    rings = [ring for g in thing.get("geometry", ())[-1:] for ring in _outer_rings(g["boundaries"])]
    surfaces = [vertices[ring] for ring in rings if len(ring) >= 3]
    if not surfaces:
        return []
    ground = min(float(s[:, 2].min()) for s in surfaces)
    result: list[Footprint] = []
    for s in surfaces:
        flat = Polygon(s[:, :2])
        height = float(s[:, 2].mean()) - ground
        if flat.area > 1.0 and height > 1.0:
            result.append((shapely.make_valid(flat), round(height / 2.0) * 2.0))
    return result


def _outer_rings(boundaries: list[Any]) -> list[list[int]]:
    if boundaries and isinstance(boundaries[0], int):
        return [boundaries]
    if boundaries and isinstance(boundaries[0], list) and boundaries[0] and isinstance(boundaries[0][0], int):
        return [boundaries[0]]
    return [ring for part in boundaries for ring in _outer_rings(part)]


def hull(buildings: Iterable[Prism]) -> BaseGeometry:
    """Return the area a city covers: its footprints grown by 40 m, holes closed."""
    grown = shapely.union_all([shapely.buffer(b.polygon, 40.0, quad_segs=2) for b in buildings])
    return shapely.simplify(shapely.buffer(grown, -20.0, quad_segs=2), 2.0)
