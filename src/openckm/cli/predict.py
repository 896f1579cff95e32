"""`ckm predict`: a map from layout and transmitter alone, in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import typer
from rich.console import Console

from openckm.cli.groups import Antenna, Beside, Chance, Ground, Pattern, grouped
from openckm.cli.options import ArithmeticOption, lon_lat, require_ranges
from openckm.cli.outputs import require_writable, write_map
from openckm.cli.progress import Report, stages
from openckm.errors import OptionError
from openckm.maps.antenna import PEAK_DBI
from openckm.maps.observations import Observations
from openckm.maps.site import DEFAULT_BUILDING_HEIGHT_M

if TYPE_CHECKING:
    from openckm.maps.antenna_file import AntennaPattern
    from openckm.maps.grid import Grid
    from openckm.maps.radiomap import RadioMap
    from openckm.maps.site_plan import SitePlan
    from openckm.priors.losses import SiteLoss

console = Console(highlight=False, soft_wrap=True, emoji=False)
_HEIGHTS_KNOWN = 0.5
"""Share of buildings with a stated height up to which the summary says that heights were assumed."""
_LEAST_STD_DB = 1e-3
"""Spread of a cell whose spread is none, to which that of terrain and woods is added [dB]."""
VEHICLE_M = 1.6
"""Height of a vehicle whose height the file does not state [m]."""


@dataclass(frozen=True, kw_only=True)
class Radiated:
    """What power goes into the antenna.

    Attributes:
        power: transmit power [dBm].
        cable_loss: loss between radio and antenna [dB].
        eirp: effective radiated power [dBm].
    """

    power: Annotated[
        float | None, typer.Option(help="Transmit power in dBm: the map is received power then, not gain.")
    ] = None
    cable_loss: Annotated[float, typer.Option(help="Loss between radio and antenna in dB, with --power.")] = 0.0
    eirp: Annotated[
        float | None, typer.Option(help="Effective radiated power in dBm, instead of --power and --cable-loss.")
    ] = None

    def into_antenna(self, antenna: AntennaPattern | None, azimuth: float | None) -> float | None:
        """Return the power into the antenna [dBm], None where nobody says; the map holds the antenna's gain.

        Raises:
            OptionError: if a number is out of range, or power is said twice.
        """
        require_ranges(power=self.power, eirp=self.eirp, cable_loss=self.cable_loss)
        if self.eirp is not None and (self.power is not None or self.cable_loss):
            raise OptionError("--eirp says all of the radiated power: give it without --power and --cable-loss")
        if self.cable_loss and self.power is None:
            raise OptionError("--cable-loss lowers --power: give the two together")
        if self.eirp is None:
            return None if self.power is None else self.power - self.cable_loss
        return self.eirp - (antenna.peak_dbi if antenna is not None else PEAK_DBI if azimuth is not None else 0.0)


@dataclass(frozen=True, kw_only=True)
class By:
    """Who predicts.

    Attributes:
        by: the network, the prior, or all.
        weights: the folder of the network.
        vehicles: the file of vehicles.
    """

    vehicles: Annotated[
        Path | None, typer.Option(help="Vehicles in the streets, files as --layout; for a one-pass network.")
    ] = None
    weights: Annotated[Path | None, typer.Option(help="Folder of a one-pass network; the shipped one by default.")] = (
        None
    )
    by: Annotated[
        Literal["all", "network", "prior"] | None,
        typer.Option(
            help="Who predicts: a one-pass network, the prior in one call, or the mean of both and of rays alone; all"
            " by default, the network alone with --weights or --vehicles."
        ),
    ] = None

    @property
    def who(self) -> str:
        """Who predicts, where nothing is said too."""
        return self.by or ("network" if self.weights is not None or self.vehicles is not None else "all")


@grouped
def predict(
    layout: Annotated[
        Path, typer.Option(help="Buildings: GeoJSON, OSM XML (.osm), OSM PBF, or height raster (GeoTIFF).")
    ],
    tx: Annotated[str, typer.Option(help="Transmitter as LON,LAT,HEIGHT: degrees and metres above ground.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="GeoTIFF to write (bands mean, std, p10, p50, p90).")],
    antenna: Antenna,
    pattern: Pattern,
    ground: Ground,
    power: Radiated,
    predictor: By,
    chance: Chance,
    beside: Beside,
    centre: Annotated[
        str | None, typer.Option(help="Centre of the map as LON,LAT; the transmitter by default.")
    ] = None,
    cell: Annotated[float, typer.Option(help="Cell side in metres.")] = 2.0,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Cells along each side.")] = 128,
    draws: Annotated[int, typer.Option(min=0, max=64, help="Draws to make (kept by --zarr).")] = 0,
    outage_threshold: Annotated[
        float | None, typer.Option(help="Add the band P(gain below this), in dB, e.g. -120.")
    ] = None,
    arithmetic: ArithmeticOption = "auto",
) -> None:
    """Predict the gain around a transmitter from the building layout, with its uncertainty, without measurements.

    Values are path gains in dB, or received power in dBm where --power or --eirp is given.
    """
    from openckm.maps.antenna_file import read_pattern
    from openckm.maps.site_plan import SitePlan

    require_writable(output, beside.png, beside.zarr, (layout, predictor.vehicles))
    place, height = place_and_height(tx)
    require_ranges(
        **{"tx HEIGHT": height}, cell=cell, carrier=antenna.carrier, azimuth=antenna.azimuth,
        downtilt=antenna.downtilt, outage_threshold=outage_threshold,
    )  # fmt: skip
    _require_one_predictor(predictor, chance.prior)
    lobes = None if pattern.pattern is None else read_pattern(pattern.pattern)
    radiated = power.into_antenna(lobes, antenna.azimuth)
    bearing = antenna.azimuth if lobes is None else None  # with a pattern the antenna is predicted as isotropic
    middle = None if centre is None else lon_lat(centre, "--centre")
    site = SitePlan(place, height, antenna.carrier * 1e9, bearing, antenna.downtilt, layout, cell, size, middle,
                    terrain=ground.terrain, trees=ground.trees)  # fmt: skip
    with stages("predicting the map") as report:
        radiomap, observations, lost = _predicted(site, predictor, chance, draws, report)
        radiomap = _with_antenna(radiomap, observations, lobes, antenna.azimuth, radiated)
        if outage_threshold is not None:
            radiomap = radiomap.with_outage(outage_threshold)
    written = write_map(radiomap, observations, output, beside.png, beside.zarr)
    notes = [*(f"  note     {note}" for note in lost.notes), *_assumed(observations, radiated, lobes, predictor.who)]
    for line in _lines(radiomap, layout.name, notes, "dB" if radiated is None else "dBm"):
        console.print(line, markup=False)
    console.print("  wrote    " + ", ".join(str(path) for path in written), markup=False)


def _predicted(
    site: SitePlan, predictor: By, chance: Chance, draws: int, report: Report
) -> tuple[RadioMap, Observations, SiteLoss]:
    """Return the map of an isotropic or standard antenna, what it was made from, and what terrain and woods take."""
    from openckm.predict.predictor import Predictor
    from openckm.priors.losses import site_loss

    report("reading the layout", 0, 2)
    grid = site.grid()
    observations = site.observations(grid)
    lost = site_loss(site, observations.transmitter, grid, layout=observations.layout)
    observations = _with_surroundings(observations, grid, lost, predictor.vehicles)
    report("one pass of the network", 1, 2)
    method = Predictor(weights=predictor.weights, prior=chance.prior, by=predictor.by)
    return _with_losses(method.reconstruct(observations, grid, draws=draws, seed=chance.seed), lost), observations, lost


def _require_one_predictor(asked: By, prior: Path | None) -> None:
    from openckm.priors.pretrained import prior_card

    if asked.by == "prior" and asked.weights is not None:
        raise OptionError("--by prior takes no --weights: those are for one-pass networks")
    asks_prior = asked.by in ("prior", "all") and asked.vehicles is not None
    if asks_prior and "vehicles" not in prior_card(prior).architecture.get("planes", ()):
        raise OptionError(f"--vehicles with --by {asked.by}: this prior knows no vehicles; leave one out")


def _with_surroundings(observations: Observations, grid: Grid, lost: SiteLoss, vehicles: Path | None) -> Observations:
    """Return what is known of a site with the ground below its buildings, and with the vehicles of a file."""
    from openckm.maps.layouts import read_layout

    if lost.terrain is not None and observations.layout is not None:
        ground = lost.terrain.at(*grid.centres()).astype(np.float32)
        observations = replace(observations, layout=replace(observations.layout, ground_m=ground))
    if vehicles is None:
        return observations
    return replace(observations, vehicles=read_layout(vehicles, grid, default_height_m=VEHICLE_M))


def _with_losses(radiomap: RadioMap, lost: SiteLoss) -> RadioMap:
    """Return a map with what terrain and woods take off it, and its spread with what their rules are off."""
    if lost.loss_db is not None:
        radiomap = radiomap.shifted(-lost.loss_db, "dB")
    if lost.std_db is None:
        return radiomap
    own = np.maximum(radiomap.std().astype(np.float64), _LEAST_STD_DB)
    return radiomap.with_wider_spread(np.hypot(own, lost.std_db) / own)


def _lines(radiomap: RadioMap, layout: str, notes: Sequence[str], unit: str) -> list[str]:
    """Return the record of a prediction: what was read, who predicted, what was assumed, and the values."""
    facts, inside = radiomap.provenance, radiomap.valid
    mean, shared = radiomap.mean()[inside], facts.get("level_std_db", 0.0)
    common = f", of which {shared:.1f} dB are common to all cells" if shared else ""
    return [
        f"  read     {layout}: buildings cover {float(np.mean(~inside)):.0%} of the map",
        f"  model    {facts['predictor']}, {facts['network_evaluations']} network evaluations",
        *([f"  rays     {facts['rays']}"] if "rays" in facts else []),
        *notes,
        f"  {'gain ' if unit == 'dB' else 'power'}    from {mean.min():.1f} to {mean.max():.1f} {unit}, typically ±"
        f" {np.median(radiomap.std()[inside]):.1f} dB (1 sigma){common}",
        f"  took     {facts['seconds']:.2f} s",
    ]


def _with_antenna(
    radiomap: RadioMap,
    observations: Observations,
    antenna: AntennaPattern | None,
    azimuth: float | None,
    radiated: float | None,
) -> RadioMap:
    """Return a map of an isotropic antenna with a pattern along the direct path, and as received power."""
    from openckm.maps.antenna_file import pattern_field_db

    if antenna is not None and observations.transmitter is not None:
        pointed = replace(observations.transmitter, bearing_deg=azimuth)
        radiomap = radiomap.shifted(pattern_field_db(antenna, pointed, radiomap.grid), "dB")
    return radiomap if radiated is None else radiomap.shifted(radiated, "dBm")


def _assumed(observations: Observations, radiated: float | None, antenna: AntennaPattern | None, by: str) -> list[str]:
    """Return what was left out of the layout and assumed of heights, power and antenna, one line each."""
    layout, lines = observations.layout, []
    if layout is not None:
        lines += [f"  note     {layout.source}: {note}" for note in layout.notes]
        if layout.height_known <= _HEIGHTS_KNOWN:
            assumed = f"those of the others were taken as {DEFAULT_BUILDING_HEIGHT_M:g} m"
            taken = {
                "prior": "so heights were not used, and the level is that of towns of all heights",
                "network": assumed, "all": f"{assumed} by network and rays, and no heights were used by the prior",
            }[by]  # fmt: skip
            lines.append(
                f"  assumed  building heights are stated for {layout.height_known:.0%} of the buildings: {taken}"
            )
    if antenna is not None:
        lines.append(
            f"  assumed  antenna {antenna.name}, {antenna.peak_dbi:.1f} dBi, along the direct path to each cell"
        )
    if radiated is not None:
        lines.append(f"  assumed  {radiated:.1f} dBm into the antenna; its gain is in the map")
    return lines


def place_and_height(text: str) -> tuple[tuple[float, float], float]:
    """Return ((lon, lat) [degrees], height [m]) of "LON,LAT,HEIGHT".

    Raises:
        OptionError: if the text is not three numbers, or two of them cannot be longitude and latitude.
    """
    *place, height = text.split(",")
    try:
        metres = float(height)
    except ValueError:
        metres = float("nan")
    if len(place) != 2 or not np.isfinite(metres):
        raise OptionError(f"--tx {text!r}: wanted LON,LAT,HEIGHT (degrees, metres), e.g. --tx 24.94,60.17,30")
    return lon_lat(",".join(place), "--tx"), metres
