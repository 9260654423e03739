#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch and unpack the newest linux-source-$KSERIES of Debian, once. It uses
# the machine's own mirror, but an apt state of its own under build/apt, so
# that the system's sources and lists stay as they are. Nothing is ever
# half-unpacked: the tree gets its name when it is complete.
#
# The tree's path is left in build/source/path-$KSERIES.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -n "$KSRC" ]; then
	[ -f "$KSRC/mm/zswap.c" ] ||
		die "KSRC=$KSRC is not a Linux source tree: give the directory that holds the kernel's top Makefile."
	exit
fi

src=$SOURCES/source
path_file=$src/path-$KSERIES
if [ -s "$path_file" ] && [ -f "$(cat "$path_file")/Makefile" ]; then
	exit
fi

[ -d "$PATCHES" ] ||
	die "there are no patches for Linux $KSERIES: use one of $(cd "$TOP/patches" && echo [0-9]*) as KSERIES=."
package=linux-source-$KSERIES
need_space "$src" 6000 "the kernel source with its builds"
lock_build

apt=$SOURCES/apt
. "$VMDIR/apt.sh"

log=$apt/log
apt_find "$package" ||
	die "Debian has no $package: use another KSERIES=, or give an unpacked Linux $KSERIES tree with KSRC=dir."

new=$src/new
rm -rf "$new"
mkdir -p "$new/tree"
trap 'rm -rf "$new"' EXIT
size=$(private_apt apt-cache show --no-all-versions "$package" | awk '$1 == "Size:" { print int($2 / 1000000) }')
say "downloading $package, $size MB"
(cd "$new" && private_apt apt-get download "$package") >"$log" 2>&1 &
pid=$!
while kill -0 "$pid" 2>/dev/null; do
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.5
		kill -0 "$pid" 2>/dev/null || break 2
	done
	say "downloading: $(du -sm "$new" | cut -f1) of $size MB"
done
if ! wait "$pid"; then
	tail -n 3 "$log" >&2
	die "the download of $package broke off: check the network and run make again."
fi
deb=$(echo "$new"/*.deb)
version=$(dpkg-deb -f "$deb" Version)
tree=$src/linux-$version
say "unpacking $package $version"
if ! dpkg-deb --fsys-tarfile "$deb" |
	tar -xO "./usr/src/$package.tar.xz" |
	xz -dc | tar -x -C "$new/tree" --strip-components=1; then
	die "unpacking $package failed: if the disk is full make room, then run make again."
fi
[ -f "$new/tree/mm/zswap.c" ] || die "$package holds no kernel source: give an unpacked tree with KSRC=dir."
rm -rf "$tree"
mv "$new/tree" "$tree"
rm -rf "$apt/cache"
echo "$tree" >"$path_file"
say "source is in $tree"
