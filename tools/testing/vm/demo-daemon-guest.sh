#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The second part of the demo that runs in the guest: zswapctl as a daemon, which
# is to get a redis-server's cold part out of memory and to leave the rest alone.
#
# Here the machine decides how long things take; what is checked holds however
# slow it is.

# shellcheck source=tools/testing/vm/demo-lib.sh
. /payload/demo-lib.sh

ticks=75
# What the daemon is told to hold: percent a minute of the anonymous and shared memory, in RAM and in
# zswap; it takes 16 MiB to be there at least.
target=20
readers=

end_readers()
{
	# The loops end by themselves once this is gone.
	rm -f /tmp/work
	# shellcheck disable=SC2086 # pids
	[ -z "$readers" ] || wait $readers
	readers=
}

trap 'rm -f /tmp/work; cleanup' EXIT

# every SECONDS FILE: ask for what FILE lists, again and again
every()
{
	while [ -e /tmp/work ]; do
		redis_cli <"$2" >/dev/null
		sleep "$1"
	done
}

# The working set is what readers keep; all else a reclaimer puts into zswap.
reclaimer()
{
	while [ -e /tmp/work ]; do
		echo 1M >"$redis/memory.reclaim"
		sleep 1
	done 2>/dev/null
}

look()
{
	settle_redis
	store "$1" /proc/vmstat
	store "$1" "$redis/memory.stat"
	read -r value <"$redis/memory.current"
	eval "$1_current=$value"
	for counter in commands written refaulted dropped released_bytes; do
		read -r value <"$zswap/stats/$counter"
		eval "$1_$counter=$value"
	done
}

# memory.stat lags behind by up to two seconds.
settle_redis()
{
	sleep 2.5
}

set_up_guest
read -r files1 bytes1 <"$here/load1.count"
read -r files2 _ <"$here/load2.count"
lines=$(wc -l <load2.get)
head -n $((lines / 2)) load2.get >/tmp/hot.get
tail -n +$((lines / 2 + 1)) load2.get | head -n $((lines / 4)) >/tmp/warm.get

echo 'ZSWAPCTL DAEMON                   Demonstration                  ZSWAPCTL DAEMON'
section NAME
say <<TEXT
zswapctl daemon - hold a rate of refaults, and let what is cold leave memory
TEXT

section WORKLOAD
say <<TEXT
A redis-server with $((files1 + files2)) texts. Half of the second load is read every
second, a quarter of it every twelve seconds, everything else never. A reclaimer puts what
is not in use into zswap, 1 MiB a second; the daemon may take it from there to the disk.
TEXT
mkdir "$redis" || die "no cgroup"
start_redis 3
feed 1
feed 2
: >/tmp/work
run "echo 0 2 4 8 16 32 > $debug/age_edges"
push_out "$redis"
every 1 /tmp/hot.get &
readers=$!
every 12 /tmp/warm.get &
readers="$readers $!"
reclaimer &
readers="$readers $!"
sleep 14
look a
run "zswapctl status --output NODE,COMPRESSOR,STORED,POOL,RATIO,PAGES"
run "zswapctl ages"

section DAEMON
say <<TEXT
A tick a second instead of one a minute, and ages in seconds instead of hours: a demo can't
wait. It begins with the oldest age and goes to younger ones as it has watched them; that pages
are asked back from zswap every twelve seconds it sees before it writes any of them. What is
written grows with what is known to stay away.
TEXT
cat >/tmp/zswapctl.conf <<CONF
interval = 1
when = always
target-refault = $target%/min
min-age = 2s
max-age = 16s
pressure-memory = 100
pressure-io = 100
wear = unlimited
CONF
run "cat /tmp/zswapctl.conf"
clock
begin=$now
run "zswapctl daemon --config /tmp/zswapctl.conf --ticks $ticks --state /tmp/state > /tmp/decisions"
took=$status
clock
minutes=$(((now - begin) / 60)) # hundredths
look b
printf '\n'
must 'exit status of the daemon' "$took" = 0
# What it says has been written, and what the kernel says.
field()
{
	sed -n "s/.*\"cgroup\": *\"\/redis\".*\"$1\": *\(-*[0-9]*\).*/\1/p" /tmp/decisions
}
said_written=$(field written | awk '{ n += $1 } END { print n + 0 }')
must 'written, say the decisions' "$said_written" = "$(moved a b written)" 'stats/written'
backed=$((($(at b anon) + $(at b shmem) + $(at b zswapped)) / 4096))
[ $backed -ge 4096 ] || backed=4096
# Hundredths of a percent a minute; minutes are hundredths, too.
rate=$(($(moved a b refaulted) * 1000000 / backed / minutes))
printf '\n'
row 'pages of the load that nobody reads' "$((bytes1 / 4096))" ''
row 'written by the daemon' "$(moved a b written)" 'pages'
row '  of these read back' "$(moved a b refaulted)" 'pages'
row 'memory.current before' "$(at a current)" 'bytes'
row 'memory.current after' "$(at b current)" 'bytes'
row 'in zswap before' "$(at a zswapped)" 'bytes of page data'
row 'in zswap after' "$(at b zswapped)" 'bytes of page data'
row 'anonymous, or 16 MiB' "$backed" 'pages'
row 'refaults a minute, in 0.01 % of that' "$rate" "target $((target * 100))"
printf '\n'
must 'pages written' "$(moved a b written)" '>=' $((bytes1 * 3 / 16384)) \
	'3/4 of what nobody reads'
must 'memory.current' "$(at b current)" '<=' $(($(at a current) * 3 / 4)) '3/4 of before'
must 'refaults a minute, in 0.01 %' "$rate" '<=' $((target * 100)) 'the target'
run "zswapctl ages"

section 'WHAT IT DECIDED'
run "cut -c -120 /tmp/decisions | sed -n '/redis/p' | awk 'NR % 10 == 1'"

section 'READING BACK'
end_readers
for load in 1 2; do
	run "redis-cli -s $socket < load$load.get | cmp - load$load.expect && echo same"
	compared "load $load"
done
report_result
