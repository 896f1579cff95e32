"""What stands between the start of a node and its first answer: the packages that it needs, and no others."""

from __future__ import annotations

import json
import subprocess
import sys

from node_worlds import save_tiny, site_request

DEAR = (
    "IPython", "PIL", "distributed", "geopandas", "matplotlib", "pykrige", "rasterio", "sionna", "sklearn", "triton",
    "zarr", "torch._dynamo", "torch._inductor", "openckm.cloud", "openckm.data", "openckm.evaluate.benches.methods",
    "openckm.train",
)  # fmt: skip
"""Packages that an answer in JSON has no need of; each of them takes a tenth of a second or more to load."""
START = """
import json, sys
from pathlib import Path
import openckm.cli.main
from openckm.service.config import EdgeConfig
from openckm.service.requests import parse
from openckm.service.results import encode_result
from openckm.service.serve import NodeServer
from openckm.service.node import Node
from openckm.service.model_keeper import ModelKeeper, Model
from openckm.service.answers import plan

class Patient:
    left_s = 60.0
    def report(self, *told): pass

class Held:
    def held(self): return [Path(sys.argv[1])]

config = EdgeConfig()
service = Node(config, ModelKeeper(config, Held()))
NodeServer(service)
model = service.keeper.model
made = plan(parse(sys.argv[2].encode(), config.limits), model, config.limits)(model, Patient())
print(json.dumps([json.loads(encode_result(made, "json"))["provenance"]["version"], sorted(sys.modules)]))
"""


def test_the_first_answer_waits_for_no_package_that_it_does_not_need(tmp_path):
    model = save_tiny(tmp_path / "1.0.0")
    command = [sys.executable, "-c", START, str(model), json.dumps(site_request())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    version, loaded = json.loads(done.stdout)
    assert version == "1.0.0"
    assert "torch" in loaded
    assert [name for name in DEAR if name in loaded] == []
