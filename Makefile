# touchwatch. `make` lists the targets.

BIN       := bin/touchwatch
WEB       := dashboards/web
SERVERS   := .cache/servers
GO        ?= go
PACKAGES  := ./...
ARGS      ?=
DURATION  ?= 30m

.DEFAULT_GOAL := help

.PHONY: help run build ui chdb test test-real servers servers-stop faults soak mutants check format lint generate bench fuzz screenshots clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build chdb ## The whole product on this machine, with a simulated company: opens a board on http://127.0.0.1:8480
	$(BIN) dev $(ARGS)

build: ## Build bin/touchwatch (the committed board is embedded, Node is not needed)
	@mkdir -p bin
	$(GO) build -buildvcs=auto -o $(BIN) ./cmd/touchwatch

ui: $(WEB)/node_modules/.installed ## Build the board's assets into dashboards/web/dist (commit them)
	cd $(WEB) && npm run build && npm run size

$(WEB)/node_modules/.installed: $(WEB)/package-lock.json
	@echo "installing the board's packages (once) ..."
	cd $(WEB) && npm ci --no-audit --no-fund
	@touch $@

chdb: ## Get the embedded ClickHouse engine (npm, once, about 550 MB on disk); without it history is off
	@deploy/servers/chdb.sh || true

test: chdb ## Unit and integration tests on the embedded servers
	$(GO) test $(PACKAGES)

servers: build chdb ## Start a real Kafka, Redis and ClickHouse engine on loopback, in .cache/servers
	@deploy/servers/kafka.sh
	@deploy/servers/redis.sh
	@TOUCHWATCH_BIN=$(CURDIR)/$(BIN) deploy/servers/start.sh $(SERVERS)

servers-stop: ## Stop what `make servers` started
	@deploy/servers/stop.sh $(SERVERS)

test-real: ## The end-to-end test on the real servers, with both comparisons
	@.ci/test-real $(SERVERS)

faults: build chdb ## Break the product on real servers: every fault scenario (docs/faults.md), with ARGS='--seed 7' another world
	@deploy/servers/kafka.sh
	@deploy/servers/redis.sh
	$(BIN) faults run all --parallel 2 $(ARGS)

soak: build chdb ## Random faults on real servers for DURATION=30m, then every comparison; ARGS='--seed 7' another world
	@deploy/servers/kafka.sh
	@deploy/servers/redis.sh
	$(BIN) faults soak --duration $(DURATION) $(ARGS)

mutants: chdb ## Break the code on purpose and see that a test or a fault scenario notices; ARGS=-list, ARGS='-only owner,plan'
	@deploy/servers/kafka.sh
	@deploy/servers/redis.sh
	$(GO) run ./cmd/faults/mutants -scenarios $(ARGS)

check: ## What CI runs: format, vet, lint, tests with -race, the board's tests, real servers, fault scenarios
	@.ci/check

format: ## Format the Go code
	$(GO) tool gofumpt -l -w .

lint: ## Vet, staticcheck, import direction
	$(GO) vet $(PACKAGES)
	$(GO) tool staticcheck $(PACKAGES)
	$(GO) run ./deploy/imports

generate: ## Rebuild generated code
	$(GO) generate $(PACKAGES)

bench: ## Benchmarks of the hot paths
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

fuzz: ## Fuzz each decoder and parser for 30 s
	@.ci/fuzz 30s

screenshots: build chdb $(WEB)/node_modules/.installed ## Retake the pictures in docs/screenshots
	@.ci/browser screenshots

clean: ## Remove what was built; downloads in .cache stay
	rm -rf bin $(WEB)/node_modules
