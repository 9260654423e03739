#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC2034 # used by who sources it
#
# What the parts of the demo that run in the guest share: the report, which looks
# like a page of a manual, checked numbers, and a redis-server in a cgroup.

set -u
export LC_ALL=C

here=/payload
zswap=/sys/kernel/mm/zswap
debug=/sys/kernel/debug/zswap
redis=/sys/fs/cgroup/redis
socket=/tmp/redis
pid=
disk=/dev/vda
checks=0
failed=

# ---------------------------------------------------------------- the report

section()
{
	chapter=$1
	printf '\n%s\n' "$1"
}

# A paragraph from stdin, filled and indented as in a manual.
say()
{
	paste -s -d ' ' | fold -s -w 73 | sed 's/^/       /; s/ *$//'
}

# Show commands as they would be typed, one a line, run them in a shell of their
# own, show what they say.  Leaves the status in $status, what was said in $said.
run()
{
	printf '\n%s\n' "$1" | sed 's/^\(.\)/       # \1/'
	said=$(sh -c "$1" 2>&1)
	status=$?
	[ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/       /'
}

row()
{
	printf '       %-36s %10s   %s\n' "$1" "$2" "$3"
}

# must NAME VALUE RELATION BOUND WHAT: one line of the report, and a check.
must()
{
	checks=$((checks + 1))
	case $3 in
	'=') [ "$2" -eq "$4" ] ;;
	'<=') [ "$2" -le "$4" ] ;;
	'>=') [ "$2" -ge "$4" ] ;;
	*) false ;;
	esac
	# shellcheck disable=SC2181 # the status is that of the branch taken
	if [ $? -eq 0 ]; then
		row "$1" "$2" "$3 ${5:-$4}"
	else
		row "$1" "$2" "WRONG: must be $3 $4"
		failed="$failed
       $chapter: $1 is $2, must be $3 $4${5:+ ($5)}"
	fi
}

# What run() ran must have failed, with this error and this text.
refused()
{
	case $said in
	*"$2"*) says=1 ;;
	*) says=0 ;;
	esac
	printf '\n'
	must 'exit status of the shell' "$status" = 1
	must 'it says why' $says = 1 "$1"
}

# What run() ran must have found no difference.
compared()
{
	[ "$said" = same ] && same=1 || same=0
	printf '\n'
	must "$1, byte for byte" "$same" = 1 yes
}

die()
{
	printf '\nDEMO FAILED: %s\n' "$*"
	exit 1
}

cleanup()
{
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
}
trap cleanup EXIT

# --------------------------------------------------------------- the numbers

# Hundredths of a second since boot, in $now.
clock()
{
	read -r now _ </proc/uptime
	now=${now%.*}${now#*.}
}

# store PREFIX FILE: a file of "key value" lines into variables PREFIX_key.
store()
{
	while IFS=': ' read -r key value _; do
		case $key in
		pswpin | pswpout | zswpin | zswpout | zswpwb | zswpwb_* | \
		zswap | zswapped | anon | file | shmem | MemFree | SwapCached)
			eval "$1_$key=$value"
			;;
		esac
	done <"$2"
}

# How far a number has come from one taking to the next.
moved()
{
	eval "echo \$(($2_$3 - $1_$3))"
}

at()
{
	eval "echo \$$1_$2"
}

# Of what a command wrote, how much came back, in percent.
percent()
{
	echo $(($2 ? $1 * 100 / $2 : 0))
}

# ----------------------------------------------------------------- the actors

# While redis is stopped, not one page of it moves unless a command moves it.
stop_redis()
{
	kill -STOP "$pid" || die "redis-server is gone: $(tail -n 3 /tmp/redis.log)"
	tries=0
	while grep -h '^State:' /proc/"$pid"/task/*/status | grep -qv 'T (st'; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || die "redis-server does not stop"
		usleep 20000
	done
}

redis_cli()
{
	redis-cli -s "$socket" "$@"
}

# Feed a load.  Redis answers each SET, redis-cli counts the answers.
feed()
{
	read -r files _ <"$here/load$1.count"
	said=$(redis_cli --pipe <"$here/load$1.resp" 2>&1)
	case $said in
	*"errors: 0, replies: $files") ;;
	*) die "redis took load $1 badly: $said" ;;
	esac
}

# Push a cgroup out, as far as memory.reclaim does what it is asked to.
push_out()
{
	amount=$(awk '$1 == "anon" || $1 == "shmem" { sum += $2 }
		END { printf "%dM", sum / 1048576 }' "$1/memory.stat")
	run "echo $amount > $1/memory.reclaim"
}

# ------------------------------------------------------------------ the scene

# Libraries, nodes, swap and zswap.  mask0 and mask1 are the CPUs of the nodes.
set_up_guest()
{
	[ -d "$zswap" ] || die "this kernel has no $zswap: boot the patched one"

	cd "$here" || die "there is no $here"
	interp=$(cat "$here/interp")
	mkdir -p "${interp%/*}"
	[ -e "$interp" ] || ln -s "$here/lib/${interp##*/}" "$interp"
	export LD_LIBRARY_PATH="$here/lib" PATH="$here/bin:$PATH"

	cpu0=$(cat /sys/devices/system/node/node0/cpulist)
	cpu1=$(cat /sys/devices/system/node/node1/cpulist)
	mask0=$(printf %x $((1 << cpu0)))
	mask1=$(printf %x $((1 << cpu1)))

	mkswap "$disk" >/dev/null || die "$disk takes no mkswap"
	swapon "$disk" || die "no swap on $disk"
	# Read back only what is asked for, no neighbours: pages stay countable.
	echo 0 >/proc/sys/vm/page-cluster
	# Freed pages shall show up in MemFree and not stay with the CPU that freed them.
	echo 1000 >/proc/sys/vm/percpu_pagelist_high_fraction
	echo N >/sys/module/zswap/parameters/shrinker_enabled
	echo Y >/sys/module/zswap/parameters/enabled
	[ "$(cat /sys/module/zswap/parameters/enabled)" = Y ] || die "no zswap"
	[ -e "$debug/stored_pages" ] || die "zswap has no debugfs files"
	[ -e "$debug/age_edges" ] || die "there are no age buckets: CONFIG_ZSWAP_WB_DEBUGFS is off"
}

# A redis-server in the cgroup $redis, on the CPUs of the mask $1; $pid is its own.
start_redis()
{
	cat >/tmp/redis.conf <<CONF
port 0
unixsocket $socket
save ""
appendonly no
hz 1
dynamic-hz no
activerehashing no
activedefrag no
jemalloc-bg-thread no
latency-tracking no
maxclients 16
loglevel warning
CONF
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'echo $$ >"$1/cgroup.procs" && exec taskset "$2" redis-server /tmp/redis.conf' \
		sh "$redis" "$1" >/tmp/redis.log 2>&1 </dev/null &
	pid=$!
	tries=0
	until [ "$(redis_cli ping 2>/dev/null)" = PONG ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || die "redis-server does not start: $(cat /tmp/redis.log)"
		usleep 50000
	done
}

report_result()
{
	section RESULT
	if [ -n "$failed" ]; then
		printf '       DEMO FAILED. Of %d numbers these are wrong:%s\n' \
			"$checks" "$failed"
		exit 1
	fi
	clock
	say <<TEXT
All $checks numbers are what they must be. This took $((now / 100)) seconds since boot.
TEXT
}
