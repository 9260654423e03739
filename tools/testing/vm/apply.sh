#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Put our files and patches into a kernel tree of the user's, KSRC. Nothing is
# written to it before all patches have applied, without fuzz, to copies; if a
# write fails then, what was written is taken back.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ -n "$KSRC" ] || die "there is no tree to apply to: make apply KSRC=/path/to/linux."
[ -f "$KSRC/mm/zswap.c" ] ||
	die "KSRC=$KSRC is not a Linux source tree: give the directory that holds the kernel's top Makefile."
. "$(dirname "${BASH_SOURCE[0]}")/overlay.sh"

tree=$(cd "$KSRC" && pwd)
release=$(kernel_release "$tree")
case $release in
"$KSERIES" | "$KSERIES".*) ;;
*) die "$tree is Linux $release, and the patches are those for $KSERIES: there are some for $(cd "$TOP/patches" && echo [0-9]*), by KSERIES=; for others see Documentation/dev/build-and-test.rst." ;;
esac

lock_build
new=$BUILD/apply
collect "$tree" "$new" "${PUBLISHED[@]}"
LC_ALL=C sort -u "$new/overlay" "$new/touched" >"$new/all"
mkdir "$new/before"
while read -r f; do
	[ ! -e "$tree/$f" ] || (cd "$tree" && cp -p --parents "$f" "$new/before/") ||
		die "copying $f failed: make room in $BUILD and try again."
done <"$new/touched"

take_back() {
	while read -r f; do
		rm -f "$tree/$f"
		if [ -e "$new/before/$f" ]; then
			cp -p "$new/before/$f" "$tree/$f"
		else
			rmdir -p --ignore-fail-on-non-empty "$(dirname "$tree/$f")" 2>/dev/null || :
		fi
	done <"$new/all"
}
trap take_back EXIT
trap 'exit 130' INT TERM
while read -r f; do
	from=$new/files/$f
	[ -e "$from" ] || from=$(our_file "$f")
	{ mkdir -p "$(dirname "$tree/$f")" && rm -f "$tree/$f" && cp "$from" "$tree/$f"; } ||
		die "writing $tree/$f failed, so the tree is left as it was: see that it can be written to and has room, and try again."
done <"$new/all"
trap - EXIT INT TERM

say "$tree: Linux $release, ${#series[@]} patches applied, $(wc -l <"$new/overlay") new files"
cat <<E2
To build with it, in the tree:
    scripts/config -e MEMCG -e ZSWAP -e ZSWAP_WB -e ZSWAP_WB_DEBUGFS && make olddefconfig
ZSWAP_WB_DEBUGFS is for ages and dry runs. Patched: $(xargs <"$new/touched")
E2
