#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_history.sh DIR: the subcommand record of DIR/zswapctl, on a tree that changes from sample to
# sample, and the file that ages --history reads.  TAP.
#
# What check() is given is called by it.
# shellcheck disable=SC2016,SC2317

set -u
export LC_ALL=C TERM=dumb TZ=UTC
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
. "$(dirname "$0")/tap.sh"
zswapctl=$(cd "$1" && pwd)/zswapctl
tap_workdir

debugfs=tree/sys/kernel/debug/zswap
mkdir -p tree/sys/kernel/mm/zswap tree/sys/module/zswap/parameters $debugfs tree/proc
echo 1000.50 1000.00 >tree/proc/uptime

# ages COLD: so many pages are an hour old
ages()
{
	printf '%s\n' 'bucket min_age max_age pages bytes incompressible' \
		'0 0 3600 7 7000 0' "1 3600 inf $1 5000 0" >$debugfs/age_buckets
}

record()
{
	leaks "$zswapctl" --root tree record "$@"
}

# cold: how many pages were an hour old, from the earliest whole sample on
cold()
{
	head -c $(($(stat -c %s ring) / 1024 * 1024)) ring | sed -nE 's/^\{"nr":([0-9]+),"time":[0-9]+,.*"edges":\[0,3600\],"pages":\[[0-9]+,([0-9]+)\]\} *$/\1 \2/p' |
		sort -n | sed 's/.* //' | tr '\n' ' '
}

# shows FILE [OPTION...]
shows()
{
	file=$1
	shift
	leaks "$zswapctl" ages --history --file "$file" "$@"
}

# status N COMMAND...: does it end so?
status()
{
	want=$1
	shift
	"$@" >out 2>err
	got=$?
	[ "$got" -eq "$want" ] || {
		echo "$got instead of $want"
		return 1
	}
}

for n in 1 2 3; do
	ages $n
	record --file ring --keep 3
done
check 'samples are kept in order' [ "$(cold)" = '1 2 3 ' ]
size=$(stat -c %s ring)
for n in 4 5; do
	ages $n
	record -f ring
done
check 'the newest takes the place of the oldest' [ "$(cold)" = '3 4 5 ' ]
check 'the file does not grow' [ "$(stat -c %s ring)" -eq "$size" ]
check 'the clock of the ages is in it' grep -q '"awake_ms":1000500,"page_size":4096' ring
echo 65536 >tree/.page_size
record -f ring
check 'and the page size' grep -q '"page_size":65536' ring
record -f wide
shows wide >map
check 'which sizes go by' grep -q '^8: 448K, ' map
rm tree/.page_size

# Several at once
rm ring
for n in 1 2 3 4 5 6 7 8; do
	record -f ring &
done
wait
check 'several at once lose nothing' [ "$(cold | wc -w)" -eq 8 ]

# While another has the file
"$zswapctl" --root tree record -f ring
cp ring before
flock -o ring sh -c '"$1" --root tree record -f ring & sleep 0.5; cp ring held' sh "$zswapctl"
wait
check 'one waits for the other' cmp -s before held

# What is half written, or invalid
ages 9
rm ring
for n in 1 2 3; do
	record -f ring
done
printf '{"nr":0,"time":x' | dd of=ring bs=1024 seek=2 conv=notrunc 2>dd.err
shows ring >map 2>err
check 'a broken sample: the others are shown' grep -q '^1h+ 8' map
check 'and it is told' grep -q '1 invalid sample' err
record -f ring
check 'and the next is added behind the last' [ "$(cold)" = '9 9 9 ' ]
truncate -s 3000 ring
shows ring >map 2>err
check 'a file that was cut off: the others are shown' grep -q '^1h+ 8' map
record -f ring
check 'is written on' [ "$(cold)" = '9 9 ' ]
echo precious >other
check 'another file is refused' status 1 record -f other
check 'and stays' grep -qx precious other
ln -s ring link
check 'no link is followed' status 1 record -f link
check 'a directory is none' status 1 record -f tree
check 'a device is none' status 1 record -f /dev/null
check '--root needs a file' status 2 record
check '--keep has a limit' status 2 record -f new --keep 1000000
check 'and makes no file' [ ! -e new ]
check '--keep of a file that is there' status 0 record -f ring --keep 7
check 'says that it stays as it is' grep -qx 'zswapctl: ring: stays one for 1440 samples' err
check 'no such file' status 1 shows new
check 'is said' grep -q 'record has not run yet$' err
for option in --bytes --noheadings --output-all; do
	check "with $option" status 2 shows ring $option
done
check 'another file is no history' status 1 shows other
printf '%-1023s\n' '{"zswapctl":"ages","version":1,"keep":5}' >empty
check 'an empty one' status 5 shows empty
printf '%-1023s\n' '{"zswapctl":"ages","version":2,"keep":5}' >later
check 'another version' status 1 shows later
check 'and it stays' status 1 record -f later
check 'with --cgroup' status 2 shows ring --cgroup x
check 'as JSON it is there already' status 2 shows ring --json
check '--root needs a file here, too' status 2 "$zswapctl" --root tree ages --history
if [ ! -e /var/lib/zswapctl/ages ]; then
	check 'without one it is what record makes' status 1 "$zswapctl" ages --history
	check 'which is told' grep -q /var/lib/zswapctl/ages err
fi
mv $debugfs/age_buckets away
check 'without debugfs' status 3 record -f new
check 'there is no file, either' [ ! -e new ]

# The map: a sample a minute, and a gap of an hour behind the 40th
# sample NR TIME YOUNG OLD
sample()
{
	printf '%-1023s\n' "{\"nr\":$1,\"time\":$2,\"awake_ms\":1,\"page_size\":4096,\"edges\":[0,3600],\"pages\":[$3,$4]}"
}
{
	printf '%-1023s\n' '{"zswapctl":"ages","version":1,"keep":100}'
	for n in $(seq 0 59); do
		# One comes early: two share a column, and the next is empty
		sample "$n" $((1700000040 + n * 60 - (n == 7) * 20 + (n >= 40) * 3600)) $((n < 20 ? 100 : 0)) $((n * 2))
	done
} >ring
shows ring >map
# widths WIDTH: is the map as wide?
widths()
{
	COLUMNS=$1 shows ring | awk -v width="$1" '
		length > width { bad = 1 } /^ *[0-9a-z]+[+] / { if (length > most) most = length }
		END { exit bad || most < width * 3 / 4 }'
}
for width in 40 80 100; do
	check "the map fits $width columns" widths $width
done
check 'the map does not break in 5 columns' status 0 env COLUMNS=5 "$zswapctl" ages --history --file ring
COLUMNS=125 shows ring >map
check 'the map: the oldest at the top' [ "$(head -c 4 map)" = '1h+ ' ]
# A column a minute: 40 samples, 60 of the gap, 20 samples
check 'the map: an early sample leaves no hole, a gap does' grep -qE \
	'^1h[+] [.]1{8}2{8}3{9}4{8}5{6} {60}5{3}6{8}7{8}8$' map
check 'the map: nothing is a dot' grep -qE '^0s[+] 6{20}[.]{20} {60}[.]{20}$' map
check 'the map: from when to when' grep -qE '^ {4}11-14 22:14 {98}11-15 00:13$' map
check 'the map: what the most is' grep -qx '8: 472K, .: none; a column: 1m' map
# The bounds were others at first: a bucket counts where it begins
printf '%-1023s\n' '{"nr":0,"time":1700000040,"awake_ms":1,"page_size":4096,"edges":[0,1800,7200],"pages":[0,50,118]}' |
	dd of=ring bs=1024 seek=1 conv=notrunc 2>dd.err
COLUMNS=125 shows ring >map
check 'the map: other bounds' grep -qE '^1h[+] 81' map
check 'the map: other bounds, younger' grep -qE '^0s[+] 36' map
{
	printf '%-1023s\n' '{"zswapctl":"ages","version":1,"keep":5}'
	sample 0 1700000040 0 0
	sample 1 1700000040 0 100
	sample 2 1700000640 0 100
} >ring
shows ring >map
check 'the map: a column has the mean of its samples' grep -qx '1h+ 48' map
tap_done
