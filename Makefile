# make demo · make test · make check · make bench · make cloud-edge: each creates .venv and installs what it needs first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

RAYSTAMP := $(VENV)/.raytrace

.PHONY: install raytrace rivals demo test check lint types docs bench cloud-edge clean

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0" -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]" "torch==2.13.0" -c constraints.txt
	touch $(STAMP)

# The ray tracer (700 MB) is only wanted for its own tests and for training maps; without it they are skipped.
raytrace: $(RAYSTAMP)

$(RAYSTAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[raytrace]" "torch==2.13.0" -c constraints.txt
	touch $(RAYSTAMP)

# azula's samplers, for `ckm bench samplers` alone. Its own dependencies are left out: torchvision does not work beside the
# pinned torch, and its samplers do not use it.
rivals: install
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[rivals]" "torch==2.13.0" -c constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps azula -c constraints.txt

demo: install
	$(BIN)/ckm demo --out demo-output

test: install
	OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest -n 2

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

docs: install
	$(BIN)/python docs/generate.py --check

check: raytrace lint types docs
	$(MAKE) test

bench: install
	mkdir -p out
	$(BIN)/ckm bench duke --quick --json out/duke.json

# One cloud and five edges on this machine; the report is out/cloud-edge/report.md.
cloud-edge: install
	$(BIN)/python bench/cloud_edge.py --out out/cloud-edge

clean:
	rm -rf $(VENV) demo-output out .mypy_cache .ruff_cache .pytest_cache
