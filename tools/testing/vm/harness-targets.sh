# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For harness-check.sh, which sources it: targets that take hours, or a machine of their own, with
# programs in the place of compilers and emulators that do nothing but say so. $targets has a title
# and a function for each result; such a function is silent, or says why it is red and fails.

. "$VMDIR/harness-deb.sh"
. "$VMDIR/harness-system.sh"

# shellcheck disable=SC2034 # for harness-check.sh
targets=(
	"make help says how long what takes long takes|says_how_long"
	"each series and machine is built in a place of its own, and the shell's ARCH= is not asked|has_places"
	"an ARCH=, PAGES= or KSERIES= that there is not is refused, and what is for x86-64 only elsewhere|refuses_others"
	"a file that a series has of its own takes the place of ours, also if it is a link|series_first"
	"make kernel-deb changes no more of Debian's configuration than it must|deb_configuration"
	"make kernel-deb says how long it takes and how much it needs, before it begins|deb_estimate"
	"make kernel-deb says first which packages it lacks|deb_lacks"
	"make kernel-deb goes on where it was stopped|deb_goes_on"
	"what make kernel-deb makes is installed beside Debian's, and a later one is an upgrade|deb_packages"
	"make kernel-deb KCONFIG= and LSMOD= take the configuration and the modules that they name|deb_variants"
	"a long build says every 15 s how far it is|build_tells"
	"make check-system has as many results as its scripts have checks, and is green|system_green"
	"make check-system is red with a result that is, lacks, or is not of these files|system_red"
	"make check-system: how a boot ends is told|boot_ends"
	"make check-system: a machine that idles is woken by its button|boot_wakes"
	"make check-system keeps its image|image_kept"
)
export fake=$BUILD/vm/harness-targets

# program NAME: what it does is on stdin; it stands in front of the real one.
program() {
	cat >"$fake/bin/$1"
	chmod 755 "$fake/bin/$1"
}

# fake_deb NAME VERSION ARCHITECTURE DIR: leaves a package without files there, named as dpkg names it
fake_deb() {
	rm -rf "$fake/new"
	mkdir -p "$fake/new/DEBIAN"
	printf 'Package: %s\nVersion: %s\nArchitecture: %s\nMaintainer: fake\nDescription: fake\n' \
		"$1" "$2" "$3" >"$fake/new/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$fake/new" "$4/$1_$2_$3.deb" >/dev/null
}
# The make of harness-deb.sh does as well
export -f fake_deb

# no WHAT: says what is not as it must be
no() {
	echo "# $*"
	return 1
}

# tells: what it said, below a result that is red
tells() {
	sed 's/^/# /' "$fake/said"
	return 1
}

# copy_scripts DIR: a copy of the scripts and patches, with few of our files
copy_scripts() {
	mkdir -p "$1"/{tools/testing,mm/zswap_wb}
	cp -r "$VMDIR" "$TOP/tools/testing/system" "$1/tools/testing/"
	cp -r "$TOP/patches" "$1/"
	cp "$TOP"/mm/zswap_wb/{age.c,port*.h} "$1/mm/zswap_wb/"
}

# sum_of DIR [SERIES]: what such a copy makes of its files
sum_of() {
	# shellcheck disable=SC2016 # it is for another shell
	env "KSERIES=${2:-$KSERIES}" bash -c '. "$0/lib.sh" && . "$0/overlay.sh" && engine_sum ""' "$1/tools/testing/vm"
}

# with VARIABLE=VALUE... COMMAND...: by the programs of here, in a build directory of its own, and
# with none of what a make may have said; what it says is in said
with() {
	env KCONFIG= LSMOD= VM_ARCH=x86_64 VM_PAGES=4K ACCEL=tcg "PATH=$fake/bin:$PATH" "$@" >"$fake/said" 2>&1
}

targets_set_up() {
	rm -rf "$fake"
	mkdir -p "$fake/bin"
	# How much is free
	echo 99999 >"$fake/free"
	program df <<-'TEXT'
		#!/bin/sh
		printf 'free\n/dev/fake 1 1 %s 1%% /\n' "$(cat "$fake/free")"
	TEXT
	# Runs while others do
	(
		build_logged fake 5 "$fake/long/log" sh -c 'echo "  CC      one.o"; sleep 25; echo "  CC      two.o"'
	) >"$fake/long-said" 2>&1 &
	machine_set_up
}

# ---- make itself ----

# All targets but those that do not take long, or go by another one that says so
says_how_long() {
	local short='help zswapctl install deb tree source apply series deps shell clean distclean' target said bad=0
	while read -r target said; do
		case " $short " in *" $target "*) continue ;; esac
		case $target in print-*) continue ;; esac
		grep -qE 'minutes?\b|\bhours?\b|as long as' <<<"$said" || { echo "# $target: $said"; bad=1; }
	done < <(make -s -C "$TOP" help | sed '/^usage/d; /^ *\[/d')
	for target in demo check check-debug check-series check-system kernel-deb lint mutants; do
		make -s -C "$TOP" help | grep -q "^  $target " || { echo "# no word of $target"; bad=1; }
	done
	return "$bad"
}

# place WANTED VARIABLE=VALUE...
place() {
	local want=$1 got
	shift
	got=$(make -s -C "$TOP" print-build BUILD=/place "$@") || return
	[ "$got" = "/place$want" ] || no "$*: $got"
}

has_places() {
	place "" KSERIES=7.3 && place /7.2 KSERIES=7.2 && place /arm64-4K KSERIES=7.3 ARCH=arm64 &&
		place /arm64-64K KSERIES=7.3 ARCH=arm64 PAGES=64K &&
		place /6.12/arm64-64K KSERIES=6.12 ARCH=arm64 PAGES=64K && ARCH=riscv place "" KSERIES=7.3
}

# refused WORDS COMMAND...: it ends badly, and says that
refused() {
	local words=$1 said
	shift
	said=$("$@" 2>&1) && { no "not refused: $*"; return; }
	grep -qF -- "$words" <<<"$said" || no "$*: $said"
}

refuses_others() {
	local target
	refused "use one of arm64 x86_64" env VM_ARCH=mips "$VMDIR/source.sh" &&
		refused "it is 4K, or 64K on arm64" env VM_ARCH=arm64 VM_PAGES=16K "$VMDIR/source.sh" &&
		refused "it is 4K, or 64K on arm64" env VM_ARCH=x86_64 VM_PAGES=64K "$VMDIR/source.sh" &&
		refused "there are no patches for Linux 5.10" env KSRC= KSERIES=5.10 "$VMDIR/source.sh" || return
	for target in demo bench fuzz kernel-deb check-system; do
		refused "make $target is for x86-64 only" make -n -C "$TOP" "$target" ARCH=arm64 || return
	done
}

# ---- series ----

# A series 9.9, whose patch is one line, applied by a copy of what does that
series_first() {
	local here=$fake/series tree=$fake/series/linux f
	copy_scripts "$here"
	mkdir -p "$here"/patches/9.{8,9}/mm/zswap_wb "$tree/mm"
	echo 'its own' >"$here/patches/9.9/mm/zswap_wb/port.h"
	for f in port_swap.h more.h; do
		echo 'of another one' >"$here/patches/9.8/mm/zswap_wb/$f"
		ln -s "../../../9.8/mm/zswap_wb/$f" "$here/patches/9.9/mm/zswap_wb/"
	done
	echo one.patch >"$here/patches/9.9/series"
	printf -- '--- a/mm/zswap.c\n+++ b/mm/zswap.c\n@@ -1 +1 @@\n-before\n+after\n' >"$here/patches/9.9/one.patch"
	echo before >"$tree/mm/zswap.c"
	printf 'VERSION = 9\nPATCHLEVEL = 9\n' >"$tree/Makefile"
	with KSERIES=9.9 "KSRC=$tree" "BUILD=$here/build" "$here/tools/testing/vm/apply.sh" || tells || return
	for f in 'zswap.c after' 'zswap_wb/port.h its own' zswap_wb/{port_swap,more}.h' of another one'; do
		[ "$(tail -n 1 "$tree/mm/${f%% *}")" = "${f#* }" ] || no "mm/${f%% *}: $(head -n 1 "$tree/mm/${f%% *}")" || return
	done
	[ ! -L "$tree/mm/zswap_wb/port_swap.h" ] || no "a link was applied" || return
	cmp "$TOP/mm/zswap_wb/port_glue.h" "$tree/mm/zswap_wb/port_glue.h" || return
	# What a package is made of is told by what this series takes
	f=$(sum_of "$here" 9.9)
	echo else >"$here/patches/9.8/mm/zswap_wb/port_swap.h"
	[ "$f" != "$(sum_of "$here" 9.9)" ] || no "the sum does not see the link's file"
}

build_tells() {
	local try
	for ((try = 0; try < 240; try++)); do
		! grep -q '^==> fake: built in 0:' "$fake/long-said" || break
		sleep 0.5
	done
	grep -q '^==> fake: 1 of about 5 files, 0:[1-5][0-9]$' "$fake/long-said" || no "it says $(xargs <"$fake/long-said")" || return
	[ "$try" -lt 240 ] || no "it does not say that it has come to its end"
}
