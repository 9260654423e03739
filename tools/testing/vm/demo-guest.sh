#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The part of the demo that runs in the guest, under busybox' ash.
#
# It tells, like a page of a manual, how a redis-server's cold pages leave zswap
# on command.  Each number that follows from another one is checked; the run
# fails, and names the number, if one is not what it must be.
#
# No number is raced for: redis is stopped while anything is counted, and ages
# keep their distance of several seconds however slow the machine is.

# shellcheck source=tools/testing/vm/demo-lib.sh
. /payload/demo-lib.sh

neighbour=/sys/fs/cgroup/neighbour
# How the bars are drawn, and how wide: one scale for all pictures.
export CHART="${CHART:-ascii}" CHART_SCALE=0

# Draw the age buckets.  What is drawn is what is checked.
picture()
{
	run "awk -f demo-chart.awk $debug/age_buckets"
	drawn=$said
}

# The sum of a column of the picture, counted from its right end or, as bars
# may be empty, its left one.
drawn()
{
	printf '%s\n' "$drawn" | awk -v column="$1" '
		$2 == "-" {
			sum += column == "pages" ? $4 : column == "loaded" ? $(NF - 4) :
				column == "written" ? $(NF - 3) :
				column == "refaulted" ? $(NF - 2) : $NF
		}
		END { print sum + 0 }'
}

# Every picture must tell what zswap itself counts, at this taking.
must_agree()
{
	must 'pages in the picture' "$(drawn pages)" = "$(at "$1" stored)" 'stored_pages'
	must 'loaded in the picture' "$(drawn loaded)" = "$(moved w "$1" zswpin)" 'zswpin'
	for counter in written refaulted dropped; do
		must "$counter in the picture" "$(drawn $counter)" = \
			"$(moved a "$1" all_$counter)" "stats/$counter"
	done
}

# --------------------------------------------------------------- the numbers

# memory.stat lags behind by up to two seconds; stored_pages, of zswap itself,
# never does.  Everything in zswap is one of the two cgroups'.
settle()
{
	tries=0
	while :; do
		store here_redis "$redis/memory.stat"
		store here_neighbour "$neighbour/memory.stat"
		read -r stored <$debug/stored_pages
		others=$(at here neighbour_zswapped)
		sum=$(($(at here redis_zswapped) + others))
		[ "$sum" -ne $((stored * 4096)) ] || return 0
		tries=$((tries + 1))
		[ "$tries" -lt 60 ] ||
			die "memory.stat's zswapped is $sum, stored_pages $stored"
		usleep 100000
	done
}

# The CPUs give pages that were freed in bulk back to MemFree bit by bit: wait
# until that is over.
calm()
{
	tries=0
	while [ "$tries" -lt 5 ]; do
		tries=$((tries + 1))
		store here /proc/meminfo
		free=$(at here MemFree)
		usleep 200000
		store here /proc/meminfo
		[ $(($(at here MemFree) - free)) -gt 256 ] || return 0
	done
}

# Write down every number that the report speaks of, as NAME_*.
take()
{
	settle
	calm
	# Fold what the CPUs have not yet added to MemFree and SwapCached.
	echo 1 >/proc/sys/vm/stat_refresh
	store "$1" /proc/meminfo
	store "$1" /proc/vmstat
	store "$1_redis" "$redis/memory.stat"
	store "$1_neighbour" "$neighbour/memory.stat"
	read -r value <"$redis/memory.current"
	eval "$1_current=$value"
	read -r value <$debug/stored_pages
	eval "$1_stored=$value"
	read -r value <$debug/pool_total_size
	eval "$1_pool=$value"
	read -r _ _ _ _ requests merges sectors _ </sys/block/vda/stat
	eval "$1_requests=$requests $1_merges=$merges $1_sectors=$sectors"
	for dir in "$zswap" "$zswap"/node[0-9]*; do
		[ "$dir" = "$zswap" ] && part=all || part=${dir##*/}
		for file in "$dir"/stats/*; do
			read -r value <"$file"
			eval "$1_${part}_${file##*/}=$value"
		done
	done
}

# The age buckets as NAME_old_COLUMN and NAME_young_COLUMN: the sums of the
# rows from age $age on and of those before, for all, node0 and node1.
tally()
{
	for part in all node0 node1; do
		[ "$part" = all ] && table=$debug/age_buckets ||
			table=$debug/$part/age_buckets
		sums=$(awk -v name="$1_$part" -v age="$age" '
			NR == 1 { for (i = 1; i <= NF; i++) column[i] = $i; next }
			{
				for (i = 4; i <= NF; i++)
					sum[($2 + 0 < age ? "young_" : "old_") column[i]] += $i
			}
			END { for (i in sum) printf "%s_%s=%d\n", name, i, sum[i] }
		' "$table") || die "$table cannot be read"
		eval "$sums"
	done
}

# One column of a tally, over all rows.
both()
{
	echo $(($(at "$1" "$2_old_$3") + $(at "$1" "$2_young_$3")))
}

# wait_since SINCE SECONDS: until so many have passed
wait_since()
{
	while clock; [ $((now - $1)) -lt $(($2 * 100)) ]; do
		usleep 100000
	done
}

# All of the second load; of the first one each fortieth line of GETs, from this one on.
read_texts()
{
	run "redis-cli -s $socket < load2.get | cmp - load2.expect && echo same"
	compared 'load 2'
	run "awk 'NR % 40 == $1' load1.get | redis-cli -s $socket | wc -l"
}

counters()
{
	grep -r . "$zswap/stats" "$zswap"/node*/stats | sort
}

# ------------------------------------------------------------------ the scene

set_up_guest
read -r files1 bytes1 <"$here/load1.count"
read -r files2 bytes2 <"$here/load2.count"

echo 'ZSWAP WRITEBACK                   Demonstration                  ZSWAP WRITEBACK'
section NAME
say <<TEXT
zswap writeback - move cold pages from zswap to the swap disk, on command
TEXT

section MACHINE
say <<TEXT
Linux $(uname -r), node 0 with CPU $cpu0, node 1 with CPU $cpu1, swap on /dev/vda.
zswap compresses with $(cat /sys/module/zswap/parameters/compressor); its own shrinker is off.
TEXT

section 'FIRST LOAD'
say <<TEXT
A redis-server in a cgroup of its own, on CPU $cpu0, so that its memory is node
0's, takes in $files1 texts of the kernel's Documentation/, $bytes1 bytes. Then
memory.reclaim pushes it out, into zswap. redis is stopped (SIGSTOP) whenever
something is counted: so nothing moves but what a command moves.
TEXT
run "mkdir $redis $neighbour"

start_redis "$mask0"
run "cat $redis/cgroup.procs"
feed 1
stop_redis
run "grep ^anon $redis/memory.numa_stat"
push_out "$redis"
clock
old_since=$now
read -r stored1 <$debug/stored_pages

section NEIGHBOUR
say <<TEXT
A second cgroup keeps a file in a tmpfs, from CPU $cpu1, so on node 1. It is pushed
out as well. No command below may write one page of it: the first asks for
another node, the second for another cgroup.
TEXT
run "echo \$\$ > $neighbour/cgroup.procs
taskset $mask1 head -c 3145728 load2.expect > /tmp/texts"
push_out "$neighbour"
clock
neighbour_since=$now

section 'SECOND LOAD'
say <<TEXT
Later redis goes on, now on CPU $cpu1, so with memory of node 1: $files2 more texts,
$bytes2 bytes. After a pause, so that the ages differ, they are pushed out.
TEXT
store a /proc/vmstat
run "taskset -ap $mask1 $pid | tail -n 1"
clock
begin=$now
kill -CONT "$pid"
feed 2
stop_redis
clock
# How many seconds the machine may be late: twice those that it needs for such a load, and 7 more.
late=$((7 + (now - begin) / 50))
store b /proc/vmstat
settle
# What redis asked back while it took the second load in is gone from zswap.
neighbours=$((others / 4096))
first=$((stored - neighbours))
back=$(moved a b zswpin)

# The ages: so much, and 7 s, between the youngest old entry and the oldest young one.
wait_since "$neighbour_since" $((late + 7))
young_since=$now
push_out "$redis"
store c /proc/vmstat
settle
second=$((stored - first - neighbours))
printf '\n'
row 'first load, put into zswap' "$stored1" 'pages'
row '  asked back by redis meanwhile' "$back" 'pages'
row '  still there' "$first" 'pages'
row 'neighbour' "$neighbours" 'pages'
row 'second load' "$second" 'pages'
printf '\n'
must 'zswpin while redis is stopped' "$(moved b c zswpin)" = 0
must 'zswpout meanwhile' "$(moved b c zswpout)" = "$second" 'second load'
must 'first load' "$first" '>=' $((bytes1 * 9 / 10 / 4096)) '9/10 of its texts'
must 'second load' "$second" '>=' $((bytes2 * 9 / 10 / 4096)) '9/10 of its texts'
must 'neighbour' "$neighbours" '>=' 512 '2 MiB'

section 'WHICH AGE'
say <<TEXT
redis' readers want all of the second load from time to time, and one text in forty of the first,
another one each time. The age buckets show that before one page is written: loaded is what was
asked back from zswap, by the age that it had then. Their edges, 30 seconds to 3 days, are for
real life, so the demo sets edges of a few seconds. One bar a bucket, as long as it has pages in
zswap now.
TEXT
take w
clock
# Between the two ages, when the readers will have waited
age=$(((now - young_since) / 100 + late + 4))
short=$((age / 4))
run "echo 0 $short $((age / 2)) $age $((age * 2)) $((age * 4)) > $debug/age_edges"
run "cat $debug/age_buckets"
CHART_SCALE=$(printf '%s\n' "$said" | awk '$4 + 0 > n { n = $4 } END { print n + 0 }')
# Every entry of redis is older than the lowest age then, and an age is up to 1 s late.
push_since=$now
wait_since "$push_since" $((short + 1))
kill -CONT "$pid"
read_texts 10
stop_redis
store x /proc/vmstat
picture
tally x
asked=$(at x all_old_loaded)
chosen=$age age=$short
tally y
age=$chosen
wanted=$(at y all_old_loaded)
working=$(awk '$1 == "anon" { print $2 / 4096 }' "$redis/memory.stat")
promise=$(percent "$asked" "$first")
printf '\n'
must 'loaded in the picture' "$(drawn loaded)" = "$(moved w x zswpin)" 'zswpin'
must "loaded from ${short}s to ${age}s" $((wanted - asked)) '>=' $((second * 3 / 4)) \
	'3/4 of the second load'
must "loaded from ${age}s on, on node 0" "$(at x node0_old_loaded)" = "$asked" 'all of them'
must 'percent of the first load asked back' "$promise" '<=' 25
printf '\n'
say <<TEXT
Had all that was old enough been on the disk, so many pages would have been read from there,
for the $working pages that redis has in memory now.
TEXT
printf '\n'
row 'age=' "$age" "$short"
row 'pages from the disk' "$asked" "$wanted"
row 'percent of those in memory' "$(percent "$asked" "$working")" "$(percent "$wanted" "$working")"
printf '\n'
say <<TEXT
So it is ${age} seconds. When all that nobody wanted is that old, the second load goes back into
zswap.
TEXT
wait_since "$push_since" $((age + 1))
tally y
first=$(at y node0_old_pages)
old1=$(at y node1_old_pages)
left=$(both y all pages)
clock
young_since=$now
push_out "$redis"
settle
second=$((stored - left))
printf '\n'
must 'all that was left' "$left" = $((first + old1)) "from ${age}s on"

section 'THE POOL BEFORE'
run "cat $debug/stored_pages"
run "cat $debug/pool_total_size"
run "cd /sys/fs/cgroup; grep -E '^zswap(ped)? ' */memory.stat"
printf '\n'
say <<TEXT
A command that asks for more age than anything has writes nothing and says so,
without a look at any entry. How many it left, and where, it counts.
TEXT
take s
run "echo age=1d > $zswap/proactive_writeback"
refused EAGAIN 'Resource temporarily unavailable'
run "cd $zswap; grep . node*/stats/skipped_young"
take a
on0=$(moved s a node0_skipped_young)
on1=$(moved s a node1_skipped_young)
young0=$((on0 - first))
printf '\n'
must 'node 0 and node 1 together' $((on0 + on1)) = "$(at a stored)" 'stored_pages'
must 'node 0' "$on0" '>=' "$first" 'the first load'
must 'node 1' "$on1" '>=' "$neighbours" 'the neighbour'
must 'written' "$(moved s a all_written)" = 0
must 'pswpout in /proc/vmstat' "$(moved s a pswpout)" = 0

# What every command's numbers must be, from taking $1 to taking $2, after it
# wrote $3 pages.
account()
{
	must 'zswpwb in /proc/vmstat' "$(moved "$1" "$2" zswpwb)" = "$3" 'written'
	must 'zswpwb_proactive in /proc/vmstat' \
		"$(moved "$1" "$2" zswpwb_proactive)" = "$3" 'written'
	must "zswpwb_proactive in memory.stat" \
		"$(moved "$1" "$2" redis_zswpwb_proactive)" = "$3" 'written'
	must 'pswpout in /proc/vmstat' "$(moved "$1" "$2" pswpout)" = "$3" 'written'
	must 'pages that reached /dev/vda' \
		$(($(moved "$1" "$2" sectors) / 8)) = "$3" 'written'
	must 'stored_pages' "$(moved "$1" "$2" stored)" = "-$3" '-written'
	must 'released_bytes' "$(moved "$1" "$2" all_released_bytes)" = \
		"$((-$(moved "$1" "$2" redis_zswap)))" 'fall of zswap'
	must "neighbour's zswapped" "$(moved "$1" "$2" neighbour_zswapped)" = 0
	for reason in skipped_busy skipped_protected skipped_gone failed; do
		must "$reason" "$(moved "$1" "$2" all_$reason)" = 0
	done
	must 'scanned' "$(moved "$1" "$2" all_scanned)" = \
		$(($3 + $(moved "$1" "$2" all_skipped_young))) 'written + young'

	printf '\n'
	row '' before 'after      moved'
	for key in current pool MemFree SwapCached requests; do
		case $key in
		current) name='memory.current of redis (bytes)' ;;
		pool) name='pool_total_size (bytes)' ;;
		requests) name='write requests to /dev/vda' ;;
		*) name="$key (kB)" ;;
		esac
		row "$name" "$(at "$1" $key)" "$(printf '%-10s %s' \
			"$(at "$2" $key)" "$(moved "$1" "$2" $key)")"
	done
	printf '\n'
	# The CPUs charge up to 64 pages ahead each, and bytes in whole pages.
	off=$(($(moved "$1" "$2" all_released_bytes) + $(moved "$1" "$2" current)))
	must 'memory.current fell otherwise by' "${off#-}" '<=' 1048576 '1 MiB'
	must 'rise of SwapCached (kB)' "$(moved "$1" "$2" SwapCached)" '<=' 0
}

section 'BY AGE AND NODE'
take a
clock
say <<TEXT
The first load has been in zswap for $(((now - old_since) / 100)) seconds, the neighbour for $(((now - neighbour_since) / 100)), the
second load for $(((now - young_since) / 100)) at most.
TEXT
picture
tally a
printf '\n'
must_agree a
must 'bytes in the table' "$(both a all bytes)" = \
	$(($(at a redis_zswap) + $(at a neighbour_zswap))) "memory.stat's zswap"
must 'node 0 in its table' "$(both a node0 pages)" = "$on0" 'left above'
must 'node 1 in its table' "$(both a node1 pages)" = "$on1" 'left above'
must "node 0's pages from ${age}s on" "$(at a node0_old_pages)" = "$first" 'first load'
must "node 1's pages from ${age}s on" "$(at a node1_old_pages)" = "$old1" "neighbour's, and some"
printf '\n'
say <<TEXT
Old enough and on node 0 is the first load alone, so it is what goes. Every counter must tell the
same number of pages. When the command returns they have left memory as well:
memory.current falls by the compressed bytes released, give or take what the
CPUs hold in reserve, and nothing stays behind in the swap cache.
TEXT
run "echo \"age=$age node=0\" > $zswap/proactive_writeback"
clock
took=$status
take b
written=$(moved a b node0_written)
printf '\n'
must 'exit status of the shell' "$took" = 0
must 'age of the second load (0.01 s)' $((now - young_since)) '<=' $((age * 100)) \
	'age asked for'
must 'written' "$written" = "$first" 'the first load'
must 'skipped_young on node 0' "$(moved a b node0_skipped_young)" = "$young0" \
	'second load there'
must 'scanned on node 1' "$(moved a b node1_scanned)" = 0
account a b "$written"
released=$(moved a b all_released_bytes)
# Pages that the pool shares with entries that stay, and what the CPUs hold back.
must 'fall of pool_total_size' "$((-$(moved a b pool)))" '>=' \
	$((released * 3 / 4)) '3/4 of released'
must 'rise of MemFree (kB)' "$(moved a b MemFree)" '>=' \
	$((released * 2 / 3 / 1024)) '2/3 of released'
requests=$(moved a b requests)
[ "$requests" -gt 0 ] || die "no write request reached /dev/vda"
must 'pages per write request' $((written / requests)) '>=' 8

printf '\n'
say <<TEXT
In the picture the bar is as much shorter, and what was written stands beside the
bucket from which it went.
TEXT
picture
tally b
printf '\n'
must_agree b
must "node 0's pages from ${age}s on" "$(at b node0_old_pages)" = 0
must "all pages from ${age}s on" "$(at b all_old_pages)" = "$old1" 'those of node 1'
must "written from ${age}s on" "$(at b all_old_written)" = "$written" 'written'
must 'written from the younger ones' "$(at b all_young_written)" = 0

section 'BY CGROUP, WITH A LIMIT'
id=$(stat -c %i "$redis")
say <<TEXT
A cgroup goes by its id, the inode number of its directory. The neighbour's pages are colder,
but out of scope; of redis' pages 2 MiB are written, not one more.
TEXT
run "stat -c %i $redis"
run "echo \"cgroup=$id max=2M\" > $zswap/proactive_writeback"
took=$status
take c
printf '\n'
must 'exit status of the shell' "$took" = 0
must 'written' "$(moved b c all_written)" = 512 '2 MiB'
account b c 512

section 'A TYPING ERROR'
say <<TEXT
A command that is not understood is refused as a whole, and changes nothing.
TEXT
counted=$(counters)
run "echo \"age=$age nod=0\" > $zswap/proactive_writeback"
refused EINVAL 'Invalid argument'
[ "$counted" = "$(counters)" ] && same=1 || same=0
must 'all counters as before' "$same" = 1 yes

section COUNTERS
run "cd $zswap; grep . stats/*"
run "cd $zswap; grep . node*/stats/scanned node*/stats/written"
take d
printf '\n'
must 'commands' "$(moved s d all_commands)" = 3 'those not refused'
for part in all node0 node1; do
	sum=$(at d ${part}_written)
	for reason in skipped_young skipped_busy skipped_protected \
		skipped_gone failed; do
		sum=$((sum + $(at d "${part}_$reason")))
	done
	must "scanned, $part" "$(at d "${part}_scanned")" = "$sum" \
		'its parts'
done
for counter in scanned written released_bytes skipped_young; do
	sum=0
	for dir in "$zswap"/node[0-9]*; do
		sum=$((sum + $(at d "${dir##*/}_$counter")))
	done
	must "$counter" "$(at d all_$counter)" = $sum "the nodes' sum"
done

section 'WHAT CAME BACK'
say <<TEXT
redis goes on, and its readers with it. So was ${age}s a good age? What stayed is found in zswap;
of what went, little is read from the disk, as loaded had promised: the refault rate is what
came back of what was written. The second command set no age, and took of the second load.
TEXT
kill -CONT "$pid"
read_texts 20
stop_redis
take e
picture
tally e
refaulted=$(at e all_old_refaulted)
printf '\n'
must_agree e
must 'found in zswap, pages' "$(moved d e zswpin)" '>=' $((second * 3 / 4)) \
	'3/4 of the second load'
must 'read from the disk, pages' "$(moved d e pswpin)" '>=' 1
must 'refaulted' "$(moved d e all_refaulted)" = "$(moved d e pswpin)" 'read from the disk'
must 'zswpwb_refault in /proc/vmstat' "$(moved d e zswpwb_refault)" = \
	"$(moved d e all_refaulted)" 'refaulted'
must 'zswpwb_refault in memory.stat' "$(moved d e redis_zswpwb_refault)" = \
	"$(moved d e all_refaulted)" 'refaulted'
must "percent back, age=$age" "$(percent "$refaulted" "$written")" '<=' \
	$((2 * promise + 2)) 'twice what was promised'

section 'TOO YOUNG'
say <<TEXT
Now the same readers, but an operator who is greedier. The second load goes into zswap again,
and ${short} seconds later out of it.
TEXT
push_out "$redis"
clock
again_since=$now
take f
wait_since "$again_since" $((short + 1))
run "echo \"age=$short cgroup=$id\" > $zswap/proactive_writeback"
took=$status
take g
greedy=$(moved f g all_written)
printf '\n'
must 'exit status of the shell' "$took" = 0
must 'written' "$greedy" = $(($(at f redis_zswapped) / 4096)) "all of redis'"
must 'released_bytes' "$(moved f g all_released_bytes)" = "$(at f redis_zswap)" "all of redis'"
printf '\n'
say <<TEXT
The readers want the second load once more.
TEXT
kill -CONT "$pid"
run "redis-cli -s $socket < load2.get | cmp - load2.expect && echo same"
compared 'load 2'
stop_redis
take h
picture
tally h
returned=$(moved g h all_refaulted)
printf '\n'
must_agree h
must 'read from the disk, pages' "$(moved g h pswpin)" '>=' "$returned" 'refaulted'
must "percent back, age=$short" "$(percent "$returned" "$greedy")" '>=' 75
must "more were back from age=$age" $(($(at h all_old_refaulted) - refaulted)) '<=' \
	$((written / 20)) '1/20 of its pages'
printf '\n'
row 'age=' "$age" "$short"
row 'pages written' "$written" "$greedy"
row 'bytes of memory given back' "$released" "$(moved f g all_released_bytes)"
row 'pages that had to be read again' "$refaulted" "$returned"
row 'percent' "$(percent "$refaulted" "$written")" "$(percent "$returned" "$greedy")"
printf '\n'
say <<TEXT
A bucket whose rate is low has an age from which writing pays; one that reads back most
of what was written is younger than the time after which its pages are wanted again.
TEXT

section 'READING BACK'
say <<TEXT
In the end redis hands out every text, the first load from the disk.
TEXT
# From here on read neighbours, too.
echo 3 >/proc/sys/vm/page-cluster
kill -CONT "$pid"
for load in 1 2; do
	run "redis-cli -s $socket < load$load.get | cmp - load$load.expect && echo same"
	compared "load $load"
done
run "head -c 3145728 load2.expect | cmp - /tmp/texts && echo same"
compared neighbour
must 'values in redis' "$(redis_cli dbsize)" = $((files1 + files2)) 'the files'
stop_redis
take i
must 'refaulted' "$(moved a i all_refaulted)" '>=' $((written / 2)) 'half of the written'
must 'refaulted' "$(moved a i all_refaulted)" '<=' "$(moved a i all_written)" 'written'

section 'WHAT IS LEFT'
say <<TEXT
redis is killed. What it has on the disk and never asked for is dropped unread, and the account is closed.
TEXT
rest=$(($(moved a i all_written) - $(moved a i all_refaulted) - $(moved a i all_dropped)))
kill -KILL "$pid"
wait "$pid" 2>/dev/null
pid=
# The log is redis' as well, and in swap.
run "rm /tmp/texts /tmp/redis.log; tail -n 1 /proc/swaps"
take j
picture
printf '\n'
must_agree j
must 'stored_pages' "$(at j stored)" = 0
# A page that is in memory may keep its slot.
must 'kB of swap in use' "$(awk 'NR > 1 { print $4 }' /proc/swaps)" = \
	"$(at j SwapCached)" 'SwapCached'
must 'dropped now' "$(moved i j all_dropped)" '>=' 1
must 'dropped now' "$(moved i j all_dropped)" = "$rest" 'what was on the disk'
must 'refaulted + dropped' \
	$(($(moved a j all_refaulted) + $(moved a j all_dropped))) = \
	"$(moved a j all_written)" 'written'
for counter in refaulted dropped; do
	must "$counter, node 0 and node 1" \
		$(($(moved a j node0_$counter) + $(moved a j node1_$counter))) = \
		"$(moved a j all_$counter)" 'the whole'
done
run "echo default > $debug/age_edges; cat $debug/age_edges"
printf '\n'
[ "$said" = '0 30 60 120 300 900 1800 3600 10800 21600 43200 86400 259200' ] &&
	same=1 || same=0
must 'edges as they were' "$same" = 1 yes
tally j
for counter in loaded written refaulted dropped; do
	must "$counter in the table" "$(both j all $counter)" = 0 'a new beginning'
done

report_result
