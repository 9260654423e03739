#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel-deb.sh: Debian's kernel of KSERIES with our files and patches, as packages that are
# installed beside Debian's own. KCONFIG says which:
#
# debian    Debian's configuration, with all its modules
# cloud     that of Debian's kernel for virtual machines, which has few drivers
# localmod  Debian's, with no modules but those that this machine has loaded
#
# With LSMOD=file each has only the modules in there, which lsmod has printed on another machine.
#
# The objects are kept: what was interrupted goes on where it was.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/overlay.sh"

[ "$VM_ARCH" = x86_64 ] || die "make kernel-deb makes packages for x86-64 only: leave ARCH= out."
arch_check_host

kconfig=${KCONFIG:-debian}
case $kconfig in
debian) flavour=amd64 suffix=-zswapwb ;;
cloud) flavour=cloud-amd64 suffix=-zswapwb-cloud ;;
localmod) flavour=amd64 suffix=-zswapwb-local ;;
*) die "KCONFIG=$kconfig is unknown: use debian, cloud or localmod." ;;
esac

reduced=${LSMOD:-}
[ "$kconfig" != localmod ] || reduced=y
[ -z "${LSMOD:-}" ] || [ -r "$LSMOD" ] || die "LSMOD=$LSMOD cannot be read: give a file that lsmod has written."

tree=$WORKTREE
[ -d "$tree/mm/zswap_wb" ] || die "there is no kernel tree yet: run make tree."
lock_build
dir=$BUILD/kernel-deb/$KSERIES-$kconfig
out=$dir/objects
log=$out/build.log
mkdir -p "$out"

# What is in the cache is for the tests, and need not make room for this: objects are kept anyway.
kernel_make_setup "$CROSS"
export CCACHE_DISABLE=1
kmake=("${KMAKE[@]}" PAHOLE=pahole -C "$tree" "O=$out" "ARCH=$KARCH")

# ---- configuration ----

# debian_config: print the path of Debian's configuration, which is fetched once.
debian_config() {
	local package=linux-config-$KSERIES to=$SOURCES/source/config-$KSERIES-$flavour
	local apt=$SOURCES/apt new=$SOURCES/source/config.new
	if [ ! -s "$to" ]; then
		. "$VMDIR/apt.sh"
		apt_find "$package" >&2 ||
			die "Debian has no $package: use another KSERIES=."
		rm -rf "$new"
		mkdir -p "$new"
		(cd "$new" && private_apt apt-get download "$package") >"$apt/log" 2>&1 ||
			die "Debian's $package cannot be fetched: see $apt/log."
		dpkg-deb -x "$new"/*.deb "$new"
		xz -dc "$new/usr/src/$package/config.amd64_none_$flavour.xz" >"$new/config" ||
			die "Debian's $package has no configuration for $flavour."
		mv "$new/config" "$to"
		rm -rf "$new" "$apt/cache"
	fi
	echo "$to"
}

# loaded_modules: leave what lsmod prints in $dir/lsmod.
loaded_modules() {
	if [ -n "${LSMOD:-}" ]; then
		cp "$LSMOD" "$dir/lsmod"
	else
		lsmod >"$dir/lsmod" 2>/dev/null || :
	fi
	[ "$(wc -l <"$dir/lsmod")" -gt 1 ] ||
		die "no module is loaded here: let lsmod write to a file on the machine that the kernel is for, and give it as LSMOD=file."
}

# only_loaded: leave out of the configuration what none of these needs.
only_loaded() {
	# It asks what is new, and takes what an empty line stands for.
	(set +o pipefail && yes '' | "${kmake[@]}" "LSMOD=$dir/lsmod" localmodconfig)
}

from=$(debian_config) || exit 1
key=$({ cat "$from" "$tree/mm/Kconfig" "$tree/mm/zswap_wb/Kconfig" "${LSMOD:-/dev/null}"; echo "$suffix"; } | sha256sum)
if [ ! -e "$out/.config" ] || [ "$(cat "$dir/configured" 2>/dev/null)" != "$key" ]; then
	say "configuring: Debian's $flavour, and CONFIG_ZSWAP_WB"
	rm -f "$dir/configured"
	[ -z "$reduced" ] || loaded_modules
	cp "$from" "$out/.config"
	# Its key for modules is made here, for this build.
	"$tree/scripts/config" --file "$out/.config" -e ZSWAP -e ZSWAP_WB -e ZSWAP_WB_DEBUGFS \
		--set-str LOCALVERSION "$suffix" -d LOCALVERSION_AUTO \
		--set-str SYSTEM_TRUSTED_KEYS '' --set-str SYSTEM_REVOCATION_KEYS ''
	{
		"${kmake[@]}" olddefconfig
		[ -z "$reduced" ] || only_loaded
	} >"$out/config.log" 2>&1 9>&- || {
		tail -n 10 "$out/config.log" >&2
		die "configuring the kernel failed: see $out/config.log."
	}
	# The last one is dropped where there is no pahole.
	{
		echo CONFIG_ZSWAP_WB=y
		echo CONFIG_ZSWAP_WB_DEBUGFS=y
		echo "CONFIG_LOCALVERSION=\"$suffix\""
		grep -x CONFIG_DEBUG_INFO_BTF=y "$from" || :
	} >"$dir/wanted"
	lost=$(grep -vxFf "$out/.config" "$dir/wanted" || :)
	[ -z "$lost" ] || die "Kconfig has dropped $(xargs <<<"$lost"): see $out/config.log."
	rm -f "$dir/pace" "$dir/made-of"
	echo "$key" >"$dir/configured"
fi

# What uname -v and the packages say: the same each time, or all would be linked again, but another
# date when something else goes in. So what is built later is an upgrade.
engine=$(engine_sum "$tree")
if [ "$(cat "$dir/made-of" 2>/dev/null)" != "$engine" ]; then
	date -uR >"$dir/date"
	echo "$engine" >"$dir/made-of"
fi
release=$(kernel_release "$tree")
debian=$(basename "$(cat "$BUILD/tree/origin")")
case $debian in
linux-"$release"-*) debian=${debian#linux-} ;;
*) debian=$release-1 ;;
esac
KBUILD_BUILD_TIMESTAMP=$(cat "$dir/date")
KDEB_PKGVERSION=$debian+zswapwb.$(date -ud "$KBUILD_BUILD_TIMESTAMP" +%Y%m%d.%H%M%S)
# What bindeb-pkg makes of that for its own make
KBUILD_BUILD_VERSION=${KDEB_PKGVERSION##*-}
export KBUILD_BUILD_TIMESTAMP KBUILD_BUILD_VERSION KDEB_PKGVERSION

# Without the package of debugging information, which is larger than all others
export DEB_BUILD_PROFILES=pkg.linux-upstream.nokerneldbg

# check_needed: dpkg asks for the packages that these are built with when all is compiled. The same
# question now: the kernel's own script makes the list.
check_needed() {
	local want=$dir/needed lack rc=0
	rm -rf "$want"
	mkdir -p "$want/include/config"
	cp "$out/.config" "$want/include/config/auto.conf"
	(cd "$want" && env "srctree=$tree" "ARCH=$KARCH" SRCARCH=x86 UTS_MACHINE=x86_64 KCONFIG_CONFIG=.config \
		"KERNELRELEASE=$release$suffix" KDEB_SOURCENAME=linux-upstream \
		sh "$tree/scripts/package/mkdebian") >"$dir/needed.log" 2>&1 || {
		say "what the packages are built with is not known before the end: see $dir/needed.log"
		return 0
	}
	lack=$(dpkg-checkbuilddeps -a "$(cat "$want/debian/arch")" "$want/debian/control" 2>&1) || rc=$?
	[ "$rc" -eq 0 ] ||
		die "the packages cannot be made here: ${lack#*: error: }: install these (without :native) and run make again."
}
check_needed

# ---- how long, and how much ----

# One directory tells how fast this machine compiles, and how large what comes of it is.
if [ ! -s "$dir/pace" ]; then
	say "compiling some of it, to see how long all takes on this machine"
	build_logged "${dir##*/}: tools" 170 "$out/prepare.log" "${kmake[@]}" -j"$JOBS" modules_prepare
	rm -rf "$out/block"
	start=$SECONDS before=$(du -sk "$out" | cut -f1)
	build_logged "${dir##*/}: block" 80 "$out/sample.log" "${kmake[@]}" -j"$JOBS" block/
	files=$(grep -c '^  CC ' "$out/sample.log" || :)
	[ "$files" -eq 0 ] || echo "$files $((SECONDS - start + 1)) $(($(du -sk "$out" | cut -f1) - before))" >"$dir/pace"
fi

# What make would still compile, and put into archives. It looks at each file for that.
say "counting what is left to compile"
read -r left archives < <({ "${kmake[@]}" -n -k vmlinux modules 2>/dev/null || :; } |
	awk '/ -c -o / { left++ } / cDPrST / { archives++ } END { print left + 0, archives + 0 }')
modules=$(grep -c '=m$' "$out/.config" || :)
if [ -s "$dir/pace" ]; then
	read -r files seconds kilobytes <"$dir/pace"
	# What is compiled is in a module or in vmlinux as well, and in a package.
	megabytes=$((left * kilobytes * 3 / files / 1024 + 2000))
	say "$left files to compile: about $(clock $((left * seconds / files / 60))) hours on $JOBS CPUs, and $((megabytes / 1024 + 1)) GB"
	need_space "$out" "$megabytes" "the kernel with $modules modules"
fi
say "it can be stopped at any time: the same make goes on"

# ---- all of it ----

build_logged "${dir##*/}" $((left + archives + 3 * modules)) "$log" "${kmake[@]}" -j"$JOBS" all
rm -f "$dir"/*.deb "$dir/engine"
build_logged "${dir##*/}: packages" $((1000 + 4 * modules)) "$out/packages.log" "${kmake[@]}" -j"$JOBS" bindeb-pkg
# C headers for all programs are none of our business
rm -f "$dir"/linux-libc-dev_*.deb
image=$(find "$dir" -maxdepth 1 -name 'linux-image-*.deb')
[ -n "$image" ] || die "bindeb-pkg has made no linux-image package: see $out/packages.log."
# For make check-system: what is in there
echo "$engine" >"$dir/engine"
say "in $dir:"
(cd "$dir" && du -h ./*.deb)
cat <<E2
To install it beside Debian's kernel, and to remove it again:
    apt install $image
    apt purge $(dpkg-deb -f "$image" Package)
E2
