#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_speed.sh DIR: what each subcommand of DIR/zswapctl, which is without sanitizers, takes on a
# machine with 5,000 cgroups, 2 nodes and 13 age buckets.  TAP.
#
# Time is the processor's, and that of the best of some runs: others may be at work here, too.
#
# What check() is given is called by it.
# shellcheck disable=SC2317

set -u
export LC_ALL=C TERM=dumb
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
zswapctl=$(cd "$1" && pwd)/zswapctl
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

CGROUPS=5000
MEMORY_MAX=40960	# KiB
TIME_MAX=0.70		# seconds
TRIES=5

if ! env time -f '%M %U %S' -o usage true 2>/dev/null; then
	skip 'time and memory' 'no GNU time'
	tap_done
fi

# ---- the tree ----

cp -r "$here/trees/busy" tree
rm -r tree/sys/fs/cgroup/*.slice tree/sys/kernel/debug/zswap/node* tree/sys/kernel/mm/zswap/node*
debugfs=tree/sys/kernel/debug/zswap
bounds='0 30 60 120 300 900 1800 3600 10800 21600 43200 86400 259200 inf'
awk -v bounds="$bounds" 'BEGIN {
	nr = split(bounds, bound) - 1
	print "bucket min_age max_age pages bytes incompressible loaded written refaulted dropped"
	for (b = 0; b < nr; b++)
		print b, bound[b + 1], bound[b + 2], 1000000, 1000000000, 1000, 5000, 90000, 800, 700
}' >$debugfs/age_buckets
for node in 0 1; do
	mkdir -p $debugfs/node$node tree/sys/kernel/mm/zswap/node$node
	cp $debugfs/age_buckets $debugfs/node$node
	cp -r "$here/trees/busy/sys/kernel/mm/zswap/node0/stats" tree/sys/kernel/mm/zswap/node$node
done
awk -v bounds="$bounds" -v cgroups=$CGROUPS 'BEGIN {
	nr = split(bounds, bound) - 1
	print "cgroup node bucket min_age max_age pages bytes incompressible loaded path"
	for (c = 1; c <= cgroups; c++)
		for (n = 0; n < 2; n++)
			for (b = 0; b < nr; b++)
				print 1000 + c, n, b, bound[b + 1], bound[b + 2], 100 + c % 7, 123456, 3, c % 11,
					"/kubepods.slice/kubepods-burstable.slice/pod-" c ".slice"
}' >$debugfs/age_buckets_cgroup
mkdir -p tree/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice
(
	cd tree/sys/fs/cgroup/kubepods.slice || exit
	echo 999 >.inode
	cd kubepods-burstable.slice || exit
	echo 1000 >.inode
	seq -f 'pod-%.0f.slice' $CGROUPS | xargs mkdir
	c=1
	while [ $c -le $CGROUPS ]; do
		pod=pod-$c.slice
		echo $((1000 + c)) >$pod/.inode
		printf '%s\n' 'anon 104857600' 'file 52428800' 'shmem 4096' 'zswpwb_proactive 900' \
			'zswpwb_refault 8' >$pod/memory.stat
		echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5' >$pod/memory.pressure
		echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5' >$pod/io.pressure
		echo 1 >$pod/memory.zswap.writeback
		printf 'populated 1\nfrozen 0\n' >$pod/cgroup.events
		c=$((c + 1))
	done
)

# within LINES ARGUMENTS...: it prints at least so many lines, and keeps the bounds
within()
{
	lines=$1
	shift
	tries=$TRIES
	while [ "$tries" -gt 0 ]; do
		env time -q -f '%M %U %S' -o usage "$zswapctl" --root tree "$@" >out 2>err
		[ "$(wc -l <out)" -ge "$lines" ] || {
			head out err
			return 1
		}
		awk -v memory="$MEMORY_MAX" -v time="$TIME_MAX" '{ print $1 " KiB, " $2 + $3 " s" }
			END { exit $1 > memory || $2 + $3 > time }' usage && return 0
		tries=$((tries - 1))
	done
	return 1
}
# bounds LINES ARGUMENTS...
bounds()
{
	what=$*
	check "${what#* }" within "$@"
	[ "$(wc -l <log)" -ne 1 ] || sed 's/^/# /' log
}

bounds 10 ages
bounds 14 ages -c /kubepods.slice
bounds $CGROUPS ages --tree
bounds $CGROUPS top --iterations 1
bounds $CGROUPS top --iterations 1 --tree
bounds $CGROUPS plan
bounds $CGROUPS plan --target-bytes 1G -o command
bounds 5 status
bounds $CGROUPS metrics --cgroups
bounds 10 doctor
bounds $CGROUPS daemon --ticks 1 --dry-run
bounds $CGROUPS daemon --ticks 1 --state "$dir/state"
bounds $CGROUPS daemon --status --state "$dir/state"
bounds $CGROUPS plan --state "$dir/state"
bounds $CGROUPS metrics --cgroups --state "$dir/state"
tap_done
