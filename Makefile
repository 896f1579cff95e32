# make demo · make test · make slow · make check · make bench · make cloud-edge: each creates .venv and installs what it needs first.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# CPU build of torch; plain `pip install torch` brings gigabytes of CUDA on Linux.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINS := "torch==2.13.0" -c constraints.txt

DEMO := $(VENV)/.demo
STAMP := $(VENV)/.installed
RAYSTAMP := $(VENV)/.raytrace
TESTS := OMP_NUM_THREADS=1 MPLBACKEND=Agg $(BIN)/python -m pytest -n 2

# The page's own packages, for its tests in a browser; they want Node and Debian's chromium, and are skipped without.
PAGED := $(if $(shell command -v npm),page/node_modules/.package-lock.json)

OTHER ?= python3.13

.PHONY: page wheel install raytrace rivals demo test slow traced bare check other lint types docs bench bench-data cloud-edge clean

# What the demo needs: the package and nothing else.
$(DEMO): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(PINS)
	$(PIP) -e . $(PINS)
	touch $(DEMO)

install: $(STAMP)

$(STAMP): $(DEMO)
	$(PIP) -e ".[dev]" $(PINS)
	touch $(STAMP)

# The ray tracer (700 MB) is only wanted for its own tests and for training maps; without it they are skipped.
raytrace: $(RAYSTAMP)

$(RAYSTAMP): $(STAMP)
	$(PIP) -e ".[raytrace]" $(PINS)
	touch $(RAYSTAMP)

# azula's samplers, for `ckm bench samplers` alone. Its own dependencies are left out: torchvision does not work beside the
# pinned torch, and its samplers do not use it.
rivals: install
	$(PIP) -e ".[rivals]" $(PINS)
	$(PIP) --no-deps azula -c constraints.txt

demo: $(DEMO)
	$(BIN)/ckm demo --out demo-output

# Everything but what takes minutes by itself (marked slow): kills, tutorials, the page in a browser, long simulations.
test: install
	$(TESTS) -m "not slow"

# What `make test` leaves out because it takes minutes. OPENCKM_KILLS=200 kills as often as before a release.
slow: install $(PAGED)
	$(TESTS) -m slow --durations 12 $(AGAIN)

# What `make test` skips for want of the ray tracer.
traced: raytrace
	$(TESTS) -m "not slow" tests/data

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

# The generated pages are those of the program, and the site builds without a warning, offline, into the package.
docs: install
	$(BIN)/python docs/generate.py --check
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

# The package as pip installs it, with the page and the documentation in it.
wheel: docs
	$(PIP) build -c constraints.txt
	$(BIN)/python -m build --wheel

# Lint, types and docs, then the tests as a newcomer runs them: all that a machine with Python and make alone can do.
bare: lint types docs
	$(MAKE) test

# What decides about a change; the ray tracer (700 MB) is fetched last. Slow tests hold bounds of time: what misses one on a busy
# machine is asked once more.
check: bare
	$(MAKE) slow || $(MAKE) slow AGAIN=--last-failed
	$(MAKE) traced

# The main job under another Python (make other OTHER=python3.13).
other:
	$(OTHER) -m venv --clear .venv-other
	.venv-other/bin/python -m pip install --quiet --disable-pip-version-check . $(PINS)
	.venv-other/bin/ckm demo --out out/demo-other

# Every benchmark, quickly, on the sample in bench/sample; says what differs from bench/results beyond the intervals.
bench: install
	OMP_NUM_THREADS=1 $(BIN)/python bench/run_all.py out/bench

# The full maps of the benchmarks (an hour and three quarters on two cores); a run that stopped goes on where it was.
# LAYOUTS is a folder of city layouts as `openckm.data.cities` names them.
bench-data: raytrace
	$(BIN)/python bench/make_data.py $(or $(BENCH_DATA),$(HOME)/.cache/openckm) --layouts $(LAYOUTS) --processes 2 --first

# The page in the browser, built into the package (needs Node 20.19 or newer; who installs the package does not).
page:
	cd page && npm ci --no-audit --no-fund && npm run build

# Without them the page's tests are skipped, which is said.
page/node_modules/.package-lock.json: page/package-lock.json
	cd page && npm ci --no-audit --no-fund || { rm -rf node_modules; echo "npm ci failed: the page's tests in a browser are skipped"; }

# One cloud and five edges on this machine; the report is out/cloud-edge/report.md.
cloud-edge: install
	$(BIN)/python bench/cloud_edge.py --out out/cloud-edge

clean:
	rm -rf $(VENV) .venv-other demo-output out .mypy_cache .ruff_cache .pytest_cache
