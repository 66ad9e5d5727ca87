# The two commands: `make demo` shows that it works, `make test` checks it. `make help` lists the others.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

SWIFT ?= swift
# Added to every `swift build`; CI adds the check of import arrows.
SWIFT_BUILD_FLAGS ?=
# Where `make install` puts `bin/apus` and `lib/apus`.
PREFIX ?= /usr/local
# For packagers: a staging directory before PREFIX.
DESTDIR ?=
PYTHON ?= python3
VENV := .build/venv
comma := ,

# What the peer's own tests need: Parsl's tests do not run on pytest 8; the time limit comes from a plug-in.
PYTHON_PACKAGES := parsl==2026.10.26 'pytest<8' 'pytest-timeout<3'
# Tests with one of these words in their names run a Python program beside ours: `make test` skips them where the
# packages are missing, `make test-extra` runs them with all packages.
PYTHON_TESTS := Python|Pyzmq|Parsl
# Tests that start programs of this package, compilers, Python, or what stands in for a scheduler or a network: targets,
# suites, tests. `make unit` runs all others. They carry a tag each; a test compares tags and list.
PROCESS_TESTS := ClusterTests CompileFailTests ExampleTests OperatorTests ProcessTests \
    CommandsTests.StoppingTests \
    ConfigurationFilesTests.CommandTests ConfigurationFilesTests.CompiledProgramTests \
    ConfigurationFilesTests.LinkageTests \
    DataFlowTests.CheckpointKillTests DataFlowTests.RSyncOverSSHTests DataFlowTests.StagingProgramTests \
    LaunchTests.TerminalTests \
    ManagerRuntimeTests.LabelTests ManagerRuntimeTests.ManagerServiceCancelTests \
    ManagerRuntimeTests.ManagerServiceConnectionTests ManagerRuntimeTests.ManagerServiceDeathTests \
    ManagerRuntimeTests.ManagerServiceTaskTests ManagerRuntimeTests.NodeServiceTests \
    ManagerRuntimeTests.PlacementServiceTests \
    PickleCodingTests.GoldenTests/loadedByPython PickleCodingTests.MemoryBoundTests \
    PickleCodingTests.RoundTripTests/codableThroughPython PickleCodingTests.RoundTripTests/valuesThroughPython \
    ProvisioningTests.ExecutableCacheTests ProvisioningTests.GridEngineTests ProvisioningTests.LocalProviderTests \
    ProvisioningTests.SSHProviderTests ProvisioningTests.SchedulerCommandTests \
    ProvisioningTests.SchedulerProcessTests ProvisioningTests.SlurmProviderTests \
    ScriptTests.InitTests ScriptTests.PackageScriptTests ScriptTests.RunTests \
    WorkerRuntimeTests.WorkerServiceTests ZeroMQTests.PyzmqTests
space := $(subst ,, )
PROCESS_PATTERN := ^($(subst $(space),|,$(strip $(PROCESS_TESTS))))([./(]|$$)
# Suites that try more under APUS_THOROUGH_TESTS=1; `make test-extra` runs them so.
THOROUGH_TESTS := random|Random|mutation|PickleCodingTests.RoundTripTests|MemoryBound|SimulationTests|TaskSlotsTests|MemoTests/many
LINTED := Sources Tests Examples Package.swift

# need-package CONDITION PACKAGES REASON: unless CONDITION holds, installs Debian packages as root or through sudo;
# without either prints the command and stops.
define need-package
if ! { $(1); } >/dev/null 2>&1; then \
    echo 'apus: missing: $(2) ($(3))'; \
    if ! command -v apt-get >/dev/null; then \
        echo 'apus: this system has no apt-get: install what Debian calls $(2), then run make again' >&2; exit 1; \
    elif [ "$$(id -u)" = 0 ]; then as_root='env'; \
    elif command -v sudo >/dev/null; then as_root='sudo env'; \
    else \
        echo 'apus: neither root nor sudo; have an administrator run this, then run make again:' >&2; \
        echo '    apt-get update && apt-get install -y $(2)' >&2; exit 1; \
    fi; \
    echo 'apus: installing it with apt-get'; \
    apt="$$as_root DEBIAN_FRONTEND=noninteractive apt-get -qq -o=Dpkg::Use-Pty=0"; \
    $$apt update >/dev/null || echo 'apus: apt-get update failed; going on with the lists there are' >&2; \
    if ! $$apt install -y --no-install-recommends $(2) >/dev/null; then \
        echo 'apus: apt-get could not install $(2); its own words are above' >&2; exit 1; \
    fi; \
fi
endef

.PHONY: help
help: ## List the targets.
	@echo 'usage: make TARGET'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do \
	    printf '%-12s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: prerequisites ## Build two examples and run them on worker processes of this machine.
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) -c release --product Mandelbrot
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) -c release --product MonteCarloPi
	@echo; echo 'The Mandelbrot set, in tiles:'
	@.build/release/Mandelbrot --workers "$$(nproc)"
	@echo; echo 'Pi, by random points:'
	@.build/release/MonteCarloPi --workers "$$(nproc)"
	@echo; echo 'Look at mandelbrot.png; compare the other figure with 3.1415926.'

RUN_TESTS := $(SWIFT) test $(SWIFT_BUILD_FLAGS) --skip-build --disable-xctest

.PHONY: unit
unit: build-tests ## Build and run the tests that start no process of ours and use no network (a minute or two).
	$(RUN_TESTS) --skip '$(PROCESS_PATTERN)'

.PHONY: test
test: unit ## Build and run the tests that need nothing but this package: first `unit`, then those with processes.
	$(RUN_TESTS) --filter '$(PROCESS_PATTERN)'

.PHONY: build-tests
build-tests: prerequisites
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) --build-tests

.PHONY: test-extra
test-extra: build-tests $(VENV)/.complete ## Run the tests with Python, Parsl (in .build/venv), web, networks, SSH, Slurm and Grid Engine.
	@# More of the random inputs than `make test` tries.
	APUS_THOROUGH_TESTS=1 $(RUN_TESTS) --filter '$(THOROUGH_TESTS)'
	PARSL_VENV=$(VENV) APUS=.build/debug/apus Tests/Conformance/parsl-htex.sh
	$(VENV)/bin/python3 -B Tests/Fixtures/pickle/check_cli.py .build/debug/apus
	@# Shared vectors, where there are any.
	if [ -n "$${APUS_VECTORS:-}" ]; then "$$APUS_VECTORS/check_pickle" .build/debug/apus; fi
	APUS_PYTHON="$$PWD/$(VENV)/bin/python3" \
	    $(RUN_TESTS) --filter '$(PYTHON_TESTS)'
	@# Builds SwiftNIO with its TLS library.
	$(SWIFT) build --package-path Tests/Extra/Networking --build-tests
	$(SWIFT) test --package-path Tests/Extra/Networking --skip-build --disable-xctest
	@# A Kubernetes API server of its own, without nodes, where its programs are.
	if reason=$$(Tests/Support/kubernetes-cluster.sh check); then \
	    status=0; Tests/Support/kubernetes-cluster.sh api \
	        $(SWIFT) test --package-path Tests/Extra/Networking --skip-build --disable-xctest --filter RealServer || \
	        status=$$?; \
	    if [ $$status = 77 ]; then echo 'apus: the tests with an API server are left out: it did not come up'; \
	    else exit $$status; fi; \
	else echo "apus: the tests with a Kubernetes API server are left out: $$reason"; fi
	@# A program without Swift's libraries, and what it still needs.
	Tests/Support/static-program.sh Hello
	@# SSH servers of this machine's own.
	if [ -x /usr/sbin/sshd ] || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; }; then \
	    Tests/Support/ssh-hosts.sh run \
	        $(RUN_TESTS) --filter SSHTests; \
	else echo 'apus: the tests with ssh are left out: they need an SSH server, or root and apt-get'; fi
	@# Hosts that are network namespaces: about a minute. No packages can be installed from inside.
	if reason=$$(Tests/Support/network.py check); then \
	    Tests/Support/network.py run $$([ ! -x /usr/sbin/sshd ] || echo Tests/Support/ssh-hosts.sh run) \
	        $(RUN_TESTS) --filter NetworkTests; \
	else echo "apus: the tests with bad networks are left out: $$reason"; fi
	@# A Slurm of this machine's own; its daemons run as root.
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    Tests/Support/slurm-cluster.sh run \
	        $(RUN_TESTS) --filter RealSlurm; \
	else echo 'apus: the tests with Slurm are left out: they need root and apt-get'; fi
	@# A Grid Engine likewise.
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    Tests/Support/grid-engine.sh run \
	        $(RUN_TESTS) --no-parallel \
	        --filter 'RealGridEngine|GridEngineTests'; \
	else echo 'apus: the tests with Grid Engine are left out: they need root and apt-get'; fi

$(VENV)/.complete: Makefile
	@$(call need-package,$(PYTHON) -c "import ensurepip$(comma) venv",python3 python3-venv,Parsl is a Python package)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(PYTHON_PACKAGES)
	@touch $@

# What a program that links the library does not need: the command's own code.
NOT_IN_LIBRARY := ApusCommandLine|ArgumentParser|ArgumentParserToolInfo|ConfigurationFiles|Yams|CYaml
# What the linker was given for `apus`: the library's objects as they are now, and no other program's.
LINKED := .build/release/apus.product/Objects.LinkFileList
LIBRARY := $(DESTDIR)$(PREFIX)/lib/apus

.PHONY: install
install: prerequisites ## Install `apus` and the library below PREFIX (/usr/local); `apus run` uses it.
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) -c release --product apus
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(LIBRARY)'
	rm -rf '$(LIBRARY)/Modules' '$(LIBRARY)/libApus.a'
	install -d '$(LIBRARY)/Modules'
	@# A module for each folder of objects in the list.
	grep -vE '/($(NOT_IN_LIBRARY))\.build/' $(LINKED) | sed -E 's|.*/([^/]+)\.build/.*|\1|' | sort -u | \
	    while read -r module; do \
	        if [ -e ".build/release/Modules/$$module.swiftmodule" ]; then \
	            install -m 644 ".build/release/Modules/$$module.swiftmodule" '$(LIBRARY)/Modules'; \
	        fi; \
	    done
	@# Swift looks for the C modules behind an import even where an interface does not show them.
	for map in Sources/*/module.modulemap; do cp -R "$${map%/*}" '$(LIBRARY)/'; done
	grep -vE '/($(NOT_IN_LIBRARY))\.build/' $(LINKED) >.build/library-objects.list
	ar -crs '$(LIBRARY)/libApus.a' @.build/library-objects.list
	@# Scripts with packages must take the versions of those that the library holds as well.
	install -m 644 Package.resolved '$(LIBRARY)/Package.resolved'
	@# Modules can be read by the compiler that made them alone: `apus run` refuses any other by name.
	$(firstword $(SWIFT))c --version >'$(LIBRARY)/compiler.txt'
	install -m 755 .build/release/apus '$(DESTDIR)$(PREFIX)/bin/apus'

# The program of `make static`.
PRODUCT ?= apus

.PHONY: static
static: prerequisites ## Build PRODUCT (apus) with Swift inside: it runs where no Swift is installed, on libzmq5 alone.
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) -c release --static-swift-stdlib -Xlinker -s --product $(PRODUCT)
	@echo "It is $$($(SWIFT) build -c release --static-swift-stdlib --show-bin-path)/$(PRODUCT)"

# What `docc` and its helper are told of the module.
DOCS := .build/docs
SYMBOLS := $(DOCS)/symbols

.PHONY: docs
docs: prerequisites ## Build the documentation of the library PickleCoding in .build/docs; a warning is an error.
	$(SWIFT) build $(SWIFT_BUILD_FLAGS) --target PickleCoding
	rm -rf $(DOCS)
	mkdir -p $(SYMBOLS)
	$(SWIFT) symbolgraph-extract -module-name PickleCoding -I .build/debug/Modules -minimum-access-level public \
	    -target "$$($(firstword $(SWIFT))c -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$$/\1/p' | head -n 1)" \
	    -output-dir $(SYMBOLS)
	"$$(dirname "$$(readlink -f "$$(command -v $(firstword $(SWIFT)))")")/docc" convert \
	    Sources/PickleCoding/PickleCoding.docc --additional-symbol-graph-dir $(SYMBOLS) \
	    --fallback-display-name PickleCoding --fallback-bundle-identifier PickleCoding --warnings-as-errors \
	    --output-path $(DOCS)/PickleCoding
	@echo 'Read it with: python3 -m http.server --directory $(DOCS)/PickleCoding, at /documentation/picklecoding'

.PHONY: format
format: ## Format all Swift sources in place.
	swift format --in-place --parallel --recursive $(LINTED)

.PHONY: lint
lint: ## Check formatting and style, changing nothing.
	swift format lint --strict --parallel --recursive $(LINTED)

.PHONY: clean
clean: ## Remove what was built, and what the demonstration left.
	rm -rf .build runinfo mandelbrot.png

.PHONY: prerequisites
prerequisites:
	@if ! command -v '$(firstword $(SWIFT))' >/dev/null; then \
	    echo 'apus: there is no `swift` on PATH; install Swift 6.2 or later from https://www.swift.org/install/linux/' >&2; \
	    echo '      or, if it is installed, add the usr/bin of its folder to PATH' >&2; exit 1; \
	fi
	@$(call need-package,command -v git,git ca-certificates,the package manager fetches dependencies with it)
	@$(call need-package,[ -e /usr/include/zmq.h ] || [ -e /usr/local/include/zmq.h ],libzmq3-dev,the headers of ZeroMQ)
