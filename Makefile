# Every target installs what it needs: Python 3.11+ and make are all the set-up there is.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(BIN)/python -m experiments
UV     := uv==0.13.8

PLAN     ?= $(if $(DATA),own,default)
OUT      ?= results/latest
DATA_DIR ?=
PLUGIN   =
SEEDS    ?=
WORKERS  ?=
ENGINE   ?=
ADDRESS  ?=
BUDGET   ?= quick
CLAIMS   ?=
STYLE    ?= screen
TEST_JOBS ?= 2
CASES    ?= 10000
export DATA_DIR

# Where Python is told to keep no bytecode, as in many containers, the packages come with theirs: each worker is a process
# that imports TensorFlow, which takes several times as long from the sources.
COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

SWEEP_OPTIONS := --out $(OUT) $(if $(DATA),--data $(DATA)) $(if $(TARGET),--target $(TARGET)) \
	$(if $(PLUGIN),--plugin $(PLUGIN)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(WORKERS),--workers $(WORKERS)) \
	$(if $(ENGINE),--engine $(ENGINE)) $(if $(ADDRESS),--address $(ADDRESS))

.DEFAULT_GOAL := help
.PHONY: help install sweep smoke report claims published status data bench bench-growth test test-slow test-browser test-backends smoke-custom test-faults fuzz audit sbom lint format lock wheel clean

help:  ## show this help
	@echo "gradlab: which activation, loss and optimizer?"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s%s\n", $$1, $$2}'
	@echo
	@echo "variables: PLAN=$(PLAN) OUT=$(OUT) DATA_DIR=$(DATA_DIR) SEEDS=$(SEEDS) WORKERS=$(WORKERS)"
	@echo "           ENGINE=ray ADDRESS=HOST:PORT trains on a Ray cluster"
	@echo "           PLUGIN=my_parts.py brings activations, optimizers, losses and models of your own"
	@echo "           DATA=FILE TARGET=COLUMN sweeps on data of your own"
	@echo "example:   make sweep DATA_DIR=~/data SEEDS=5"

install: $(VENV)/installed  ## make .venv with everything pinned

$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": name another with PYTHON=")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	@echo "installing the pinned packages into $(VENV)"
	@$(BIN)/uv pip install --quiet $(COMPILE) --python $(BIN)/python --require-hashes -r requirements.lock
	@touch $@

sweep: install  ## train the grid of PLAN, then write the report (resumes)
	@$(RUN) sweep $(PLAN) $(SWEEP_OPTIONS)

smoke: install  ## the whole grid on small embedded digits, under three minutes
	@$(RUN) sweep smoke --out results/smoke $(if $(WORKERS),--workers $(WORKERS))

report: install  ## write tables and figures again from the ledger in OUT (STYLE=paper, slides: figures for these)
	@$(RUN) report --out $(OUT) --style $(STYLE)

claims: install  ## what textbooks say, each claim tested (resumes)
	@$(RUN) claims $(CLAIMS) --budget $(BUDGET) --out $(OUT) $(if $(WORKERS),--workers $(WORKERS))

published: install  ## tables from outside, trained again and compared (resumes)
	@$(RUN) published $(TABLES) --out $(OUT) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(WORKERS),--workers $(WORKERS))

status: install  ## what is done, running, failed in OUT
	@$(RUN) status --out $(OUT)

data: install  ## which data sets are here
	@$(RUN) data

bench: install  ## time the sweep against model.fit, KerasTuner and Ray Tune, side by side
	@$(RUN) bench speed

bench-growth: install  ## what a run costs beside its training, from 100 runs to 100,000
	@$(RUN) bench growth

test: install  ## the tests, under eight minutes on two cores
	@$(BIN)/python -m pytest -m "not slow and not browser" -n $(TEST_JOBS) --dist loadfile --no-loadscope-reorder

test-slow: install  ## the long tests
	@$(BIN)/python -m pytest -m "slow and not browser"

test-browser: install  ## report.html in Chromium: charts, clicks, keys, themes, print
	@command -v chromedriver > /dev/null || { echo "Chromium and its driver are needed: apt-get install chromium chromium-driver"; exit 1; }
	@$(BIN)/python -m pytest -m browser tests/experiments/reports

test-faults: install  ## kills, full disks, damaged ledgers: what is lost? Writes docs/faults.md (TIMES=5: a few of each)
	@$(BIN)/python -m tests.faults $(if $(TIMES),--times $(TIMES))

test-backends: $(VENV)-backends/installed  ## the components on TensorFlow, JAX and PyTorch (downloads PyTorch)
	@for backend in tensorflow jax torch; do \
		echo "== $$backend"; \
		KERAS_BACKEND=$$backend $(VENV)-backends/bin/python -m pytest tests/custom custom -m "not slow" || exit 1; \
	done

BACKENDS ?= tensorflow jax torch

# The second installation brings what reads the files that a backend exports: TensorFlow has it.
smoke-custom: wheel  ## the wheel with Keras and one backend alone, each in turn: train, save, load, export (downloads PyTorch)
	@for backend in $(BACKENDS); do \
		case $$backend in \
			tensorflow) lock=requirements.lock; readers= ;; \
			jax) lock=requirements.lock; readers=flatbuffers ;; \
			torch) lock=requirements-torch.lock; readers="onnx onnxruntime onnxscript" ;; \
			*) echo "BACKENDS names $$backend; allowed: tensorflow jax torch"; exit 2 ;; \
		esac; \
		env=$(VENV)-$$backend; python=$$env/bin/python; \
		$(PYTHON) -m venv --clear $$env || exit 1; \
		$(BIN)/uv pip install --quiet --python $$python -c $$lock dist/*.whl $$backend || exit 1; \
		(cd $$env && KERAS_BACKEND=$$backend bin/python ../tests/reuse/smoke.py) || exit 1; \
		test -z "$$readers" || $(BIN)/uv pip install --quiet --python $$python -c $$lock $$readers || exit 1; \
		(cd $$env && KERAS_BACKEND=$$backend bin/python ../tests/reuse/smoke.py --export) || exit 1; \
	done

$(VENV)-backends/installed: requirements.lock requirements-torch.lock
	@test -x $(VENV)-backends/bin/python || $(PYTHON) -m venv $(VENV)-backends
	@$(VENV)-backends/bin/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	@$(VENV)-backends/bin/uv pip install --quiet --python $(VENV)-backends/bin/python --require-hashes \
		-r requirements.lock -r requirements-torch.lock
	@touch $@

fuzz: install  ## damaged, odd and hostile input, CASES of each kind; the table goes into docs/fuzzing.md
	@$(BIN)/python -m tests.fuzz --cases $(CASES) --jobs $(TEST_JOBS) --page

audit: install  ## known vulnerabilities in what is pinned (fails, too, where it cannot be looked up)
	@$(BIN)/python -m tests.packages.audit

sbom: install  ## what is pinned, as a bill of materials: dist/sbom.json
	@$(BIN)/python -m tests.packages.sbom dist/sbom.json

lint: install  ## ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/mypy

format: install  ## let ruff format and mend what it can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format --quiet .

lock: install  ## pin the newest packages that pyproject allows
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --upgrade --extra dev pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate --upgrade --extra torch --extra onnx -c requirements.lock pyproject.toml -o requirements-torch.lock

wheel: install  ## build the wheel of `custom`
	@rm -rf build/lib  # what was removed since must not come along
	@$(BIN)/uv build --wheel --no-build-isolation --offline --quiet --no-create-gitignore --out-dir dist . && ls dist/*.whl

clean:  ## remove what was installed and built (results stay)
	@rm -rf $(VENV) $(VENV)-backends $(VENV)-tensorflow $(VENV)-jax $(VENV)-torch build dist *.egg-info .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
