# `make study`: everything from a bare machine to a finished report. `make test`: every test. `make help`: the rest.

PYTHON ?= python3
STUDY ?= analysis/lenet_fashion/screen.toml
TABLE ?= lenet_fashion
JOBS ?=
PY := .venv/bin/python
RUNS := $(STUDY:.toml=.runs)
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help study report env engine image data run truth test lint bench calibrate peers validate lock

help:  ## Show what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

study: env  ## From a bare machine to a finished report: environment, engine, image, data, trials, report
	@PY=$(PY) setup/study.sh $(STUDY) $(JOBS)

report: env  ## The report of the recorded real trials, without any engine
	@PY=$(PY) setup/report.sh

env: .venv/.complete  ## The Python environment, pinned
.venv/.complete: requirements.lock pyproject.toml
	@PYTHON=$(PYTHON) setup/environment.sh

engine: ## A Docker engine that answers (installed and started where root on Debian has none)
	@docker/engine.sh

image: engine ## A Caffe image: the official one, or our own build
	@docker/image.sh

data: env ## The data of STUDY as Caffe reads them
	@setup/data.sh $(STUDY) && $(PY) -m caffe_runner data $(STUDY)

run: image data ## The trials of STUDY, resumed where they stopped
	@$(PY) -m caffe_runner run $(STUDY) $(if $(JOBS),--jobs $(JOBS))

truth: env ## The real full factorial of analysis/TABLE with its replicates, trained, then held against the recorded
	@setup/truth.sh $(TABLE) $(JOBS)

test: env  ## Every test, the linters and the type checker (the real engine's tests run where one answers)
	@setup/test.sh

lint: env  ## Style and types alone
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

bench: image data ## Speed: the runner against xargs in one container, the statistics against R where it is installed
	@$(PY) benchmarks/throughput.py
	@$(PY) benchmarks/box_meyer.py
	@$(PY) benchmarks/replays.py --rounds 3
	@if command -v Rscript >/dev/null; then $(PY) benchmarks/big_table.py; else echo "big table: no R to compare with"; fi

calibrate: env ## The calibration tables of docs/, simulated again (three quarters of an hour on two cores)
	@$(PY) analysis/calibration/significance.py
	@$(PY) analysis/calibration_ranks/run.py --studies 500
	@$(PY) analysis/validation/run.py --artificial $(if $(JOBS),--jobs $(JOBS))

peers: .venv/.peers ## The side by side with what people use, docs/peers.md: what is missing is computed, the rest is kept
	@$(PY) analysis/peers/tuning.py
	@$(PY) analysis/peers/run.py
.venv/.peers: .venv/.complete requirements-peers.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	@touch $@

validate: env ## The method against its goals, docs/validation.md: replays of recorded tables (eleven minutes on two cores)
	@$(PY) analysis/validation/noise_alone.py $(if $(JOBS),--jobs $(JOBS)) >/dev/null
	@$(PY) analysis/validation/run.py $(if $(JOBS),--jobs $(JOBS))
	@$(PY) analysis/validation/noise_alone.py --page

lock: ## Pin the newest versions that pyproject.toml allows into the two lock files (needs `uv`)
	@$(LOCK) --group dev pyproject.toml --output-file requirements.lock
	@$(LOCK) --group peers --constraints requirements.lock pyproject.toml --output-file requirements-peers.lock
