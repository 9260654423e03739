#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of the demo that runs in the guest about the opposite command: a redis-server
# that is stopped for the night is written whole, and brought back before it goes on.
#
# What is read from the disk is counted, and must be what it must be. Times are those of
# the fastest night, as anything else that the machine does only makes one longer; and as
# long as they tell of the machine, there is another night.

# shellcheck source=tools/testing/vm/demo-lib.sh
. /payload/demo-lib.sh

nights=6
gets=100
latency_ms=10
disk=/dev/night
null_blk=/sys/kernel/config/nullb/night

# A disk that takes its time, the same one on every machine.
make_disk()
{
	[ -d "${null_blk%/*}" ] || mount -t configfs configfs /sys/kernel/config
	mkdir "$null_blk" || die "no null_blk"
	for setting in size=64 blocksize=4096 memory_backed=1 irqmode=2 \
		completion_nsec=$((latency_ms * 1000000)) power=1; do
		echo "${setting#*=}" >"$null_blk/${setting%%=*}" || die "null_blk takes no $setting"
	done
}

# All of redis is in zswap, and nothing of it on the disk.
evening()
{
	swapoff "$disk" || die "no swapoff of $disk"
	swapon "$disk" || die "no swap on $disk"
	push_out "$redis" >/dev/null
	read -r stored <"$debug/stored_pages"
}

taking()
{
	store "$1" /proc/vmstat
	read -r value _ <"/sys/block/${disk##*/}/stat"
	eval "$1_requests=$value"
	for counter in written readback; do
		read -r value <"$zswap/stats/$counter"
		eval "$1_$counter=$value"
	done
}

# night KIND: redis goes on, and is asked for texts by a client that is there already.  Of
# all nights of this kind: what they read, and how long the fastest one took.
night()
{
	mkfifo /tmp/ask
	redis_cli </tmp/ask >/tmp/answers &
	client=$!
	exec 3>/tmp/ask
	taking c
	clock
	begin=$now
	kill -CONT "$pid"
	cat /tmp/some.get >&3
	exec 3>&-
	wait "$client"
	clock
	took=$(((now - begin) * 10))
	stop_redis
	taking d
	rm /tmp/ask
	cmp /tmp/answers /tmp/some.expect || die "redis gives wrong answers"
	[ "$took" -ge "$(at "$1" ms)" ] || eval "$1_ms=$took"
	eval "$1_read=$(($(at "$1" read) + $(moved c d pswpin)))"
	eval "$1_found=$(($(at "$1" found) + $(moved c d zswpin)))"
}

# The first time it is shown.
give()
{
	if [ $i -eq 1 ]; then
		run "$1"
	else
		sh -c "$1"
	fi
}

make_disk
set_up_guest
# Single pages are not what this is about: read neighbours, as usual.
echo 3 >/proc/sys/vm/page-cluster
read -r files bytes _ <"$here/load2.count"

echo 'PROACTIVE READBACK                Demonstration               PROACTIVE READBACK'
section NAME
say <<TEXT
proactive readback - bring pages back into zswap before somebody waits for them
TEXT

section 'A NIGHT'
say <<TEXT
A redis-server with $files texts, $bytes bytes, is stopped for the night and pushed out,
into zswap. Its swap device takes $latency_ms ms for a request: a null_blk, which is as slow
on every machine. In the night all of redis is written; before it goes on, it is brought back.
TEXT
mkdir "$redis" || die "no cgroup"
id=$(stat -c %i "$redis")
start_redis "$mask0"
feed 2
# Texts from all over the load.
tr ' ' '\n' <"$here/load2.get" | awk -v each=$((files / gets)) -v gets=$gets \
	'/\// && ++n % each == 0 && n / each <= gets { print "GET", $0 }' >/tmp/some.get
redis_cli </tmp/some.get >/tmp/some.expect
stop_redis

i=0
all=0 written=0 back=0
never_ms=999999 back_ms=999999 written_ms=999999
never_read=0 back_read=0 written_read=0
never_found=0 back_found=0 written_found=0
while [ $i -lt 2 ] || { [ $i -lt $nights ] && [ $((back_ms * 5)) -gt $((never_ms * 6)) ]; }; do
	i=$((i + 1))
	evening
	night never
	evening
	echo "cgroup=$id age=0" >"$zswap/proactive_writeback" || die "nothing is written"
	night written
	evening
	taking a
	give "echo cgroup=$id age=0 > $zswap/proactive_writeback"
	clock
	begin=$now
	give "echo cgroup=$id > $zswap/proactive_readback"
	clock
	took_back=$(((now - begin) * 10))
	taking b
	all=$((all + stored))
	written=$((written + $(moved a b written)))
	back=$((back + $(moved a b readback)))
	night back
done

requests=$(moved a b requests)
printf '\n'
must 'written, pages' "$written" = "$all" "all of redis, $i nights"
must 'brought back, pages' "$back" = "$written" 'written'
row '  the last time' "$took_back ms" "$(($(moved a b readback) / (requests ? requests : 1))) pages a request"

section "THE FIRST $gets GETS"
say <<TEXT
How long redis' readers wait in the morning, in milliseconds of the fastest of $i mornings,
and the pages that come from the disk (neighbours included) and from zswap meanwhile, in all of
them.
TEXT
printf '\n'
row '' 'ms' 'from disk  from zswap'
while read -r name kind; do
	row "$kind" "$(at "$name" ms)" \
		"$(printf '%-10s %s' "$(at "$name" read)" "$(at "$name" found)")"
done <<TEXT
never never written
back written, and brought back
written written
TEXT
printf '\n'
must 'from disk, never written' "$never_read" = 0
must 'from disk, brought back' "$back_read" = 0
must 'from disk, written' "$written_read" '>=' $((gets * i)) 'a page a GET'
must 'from zswap, written' "$written_found" = 0
must 'from zswap, brought back' "$back_found" '<=' $((never_found * 6 / 5)) 'never written + 20 %'
must 'ms, brought back' "$back_ms" '<=' $((never_ms * 6 / 5)) 'never written + 20 %'
must 'ms, written' "$written_ms" '>=' $((never_ms * 3 / 2)) 'never written + 50 %'
report_result
