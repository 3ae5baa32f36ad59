# Everything a person or the CI does here is one of these targets. Needs Go, make, git and, for the race detector, a C
# compiler. `make` alone lists the targets.

MODULE  := github.com/accede/accede
VERSION ?= $(shell git -c safe.directory='*' describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X $(MODULE)/internal/version.linked=$(VERSION)

# The binaries are whatever lies in these folders; there is no list to keep.
COMMANDS := $(patsubst %/main.go,./%,$(wildcard cmd/accede*/main.go plugins/*/cmd/*/main.go))

GOLANGCI_VERSION := v2.15.0
GOLANGCI         := bin/golangci-lint-$(GOLANGCI_VERSION)

FUZZTIME     ?= 5s
TEST_TIMEOUT ?= 40m
RACE_COUNT   ?= 3

# Where goroutines meet.
RACE_PACKAGES := $(patsubst %,./%/...,$(wildcard broker core/service core/store core/app plugins/host internal))

# The race detector needs a C compiler; without one the tests still run.
CC_FOUND := $(shell command -v $${CC:-cc} 2>/dev/null || command -v gcc 2>/dev/null)
RACE     := $(if $(CC_FOUND),-race)
TEST_ENV := $(if $(CC_FOUND),CGO_ENABLED=1)

# The version comes from VERSION; asking git again would fail in a checkout that somebody else owns.
export GOFLAGS := $(GOFLAGS) -buildvcs=false

.DEFAULT_GOAL := help
.PHONY: help build browser test race lint fmt generate verify fuzz bench chaos demo smoke new-plugin clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

build: ## Build every binary into bin/, static and stripped
	@test -n "$(COMMANDS)" || { echo "make build: no cmd/accede*/main.go here; run make in the repository's root"; exit 1; }
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ $(COMMANDS)

browser: ## Get what the browser tests need: Chromium, and axe-core from npm
	@test/pages/prepare.sh

test: browser ## Vet, then run all tests with the race detector, in random order
	@test -n "$(RACE)" || echo "make test: no C compiler (cc or gcc) found, so the race detector is off; install one to have it"
	go vet ./...
	$(TEST_ENV) go test $(RACE) -shuffle=on -timeout $(TEST_TIMEOUT) ./...

race: ## Run the tests where goroutines meet RACE_COUNT times under the race detector
	@test -n "$(RACE)" || { echo "make race: needs a C compiler; install gcc"; exit 1; }
	CGO_ENABLED=1 go test -race -shuffle=on -count=$(RACE_COUNT) -timeout 30m $(RACE_PACKAGES)

lint: $(GOLANGCI) ## Run the linters and check the formatting
	$(GOLANGCI) run ./...

fmt: $(GOLANGCI) ## Format all Go files
	$(GOLANGCI) fmt ./...

generate: ## Write all generated files anew
	go generate ./...

verify: generate ## Fail when generated files are stale or anything is uncommitted
	@changed="$$(git -c safe.directory='*' status --porcelain)" || exit 1; \
	if [ -n "$$changed" ]; then \
		echo "$$changed"; \
		echo "make verify: these files differ from the commit; run 'make generate' and commit the result"; \
		exit 1; \
	fi

fuzz: ## Run every fuzz target for FUZZTIME each (default 5s)
	@grep -rE --include='*_test.go' --exclude-dir=.git --exclude-dir=testdata '^func Fuzz[A-Za-z0-9_]*\(' . \
	| sed -E 's|/[^/]*_test\.go:func (Fuzz[A-Za-z0-9_]*)\(.*| \1|' | sort -u \
	| while read -r package target; do \
		echo "fuzz $$package $$target"; \
		go test "$$package" -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x < /dev/null || exit 1; \
	done

bench: build ## Measure throughput and latency on this machine
	go test ./core/policy -run '^$$' -bench DecideAgainst1000Roles
	go run ./test/bench

chaos: ## Kill, freeze and wipe things at random, at length; prints lost and duplicate counts
	ACCEDE_CHAOS=long go test ./test/e2e -run Chaos -count=1 -timeout 60m -v

demo: build ## Start everything with demo people and print what to try; Ctrl-C stops it
	go build -o bin/demo ./test/demo
	bin/demo

smoke: build ## Play the main job once against real processes; exit 0 or the reason
	go build -o bin/demo ./test/demo
	bin/demo -smoke

new-plugin: ## Write the folder of a new plugin: make new-plugin NAME=x
	@test -n "$(NAME)" || { echo "make new-plugin: give a name, as in 'make new-plugin NAME=zulip'"; exit 1; }
	go run ./cmd/newplugin $(NAME)

clean: ## Remove what was built and the demo's data
	rm -rf bin .demo .cache

$(GOLANGCI):
	GOBIN='$(CURDIR)/bin' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@
