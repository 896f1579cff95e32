"""Predictions in one pass follow a transmitter that is dragged: of each page only the newest position is computed."""

from __future__ import annotations

import threading
from collections import OrderedDict

from openckm.errors import MeasurementError
from openckm.maps.grid import Grid
from openckm.maps.observations import Observations
from openckm.maps.radiomap import RadioMap
from openckm.maps.site import Transmitter
from openckm.predict.predictor import Predictor
from openckm.service.page.bodies import LiveRequest
from openckm.service.page.places import from_page
from openckm.service.page.records import Made

LARGEST = 256
"""Sides up to which a map is predicted while dragging [cells]."""
_STREAMS = 256


class Superseded(Exception):
    """A newer position of the same page came meanwhile."""


class Newest:
    """Lets one position at a time be computed, and of each page the newest alone."""

    def __init__(self) -> None:
        self._turns: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._lock, self._one = threading.Lock(), threading.Lock()
        self.dropped = 0

    def announce(self, owner: str, stream: str, turn: int) -> None:
        """Note that a position came; called when the request arrives, before anything waits.

        Raises:
            Superseded: if a newer one came before it.
        """
        with self._lock:
            if turn < self._turns.get((owner, stream), -1):
                self.dropped += 1
                raise Superseded
            self._turns[owner, stream] = turn
            self._turns.move_to_end((owner, stream))
            while len(self._turns) > _STREAMS:
                self._turns.popitem(last=False)

    def run(self, owner: str, request: LiveRequest, made: Made, level: float, unit: str) -> RadioMap:
        """Return the prediction of a position that was announced.

        Raises:
            Superseded: if a newer one came while this one waited.
            InputError: if nothing can be predicted.
        """
        with self._one:
            with self._lock:
                if self._turns.get((owner, request.stream), -1) > request.turn:
                    self.dropped += 1
                    raise Superseded
            return predicted(request, made, level, unit)


def predicted(request: LiveRequest, made: Made, level: float, unit: str) -> RadioMap:
    """Return the one-pass prediction of a site with its transmitter at another place, on the map's cells.

    Args:
        request: the request, with the place of the transmitter.
        made: what the map was made of.
        level: what is added to a gain for the map's unit [dB].
        unit: the unit of the map.

    Raises:
        MeasurementError: if there is no layout, or the map is too large.
        InputError: if the transmitter cannot stand there.
    """
    grid: Grid = made.grid
    if made.layout is None:
        raise MeasurementError("a prediction wants the building layout: send one and make the map again")
    if max(grid.shape) > LARGEST:
        raise MeasurementError(
            f"the map has {grid.shape[0]} x {grid.shape[1]} cells: predictions while dragging are made up to {LARGEST}"
        )
    x, y = (float(v) for v in from_page(grid, *request.place))
    old = made.transmitter
    tower = Transmitter(
        x, y, request.height_m, 3.5e9 if old is None else old.carrier_hz, request.azimuth_deg, request.downtilt_deg
    )
    # every cell inside a building was left out of the map, so of the prediction, too
    found = Predictor(by="network").reconstruct(Observations(layout=made.layout, transmitter=tower, crs=grid.crs), grid)
    return found.shifted(level, unit)
