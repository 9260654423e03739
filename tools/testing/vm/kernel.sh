#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh VARIANT: configure and build a kernel.
#
# patched   what the demo and the shell boot
# debug     what the tests boot: with what a distribution's kernel has, lockdep and other
#           checks
# kasan     debug, and KASAN, UBSAN and kmemleak: for make check-debug and make torture
# kcsan     with what a distribution's kernel has, and KCSAN, which finds data races:
#           for make check-debug
# mutants   debug, from the tree that make mutants breaks
# locks     the patched one with lock statistics and no checks, which would be what locks
#           are held for: for make bench
# off       the patched tree, the patched one's configuration without the feature:
#           what make bench shows to cost nothing
# upstream  from the source that nobody touched, the patched one's configuration
#           without the feature: what make check-upstream and make bench compare with

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

arch_check_host

# What KASAN, UBSAN and KCSAN are for: the feature, those that it works with, and those that give
# it memory. What has nothing to do with it, most of all the ACPI interpreter and the
# compressors, would take as long to compile as the rest, and longer to run.
# shellcheck disable=SC2016 # it is for make to expand, directory by directory
watched='$(if $(filter mm mm/zswap_wb mm/zswap_wb/tests mm/damon block drivers/block drivers/block/% drivers/md fs fs/debugfs fs/kernfs fs/sysfs kernel kernel/cgroup kernel/power lib,$(obj)),,n)'
options=()

configs=$VMDIR/configs
mapfile -t fragments < <(echo "$configs/base.config"; arch_configs)
tree=$WORKTREE
variant=${1:-patched}
case $variant in
patched)
	out=$KERNEL_OUT name=kernel
	fragments+=("$configs/zswap_wb.config")
	;;
debug)
	out=$DEBUG_OUT name=kernel-debug
	fragments+=("$configs/distribution.config" "$configs/zswap_wb.config"
		"$configs/debug.config")
	;;
kasan)
	out=$KASAN_OUT name=kernel-kasan
	fragments+=("$configs/distribution.config" "$configs/zswap_wb.config"
		"$configs/debug.config" "$configs/kasan.config")
	options=("KASAN_SANITIZE=$watched" "UBSAN_SANITIZE=$watched")
	;;
kcsan)
	out=$KCSAN_OUT name=kernel-kcsan
	fragments+=("$configs/distribution.config" "$configs/zswap_wb.config" "$configs/kcsan.config")
	options=("KCSAN_SANITIZE=$watched")
	;;
mutants)
	out=$MUTANTS_OUT name=kernel-mutants
	tree=$MUTANTS_TREE
	fragments+=("$configs/distribution.config" "$configs/zswap_wb.config"
		"$configs/debug.config")
	;;
locks)
	out=$LOCKS_OUT name=kernel-locks
	fragments+=("$configs/zswap_wb.config" "$configs/locks.config")
	;;
off)
	out=$OFF_OUT name=kernel-off
	;;
upstream)
	out=$UPSTREAM_OUT name=kernel-upstream
	tree=$(cat "$BUILD/tree/origin")
	;;
*) die "kernel.sh knows the variants in the comment at its top, not $variant." ;;
esac
[ -d "$tree/mm" ] || die "there is no kernel tree yet: run make tree."

lock_build
need_space "$out" 800 "the kernel's build"
kernel_make_setup "$CROSS"
mkdir -p "$out"

# Configure when a fragment or a Kconfig of ours changed.
key=$({ cat "${fragments[@]}" "$tree/mm/Kconfig" "$tree/mm/zswap_wb/Kconfig" 2>/dev/null || :; } | sha256sum)
if [ ! -e "$out/.config" ] || [ "$(cat "$out/.configured" 2>/dev/null)" != "$key" ]; then
	say "$name: configuring"
	rm -f "$out/.configured"
	configure "$tree" "$out" "$KARCH" "${fragments[@]}"
	echo "$key" >"$out/.configured"
fi

make=("${KMAKE[@]}" -C "$tree" O="$out" ARCH="$KARCH" -j"$JOBS" "${options[@]}")
if grep -q '^CONFIG_MODULES=y' "$out/.config"; then
	build_logged "$name" 2000 "$out/build.log" "${make[@]}" "$KTARGET" modules
	# What vm.sh puts into the guest
	rm -rf "$out/modules"
	"${make[@]}" INSTALL_MOD_PATH="$out/modules" modules_install >>"$out/build.log"
else
	build_logged "$name" 2000 "$out/build.log" "${make[@]}" "$KTARGET"
fi
