#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# golden.sh DIR [--update]: what DIR/zswapctl says of recorded trees, compared with what it
# said when somebody had read it.  TAP.  --update writes down what it says now; read the
# difference before you commit it.

# Functions that are called by name, which shellcheck does not see.
# shellcheck disable=SC2317,SC2329
set -u
export LC_ALL=C TERM=dumb
unset COLUMNS NO_COLOR
here=$(cd "$(dirname "$0")" && pwd)
. "$here/tap.sh"
[ $# -ge 1 ] || {
	echo "usage: $0 DIR [--update]" >&2
	exit 2
}
zswapctl=$(cd "$1" && pwd)/zswapctl
update=${2:-}
tap_workdir

for tree in busy nothing nofeature nodebugfs nobuckets never broken large loaded; do
	cp -r "$here/trees/busy" $tree
done
# a kernel without zswap
rm -r nothing/sys/kernel/mm nothing/sys/kernel/debug/zswap nothing/sys/module
# one without CONFIG_ZSWAP_WB
rm -r nofeature/sys/kernel/mm nofeature/sys/kernel/debug/zswap/node* \
	nofeature/sys/kernel/debug/zswap/age_* nofeature/sys/kernel/debug/zswap/writeback
# debugfs=off
rm -r nodebugfs/sys/kernel/debug/zswap
# one without CONFIG_ZSWAP_WB_DEBUGFS
rm -r nobuckets/sys/kernel/debug/zswap/node* nobuckets/sys/kernel/debug/zswap/age_* \
	nobuckets/sys/kernel/debug/zswap/writeback
# zswap was never enabled
rm -r never/sys/kernel/debug/zswap
mkdir never/sys/kernel/debug/bdi
echo N >never/sys/module/zswap/parameters/enabled
for file in never/sys/kernel/mm/zswap/stats/* never/sys/kernel/mm/zswap/node*/stats/*; do
	echo 0 >"$file"
done
# a table that was cut off in the middle of a record
for file in age_buckets node1/age_buckets; do
	head -c 100 busy/sys/kernel/debug/zswap/$file >broken/sys/kernel/debug/zswap/$file
done
# and nodes that lack a file
rm broken/sys/kernel/mm/zswap/node?/stats/dropped
# one of whose nodes has no counters
cp -r busy nostats
rm -r nostats/sys/kernel/mm/zswap/node0/stats
# one that counts loads
debugfs=loaded/sys/kernel/debug/zswap
for file in "$debugfs"/age_buckets "$debugfs"/node*/age_buckets; do
	awk '{ $7 = (NR == 1 ? "loaded " : (5 - $1) * 7 " ") $7 } 1' "$file" >table
	mv table "$file"
done
file=$debugfs/age_buckets_cgroup
awk '{ $9 = (NR == 1 ? "loaded " : $3 + 1 " ") $9 } 1
	END { print "149 0 5 80 inf 0 0 0 77 /system.slice/redis.service" }' "$file" >table
mv table "$file"
# and reads back, and writes images; busy is one that does not
for dir in loaded/sys/kernel/mm/zswap/stats loaded/sys/kernel/mm/zswap/node0/stats; do
	echo 50 >$dir/readback
	echo 64 >$dir/on_disk
	echo 300000 >$dir/disk_bytes
	echo 1 >$dir/corrupted
done
for file in readback on_disk disk_bytes corrupted; do
	echo 0 >loaded/sys/kernel/mm/zswap/node1/stats/$file
done
echo 1 >loaded/sys/kernel/mm/zswap/compressed_writeback
: >loaded/sys/kernel/mm/zswap/proactive_readback
# one where much is wrong: a full pool, zram, a protected cgroup, stalls, failures
cp -r loaded sick
echo 190000000 >sick/sys/kernel/debug/zswap/pool_total_size
echo 7 >sick/sys/kernel/debug/zswap/pool_limit_hit
echo 8 >sick/sys/kernel/debug/zswap/reject_compress_poor
echo Y >sick/sys/module/zswap/parameters/shrinker_enabled
printf 'Filename Type Size Used Priority\n/dev/zram0 partition 1000 10 5\n' >sick/proc/swaps
printf '/dev/sda2 partition 1000 950 4\n/swap\\040file file 1000 0 3\n' >>sick/proc/swaps
printf '/dev/sdb partition 1000 0 2\n/dev/sdc partition 1000 0 2\n' >>sick/proc/swaps
mkdir -p sick/sys/class/block/sdb/queue sick/sys/class/block/sdc/queue sick/sys/kernel/security
echo 1 >sick/sys/class/block/sdb/queue/rotational
echo 0 >sick/sys/class/block/sdc/queue/discard_max_bytes
echo 'none [integrity] confidentiality' >sick/sys/kernel/security/lockdown
echo 0 >sick/sys/fs/cgroup/user.slice/memory.zswap.writeback
echo 'some avg10=34.56 avg60=0.00 avg300=0.00 total=1' >sick/proc/pressure/memory
rm sick/proc/pressure/io
sed -i 's/^anon .*/anon 50000000/' sick/sys/fs/cgroup/user.slice/memory.stat \
	sick/sys/fs/cgroup/user.slice/user-1000.slice/memory.stat
mkdir -p sick/sys/dev/block/8:2 sick/sys/dev/block/8:0/queue sick/proc/self
mkdir -p sick/sys/class/block/sdd/queue
echo '/home/btrfs/file file 1000 0 1' >>sick/proc/swaps
echo 1 >sick/sys/dev/block/8:0/queue/rotational
# of a partition, "8:2/.." is the disk where /sys is not a copy
mkdir sick/sys/dev/block/queue
echo 0 >sick/sys/dev/block/queue/discard_max_bytes
echo 1 >sick/sys/class/block/sdd/queue/rotational
printf '%s\n' '25 1 8:0 / /swap rw - ext4 /dev/sda rw' '21 1 8:2 / / rw shared:1 - ext4 /dev/sda2 rw' \
	'30 1 0:25 / /home rw - tmpfs none rw' '31 30 0:35 /@ /home/btrfs rw shared:2 - btrfs /dev/sdd rw' \
	>sick/proc/self/mountinfo
echo 'BOOT_IMAGE=/boot/vmlinuz zswap.compressor=lz4 zswap.enabled=1 zswap.compressor=zstd quiet' \
	>sick/proc/cmdline
# one of which little can be known, and nothing bad
cp -r busy unsure
echo maybe >unsure/sys/module/zswap/parameters/enabled
echo many >unsure/sys/kernel/debug/zswap/pool_total_size
rm unsure/proc/swaps unsure/sys/kernel/debug/zswap/pool_limit_hit unsure/sys/kernel/debug/zswap/reject_*
# two units of one name
cp -r busy twins
mkdir twins/sys/fs/cgroup/user.slice/redis.service
echo 150 >twins/sys/fs/cgroup/user.slice/redis.service/.inode
# cgroup2 is not where it usually is, or is without the memory controller
for tree in v1 hybrid elsewhere nomemory; do
	cp -r busy $tree
	rm $tree/sys/fs/cgroup/cgroup.controllers
done
mkdir v1/sys/fs/cgroup/memory hybrid/sys/fs/cgroup/unified
echo 0 >v1/sys/fs/cgroup/memory/memory.usage_in_bytes
rm -r elsewhere/sys/fs/cgroup/*.slice
echo cpu memory.x pids >nomemory/sys/fs/cgroup/cgroup.controllers
# a cgroup namespace: what is seen as the root is system.slice
cp -r busy container
rm -r container/sys/fs/cgroup
mv busy/sys/fs/cgroup/system.slice container/sys/fs/cgroup
cp busy/sys/fs/cgroup/cgroup.controllers container/sys/fs/cgroup
cp -r container/sys/fs/cgroup busy/sys/fs/cgroup/system.slice
# two pods whose names differ at their ends only
cp -r busy pods
pods=/kubepods.slice/kubepods-burstable.slice
rm -r pods/sys/fs/cgroup/*.slice
for pod in 1 2; do
	path=$pods/kubepods-burstable-pod0aaaaaaaa$pod.slice
	mkdir -p pods/sys/fs/cgroup$path
	echo 30$pod >pods/sys/fs/cgroup$path/.inode
	echo 'anon 50000000' >pods/sys/fs/cgroup$path/memory.stat
	echo "30$pod 0 1 5 10 1000 409600 0 $path"
done >table
{
	sed 1q busy/sys/kernel/debug/zswap/age_buckets_cgroup
	cat table
} >pods/sys/kernel/debug/zswap/age_buckets_cgroup
# pages of 64K
cp -r busy pages64
echo 65536 >pages64/.page_size
# a large machine: 64G of memory, 96G of pages in 12.3G
echo 'MemTotal: 67108864 kB' >large/proc/meminfo
echo 25165824 >large/sys/kernel/debug/zswap/stored_pages
echo 13207024435 >large/sys/kernel/debug/zswap/pool_total_size
echo zstd >large/sys/module/zswap/parameters/compressor
for file in written=30000000 refaulted=3000000 dropped=25000000; do
	echo ${file#*=} >large/sys/kernel/mm/zswap/stats/${file%=*}
done

while read -r name tree arguments; do
	case $name in '#'* | '') continue ;; esac
	{
		echo "\$ zswapctl --root $tree $arguments"
		# Words on purpose.
		# shellcheck disable=SC2086
		leaks "$zswapctl" --root $tree $arguments 2>err </dev/null
		status=$?
		echo "-- stderr"
		[ ! -s err ] || cat err
		echo "-- exit status $status"
	} >now
	case "$status $arguments " in
	'0 '*' --json '*)
		if command -v python3 >/dev/null; then
			sed '1d; /^-- stderr$/,$d' now >out
			check "$name: JSON" python3 -m json.tool out /dev/null
		else
			skip "$name: JSON" 'no python3'
		fi ;;
	esac
	[ -z "$update" ] || cp now "$here/golden/$name"
	check "$name" diff -u "$here/golden/$name" now
done <"$here/golden.list"
sed -n 's/^\([a-z][^ ]*\) .*/\1/p' "$here/golden.list" | sort >listed
find "$here/golden" -type f | sed 's,.*/,,' | sort >there
check 'all of golden is in golden.list' diff listed there

# Each subcommand says why it knows nothing of cgroups: refuses TREE REASON COMMAND...
refuses()
{
	tree=$1 reason=$2
	shift 2
	leaks "$zswapctl" --root "$tree" "$@" >out 2>err
	status=$?
	cat err
	[ "$status" -eq 3 ] && grep -q "not supported: $reason" err
}
while read -r tree reason; do
	for command in 'ages --tree' 'ages -c redis' 'ages -c /system.slice' 'top --iterations 1' plan \
		'plan -c redis' 'writeback --age 1h -c redis' 'readback -c redis' daemon 'metrics --cgroups'; do
		# shellcheck disable=SC2086 # words
		check "$tree: $command" refuses $tree "$reason" $command
		case $command in
		'ages --tree' | top* | plan)
			check "$tree: $command says of what" grep -q '^zswapctl: the cgroups in zswap: ' err ;;
		esac
	done
	"$zswapctl" --root "$tree" metrics --cgroups >out 2>/dev/null
	check "$tree: metrics tell the rest" grep -q zswap_stored_pages out
	"$zswapctl" --root "$tree" doctor >out 2>&1
	check "$tree: doctor" grep -q "^bad *cgroups: not supported: $reason" out
	for command in status ages; do
		check "$tree: $command" "$zswapctl" --root "$tree" "$command"
	done
done <<TREES
v1 the memory controller is on cgroup v1
hybrid cgroup2 is at /sys/fs/cgroup/unified, not
elsewhere cgroup2 is not mounted at
nomemory cgroup2 at /sys/fs/cgroup is without the memory
TREES

# Whoever needs the feature is told which package has it: names_package TREE COMMAND...
names_package()
{
	tree=$1
	shift
	leaks "$zswapctl" --root "$tree" "$@" >out 2>err
	status=$?
	cat err
	[ "$status" -eq 3 ] && grep -q '^zswapctl: .*, install a linux-image-[*]-zswapwb[*] package' err
}
cp -r nofeature neither
rm -r neither/sys/kernel/debug
for tree in nothing nofeature neither; do
	for command in ages 'ages --tree' 'ages --json' 'ages -c redis' 'top --iterations 1' plan 'record --file new' \
		'writeback --age 1h' 'readback -c redis' daemon; do
		# shellcheck disable=SC2086 # words
		check "$tree: $command says what to install" names_package "$tree" $command
	done
	"$zswapctl" --root "$tree" doctor >out
	check "$tree: doctor says what to install" grep -q '^bad .*(fix: install a linux-image-[*]-zswapwb[*] package' out
done

# doctor: a pool that was full and is not yet below the accept threshold, failed writes, a namespace
cp -r busy stuck
echo 5 >stuck/sys/kernel/debug/zswap/pool_limit_hit
echo 110000000 >stuck/sys/kernel/debug/zswap/pool_total_size
echo 50 >stuck/sys/module/zswap/parameters/accept_threshold_percent
echo 3 >stuck/sys/kernel/mm/zswap/stats/failed
"$zswapctl" --root stuck doctor >out
check 'doctor: a pool that takes no pages' grep -q '^bad *pool: .* takes no pages until below 50 %' out
check 'doctor: failed writes' grep -q '^note *writes: 3 pages could not be written' out
"$zswapctl" --root container doctor >out
check 'doctor: a namespace' grep -q '^note *namespace: 1 cgroups outside of this .*(fix: .* host' out

cp -r busy nolimit
echo much >nolimit/sys/module/zswap/parameters/max_pool_percent
"$zswapctl" --root nolimit doctor >out
check 'doctor: no limit of the pool' grep -q '^unknown pool: invalid content (fix: ' out
echo 0 >nolimit/sys/module/zswap/parameters/max_pool_percent
"$zswapctl" --root nolimit doctor >out
check 'doctor: a limit of 0' grep -q '^bad *pool: .* of 0B: .*(fix: .*max_pool_percent)$' out

# unmended TREE: what is not well has a fix, or a reason why there is none
unmended()
{
	"$zswapctl" --root "$1" doctor >out
	[ -s out ] && silent grep -v '^ok \|(fix: .*)$' out
}
for tree in busy nothing nofeature nodebugfs nobuckets never broken large loaded nostats sick unsure \
	v1 hybrid elsewhere nomemory container nolimit; do
	check "doctor of $tree: a fix for each" unmended $tree
done

# doctor: the compressor that was asked for is the one that is used, or there is none
cp -r busy asked
echo 'zswap.compressor=lz4 zswap.compressor=lzo' >asked/proc/cmdline
"$zswapctl" --root asked doctor >out
check 'doctor: no word of a compressor as it was asked for' silent grep compressor: out
echo >asked/sys/module/zswap/parameters/compressor
"$zswapctl" --root asked doctor >out
check 'doctor: no compressor' grep -q '^bad *compressor: none: zswap has no pool, .*(fix: echo NAME >' out

# doctor DENIED...: without the right to read these; its exit status is the last line
doctor_denied()
{
	for path; do
		set -- "$@" -P "/sys/kernel/debug/zswap/$path"
		shift
	done
	strace -f -o trace "$@" -e trace=openat2 \
		-e inject=openat2:error=EACCES "$zswapctl" --root busy doctor >out
	echo $? >>out
}
if strace -f -o trace true 2>/dev/null; then
	doctor_denied age_buckets age_buckets_cgroup pool_total_size
	check 'doctor: what root alone may read is unknown, not bad' [ "$(grep -c '^unknown' out)" -eq 3 ]
	check 'doctor: as root it is known' grep -q '^unknown ages: permission denied.*(fix: as root of the host)$' out
	check 'doctor: and that is neither well nor bad' [ "$(tail -n 1 out)" -eq 6 ]
else
	echo '# no strace: nobody is denied anything'
fi

"$zswapctl" --root sick top --iterations 1 --raw -o cgroup,writeback >out
check 'top: what is off above is off' grep -qx '/user.slice/user-1000.slice no' out

# One that was removed has the name of another: each series is there once
cp -r busy again
echo '999 0 0 0 5 7 1024 0 /system.slice/redis.service' \
	>>again/sys/kernel/debug/zswap/age_buckets_cgroup
"$zswapctl" --root again metrics --cgroups >out 2>/dev/null
"$zswapctl" --root busy metrics --cgroups >usual 2>/dev/null
# sum FILE: pages of redis; no line if the series is there twice
sum()
{
	sed -n 's/^zswap_cgroup_pages{cgroup="\/system.slice\/redis.service"} \([0-9]*\)$/\1/p' "$1"
}
check 'metrics: two cgroups of a name are one' [ "$(sum out)" = $(($(sum usual) + 7)) ]

# A counter that goes on: it is there before and after each of the looks
grows()
{
	"$zswapctl" --root growing doctor >grows.out
	cat grows.out
	grep -q '^bad *rejected: .*LIMIT-HIT [0-9]* and growing' grows.out
}
cp -r busy growing
file=growing/sys/kernel/debug/zswap/pool_limit_hit
(
	nr=1
	until [ -e grown ]; do
		echo $nr >next
		mv next $file
		nr=$((nr + 1))
		sleep 0.05
	done
) &
# On a busy machine nothing may have happened between its two looks
seen_to_grow()
{
	for try in $(seq 20); do
		echo "try $try:"
		grows && return 0
	done
	return 1
}
check 'doctor: what grows' seen_to_grow
: >grown
wait

# fits TREE: 80 columns, as a terminal has
fits()
{
	"$zswapctl" --root "$1" status | awk 'length > 80 { bad = 1 } END { exit bad || !NR }'
}
for tree in busy large loaded; do
	check "status of $tree fits a terminal" fits $tree
done

# On a terminal, columns that would not fit are left out, and sentences go on below: narrow TREE
# WIDTH COMMAND...
narrow()
{
	tree=$1 width=$2
	shift 2
	script -qec "stty cols ${cols:-$width} rows 50; COLUMNS=$width $zswapctl --root $tree $*" /dev/null </dev/null |
		tr -d '\r' >narrow.out
	[ -s narrow.out ] && awk -v width="$width" 'length > width { bad = 1 } END { exit bad }' narrow.out
}
# headings WIDTH COMMAND: each stands alone, and there is something below; it fits
headings()
{
	narrow busy "$1" "$2 2>/dev/null" && [ "$(wc -l <narrow.out)" -ge 3 ] || return 1
	# shellcheck disable=SC2086 # words
	"$zswapctl" --root busy $2 --raw --output-all 2>/dev/null | head -n 1 | tr ' ' '\n' >known
	! head -n 1 narrow.out | grep -o '[^ ]*' | grep -vxFf known || {
		cat narrow.out
		return 1
	}
}
"$zswapctl" --root busy daemon --ticks 3 --state state >/dev/null
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	for width in 40 80; do
		for command in 'status -N' 'plan --target-bytes 1M'; do
			check "$command fits $width columns" narrow busy $width "$command"
		done
		# These fit as well; what is said below is that of others
		for command in 'ages' 'ages --tree' 'plan --target-bytes 1M' "daemon --status --state $workdir/state"; do
			check "$command: headings in $width columns" headings $width "$command"
		done
		check "top fits $width columns" narrow busy $width top --iterations 1
		cols=0
		check "top fits $width columns of COLUMNS" narrow busy $width top --iterations 1
		unset cols
		for tree in sick loaded; do
			for command in status doctor; do
				check "$command of $tree fits $width columns" narrow $tree $width $command
			done
		done
	done
	for command in 'top --iterations 1' 'plan --min-age 0 -T 100%/min' 'ages --tree'; do
		narrow pods 40 "$command"
		check "$command: siblings can be told in 40 columns" \
			[ "$(grep -o '[0-9a-z-]*aaaaaaa[12][.]slice' narrow.out | sort -u | wc -l)" -eq 2 ]
	done
	narrow busy 80 plan --target-bytes 1M
	check 'a cgroup can still be told when it does' grep -q red narrow.out
	narrow sick 40 doctor
	"$zswapctl" --root sick doctor >wide.out
	check 'and all of it is there' [ "$(tr -d ' \n' <narrow.out)" = "$(tr -d ' \n' <wide.out)" ]
	script -qec "stty cols 80 rows 50; TERM=vt100 $zswapctl --root container top --iterations 1 --delay 1" \
		/dev/null </dev/null >narrow.out
	check 'top on a terminal says what a namespace hides' grep -q '1 outside of this namespace' narrow.out
else
	skip 'tables fit a terminal' 'no script'
fi

# A recording has the page size of where it was made: capture.sh on a machine with 64K
mkdir bin
printf '#!/bin/sh\necho 65536\n' >bin/getconf
# which is all that is looked at
printf '#!/bin/sh\n' >bin/find
chmod +x bin/getconf bin/find
PATH=$workdir/bin:$PATH "$here/capture.sh" captured 2>/dev/null
check 'capture.sh records the page size' grep -qx 65536 captured/.page_size
rm -rf captured

# A path that --raw printed is one that -c takes, whatever is in it
mkdir odd
cp -r busy/sys busy/proc odd
rm -r odd/sys/fs/cgroup/*.slice
byte=$(printf 'caf\351')
{
	echo 'cgroup node bucket min_age max_age pages bytes incompressible path'
	id=301
	for name in 'dev-disk\x2dby.slice' 'two words.slice' "$byte.slice"; do
		mkdir "odd/sys/fs/cgroup/$name"
		echo $id >"odd/sys/fs/cgroup/$name/.inode"
		printf '%s 0 0 0 5 %s 1024 0 /%s\n' $id $id "$name"
		id=$((id + 1))
	done
} >odd/sys/kernel/debug/zswap/age_buckets_cgroup
fed_back()
{
	"$zswapctl" --root odd "$@" --raw --noheadings -o cgroup,pages >paths || return 1
	# What is taken does not depend on who printed it
	sort paths >sorted
	! cmp -s sorted "taken-$LC_ALL" || return 0
	nr=0
	while read -r path pages; do
		[ "$path" != / ] || continue
		"$zswapctl" --root odd ages -c "$path" --raw --noheadings -o pages >got || return 1
		[ "$(head -n 1 got)" = "$pages" ] || {
			echo "$path: $(head -n 1 got), not $pages"
			return 1
		}
		"$zswapctl" --root odd plan --target-bytes 1 -c "$path" --raw --noheadings -o cgroup,pages >got || return 1
		grep -qxF "$path $pages" got || {
			echo "plan: $path $pages is not $(cat got)"
			return 1
		}
		nr=$((nr + 1))
	done <paths
	[ "$nr" -eq 3 ] && mv sorted "taken-$LC_ALL"
}
for locale in C C.UTF-8; do
	for command in 'ages --tree' 'top --iterations 1' 'plan --target-bytes 2K'; do
		export LC_ALL=$locale
		# shellcheck disable=SC2086 # words
		check "$locale: the paths of $command --raw can be fed back" fed_back $command
		export LC_ALL=C
	done
done

# metrics --file: zswap.prom, by zswap.prom.new
mkdir prom
metrics()
{
	"$zswapctl" --root busy metrics --file prom/zswap.prom 2>/dev/null
}

# only NAME...: these are in the directory, and nothing else
only()
{
	[ "$(ls prom)" = "$(printf '%s\n' "$@")" ]
}
"$zswapctl" --root busy metrics >whole
# Prometheus' format: it is a counter's whole name that is told about
awk '$2 == "UNIT" || $2 == "EOF" { next }
	$2 == "TYPE" { end = $4 == "counter" ? "_total" : "" }
	$1 == "#" { $3 = $3 end }
	{ print }' whole >whole.prom
# longer than the new text, as a killed run may leave it
cat whole whole >prom/zswap.prom.new
check 'metrics --file' metrics
check 'metrics --file: the same as on standard output, as Prometheus reads it' cmp -s whole.prom prom/zswap.prom
check 'metrics --file: takes what a killed run left' only zswap.prom
echo precious >other
ln -s ../other prom/zswap.prom.new
metrics
check 'metrics --file: follows no link' [ $? -eq 1 ]
check 'metrics --file: what the link is to stays' grep -qx precious other
rm -r prom
mkdir -p prom/zswap.prom/full
metrics
check 'metrics --file: a directory is no file' [ $? -eq 1 ]
check 'metrics --file: leaves nothing when it fails' only zswap.prom
rm -r prom
"$zswapctl" --root busy metrics --file - 2>/dev/null | cmp -s - whole
check 'metrics --file -: standard output' [ $? -eq 0 ]
mkfifo pipe
cat pipe >piped &
"$zswapctl" --root busy metrics --file pipe 2>/dev/null
wait
check 'metrics --file: what is no file is written into' cmp -s piped whole.prom
check 'and stays what it is' [ -p pipe ]
mkdir prom
if strace -f -o trace -e trace=fsync,rename,renameat,renameat2 \
	"$zswapctl" --root busy metrics --file prom/zswap.prom 2>/dev/null; then
	check 'metrics --file: on disk before it is renamed' [ "$(sed -n \
		's/^[0-9]* *\(fsync\|rename\)[a-z0-9]*(.* = 0$/\1/p' trace | tr '\n' ' ')" = \
		'fsync rename ' ]
else
	echo '# no strace: nobody knows whether metrics --file is on disk before it is renamed'
fi

tap_done
