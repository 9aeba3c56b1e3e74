# Crossbook's front door. Everything it needs beyond Python 3.11+ and Rust it fetches into .tools and .venv.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
UV := .tools/bin/uv
BIN := .venv/bin
PROTOS := $(wildcard protos/crossbook/v1/*.proto)
# Their mod lines come out of a macro, where cargo fmt does not look.
VENUE_FILES := --edition 2024 crates/venues/src/venues/*.rs
# The bench's own tools: a workspace apart, so that what they need is not built for the product.
NATIVE := tests/bench/native
RUST_CLIENT := clients/rust
ARGS ?=

.PHONY: help run test quick hooks layout setup-python lint audit format bench performance bench-peers bench-shards bench-export soak stalled faults histories event-histories stream-histories property edges kills mutations fuzz clients chart workflows venues proto web browser pictures setup clean group-histories dislocations alert-kills bench-alertmanager judged

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: setup ## Track every venue, find arbitrage and fire alerts, on this machine (LIVE=1 for the real venues, ARGS="--duration 60s" ...)
	@exec $(BIN)/crossbook up $(if $(LIVE),--live) $(ARGS)

test: setup ## Run every test: Rust, Python, and the whole system end to end; each suite's time at the end
	@started=$$SECONDS; cd core-rs && cargo test --quiet --workspace && echo "suite core-rs: $$((SECONDS - started)) s"
	@started=$$SECONDS; cd $(NATIVE) && cargo test --quiet && echo "suite bench tools: $$((SECONDS - started)) s"
	@$(BIN)/pytest $(ARGS)

quick: setup-python ## Check what you changed in a minute: format, lint, types, its unit tests, its crates (ARGS="--since REV")
	@$(BIN)/python -m tests.quick $(ARGS)

hooks: ## Let git run `make quick` before each commit
	@git config core.hooksPath .githooks

layout: setup ## Print circles, layers and sizes, and draw the house into docs/layout.svg
	@$(BIN)/python -m tests.house $(ARGS)

lint: setup ## Check formatting, types, layering, protos and generated stubs
	@$(BIN)/ruff format --check . && $(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/stubtest crossbook._core --mypy-config-file pyproject.toml
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.house --check >/dev/null || $(BIN)/python -m tests.house --check
	@cd core-rs && cargo fmt --all --check && rustfmt --check $(VENUE_FILES) && cargo clippy --quiet --workspace --all-targets -- -D warnings
	@cd $(NATIVE) && cargo fmt --check && cargo clippy --quiet --all-targets -- -D warnings
	@cd $(RUST_CLIENT) && cargo fmt --check
	@cd protos && ../$(BIN)/buf lint && ../$(BIN)/buf format --exclude-path google --diff --exit-code
	@rm -rf .tools/go-check
	@$(MAKE) --no-print-directory proto PB=.tools/pb-check CLIENT_PB=.tools/client-check GO_PB=.tools/go-check MESSAGES=.tools/messages-check.ts && diff -r -x __pycache__ services/crossbook/pb .tools/pb-check \
		&& diff -r -x __pycache__ -x py.typed clients/python/src/crossbook_client .tools/client-check
	@diff clients/dashboard/src/wire/messages.ts .tools/messages-check.ts
	@rm -rf .tools/web-check; clients/dashboard/build.sh .tools/web-check && diff -r services/crossbook/gateway/static .tools/web-check || [ $$? = 3 ]
	@[ ! -d .tools/go-check ] || diff -r clients/go/crossbookv1 .tools/go-check
	@! command -v gofmt >/dev/null || { cd clients/go && found=$$(gofmt -l .) && [ -z "$$found" ] || { echo "not as gofmt writes it: $$found" >&2; exit 1; }; }

audit: setup ## Ask osv.dev for known vulnerabilities of every locked dependency; skipped, with the reason, where it cannot be asked
	@$(BIN)/python -m tests.audit

format: setup ## Rewrite sources in the house format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .
	@cd core-rs && cargo fmt --all && rustfmt $(VENUE_FILES)
	@cd $(NATIVE) && cargo fmt
	@cd $(RUST_CLIENT) && cargo fmt
	@cd protos && ../$(BIN)/buf format --exclude-path google -w
	@! command -v gofmt >/dev/null || gofmt -w clients/go

bench: setup ## Measure speed in turn with what it is compared to, some minutes; JSON in .bench/latest.json (ARGS="--rows 'stage_*'", ARGS="--vs REV" for this commit beside another)
	@$(BIN)/python -m tests.bench $(ARGS)

edges: ## Size 100,000 random pairs of books beside exact rationals (EDGE_CASES=1000000 for more)
	@cd core-rs && EDGE_CASES=$(or $(EDGE_CASES),100000) cargo test --quiet --release -p crossbook-engine edge::oracle

performance: setup ## Measure everything as bench does and write docs/performance.md and .bench/baseline.json from it
	@$(BIN)/python -m tests.bench --document

bench-peers: setup ## Run real recorded frames through cryptofeed, ccxt and nautilus_trader as well, in an environment of their own
	@$(BIN)/python -m tests.bench.peers

bench-alertmanager: setup ## Run a real Alertmanager beside alerts on the same dislocations: messages, losses, times; needs Go (ARGS="--minutes 10")
	@[ -x .tools/bin/alertmanager ] || { echo "crossbook: building Alertmanager into .tools (some minutes, once)" >&2; tests/bench/alertmanager/build.sh .tools/bin/alertmanager; } || [ $$? = 3 ]
	@[ ! -x .tools/bin/alertmanager ] || $(BIN)/python -m tests.bench.alertmanager --binary .tools/bin/alertmanager $(ARGS)

bench-shards: setup ## Run the whole system with 1, 2 and 4 aggregators: what dividing costs (ARGS="--rate 4 --seconds 30")
	@$(BIN)/python -m tests.bench.shards $(ARGS)

bench-export: setup ## Export ten million windows: rows a second, memory, and whether the file is what Postgres has (ARGS="--rows 100000 --format csv")
	@$(BIN)/python -m tests.bench.exporting $(ARGS)

soak: setup ## Run the whole system for half an hour and watch CPU and memory (ARGS="--minutes 10 --assets 200 --rate 0.1")
	@$(BIN)/python -m tests.bench.soak $(ARGS)

stalled: setup ## Let clients stop reading for ten minutes under 50,000 quotes/s: memory, other clients, what they are told (ARGS="--minutes 1")
	@$(BIN)/python -m tests.bench.stalled $(ARGS)

faults: setup ## Break the running system in every known way and check what comes of it (ARGS="--times 10 kill network"); JSON in .bench/faults.json
	@$(UV) sync --quiet --locked --all-extras --inexact --group chaos --no-install-project || echo "crossbook: no libfaketime: the group clock is skipped" >&2
	@$(BIN)/python -m tests.faults $(ARGS)

kills: setup ## Kill an aggregator 100 times at random moments under 50,000 quotes/s and compare every row bit by bit (ARGS="--kills 10 --seed 7")
	@$(BIN)/python -m tests.faults.kills $(ARGS)

alert-kills: setup ## Kill replicas of alerts and arbitrage 200 times in every stage of a group, with silences and acknowledgements (ARGS="--kills 20 --seed 7")
	@$(BIN)/python -m tests.faults.alert_kills $(ARGS)

histories: setup ## Put the whole system through random histories of deaths, pauses and outages (ARGS="--count 50 --shrink")
	@$(BIN)/python -m tests.histories $(ARGS)

property: setup ## Play 10,000 random streams with faults per venue and check every quote (ARGS="--venues VENUE --first 7 --seeds 1")
	@$(BIN)/python -m tests.property --seeds 10000 $(ARGS)

event-histories: setup ## Put events and alerts through 10,000 random histories in one process and check every alert (ARGS="--count 500 --first 7")
	@$(BIN)/python -m tests.histories.inprocess $(ARGS)

group-histories: setup ## Put groups of alerts, silences and acknowledgements through histories with 200 deaths of replicas (ARGS="--kills 20")
	@$(BIN)/python -m tests.histories.inprocess --groups --kills 200 $(ARGS)

dislocations: setup ## Let one venue of fourteen be off ten times and count the messages, with groups and without (MINUTES=20)
	@$(BIN)/python -m tests.dislocations --minutes $(or $(MINUTES),20) $(ARGS)

judged: setup ## Let the simulator judge every opportunity at size by its own books, through every fault of its own (MINUTES=20, ARGS="--venues VENUE,...")
	@$(BIN)/python -m tests.judged --minutes $(or $(MINUTES),20) $(ARGS)

stream-histories: ## Kill, cut and lose in 100,000 random histories of a stream and check every row (HISTORIES=1000000 for more)
	@cd core-rs && HISTORIES=$(or $(HISTORIES),100000) cargo test --quiet --release -p crossbook-outgoing --test histories

mutations: ## Change every field of every fixture's and every captured frame, answer and list in every way; the outcomes by venue (VENUE=one)
	@cd core-rs && CROSSBOOK_ALL_MUTATIONS=1 CROSSBOOK_MUTATED_VENUE=$(VENUE) cargo test -q -p crossbook-venues --test mutations -- --nocapture

fuzz: ## Fuzz every venue's decoder, the windows behind batches and the plane's port, at the same time, from the fixtures on (MINUTES=10); needs cargo-fuzz
	@cargo fuzz --version >/dev/null 2>&1 || { echo "crossbook: cargo-fuzz is missing: rustup toolchain install nightly && cargo install cargo-fuzz, then run make fuzz again" >&2; exit 1; }
	@cd core-rs && cargo +nightly fuzz build && ./fuzz/target/$$(rustc -vV | sed -n 's/^host: //p')/release/seeds fuzz/corpus
	@cd core-rs && for target in frames batches port; do \
		cargo +nightly fuzz run $$target -- -max_total_time=$$((60 * $(or $(MINUTES),10))) -print_final_stats=1 2>fuzz/$$target.log & all="$$all $$!"; \
	done; failed=0; for one in $$all; do wait $$one || failed=1; done; \
	grep -hE 'DONE|Done|stat::number_of_executed_units|panicked|SUMMARY' fuzz/*.log; exit $$failed

clients: setup ## Run the clients in Python, Go, Java and Rust, and grpcurl, against a running system; what a machine lacks is skipped with the reason
	@$(BIN)/pytest tests/integration/clients $(ARGS)

HELM := .tools/bin/helm
chart: setup ## Write the parts of deploy/helm that are made, render it in several ways and check all that comes of it, and the Dockerfile; needs Go for helm
	@$(UV) sync --quiet --locked --all-extras --inexact --group chart --no-install-project
	@[ -x $(HELM) ] || { echo "crossbook: building helm into .tools (some minutes, once)" >&2; deploy/helm/helm.sh $(HELM); }
	@[ -x .tools/bin/promtool ] || deploy/prometheus/promtool.sh .tools/bin/promtool
	@$(BIN)/python deploy/helm/generate.py && $(BIN)/python deploy/helm/boards.py
	@$(BIN)/pytest tests/unit/deploy tests/integration/deploy $(ARGS)

workflows: setup ## Check what GitHub would run: actionlint (needs Go) and zizmor
	@.github/check.sh

venues: setup ## Write docs/venues.md from the registry
	@$(BIN)/crossbook venues --markdown > docs/venues.md

PB ?= services/crossbook/pb
CLIENT_PB ?= clients/python/src/crossbook_client
GO_PB ?= clients/go/crossbookv1
MESSAGES ?= clients/dashboard/src/wire/messages.ts
proto: setup ## Generate the Python stubs from protos/, for the services and for the client, and the Go client's where there is Go
	@rm -rf .tools/pb-raw && mkdir -p .tools/pb-raw
	@$(BIN)/python -m grpc_tools.protoc -Iprotos --python_out=.tools/pb-raw --grpc_python_out=.tools/pb-raw \
		--plugin=protoc-gen-mypy=$(BIN)/protoc-gen-mypy --mypy_out=.tools/pb-raw \
		--plugin=protoc-gen-mypy_grpc=$(BIN)/protoc-gen-mypy_grpc --mypy_grpc_out=.tools/pb-raw $(PROTOS)
	@protos/stubs.sh .tools/pb-raw/crossbook/v1 $(PB) crossbook.pb && protos/stubs.sh .tools/pb-raw/crossbook/v1 $(CLIENT_PB) crossbook_client
	@$(BIN)/python clients/dashboard/generate.py $(MESSAGES)
	@$(BIN)/python -m grpc_tools.protoc -Iprotos --include_imports --include_source_info --descriptor_set_out=$(PB)/descriptors.binpb $(PROTOS)
	@clients/go/generate.sh protos $(GO_PB) $(BIN)/python || [ $$? = 3 ]

web: setup ## Build the dashboard into the folder that the gateway serves; fetches Node into .tools, nothing else needs it
	@clients/dashboard/build.sh services/crossbook/gateway/static

browser: setup ## Open every page of a running system in a real Chromium (CHROMIUM, or the system's), once in Firefox (FIREFOX), and check it
	@$(UV) sync --quiet --locked --all-extras --inexact --group browser --no-install-project
	@$(BIN)/pytest tests/e2e/dashboard $(ARGS)

pictures: setup ## Take docs/pictures from a seeded run, in a real Chromium
	@$(UV) sync --quiet --locked --all-extras --inexact --group browser --no-install-project
	@$(BIN)/python -m tests.pictures

setup: .tools/ready

# What `make quick` needs: an environment, however old the core in it is.
setup-python: | $(BIN)/pytest
$(BIN)/pytest:
	@$(MAKE) --no-print-directory setup

.tools/ready: pyproject.toml uv.lock core-rs/Cargo.toml core-rs/Cargo.lock $(shell find core-rs/crates -name '*.rs' -o -name Cargo.toml) | $(UV)
	@command -v cargo >/dev/null || { echo "crossbook: Rust is missing: install it from https://rustup.rs, then run make again" >&2; exit 1; }
	@echo "crossbook: setting up .venv and building the core (minutes the first time, seconds after)" >&2
	@$(UV) sync --quiet --locked --all-extras --inexact --no-install-project
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(UV) sync --quiet --locked --all-extras
	@touch $@

$(UV):
	@command -v $(PYTHON) >/dev/null || { echo "crossbook: Python is missing: install Python 3.11 or newer, then run make again" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "crossbook: $$($(PYTHON) --version) is too old: Python 3.11 or newer is needed (PYTHON=python3.12 make ... picks one)" >&2; exit 1; }
	@command -v cargo >/dev/null || { echo "crossbook: Rust is missing: install it from https://rustup.rs, then run make again" >&2; exit 1; }
	@echo "crossbook: fetching uv into .tools" >&2
	@$(PYTHON) -m venv .tools && .tools/bin/pip install --quiet --disable-pip-version-check --require-hashes -r .uv.txt

clean: ## Remove everything that was fetched, built or recorded here
	@rm -rf .tools .venv .crossbook core-rs/target .mypy_cache .ruff_cache .pytest_cache $(NATIVE)/target clients/java/target $(RUST_CLIENT)/target
