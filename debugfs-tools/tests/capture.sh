#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Record what zswapctl reads of this machine: tests/capture.sh DIR
#
# DIR becomes a tree for zswapctl --root DIR.  It must not exist yet.  Run it as root, or
# debugfs is missing.  What can only be written is an empty file in DIR; each cgroup's
# directory has a file .inode with its inode number, which is the cgroup's id.

set -eu

if [ $# -ne 1 ]; then
	echo "usage: $0 DIR" >&2
	exit 2
fi
dir=$1
mkdir "$dir"
dir=$(cd "$dir" && pwd)

# The kernel's files have no size: only reading shows what is in them.
record() {
	[ -f "$1" ] || return 0
	mkdir -p "$dir${1%/*}"
	cat "$1" >"$dir$1" 2>/dev/null || : >"$dir$1"
}

record_tree() {
	[ -d "$1" ] || return 0
	find "$1" -type d | while IFS= read -r path; do
		mkdir -p "$dir$path"
	done
	find "$1" -type f | while IFS= read -r path; do
		record "$path"
	done
}

getconf PAGESIZE >"$dir/.page_size"
record_tree /sys/kernel/mm/zswap
record_tree /sys/module/zswap/parameters
[ -d /sys/kernel/debug ] && mkdir -p "$dir/sys/kernel/debug"
record_tree /sys/kernel/debug/zswap

for path in /sys/class/block/*/queue/rotational /sys/class/block/*/queue/discard_max_bytes \
	/sys/dev/block/*/queue/rotational /sys/dev/block/*/queue/discard_max_bytes /proc/self/mountinfo \
	/sys/kernel/security/lockdown /sys/devices/system/node/node*/meminfo \
	/proc/uptime /proc/vmstat /proc/meminfo /proc/cmdline \
	/proc/swaps /proc/sys/kernel/random/boot_id /proc/pressure/*; do
	record "$path"
done

# Names of cgroups may have blanks, but no newline.
find /sys/fs/cgroup -type d | while IFS= read -r path; do
	mkdir -p "$dir$path"
	# A cgroup may be removed meanwhile; then it is recorded without an id.
	inode=$(ls -di "$path" 2>/dev/null) || continue
	set -f
	# shellcheck disable=SC2086 # split off the number that ls begins with
	set -- $inode
	set +f
	echo "$1" >"$dir$path/.inode"
	for file in "$path"/memory.stat "$path"/memory.current "$path"/memory.zswap.* \
		"$path"/memory.pressure "$path"/io.pressure "$path"/cgroup.events \
		"$path"/cgroup.controllers; do
		record "$file"
	done
done
