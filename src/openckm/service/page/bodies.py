"""The page asks by requests that are pydantic models, in which an unknown key is an error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from openckm.edge.reading import ReadingOptions

_Angle = Annotated[float, Field(allow_inf_nan=False, ge=-360.0, le=360.0)]
_Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e8, le=1e8)]
_Place = tuple[_Number, _Number]
_Text = Annotated[str, Field(max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteBody(_Strict):
    """A site as `SitePlan` has it; degrees, metres and hertz. On a local plane, places are metres."""

    place: _Place | None = None
    height_m: float = Field(default=24.0, gt=0, le=1000)
    carrier_hz: float = Field(default=3.5e9, ge=1e8, le=1e11)
    azimuth_deg: _Angle | None = None
    downtilt_deg: float = Field(default=6.0, ge=-90, le=90)
    cell_m: float | None = Field(default=None, gt=0, le=1000)
    size: int | None = Field(default=None, ge=16, le=1024)
    centre: _Place | None = None


class ReadingBody(_Strict):
    """How a file of readings is read, as `ReadingOptions` has it."""

    where: dict[_Text, _Text] = Field(default_factory=dict, max_length=16)
    columns: dict[_Text, _Text] = Field(default_factory=dict, max_length=32)
    crs: _Text | None = None
    sigma_db: float = Field(default=4.0, gt=0, le=100)
    without: tuple[_Text, ...] = Field(default=(), max_length=32)
    skip_bad: bool = False
    mix: tuple[_Text, ...] = Field(default=(), max_length=32)

    def options(self) -> ReadingOptions:
        """Return the options as the main job takes them."""
        return ReadingOptions(**self.model_dump())


class Edits(_Strict):
    """What was painted on the map; places are (longitude, latitude), metres / 111,320 on a local plane.

    Attributes:
        holes: polygons in which readings are left out.
        tracks: lines along which somebody would measure; the values are one draw of the map, with noise.
        readings: single readings, (longitude, latitude, value) each.
    """

    holes: tuple[Annotated[tuple[_Place, ...], Field(min_length=3, max_length=500)], ...] = Field(
        default=(), max_length=50
    )
    tracks: tuple[Annotated[tuple[_Place, ...], Field(min_length=2, max_length=500)], ...] = Field(
        default=(), max_length=50
    )
    readings: tuple[tuple[_Number, _Number, _Number], ...] = Field(default=(), max_length=2000)

    @property
    def any(self) -> bool:
        """Whether anything was painted."""
        return bool(self.holes or self.tracks or self.readings)


class DriveRequest(_Strict):
    """What map is wanted of which files."""

    readings: tuple[str, ...] = Field(min_length=1, max_length=8)
    layout: str | None = None
    site: SiteBody = SiteBody()
    reading: ReadingBody = ReadingBody()
    draws: int = Field(default=8, ge=0, le=64)
    seed: int = Field(default=0, ge=0, lt=2**32)
    check: bool = True
    deadline_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class EditAsk(_Strict):
    """The map again, with what was painted."""

    ask: Literal["edit"]
    edits: Edits


class ChangeAsk(_Strict):
    """The map after a planned change of the antenna; the power is a change of it."""

    ask: Literal["change"]
    azimuth_deg: _Angle | None = None
    downtilt_deg: float | None = Field(default=None, ge=-90, le=90)
    power_db: float = Field(default=0.0, ge=-60, le=60)


class CompareAsk(_Strict):
    """Another map on the same cells: kriging, the prediction without readings, a file, or a stored map."""

    ask: Literal["compare"]
    by: Literal["classical", "site", "file", "stored"]
    file: str | None = None
    name: _Text | None = None
    version: int | None = Field(default=None, ge=1)


class PlanAsk(_Strict):
    """Where to measure next."""

    ask: Literal["plan"]
    count: int = Field(default=12, ge=1, le=200)
    start: _Place | None = None


class Ask(BaseModel):
    """A question about a map that was made of files."""

    model_config = ConfigDict(extra="forbid")
    question: Annotated[EditAsk | ChangeAsk | CompareAsk | PlanAsk, Field(discriminator="ask")]


class LiveRequest(_Strict):
    """A prediction in one pass while the transmitter is dragged.

    Attributes:
        job: the map whose cells, layout and level are taken.
        place: the place of the transmitter, as the page has places.
        stream: the stream of one page; a newer turn of it makes older ones void.
        turn: number within the stream.
    """

    job: str
    place: _Place
    azimuth_deg: _Angle | None = None
    downtilt_deg: float = Field(default=6.0, ge=-90, le=90)
    height_m: float = Field(default=24.0, gt=0, le=1000)
    stream: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    turn: int = Field(ge=0)
