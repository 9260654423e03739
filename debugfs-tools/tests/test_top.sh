#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_top.sh DIR: the subcommand top of DIR/zswapctl: what a line counts, and the keys.  TAP.
#
# What check() is given is called by it. The pipe writes to raw, and the next one reads it.
# shellcheck disable=SC2016,SC2094,SC2317

set -u
export LC_ALL=C TERM=vt100
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
. "$(dirname "$0")/tap.sh"
zswapctl=$(cd "$1" && pwd)/zswapctl
tap_workdir

# put PATH ID RESIDENT REFAULTED: a cgroup; the numbers are with those below
put()
{
	mkdir -p "tree/sys/fs/cgroup$1"
	echo "$2" >"tree/sys/fs/cgroup$1/.inode"
	printf 'anon %s\nfile 0\nzswpwb_proactive 0\nzswpwb_refault %s\n' "$3" "$4" \
		>"tree/sys/fs/cgroup$1/memory.stat"
}

debugfs=tree/sys/kernel/debug/zswap
mkdir -p tree/sys/kernel/mm/zswap tree/sys/module/zswap/parameters $debugfs tree/sys/fs/cgroup
echo cpu memory >tree/sys/fs/cgroup/cgroup.controllers
printf '%s\n' 'bucket min_age max_age pages bytes incompressible' '0 0 600 0 0 0' \
	'1 600 inf 0 0 0' >$debugfs/age_buckets
{
	echo 'cgroup node bucket min_age max_age pages bytes incompressible path'
	echo '2 0 1 600 inf 10 1024 0 /a'
	echo '3 0 1 600 inf 20 2048 0 /a/b'
	echo '4 0 1 600 inf 40 4096 0 /a/b/c'
	echo '5 0 1 600 inf 5 5120 0 /d'
} >$debugfs/age_buckets_cgroup
first()
{
	put "" 1 80000000 0
	put /a 2 90000000 1000
	put /a/z 8 20000000 300
	put /a/b 3 60000000 500
	put /a/b/c 4 40000000 400
	put /d 5 10000000 0
}
second()
{
	put /a 2 90000000 2400
	put /a/z 8 20000000 700
	put /a/b 3 60000000 1300
	put /a/b/c 4 40000000 600
}
first

# until_there FILE: somebody has written into it, within 10 s
until_there()
{
	tries=100
	until [ -s "$1" ] || [ $tries -eq 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
}

# twice OPTIONS: the second of two looks, two seconds apart, with a change between them
twice()
{
	first
	: >both
	(until_there both && second) &
	leaks "$zswapctl" --root tree top --iterations 2 --delay 2 --raw --noheadings \
		-o cgroup,cold,resident,refaulted/s,refault/min "$@" >both
	wait
	sed '1,/^$/d' both
}

# line CGROUP COLD RESIDENT PAGES: all are of the same pages; REFAULTED/S is that of PAGES in
# two seconds, or some more on a machine that is busy
line()
{
	awk -v c="$1" -v cold="$2" -v resident="$3" -v pages="$4" '
		function bytes(text) {
			return text * (text ~ /M/ ? 1048576 : text ~ /K/ ? 1024 : 1)
		}
		$1 == c {
			rate = bytes($4) / (pages / 2 * 4096)
			found = $2 == cold && $3 == resident && rate > 0.3 && rate < 1.1
		}
		{ print }
		END { exit !found }' got
}

twice >got
check 'a list: without those below' line /a 1K 9.5M 200
check 'a list: one between' line /a/b 2K 19M 600
check 'a list: one without any' line /a/b/c 4K 38M 200
check 'a list: one that has nothing in zswap, but refaults' line /a/z 0B 19M 400
twice --depth 1 >got
check 'a depth: there with those below' line /a 7K 86M 1400
check 'a depth: nothing below' [ "$(wc -l <got)" -eq 2 ]
twice --depth 2 >got
check 'a depth: above it without' line /a 1K 9.5M 200
check 'a depth: there with those below, again' line /a/b 6K 57M 800
twice --tree >got
check 'a tree: with those below' line /a 7K 86M 1400
check 'a tree: further down, too' line /a/b 6K 57M 800
# 1400 pages of those 86M and 75 pages in zswap in two seconds, in a minute
check 'REFAULT/MIN: a share of what swap backs' awk '$1 == "/a" {
	rate = 700 * 60 / (90000000 / 4096 + 70) * 100
	found = $5 + 0 > rate / 4 && $5 + 0 < rate * 1.1
} END { exit !found }' got

# order OPTIONS: the cgroups as they come
order()
{
	"$zswapctl" --root tree top --iterations 1 --raw --noheadings -o cgroup "$@" | tr '\n' ' '
}
check 'the order of a list' [ "$(order)" = '/d /a/b/c /a/b /a ' ]
check 'the order of a tree: siblings by what is sorted by' [ "$(order --tree)" = '/ /a /a/b /a/b/c /d ' ]
check 'a tree by path' [ "$(order --tree --sort path)" = '/ /a /a/b /a/b/c /d ' ]
check 'a depth of a tree' [ "$(order --tree --depth 1)" = '/ /a /d ' ]
cp $debugfs/age_buckets_cgroup before
{
	echo '6 0 1 600 inf 1 100 0 /a/x'
	echo '7 0 1 600 inf 1 1900 0 /d/e'
} >>$debugfs/age_buckets_cgroup
check 'children stay with their parent' [ "$(order --tree)" = '/ /a /a/b /a/b/c /a/x /d /d/e ' ]
mv before $debugfs/age_buckets_cgroup
check 'a filter' [ "$(order --filter b)" = '/a/b/c /a/b ' ]

# How often the screen was begun to be drawn
draws()
{
	grep -ao "$(printf '\033\\[H')" raw | wc -l
}

# drawn_after NR: and that it is once more, within 5 s, for a key may do nothing. What is typed then,
# be it a key or a signal, is looked at when the screen is complete.
drawn_after()
{
	tries=50
	until [ "$(draws)" -gt "$1" ] || [ $tries -eq 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
}

# keys LINES KEYS...: the last screen, when they have been typed one after the other
keys()
{
	lines=$1
	shift
	: >raw
	{
		drawn_after 0
		for key; do
			before=$(draws)
			# shellcheck disable=SC2059 # escapes
			printf "$key"
			drawn_after "$before"
		done
		printf '\003'
	} | leaks script -qec "stty rows $lines cols 80; env --default-signal=INT '$zswapctl' --root tree top --delay 60 --cold 1s" /dev/null >raw
	tr -d '\r' <raw | sed 's/\x1b\[?1049l.*//' | awk -v RS='\033\\[H' 'NF { last = $0 } END { print last }' |
		sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' >screen
	awk 'NR > 2 && NF { print $1 }' screen | tr '\n' ' ' >names
}
is()
{
	[ "$(cat names)" = "$1" ] || {
		cat screen
		return 1
	}
}
if strace -D -o trace -e inject=signalfd4:error=EMFILE \
	"$zswapctl" --root tree top --iterations 1 >out 2>&1 && grep -q INJECTED trace; then
	strace -D -o trace -e inject=signalfd4:error=EMFILE \
		"$zswapctl" --root tree top --delay 2 --iterations 2 >raw 2>&1 &
	pid=$!
	until_there raw
	kill -TERM $pid
	wait $pid 2>/dev/null
	check 'a signal that cannot be read ends it' [ $? -eq 143 ]
else
	skip 'a signal that cannot be read' 'no strace'
fi

if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	keys 24
	check 'on a terminal' is '/d /a/b/c /a/b /a '
	keys 24 t
	check 't: a tree' is '/ a b c d '
	keys 24 t 1
	check '1: a depth' is '/ a d '
	keys 24 1 0
	check '0: no depth' is '/d /a/b/c /a/b /a '
	keys 24 1 '\033[3~'
	check 'a key that is not known does nothing' is '/a /d '
	keys 24 p
	check 'p: by path' is '/a /a/b /a/b/c /d '
	keys 24 /b/ c
	check '/: a filter' is '/a/b/c '
	check 'which is shown' grep -q 'b/c_' screen
	keys 24 / q '\177' '\n' p
	check 'q is a letter there, and Enter ends it' is '/a /a/b /a/b/c /d '
	keys 24 /b '\033'
	check 'Escape takes it back' is '/d /a/b/c /a/b /a '
	keys 4 '\033[B'
	check 'down' is '/a/b/c /a/b '
	keys 4 '\033[6~'
	check 'a page down' is '/a/b /a '
	keys 4 '\033OF' '\033[A'
	check 'to the end, and up' is '/a/b/c /a/b '
	keys 4 '\033[B\033[B\033[B\033[B' '\033[H'
	check 'to the beginning' is '/d /a/b/c '
	keys 4 '\033[B\033[B\033[B\033[B\033[B\033[B' '\033[A'
	check 'never beyond the end' is '/a/b/c /a/b '
	keys 24 h
	check 'h: help' grep -q 'shows a tree' screen
else
	skip 'keys' 'no script'
fi
tap_done
