# Loa. Every target installs what it needs (scripts/packages.sh says what).
.DEFAULT_GOAL := help
SHELL := /bin/bash
export CGO_ENABLED := 1
GO ?= go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.built=$(shell git log -1 --format=%ct 2>/dev/null || date +%s)
BUILD := build

.PHONY: help
help: ## this list
	@echo 'make TARGET:'
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: run
run: ## a broker, an authority and a box on this machine; it speaks. BROKER=tls://host:8883 AUTHORITY=DIR for a real one
	@scripts/packages.sh run
	@mkdir -p $(BUILD)
	@$(GO) build -ldflags '$(LDFLAGS)' -o $(BUILD)/ ./agent ./scripts/loactl ./scripts/demo
	@scripts/sample.sh $(BUILD)/sample
	@exec $(BUILD)/demo -agent $(BUILD)/agent -media $(BUILD)/sample -out out $(if $(BROKER),-broker $(BROKER)) $(if $(AUTHORITY),-authority $(AUTHORITY))

.PHONY: demo
demo: ## the same, unattended, ≤ 30 s; exit 0 only if what was heard is what was sent
	@scripts/packages.sh run
	@mkdir -p $(BUILD)
	@$(GO) build -ldflags '$(LDFLAGS)' -o $(BUILD)/ ./agent ./scripts/loactl ./scripts/demo
	@scripts/sample.sh $(BUILD)/sample
	@exec $(BUILD)/demo -agent $(BUILD)/agent -media $(BUILD)/sample -out out -check

.PHONY: build
build: ## the agent and loactl, for this machine, in build/
	@scripts/packages.sh build
	@mkdir -p $(BUILD)
	@$(GO) build -ldflags '$(LDFLAGS)' -o $(BUILD)/ ./agent ./scripts/loactl

.PHONY: test
test: ## everything that CI runs: fast suites first, then slow ones until 60 minutes have gone
	@scripts/packages.sh build test
	@scripts/test.sh

.PHONY: broker-install
broker-install: ## make this Debian machine a province's broker: AUTHORITY=DIR [CRL=https://host:8443], as root
	@CRL="$(CRL)" scripts/broker/install.sh "$(AUTHORITY)"

.PHONY: broker-check
broker-check: build ## attack the authority's broker and print what held: AUTHORITY=DIR [BROKER=tls://host:8883]
	@$(BUILD)/loactl $(if $(AUTHORITY),--authority "$(AUTHORITY)") broker check $(if $(BROKER),--broker "$(BROKER)")

.PHONY: soak
soak: ## faults that need an evening: brokers and cluster nodes killed for half an hour, a month away
	@scripts/packages.sh build test
	@scripts/soak.sh

.PHONY: bench
bench: ## figures beside their peers: mpd, snapcast, mpg123, ffmpeg
	@scripts/packages.sh build bench
	@scripts/bench.sh

.PHONY: hil
hil: ## boot the image of virt-arm64 in an emulator, and try from outside what a box promises
	@BUILD=$(BUILD) scripts/hil/hil.sh virt-arm64 $(HIL)

.PHONY: hil-all
hil-all: ## the same with every step, 100 power cuts, and the boards that can be emulated: some hours
	@for board in virt-arm64 virt-armhf orangepi-zero; do BUILD=$(BUILD) scripts/hil/hil.sh $$board -all $(HIL) || failed=1; done; exit $${failed:-0}

.PHONY: e2e-web
e2e-web: ## the pages of loactl serve in Debian's Chromium: a box speaks, people read; pictures in build/web
	@scripts/packages.sh build run web
	@scripts/web.sh

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each (default 30s)
	@scripts/packages.sh build test
	@scripts/fuzz.sh $(or $(FUZZTIME),30s)

.PHONY: arm
arm: ## armhf (GOARM=7) and arm64 binaries; the tests run under qemu-user
	@scripts/packages.sh build test arm
	@scripts/arm.sh

.PHONY: image
image: ## a card image for BOARD=orangepi-zero, nanopi-neo, rock64, raspberrypi3, raspberrypi4, raspberrypi-zero2w, virt-arm64 or virt-armhf, as root
	@scripts/packages.sh image
	@BOARD="$(BOARD)" VERSION="$(VERSION)" BUILD="$(BUILD)" scripts/image/image.sh
	@BOARD="$(BOARD)" VERSION="$(VERSION)" BUILD="$(BUILD)" scripts/image/release.sh

.PHONY: bundle
bundle: ## the signed update of the image that make image BOARD=… made
	@scripts/packages.sh image
	@BOARD="$(BOARD)" VERSION="$(VERSION)" BUILD="$(BUILD)" scripts/image/bundle.sh
.PHONY: deb
deb: ## Debian packages of the agent, in build/deb: ARCH="armhf arm64 amd64"
	@scripts/packages.sh build arm
	@scripts/deb/build.sh $(BUILD)/deb $(ARCH)

.PHONY: lint
lint: ## gofmt, go vet, staticcheck, go mod tidy
	@scripts/packages.sh build
	@scripts/lint.sh
