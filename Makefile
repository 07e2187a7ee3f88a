# Everything that is run on this project. `make help` lists it; the work is done in scripts/.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help setup serve watch build seed past test test-rust test-e2e test-contract long lint fmt shots bench cluster lighthouse dist dist-check times clean

LISTEN ?= 127.0.0.1:3000
ARGS ?=
# Sourced before a command that the scripts do not wrap themselves.
ENV := source scripts/env.sh

help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'
	@echo; echo '  LISTEN=127.0.0.1:8080 make serve     another address'
	@echo "  make test-rust ARGS='-E \"test(last_unit)\"'     arguments for the runner, also of test-e2e, shots, seed, serve and bench"

setup: ## Check the tools for building and testing, install what is missing
	@scripts/setup.sh test

serve: ## Build the program and serve the demonstration shop on http://127.0.0.1:3000, its data in data/
	@scripts/setup.sh build
	@$(ENV) && scripts/build.sh >/dev/null && mkdir -p data && cd data && exec "$$binary" serve --demo --site-dir "$$site" --listen $(LISTEN) $(ARGS)

# In a target folder of its own: cargo-leptos compiles Leptos for reloading, and a test run beside it would neither
# undo that nor wait for its lock.
watch: ## Serve a development build that follows each saved change
	@scripts/setup.sh watch
	@$(ENV) && TINDAHAN_BUILDER=$$(scripts/build.sh builder) && export TINDAHAN_BUILDER && mkdir -p data && CARGO_TARGET_DIR=$$cache/watch exec cargo leptos watch --features gallery -- serve --demo --database sqlite:data/dev.db $(ARGS)

build: ## Build what is served and tested
	@scripts/setup.sh build
	@scripts/build.sh

seed: ## Fill data/shop.db with the demonstration shop (ARGS='--products 10000 --seed 1')
	@scripts/setup.sh build
	@binary=$$(scripts/build.sh) && mkdir -p data && cd data && exec "$$binary" seed $(ARGS)

past: ## Make the past of the demonstration shop again, demo/past.br, and say what is in it
	@TINDAHAN_LONG=1 TINDAHAN_KEEP_PAST=1 scripts/test.sh rust -E 'test(past::the_past_that_is_kept)'
	@scripts/test.sh rust --no-capture -E 'test(past::loading)'

test: ## Every test: rules, business on both databases, HTTP, journeys in Chromium, the API's contract
	@scripts/test.sh

test-rust: ## The Rust tests alone, with a Postgres of their own
	@scripts/test.sh rust $(ARGS)

test-e2e: ## The journeys in Chromium alone
	@scripts/test.sh browser $(ARGS)

test-contract: ## The API against its own description alone
	@scripts/test.sh contract $(ARGS)

long: ## Every test in its long mode (hours)
	@TINDAHAN_LONG=1 scripts/test.sh

lint: ## Formatting, clippy for server and browser, licences and sources of dependencies
	@scripts/setup.sh build
	@$(ENV) && cargo fmt --all --check
	@$(ENV) && cargo clippy --workspace --exclude frontend --all-targets -- -D warnings
	@$(ENV) && CARGO_TARGET_DIR=$$CARGO_TARGET_DIR/front cargo clippy -p frontend --features admin,shop,split --target wasm32-unknown-unknown -- -D warnings
	@$(ENV) && if cargo deny --version >/dev/null 2>&1; then cargo deny check licenses bans sources; else say 'cargo-deny is not installed: licences are not checked'; fi

fmt: ## Format the Rust code
	@$(ENV) && cargo fmt --all

shots: ## Write a picture of every page, phone and desktop, light and dark, into shots/
	@scripts/setup.sh test
	@$(ENV) && scripts/build.sh >/dev/null && TINDAHAN_BINARY=$$binary TINDAHAN_SITE=$$site TINDAHAN_SIMULATORS=$$quick/simulators node end2end/shots.mjs $(ARGS)

bench: ## Measure pages, checkouts, lists, memory and start, beside nginx, on SQLite and a durable Postgres
	@scripts/setup.sh bench
	@$(ENV) && scripts/build.sh dist >/dev/null && TINDAHAN_BINARY=$$dist scripts/postgres.sh --durable cargo run --release --target $$host --package bench -- $(ARGS)

cluster: ## Serve a cluster on this machine: three etcd, three Postgres under Patroni, HAProxy, three tindahan; Ctrl C ends it
	@scripts/cluster.sh

lighthouse: ## Measure pages of the release as a phone's browser shows them (ARGS='--runs 1 /p/stoneware-mug')
	@scripts/setup.sh bench
	@$(ENV) && scripts/build.sh >/dev/null && TINDAHAN_BINARY=$$(scripts/build.sh dist) && export TINDAHAN_BINARY TINDAHAN_SIMULATORS=$$quick/simulators && node bench/lighthouse.mjs $(ARGS) && node bench/tap.mjs

dist: ## One file with everything inside: dist/tindahan
	@scripts/setup.sh dist
	@made=$$(scripts/build.sh dist) && mkdir -p dist && cp "$$made" dist/tindahan && ls -lh dist/tindahan

dist-check: ## Chosen journeys on the one file, and its sizes; writes down which commit was tried
	@scripts/dist-check.sh

times: ## Build from nothing and print how long each stage takes (ARGS=test: the tests too; ARGS=--warm: with what is built)
	@scripts/times.sh $(ARGS)

clean: ## Remove what was built (not data/)
	@$(ENV) && rm -rf "$$CARGO_TARGET_DIR" "$$cache/watch" dist shots style/node_modules builder/node_modules bench/node_modules end2end/node_modules end2end/test-results
