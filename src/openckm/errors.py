"""How OpenCKM fails: one tree of errors, each message saying what came, what was wanted and what to do.

OpenCKMError
├── InputError                 the user's data or arguments cannot be used as they are
│   ├── GridError              a grid is malformed, or two grids do not fit
│   │   └── OutsideGrid        a point lies outside the grid
│   ├── UnitError              a unit is unknown, mixed or does not fit the quantity
│   ├── MeasurementError       a measurement file or value is bad (names file and row)
│   ├── LayoutError            a building layout is bad or misses the area
│   └── OptionError            an option or configuration value is unknown or out of range
├── ModelError                 a weight file or model card is missing, corrupt or does not fit
├── StoreError                 a model repository, its keys or an edge's store of models cannot be used as they are
│   ├── RepositoryUnreachable  the repository does not answer, or too slowly: what is kept stays good
│   └── RepositoryAttacked     the repository answers, but not with what its owners signed, or with what is out of date
├── MapStoreError              a store of finished maps is missing, newer, cut off, full, read-only or busy
├── ClusterUnavailable         a Dask cluster, or Dask itself, cannot be used from here
├── NodeUnhealthy              the node on this machine does not answer, or takes no jobs
├── RayTracerUnavailable       the ray tracer or its LLVM library cannot be used on this machine
└── ComputationError           a numerical procedure failed (non-finite values, no convergence)
"""

from __future__ import annotations

__all__ = ["ComputationError", "InputError", "ModelError", "OpenCKMError", "OptionError"]


class OpenCKMError(Exception):
    """Base of every error that OpenCKM raises on purpose."""


class InputError(OpenCKMError, ValueError):
    """The user's data or arguments cannot be used as they are."""


class GridError(InputError):
    """A grid is malformed, or two grids do not fit together."""


class OutsideGrid(GridError):
    """A point lies outside the grid."""


class UnitError(InputError):
    """A unit is unknown, mixed, or does not fit the quantity."""


class MeasurementError(InputError):
    """A measurement file or value is bad."""


class LayoutError(InputError):
    """A building layout is bad or misses the area."""


class OptionError(InputError):
    """An option or configuration value is unknown or out of range."""


class ModelError(OpenCKMError):
    """A weight file or model card is missing, corrupt, or does not fit the program."""


class StoreError(OpenCKMError):
    """A model repository, its keys or an edge's store of models cannot be used as they are."""


class RepositoryUnreachable(StoreError):
    """The repository does not answer, or too slowly; the models that are kept stay good."""


class RepositoryAttacked(StoreError):
    """The repository answers, but not with what its owners signed, or with what is out of date: nothing was taken."""


class MapStoreError(OpenCKMError):
    """A store of finished maps is missing, written by a newer program, cut off, full, read-only or busy."""


class ClusterUnavailable(OpenCKMError):
    """A Dask cluster does not answer or runs another version of OpenCKM, or Dask is not installed."""


class NodeUnhealthy(OpenCKMError):
    """The node on this machine does not answer, or takes no jobs."""


class RayTracerUnavailable(OpenCKMError):
    """The ray tracer or its LLVM library cannot be used on this machine."""


class ComputationError(OpenCKMError):
    """A numerical procedure failed: non-finite values or no convergence."""


class Diverged(ComputationError):
    """A loss or its gradient is not finite.

    Attributes:
        found: where and what, without the remedy, for whoever has another one.
    """

    def __init__(self, found: str, remedy: str) -> None:
        super().__init__(f"{found}; {remedy}")
        self.found = found
