"""The limits on connections lean on methods private to uvicorn: a node does not start where they are not called."""

from __future__ import annotations

import subprocess
import sys

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from openckm.errors import OptionError
from openckm.service.config import EdgeConfig
from openckm.service.connections import require_hooks
from openckm.service.serve import serve


def test_this_uvicorn_calls_them():
    require_hooks()


class NoEvents(H11Protocol):
    """Handles what comes under another name, as a later version might."""

    def data_received(self, data):
        self.conn.receive_data(data)
        H11Protocol.handle_events(self)


class NoEnd(H11Protocol):
    """Tells nobody that an answer was given."""

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.on_response_complete = lambda: None


class OtherNames(H11Protocol):
    """Has no `cycle` any more."""

    cycle = property(lambda self: self.no_such_thing, lambda self, value: None)


@pytest.mark.parametrize("other", [NoEvents, NoEnd, OtherNames])
def test_another_uvicorn_is_refused(other):
    with pytest.raises(OptionError, match=r"uvicorn .* nothing is served: install the version"):
        require_hooks(other)


def test_the_node_looks_before_it_listens(monkeypatch):
    monkeypatch.setattr(H11Protocol, "data_received", NoEvents.data_received)
    with pytest.raises(OptionError, match="nothing is served"):
        serve(EdgeConfig())


WITHOUT = """
import sys
sys.modules["resource"] = None
from openckm.service.metrics import Metrics, _peak_memory_bytes
import openckm.evaluate.report.rows as rows
import openckm.service.serve
print(_peak_memory_bytes(), rows.peak_mb())
"""


def test_the_node_loads_where_there_is_no_module_resource():
    """Windows has none."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.split() == ["0", "nan"]
