# SPDX-License-Identifier: Apache-2.0
# The commands of the README. Each first installs the Debian packages that it needs and that are missing
# (scripts/install-packages, which prints their names before), then builds what it needs, and runs.
#
# Build directories: build (release; `make build` leaves build/bittern in it), and one for each other preset of
# CMakePresets.json: build-cpu, build-debug, build-asan, build-coverage, build-fuzz.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

JOBS ?= $(shell nproc)
CONFIG ?= atis-2enc
# ATIS where it is at hand, else the corpus that the program generates; a run's directory for each.
DATA ?= $(or $(BITTERN_ATIS),$(wildcard data/atis))
OUT ?= runs/$(CONFIG)$(if $(DATA),,-generated)
# The generated corpus is learned sooner than ATIS, for which the presets are.
EPOCHS ?= $(if $(DATA),,14)
# The accelerator that `make synth` sizes.
ACCELERATOR ?= nano
# More options of `bittern train`.
ARGS ?=
# The preset that `make test` builds and runs: release, cpu, debug, asan or coverage.
PRESET ?= release
# ON: a warning of the compiler is an error, as in CI. It is OFF for users, because newer compilers warn of more.
WERROR ?= OFF

BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))

# $(call configure,PRESET OPTIONS...): prints nothing unless it fails. Options of an earlier call stay.
configure = mkdir -p $(BUILD); cmake --preset $(1) >$(BUILD)/configure.log 2>&1 \
            || { cat $(BUILD)/configure.log >&2; exit 1; }

.PHONY: train
train: build  ## train the main model, or go on with its run: on data/atis if it is there
	build/bittern train --config $(CONFIG) $(if $(DATA),--data $(DATA)) --out $(OUT) $(if $(EPOCHS),--epochs $(EPOCHS)) --resume $(ARGS)

.PHONY: build
build: BUILD := build
build:  ## build build/bittern
	@scripts/install-packages build
	@$(call configure,release $(if $(wildcard build/CMakeCache.txt),,-DBITTERN_TESTS=OFF))
	@cmake --build build --target bittern -j $(JOBS)

.PHONY: test
test: test-build  ## build and run the tests (PRESET=asan: with sanitizers)
	ctest --test-dir $(BUILD) -j $(JOBS) --label-exclude slow --output-on-failure --progress

.PHONY: test-cpu
test-cpu:  ## the quick loop: the tests that need neither the RTL nor its tools
	@$(MAKE) test PRESET=cpu

.PHONY: test-slow
test-slow:  ## the rest, hours: PyTorch, fuzzers, AArch64, a bare Debian, the u50's RTL, every float
	@scripts/install-packages slow
	@$(MAKE) test-build
	@$(MAKE) fuzz-build
	ctest --test-dir $(BUILD) --label-regex slow --output-on-failure
	ctest --test-dir build-fuzz --label-regex slow --output-on-failure

.PHONY: test-synth
test-synth: test-build  ## size nano and k26 with Yosys, and compare with what they took before
	ctest --test-dir $(BUILD) -j $(JOBS) -R '^rtl_synth_(nano|k26)$$' --output-on-failure

.PHONY: test-build
test-build:
	@scripts/install-packages build $(if $(filter cpu,$(PRESET)),test-cpu,test)
	@$(call configure,$(PRESET) -DBITTERN_TESTS=ON -DBITTERN_WERROR=$(WERROR) $(if $(filter release,$(PRESET)),-DBITTERN_BENCHMARKS=ON))
	@cmake --build $(BUILD) -j $(JOBS)

.PHONY: fuzz-build
fuzz-build: BUILD := build-fuzz
fuzz-build:
	@$(call configure,fuzz)
	@cmake --build build-fuzz -j $(JOBS)

.PHONY: bench
bench: BUILD := build
bench:  ## compare speed with PyTorch, one thread each
	@scripts/install-packages build test bench
	@$(call configure,release -DBITTERN_BENCHMARKS=ON)
	@cmake --build build -j $(JOBS)
	bench/run

.PHONY: synth
synth: build  ## size the RTL of ACCELERATOR (nano) with Yosys
	@scripts/install-packages test
	scripts/synth $(ACCELERATOR)

.PHONY: format
format:  ## format the C++ sources in place
	@scripts/install-packages lint
	git ls-files -z '*.h' '*.cc' | xargs -0 clang-format-14 -i

.PHONY: lint
lint:  ## check the format, run clang-tidy, and Verilator on the RTL
	@scripts/install-packages build test lint
	scripts/lint

.PHONY: clean
clean:  ## remove what was built (runs/ and data/ stay)
	rm -rf build build-cpu build-debug build-asan build-tsan build-coverage build-faults build-fuzz build-lint build-howto build-aarch64

.PHONY: help
help:  ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
