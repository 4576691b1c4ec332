# SPDX-License-Identifier: BSD-3-Clause
# Verbs for everything a person does here; each is one line on top of meson or tools/. `make help` lists them.
MAKEFLAGS += --no-print-directory
FUZZ_SECONDS ?= 60
NINJA = ninja -j $(shell nproc)

.DEFAULT_GOAL := build
.PHONY: deb check-deb help build build-clang build-asan test test-clang test-asan bench bench-quick bench-tools lint format fuzz e2e e2e-asan check demo coverage clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build/build.ninja:
	meson setup build
build-clang/build.ninja:
	CC=clang meson setup build-clang
build-asan/build.ninja:
	meson setup build-asan -Db_sanitize=address,undefined
# Tests count from several threads: without atomic counters gcov's sums go below zero, and gcovr ends on these.
build-coverage/build.ninja:
	meson setup build-coverage -Db_coverage=true -Dc_args=-fprofile-update=atomic

build: build/build.ninja ## gcc, in build/
	$(NINJA) -C build
build-clang: build-clang/build.ninja ## clang, in build-clang/
	$(NINJA) -C build-clang
build-asan: build-asan/build.ninja ## gcc with address and undefined sanitizers, in build-asan/
	$(NINJA) -C build-asan

test: build ## unit tests
	meson test -C build --no-rebuild --suite unit --print-errorlogs
test-clang: build-clang ## unit tests, built by clang
	meson test -C build-clang --no-rebuild --suite unit --print-errorlogs
test-asan: build-asan ## unit tests under the sanitizers
	meson test -C build-asan --no-rebuild --suite unit --print-errorlogs

bench: bench-tools build ## measure everything against references, a few minutes (root: all of it); build/bench/
	tools/bench
bench-quick: bench-tools build ## the same with few rounds, under a minute
	tools/bench --quick
# As root what is missing is installed, as for the demo; without, the build says what it misses, and only the plot may be left out.
bench-tools:
	@[ "$$(id -u)" -ne 0 ] || tools/setup --bench --check >/dev/null || tools/setup --bench
lint: build ## formatting, static analysis, include directions, licences
	tools/lint
format: ## clang-format in place
	git ls-files '*.c' '*.h' | xargs clang-format -i
fuzz: ## every fuzz target for FUZZ_SECONDS (60) seconds
	tools/fuzz --seconds $(FUZZ_SECONDS)
e2e: build ## the lab's tests (root)
	test/e2e/run
e2e-asan: build-asan ## the lab's tests with the appliance under the sanitizers (root)
	test/e2e/run --build build-asan
check: ## everything, from installing packages to e2e (root); what CI runs
	tools/check
deb: ## Debian packages, in build-deb/
	tools/deb
check-deb: ## build the packages; install, run, upgrade and purge them in a clean Debian (root, network, minutes)
	tools/check-deb
demo: ## build and show every mode in the lab (root)
	tools/demo
coverage: build-coverage/build.ninja ## unit test coverage: a summary, and build-coverage/coverage.html
	$(NINJA) -C build-coverage
	meson test -C build-coverage --no-rebuild --suite unit --print-errorlogs
	gcovr --root . --filter lib/ --filter app/ --exclude-unreachable-branches \
		--html-details build-coverage/coverage.html --print-summary build-coverage
clean: ## remove all build folders
	rm -rf build build-clang build-asan build-coverage build-fuzz build-check build-deb
