# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For harness-targets.sh, which sources it: make kernel-deb, on a kernel that is none.
#
# shellcheck disable=SC2016,SC2154 # what $fake is, and scripts for others

# A tree, Debian's configurations, and a make that compiles 40 files, of which block/ has 8
deb_set_up() {
	local flavour tree=$fake/build/linux
	rm -rf "$fake/build" "$fake/deb" "$fake/ran" "$fake/stops" "$fake/lacks" "$fake/lsmod"
	mkdir -p "$tree/scripts/package" "$fake/build/"{tree,source}
	copy_scripts "$fake/deb"
	cp -r "$fake/deb/mm" "$tree/"
	[ ! -d "$PATCHES/mm" ] || cp -rL "$PATCHES/mm" "$tree/"
	echo 'config SWAP' >"$tree/mm/Kconfig"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 4\n' "${KSERIES%.*}" "${KSERIES#*.}" >"$tree/Makefile"
	echo "/nowhere/linux-$KSERIES.4-1~bpo13+1" >"$fake/build/tree/origin"
	for flavour in amd64 cloud-amd64; do
		cat >"$fake/build/source/config-$KSERIES-$flavour" <<-TEXT
			CONFIG_FLAVOUR="$flavour"
			CONFIG_LOCALVERSION=""
			CONFIG_LOCALVERSION_AUTO=y
			CONFIG_ZSWAP=y
			CONFIG_EXT4=m
			CONFIG_SOUND=m
			CONFIG_SYSTEM_TRUSTED_KEYS="debian/certs/one.pem"
			CONFIG_SYSTEM_REVOCATION_KEYS="debian/certs/two.pem"
		TEXT
	done
	cat >"$tree/scripts/config" <<-'TEXT'
		#!/bin/sh
		# As the kernel's, as far as it is used
		file=$2
		shift 2
		as() {
			sed -i "/^CONFIG_$1=/d; /^# CONFIG_$1 is/d" "$file"
			echo "$2" >>"$file"
		}
		while [ $# -gt 0 ]; do
			case $1 in
			-e) as "$2" "CONFIG_$2=y" ;;
			-d) as "$2" "# CONFIG_$2 is not set" ;;
			--set-str) as "$2" "CONFIG_$2=\"$3\""; shift ;;
			*) exit 1 ;;
			esac
			shift 2
		done
	TEXT
	cat >"$tree/scripts/package/mkdebian" <<-'TEXT'
		mkdir debian
		echo amd64 >debian/arch
		echo 'Source: linux-upstream' >debian/control
	TEXT
	chmod 755 "$tree/scripts/config"
	program dpkg-checkbuilddeps <<-'TEXT'
		#!/bin/sh
		[ -e "$fake/lacks" ] || exit 0
		echo "dpkg-checkbuilddeps: error: Unmet build dependencies: $(cat "$fake/lacks")" >&2
		exit 1
	TEXT
	program lsmod <<-'TEXT'
		#!/bin/sh
		cat "$fake/lsmod"
	TEXT
	program make <<-'TEXT'
		#!/bin/bash
		for word; do
			case $word in
			O=*) out=${word#O=} ;;
			LSMOD=*) lsmod=${word#LSMOD=} ;;
			esac
		done
		echo "${*: -1}" >>"$fake/ran"
		left() {
			for n in block/{1..8} other/{1..32}; do
				[ -e "$out/$n" ] || echo "$n"
			done
		}
		compile() {
			echo "  CC      $1.o"
			[ -d "$out/${1%/*}" ] || mkdir -p "$out/${1%/*}"
			printf %100000d 0 >"$out/$1"
		}
		case ${*: -1} in
		localmodconfig)
			while read -r line; do
				name=${line#CONFIG_} name=${name%=m}
				[[ $line != *=m ]] || grep -qi "^$name " "$lsmod" || continue
				echo "$line"
			done <"$out/.config" >"$out/.config.new"
			mv "$out/.config.new" "$out/.config"
			;;
		block/) for n in {1..8}; do compile "block/$n"; done ;;
		modules) left | sed 's/^/gcc -c -o /' ;;
		all)
			cp "$fake/said" "$fake/said-before"
			for n in $(left); do
				[ ! -e "$fake/stops" ] || [ "$n" != other/20 ] || {
					rm "$fake/stops"
					kill "$(cat "$fake/pid")"
					exec sleep 100
				}
				compile "$n"
			done
			;;
		bindeb-pkg)
			. "$out/.config"
			release=$(cat "$fake/release")$CONFIG_LOCALVERSION
			for name in "linux-image-$release" "linux-headers-$release" linux-libc-dev; do
				fake_deb "$name" "$KDEB_PKGVERSION" amd64 "$out/.."
			done
			;;
		esac
	TEXT
	echo "$KSERIES.4" >"$fake/release"
}

# deb VARIABLE=VALUE...: its status
deb() {
	with "BUILD=$fake/build" "SOURCES=$fake/build" "$@" \
		bash -c 'echo $$ >"$fake/pid"; exec "$fake/deb/tools/testing/vm/kernel-deb.sh"'
}

deb_configuration() {
	local out=$fake/build/kernel-deb/$KSERIES-debian/objects
	deb_set_up
	deb || tells || return
	diff <(sort "$fake/build/source/config-$KSERIES-amd64") <(sort "$out/.config") | grep '^[<>]' | sort >"$fake/differs"
	diff - "$fake/differs" <<-'TEXT' | sed 's/^/# /'
		< CONFIG_LOCALVERSION=""
		< CONFIG_LOCALVERSION_AUTO=y
		< CONFIG_SYSTEM_REVOCATION_KEYS="debian/certs/two.pem"
		< CONFIG_SYSTEM_TRUSTED_KEYS="debian/certs/one.pem"
		> # CONFIG_LOCALVERSION_AUTO is not set
		> CONFIG_LOCALVERSION="-zswapwb"
		> CONFIG_SYSTEM_REVOCATION_KEYS=""
		> CONFIG_SYSTEM_TRUSTED_KEYS=""
		> CONFIG_ZSWAP_WB=y
		> CONFIG_ZSWAP_WB_DEBUGFS=y
	TEXT
}

deb_estimate() {
	local rc
	deb_set_up
	deb || tells || return
	grep -qE '^==> 32 files to compile: about [0-9]+:[0-9]{2} hours on [0-9]+ CPUs, and [0-9]+ GB$' "$fake/said-before" || tells || return
	# One directory was compiled to know it, and nothing else
	[ "$(xargs <"$fake/ran")" = "olddefconfig modules_prepare block/ modules all bindeb-pkg" ] ||
		no "it ran $(xargs <"$fake/ran")" || return
	# Not half-way
	rm -rf "$fake/build/kernel-deb"
	: >"$fake/ran"
	echo 100 >"$fake/free"
	deb && rc=0 || rc=1
	echo 99999 >"$fake/free"
	[ "$rc" -ne 0 ] || no "it begins where there is no room" || return
	grep -q 'needs [0-9]* MB in .* and 100 MB are free' "$fake/said" || tells || return
	! grep -qx all "$fake/ran" || no "all was compiled where there is no room"
}

deb_lacks() {
	deb_set_up
	echo libfoo-dev:native >"$fake/lacks"
	! deb || no "it begins without libfoo-dev" || return
	grep -q 'cannot be made here: .*libfoo-dev' "$fake/said" || tells || return
	[ "$(xargs <"$fake/ran")" = olddefconfig ] || no "it ran $(xargs <"$fake/ran")"
}

deb_goes_on() {
	local first rc=0
	deb_set_up
	: >"$fake/stops"
	deb || rc=$?
	[ "$rc" -eq 130 ] && [ "$(tail -n 1 "$fake/ran")" = all ] || no "stopped, its status is $rc" || return
	first=$(cat "$fake/build/kernel-deb/$KSERIES-debian/date")
	: >"$fake/ran"
	sleep 1
	deb || tells || return
	[ "$(xargs <"$fake/ran")" = "modules all bindeb-pkg" ] || no "it ran $(xargs <"$fake/ran")" || return
	grep -q '^==> 13 files to compile' "$fake/said" || tells || return
	[ "$(cat "$fake/build/kernel-deb/$KSERIES-debian/date")" = "$first" ] || no "all would be linked again, with another date"
}

# image: the path of the package
image() {
	find "$fake/build/kernel-deb" -name 'linux-image-*.deb'
}

deb_packages() {
	local old new dir=$fake/build/kernel-deb/$KSERIES-debian
	deb_set_up
	deb || tells || return
	[ "$(cd "$dir" && echo linux-*.deb | sed 's/_[^ ]*//g')" = \
		"linux-headers-$KSERIES.4-zswapwb linux-image-$KSERIES.4-zswapwb" ] || no "$(cd "$dir" && echo ./*.deb)" || return
	tail -n 2 "$fake/said" | xargs | grep -qx "apt install $(image) apt purge linux-image-$KSERIES.4-zswapwb" || tells || return
	# Later than Debian's of the same files, and not than Debian's next
	old=$(dpkg-deb -f "$(image)" Version)
	dpkg --compare-versions "$old" gt "$KSERIES.4-1~bpo13+1" && dpkg --compare-versions "$old" lt "$KSERIES.4-2" ||
		no "its version is $old" || return
	# For make check-system
	[ "$(cat "$dir/engine")" = "$(sum_of "$fake/deb")" ] || no "engine is not the sum of these files" || return
	# Nothing has changed: it is the same. Then something has
	sleep 1
	deb || tells || return
	[ "$(dpkg-deb -f "$(image)" Version)" = "$old" ] || no "the same files make another version" || return
	echo '/* more */' >>"$fake/build/linux/mm/zswap_wb/age.c"
	deb || tells || return
	new=$(dpkg-deb -f "$(image)" Version)
	dpkg --compare-versions "$new" gt "$old" || no "$new is not later than $old"
}

deb_variants() {
	local config=$fake/build/kernel-deb/$KSERIES-cloud/objects/.config package
	deb_set_up
	deb KCONFIG=cloud || tells || return
	grep -qx 'CONFIG_FLAVOUR="cloud-amd64"' "$config" && grep -qx CONFIG_SOUND=m "$config" || no "cloud: not Debian's" || return
	package=$(dpkg-deb -f "$(image)" Package)
	[ "$package" = "linux-image-$KSERIES.4-zswapwb-cloud" ] || no "cloud: $package" || return
	# What zswapctl says that one has to install is what was made
	# shellcheck disable=SC2053 # it is a pattern
	[[ $package == $(sed -n 's/^#define SYSTEM_PACKAGE.*install a \([^ ]*\) package.*/\1/p' "$TOP/debugfs-tools/system/system.h") ]] ||
		no "zswapctl names another package than $package" || return

	printf 'Module Size Used by\next4 1 0\n' >"$fake/list"
	deb KCONFIG=cloud LSMOD="$fake/list" || tells || return
	grep -qx CONFIG_EXT4=m "$config" && ! grep -q CONFIG_SOUND "$config" || no "LSMOD=: other modules" || return

	config=$fake/build/kernel-deb/$KSERIES-localmod/objects/.config
	echo 'Module Size Used by' >"$fake/lsmod"
	! deb KCONFIG=localmod || no "localmod: no module is loaded" || return
	grep -q 'no module is loaded here' "$fake/said" || tells || return
	printf 'Module Size Used by\nsound 1 0\n' >"$fake/lsmod"
	deb KCONFIG=localmod || tells || return
	grep -qx CONFIG_SOUND=m "$config" && ! grep -q CONFIG_EXT4 "$config" || no "localmod: other modules" || return
	grep -qx 'CONFIG_LOCALVERSION="-zswapwb-local"' "$config" || no "localmod: $(grep LOCALVERSION "$config")" || return

	! deb KCONFIG=small || no "KCONFIG=small" || return
	grep -q 'use debian, cloud or localmod' "$fake/said" || tells || return
	! deb LSMOD=/nowhere/list || no "LSMOD= of a file that is not there" || return
	grep -q 'give a file that lsmod has written' "$fake/said" || tells
}
