.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help setup run test check types docs bench build clean

help:  ## Show this help
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --constraint constraints.txt torch==2.13.0
	$(VENV)/bin/pip install --quiet --constraint constraints.txt --editable ".[dev,postgres,redis]"
	# For scores of tracks (framewise evaluate --shapes tracks) and tests of MOTChallenge. Its requirement opencv-python would own the same files as the headless one.
	$(VENV)/bin/pip install --quiet --no-deps trackeval==1.3.0
	@touch $@

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json
	cd frontend && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

static/dist/.built: frontend/node_modules/.installed $(shell find frontend/src frontend/*.ts frontend/*.json -type f 2>/dev/null)
	cd frontend && npm run --silent build
	@touch $@

setup: $(VENV)/.installed frontend/node_modules/.installed  ## Install everything, pinned

build: static/dist/.built  ## Build the front end

run: $(VENV)/.installed static/dist/.built  ## Start Framewise with embedded defaults, a demo project and a login
	$(VENV)/bin/framewise serve

test: setup build  ## Set up, check and run every test
	scripts/test

check: setup  ## Lint, types, import directions, generated files fresh
	scripts/check

types: setup  ## Generate the TypeScript types of the live protocol and the API
	$(PY) manage.py export_types

docs: setup  ## Write docs/formats.md: what each format takes, writes and loses
	$(PY) manage.py export_docs

bench: setup build  ## Measure, and print a table of ratios
	scripts/apt-packages
	$(PY) -m framewise.bench

clean:  ## Remove what set-up and builds made
	rm -rf $(VENV) frontend/node_modules static/dist build
