"""Makes `worlds` importable from every folder of tests, and shares what is dear to make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("the same examples each time", derandomize=True)  # a check says the same of the same code
settings.load_profile("the same examples each time")


def _in_float32() -> Iterator[None]:
    """Compute in float32 whatever the processor does fast: tests give the same numbers on every machine."""
    from openckm.nn.arithmetic import using

    with using("fp32"):
        yield


_from_the_start = pytest.fixture(autouse=True, scope="session")(_in_float32)
_again_after_each = pytest.fixture(autouse=True)(_in_float32)  # a command under test may choose another


@pytest.fixture(scope="session")
def tiny_prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a saved tiny random prior."""
    from worlds import save_tiny

    return save_tiny(tmp_path_factory.mktemp("prior"))
