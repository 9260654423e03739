#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_speed.sh DIR: what each subcommand of DIR/zswapctl, which is without sanitizers, takes on a
# machine with 5,000 cgroups, 2 nodes and 13 age buckets; and how much memory with 15,000 and 4.  TAP.
#
# Time is the processor's, and one of some runs has to keep to it: others may be at work here, too. A
# machine may still be slower than the one that the bound is for. So what takes longer is compared
# with itself and a fifth of the cgroups: its time must not grow much more than they do.
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
tap_workdir

CGROUPS=5000
NODES=2
MEMORY_MAX=40960	# KiB
TIME_MAX=0.70		# seconds
TRIES=5
# what takes longer, with so many cgroups: TIMES_MAX times as long and TIME_SLACK more are for all
FEW_CGROUPS=1000
TIMES_MAX=8
TIME_SLACK=0.1

if ! env time -f '%M %U %S' -o usage true 2>/dev/null; then
	skip 'time and memory' 'no GNU time'
	tap_done
fi

# ---- the trees ----

# make_tree CGROUPS [bare]: in the current directory; bare: of a cgroup there is only what it uses
make_tree()
{
	cgroups=$1 bare=${2:-}
	cp -r "$here/trees/busy" tree
	rm -r tree/sys/fs/cgroup/*.slice tree/sys/kernel/debug/zswap/node* tree/sys/kernel/mm/zswap/node*
	debugfs=tree/sys/kernel/debug/zswap
	: >tree/sys/kernel/mm/zswap/proactive_readback
	bounds='0 30 60 120 300 900 1800 3600 10800 21600 43200 86400 259200 inf'
	awk -v bounds="$bounds" 'BEGIN {
		nr = split(bounds, bound) - 1
		print "bucket min_age max_age pages bytes incompressible loaded written refaulted dropped"
		for (b = 0; b < nr; b++)
			print b, bound[b + 1], bound[b + 2], 1000000, 1000000000, 1000, 5000, 90000, 800, 700
	}' >$debugfs/age_buckets
	for node in $(seq 0 $((NODES - 1))); do
		mkdir -p $debugfs/node"$node" tree/sys/kernel/mm/zswap/node"$node"
		cp $debugfs/age_buckets $debugfs/node"$node"
		cp -r "$here/trees/busy/sys/kernel/mm/zswap/node0/stats" tree/sys/kernel/mm/zswap/node"$node"
	done
	awk -v bounds="$bounds" -v cgroups="$cgroups" -v nodes="$NODES" 'BEGIN {
		nr = split(bounds, bound) - 1
		print "cgroup node bucket min_age max_age pages bytes incompressible loaded path"
		for (c = 1; c <= cgroups; c++)
			for (n = 0; n < nodes; n++)
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
		seq -f 'pod-%.0f.slice' "$cgroups" | xargs mkdir
		c=1
		while [ "$c" -le "$cgroups" ]; do
			pod=pod-$c.slice
			echo $((1000 + c)) >$pod/.inode
			printf '%s\n' 'anon 104857600' 'file 52428800' 'shmem 4096' 'zswpwb_proactive 900' \
				'zswpwb_refault 8' >$pod/memory.stat
			c=$((c + 1))
			[ -z "$bare" ] || continue
			echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5' >$pod/memory.pressure
			echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5' >$pod/io.pressure
			echo 1 >$pod/memory.zswap.writeback
			printf 'populated 1\nfrozen 0\n' >$pod/cgroup.events
		done
	)
}
make_tree $CGROUPS

# make_history SAMPLES: as record writes it, in the current directory
make_history()
{
	awk -v samples="$1" 'BEGIN {
		printf "%-1023s\n", "{\"zswapctl\":\"ages\",\"version\":1,\"keep\":" samples "}"
		for (nr = 0; nr < samples; nr++) {
			line = sprintf("{\"nr\":%d,\"time\":%d,\"awake_ms\":%d,\"page_size\":4096",
				nr, 1700000000 + 60 * nr, 60000 * nr)
			line = line ",\"edges\":[0,30,60,120,300,900,1800,3600,10800,21600,43200,86400,259200]"
			line = line ",\"pages\":[" nr
			for (b = 1; b < 13; b++)
				line = line "," 1000 * b + nr
			printf "%-1023s\n", line "]}"
		}
	}' >ages
}
make_history $((2 * CGROUPS))

# ---- what it takes ----

# measure ARGUMENTS...: says KiB and seconds
measure()
{
	# The second time there is nothing new to say, and less to do
	case $* in 'daemon --ticks 1 --state '*) rm -f state ;; esac
	env time -q -f '%M %U %S' -o usage "$zswapctl" --root tree "$@" >out 2>err
	awk '{ print $1, $2 + $3 }' usage
}

# seconds_of_few ARGUMENTS...: the best of some runs
seconds_of_few()
{
	[ -d few ] || (
		mkdir few
		cd few || exit
		make_tree "$FEW_CGROUPS"
		make_history $((2 * FEW_CGROUPS))
		measure daemon --ticks 1 --state state >took
	)
	(
		cd few || exit
		for _ in $(seq "$TRIES"); do
			measure "$@"
		done
	) | cut -d ' ' -f 2 | sort -n | head -n 1
}

# at_most NUMBER MAX
at_most()
{
	awk -v number="$1" -v max="$2" 'BEGIN { exit number > max }'
}

# within LINES ARGUMENTS...: it prints at least so many lines, and keeps the bounds
within()
{
	lines=$1 few=
	shift
	for _ in $(seq "$TRIES"); do
		measure "$@" >took
		read -r memory seconds <took
		echo "$memory KiB, $seconds s"
		[ "$(wc -l <out)" -ge "$lines" ] || {
			head out err
			return 1
		}
		at_most "$memory" "$MEMORY_MAX" || continue
		at_most "$seconds" "$TIME_MAX" && return 0
		[ -n "$few" ] || few=$(seconds_of_few "$@")
		echo "$seconds s, and $few s with $FEW_CGROUPS cgroups"
		at_most "$seconds" "$(awk -v few="$few" "BEGIN { print few * $TIMES_MAX + $TIME_SLACK }")" && return 0
	done
	return 1
}
# bounds LINES ARGUMENTS...
bounds()
{
	what=$*
	check "${what#* }" within "$@"
	tail -n 1 log | sed 's/^/# /'
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
bounds $CGROUPS daemon --ticks 1 --state state
bounds $CGROUPS daemon --status --state state
bounds $CGROUPS plan --state state
bounds $CGROUPS metrics --cgroups --state state
bounds 13 ages --history --file ages
bounds 0 record --file ages
check 'record: it has' grep -q '^{"nr":10000,.*"pages":\[1000000,' ages
# No kernel is there to carry them out: it is all up to that
for command in 'writeback --age 1h --dry-run' 'readback --max 1M'; do
	# shellcheck disable=SC2086 # words
	bounds 0 $command --cgroup pod-500.slice
	check 'and comes to the command' grep -q ': a recorded tree, where no command can be carried out$' err
done

# ---- three times as many, and a table that is larger than the memory for it: how fast is not asked ----

rm -rf tree few state* ages
NODES=4
make_tree 15000 bare
MEMORY_MAX=65536 TIME_MAX=60
check 'a large table' test "$(stat -c %s tree/sys/kernel/debug/zswap/age_buckets_cgroup)" -gt 70000000
bounds 15000 daemon --ticks 1 --dry-run
bounds 15000 ages --tree
bounds 15000 top --iterations 1
bounds 15000 plan
bounds 15000 metrics --cgroups
tap_done
