#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's part of the benchmark of writeback: sets up the disk, swap and
# zswap, and runs writeback with one line of arguments after the other.
#
#	writeback-guest.sh MBPS LATENCY DEPTH MEGABYTES FILLED ARGUMENTS...
#
# The disk is the kernel's own null_blk, which keeps data in memory.  Its waits
# are by the guest's clock, and so are the same in each run; those for a disk of
# the host are not.  MBPS 0: it takes any number of bytes at once.  LATENCY, in ns,
# is what each request takes, and DEPTH how many are under way at a time.  The
# first FILLED megabytes are written beforehand, so that nothing has to be
# allocated later on.

set -eu

mbps=$1 latency=$2 depth=$3 megabytes=$4 filled=$5
shift 5
disk=bench

die()
{
	echo "writeback-guest.sh: $*"
	exit 1
}

make_disk()
{
	dir=/sys/kernel/config/nullb/$disk
	mount -t configfs configfs /sys/kernel/config
	mkdir "$dir"
	echo "$megabytes" >"$dir/size"
	echo 4096 >"$dir/blocksize"
	echo 1 >"$dir/memory_backed"
	# The 128 segments that null_blk takes; its default is 31 pages.
	echo 1024 >"$dir/max_sectors"
	echo "$depth" >"$dir/hw_queue_depth"
	echo "$mbps" >"$dir/mbps"
	if [ "$latency" -gt 0 ]; then
		echo 2 >"$dir/irqmode"
		echo "$latency" >"$dir/completion_nsec"
	else
		echo 0 >"$dir/irqmode"
		nproc >"$dir/submit_queues"
	fi
	echo 1 >"$dir/power"
	# By the CPU of the other node, so that its memory does not get scarce here.
	[ "$filled" -eq 0 ] ||
		taskset "$((1 << $(nproc) - 1))" dd if=/dev/zero of="/dev/$disk" bs=1M count="$filled" oflag=direct 2>/dev/null
	for limit in max_sectors_kb max_segments max_segment_size; do
		echo "disk $limit $(cat "/sys/block/$disk/queue/$limit")"
	done
}

# The disk itself as swap, with zswap before it.
swap_on_disk()
{
	mkswap "/dev/$disk" >/dev/null
	swapon "/dev/$disk"
	swap=/dev/$disk
	echo Y >/sys/module/zswap/parameters/enabled
	[ "$(cat /sys/module/zswap/parameters/enabled)" = Y ] || die 'no zswap'
}

# swap_on_zram COMPRESSED: zram as swap, the disk behind it, and no zswap.
swap_on_zram()
{
	echo N >/sys/module/zswap/parameters/enabled
	echo 1 >/sys/block/zram0/reset
	echo "$compressor" >/sys/block/zram0/comp_algorithm
	echo "$1" >/sys/block/zram0/compressed_writeback
	echo "/dev/$disk" >/sys/block/zram0/backing_dev
	echo "${megabytes}M" >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
	swap=/dev/zram0
}

zcat /proc/config.gz | sed -n 's/^CONFIG_\(HZ\|LOCK_STAT\|PROVE_LOCKING\|ZSWAP_WB\)=/config &/p'
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || :
make_disk
# A fault reads one page, and nothing but what is measured moves pages.
echo 0 >/proc/sys/vm/page-cluster
echo N >/sys/module/zswap/parameters/shrinker_enabled
echo 50 >/sys/module/zswap/parameters/max_pool_percent
# Zswap's debugfs is there once it has been on.
echo Y >/sys/module/zswap/parameters/enabled
default=$(cat /sys/module/zswap/parameters/compressor)

for arguments; do
	case $arguments in
	*compressor=*) ;;
	*) arguments="$arguments compressor=$default" ;;
	esac
	compressor=${arguments##*compressor=}
	compressor=${compressor%% *}
	echo "$compressor" >/sys/module/zswap/parameters/compressor
	case $arguments in
	*method=raw*) swap='' ;;
	*method=zram-compressed*) swap_on_zram 1 ;;
	*method=zram*) swap_on_zram 0 ;;
	*) swap_on_disk ;;
	esac
	# shellcheck disable=SC2086 # words on purpose
	/payload/writeback $arguments
	[ -z "$swap" ] || swapoff "$swap"
	case $swap in
	*zram*) echo 1 >/sys/block/zram0/reset ;;
	esac
done
