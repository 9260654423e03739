#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's part of the benchmark of zswap's paths: what the kernel is, then
# what paths.c measures.
#
#	paths-guest.sh MODE ARGUMENTS...	see paths.c

set -eu

die()
{
	echo "paths-guest.sh: $*"
	exit 1
}

zcat /proc/config.gz | sed -n 's/^CONFIG_/config CONFIG_/p'

mkswap /dev/vda >/dev/null
swapon /dev/vda
# A fault reads one page, and nothing but the program's own doing moves pages.
echo 0 >/proc/sys/vm/page-cluster
echo N >/sys/module/zswap/parameters/shrinker_enabled
echo 50 >/sys/module/zswap/parameters/max_pool_percent
echo Y >/sys/module/zswap/parameters/enabled
[ "$(cat /sys/module/zswap/parameters/enabled)" = Y ] || die 'no zswap'
echo "compressor $(cat /sys/module/zswap/parameters/compressor)"

# Charged, as pages are everywhere.
mkdir /sys/fs/cgroup/bench
echo $$ >/sys/fs/cgroup/bench/cgroup.procs
exec /payload/paths "$@"
