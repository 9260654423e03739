# SPDX-License-Identifier: GPL-2.0-or-later
#
# Thin on purpose: what the targets do is in tools/testing/vm/.

# A kernel tree of your own instead of Debian's (it is never written to)
export KSRC ?=
# Which kernel series, that is which patches/<series>/
export KSERIES ?= 7.3
# kvm or tcg; found out by a trial boot when empty
export ACCEL ?=
export JOBS ?= $(shell nproc)
export BUILD ?= build
# Which of Debian's configurations make kernel-deb takes, and for localmod what lsmod has printed
export KCONFIG ?= debian
export LSMOD ?=
# torture and fuzz: for how long, how often, and what to repeat
MINUTES ?= 5
RUNS ?= 1000000
SEED ?=

# The machine that the VM is: x86_64, or arm64 with pages of 4K or 64K. From the command line
# only: what the shell says is for builds of other kernels.
export VM_ARCH := $(if $(filter command,$(firstword $(origin ARCH))),$(ARCH),x86_64)
export VM_PAGES := $(or $(PAGES),4K)

# Where the kernel's source is, and where all is built: another series or machine has a
# directory of its own below
export SOURCES := $(abspath $(BUILD))
series := $(filter-out 7.3,$(KSERIES))
machine := $(filter-out x86_64-4K,$(VM_ARCH)-$(VM_PAGES))
override BUILD := $(SOURCES)$(addprefix /,$(series))$(addprefix /,$(machine))
V := tools/testing/vm
# Before anything is built for another machine
ifneq ($(VM_ARCH),x86_64)
$(foreach target,$(filter demo bench fuzz kernel-deb check-system,$(MAKECMDGOALS)),\
	$(error make $(target) is for x86-64 only: leave ARCH= out))
endif
# deps.sh links what it does not have to install into build/bin
export PATH := $(PATH):$(SOURCES)/bin

.DEFAULT_GOAL := help
# Each step starts where the one before it ended; the kernel's make gets JOBS.
.NOTPARALLEL:
.PHONY: help deps source tree kernel kernel-debug kernel-kasan kernel-kcsan kunit demo check check-debug check-series \
	check-upstream check-harness check-system torture fuzz coverage mutants bench shell lint zswapctl install deb apply series kernel-deb print-build print-image print-config clean distclean

help:			## this list
	@echo 'usage: make TARGET [KSRC=dir] [KSERIES=7.3] [ACCEL=tcg|kvm] [JOBS=n] [BUILD=dir]'
	@echo '                   [ARCH=arm64 [PAGES=64K]]'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 18

demo: kernel zswapctl	## boot a two-node VM and show redis pages being written back; 4 to 12 minutes
	@$(V)/demo.sh

check: kernel-debug	## all tests: KUnit, kselftests, zswapctl, torture and fuzz in the VM; 20 to 40 minutes, with ARCH=arm64 about an hour or two
	@$(V)/check.sh

check-debug: kernel-kasan kernel-kcsan ## for hours: THP and MGLRU on and off, longer, KCSAN as well
	@$(V)/check-more.sh debug

check-series:		## KUnit and the kselftests on each series of kernels, for hours
	@$(V)/check-more.sh series

check-system: deb	## Debian 13 in the VM, on the package of make kernel-deb: systemd, redis, hibernation, purge; 7 to 40 minutes
	@$(V)/deps.sh check-system
	@tools/testing/system/check-system.sh

torture: kernel-kasan	## commands against everything at once, MINUTES=5 SEED=n; about 5 minutes more than that, behind kernel-kasan
	@tools/testing/torture/torture.sh --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))

fuzz: kernel-debug	## random writes and reads of our files, RUNS=1000000 SEED=n; about an hour
	@tools/testing/fuzz/fuzz.sh --runs $(RUNS) $(if $(SEED),--seed $(SEED))

coverage: kernel-debug	## which lines and branches the tests execute; as long as check
	@tools/testing/coverage/coverage.sh

mutants: kernel-debug	## breaks the engine on purpose: do the tests notice? For hours
	@tools/testing/mutants/mutants.sh

zswapctl: deps		## build the tool, in build/zswapctl
	@$(MAKE) --no-print-directory --silent -C debugfs-tools O=$(BUILD)/zswapctl

install: zswapctl	## install the tool, its man page, completion and unit; DESTDIR=dir
	@$(MAKE) --no-print-directory -C debugfs-tools O=$(BUILD)/zswapctl install

deb: deps		## a Debian package of the tool, in build/zswapctl/deb
	@$(V)/deps.sh deb
	@$(MAKE) --no-print-directory -C debugfs-tools O=$(BUILD)/zswapctl deb

kernel: tree		## build the patched kernel; about 5 minutes
	@$(V)/kernel.sh patched

kernel-debug: tree	## build the kernel of most tests: lockdep and other checks; 5 to 25 minutes
	@$(V)/kernel.sh debug

kernel-kasan: tree	## build it with KASAN, UBSAN and kmemleak as well; a quarter of an hour
	@$(V)/kernel.sh kasan

kernel-kcsan: tree	## build the patched kernel with KCSAN; about 10 minutes
	@$(V)/kernel.sh kcsan

kunit: tree		## only the KUnit tests, on User-mode Linux; half a minute, about 5 the first time
	@$(V)/kunit.sh

check-harness: kernel-debug ## does the VM runner turn red when it must? About 3 minutes
	@$(V)/harness-check.sh

check-upstream: kernel	## upstream's own zswap tests on the patched and the unpatched kernel; about 20 minutes
	@$(V)/kernel.sh upstream
	@$(V)/check-upstream.sh

bench: kernel		## commands against their peers; what store, load and free cost; 30 minutes
	@$(V)/kernel.sh locks
	@$(V)/kernel.sh off
	@$(V)/kernel.sh upstream
	@tools/testing/bench/bench.sh

lint: tree		## checkpatch, sparse, W=1, kernel-doc, ABI documents, shellcheck, other machines, object code when off; about 15 minutes
	@$(V)/deps.sh lint
	@$(V)/lint.sh

shell: kernel		## boot the VM with a shell on the console
	@$(V)/vm.sh --name shell --interactive

tree: source		## upstream's tree plus our files and patches, in build/linux
	@$(V)/tree.sh

source: deps		## fetch and unpack the kernel source, once
	@$(V)/source.sh

apply:			## put our files and patches into your own tree: KSRC=dir
	@$(V)/apply.sh

kernel-deb: tree	## Debian's kernel with it, as packages beside Debian's own; KCONFIG=debian|cloud|localmod; hours, says how many
	@$(V)/deps.sh kernel-deb
	@$(V)/kernel-deb.sh

series: source		## the same as a series of patches for git am, in build/series-7.3
	@$(V)/series.sh

deps:			## install the Debian packages that are missing
	@$(V)/deps.sh

print-build:		## directory where all of this KSERIES and ARCH is built (builds nothing)
	@echo $(BUILD)

print-image:		## path of the kernel image (builds nothing)
	@bash -c '. $(V)/lib.sh && echo "$$KERNEL_OUT/$$IMAGE"'

print-config:		## path of the kernel's configuration (builds nothing)
	@echo $(BUILD)/kernel/.config

clean:			## remove what was built, keep the kernel source
	@$(V)/clean.sh

distclean:		## remove all of build/
	@$(V)/clean.sh all
