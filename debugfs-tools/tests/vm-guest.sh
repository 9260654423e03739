#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# zswapctl on a running kernel: this is the part in the guest (busybox ash). What it
# says is compared with what the kernel's files say. TAP on stdout.
#
#	vm-guest.sh full|lockdown|nodebugfs

export LC_ALL=C
zswap=/sys/kernel/mm/zswap
debug=/sys/kernel/debug/zswap
cgroups=/sys/fs/cgroup
# shellcheck source=debugfs-tools/tests/tap.sh
. /payload/tap.sh

# same NAME GOT WANT
same()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "got:  $2" "want: $3"
	fi
}

# in NAME TEXT PATTERN: the text has something like that
in_text()
{
	case $2 in
	*$3*) ok "$1" ;;
	*) not_ok "$1" "$3 is not in:" "$2" ;;
	esac
}

# true_that NAME TEST-EXPRESSION...
true_that()
{
	what=$1
	shift
	if [ "$@" ]; then
		ok "$what"
	else
		not_ok "$what" "not so: $*"
	fi
}

# status NAME WANT COMMAND...: its exit status; what it said is in $out and $err
status()
{
	name=$1 want=$2
	shift 2
	"$@" >/tmp/out 2>/tmp/err </dev/null
	got=$?
	out=$(cat /tmp/out) err=$(cat /tmp/err)
	if [ "$got" -eq "$want" ]; then
		ok "$name"
	else
		not_ok "$name" "exit status $got, not $want" "$out" "$err"
	fi
}

value()
{
	cat "$zswap/stats/$1"
}

# Hundredths of a second, since the machine was booted
hundredths()
{
	read -r up _ </proc/uptime
	echo "${up%.*}${up#*.}"
}

# One cell of status, exactly
cell()
{
	zswapctl status --raw --bytes --noheadings --output "$1" 2>/dev/null
}

cd /payload || exit 1
interp=$(cat interp)
mkdir -p "${interp%/*}"
ln -sf "/payload/lib/${interp##*/}" "$interp"
export LD_LIBRARY_PATH=/payload/lib PATH="/payload/bin:$PATH"
echo 'TAP version 13'

mkswap /dev/vda >/dev/null && swapon /dev/vda || exit 1
echo 0 >/proc/sys/vm/page-cluster
echo N >/sys/module/zswap/parameters/shrinker_enabled
echo Y >/sys/module/zswap/parameters/enabled

# fill CGROUP MEGABYTES: a file in a tmpfs, pushed out into zswap
fill()
{
	mkdir -p "$cgroups/$1" "/tmp/${1%/*}"
	sh -c "echo \$\$ >$cgroups/$1/cgroup.procs &&
		yes 'all work and no play $1' | head -c $(($2 * 1048576)) >/tmp/file.$(echo "$1" | tr / .)"
	echo "$(($2 + 1))M" >"$cgroups/$1/memory.reclaim" 2>/dev/null
}
mkdir -p $cgroups/work.slice
echo +memory >$cgroups/work.slice/cgroup.subtree_control
fill work.slice/old.service 4
fill work.slice/idle.service 2
old_since=$(cut -d. -f1 /proc/uptime)
sleep 3
fill young 3
sleep 2.5
old=$(stat -c %i $cgroups/work.slice/old.service)

case $1 in
full) stored=$(cat $debug/stored_pages) ;;
*) stored=0 ;;
esac

# ---- without debugfs, whole or in part ----

if [ "$1" != full ]; then
	status 'status' 0 zswapctl status
	case $1 in
	lockdown) same 'status is quiet when nothing is missing' "$err" '' ;;
	*) in_text 'status says why pages are not known' "$err" debugfs ;;
	esac
	status 'writeback by sysfs' 0 zswapctl writeback --age 0 --max 1M
	same 'it wrote 1 MiB' "$(value written)" 256
	in_text 'writeback tells that others are counted in' "$err" 'all commands did'
	status 'nothing old enough' 5 zswapctl writeback --age 1d
	case $1 in
	lockdown)
		status 'ages can be read when locked down' 0 zswapctl ages
		status 'a dry run cannot be had when locked down' 4 zswapctl writeback --age 0 --dry-run
		in_text 'and says so' "$err" 'locked down'
		;;
	nodebugfs)
		status 'ages without debugfs' 3 zswapctl ages
		in_text 'and says so' "$err" debugfs
		status 'a dry run without debugfs' 3 zswapctl writeback --age 0 --dry-run
		status 'plan without debugfs' 3 zswapctl plan
		status 'top without debugfs' 3 zswapctl top --iterations 1
		status 'daemon without debugfs' 3 zswapctl daemon --once --state /tmp/state
		status 'metrics without debugfs' 3 zswapctl metrics
		in_text 'metrics have the counters' "$out" zswap_
		;;
	esac
	tap_done
fi

# ---- looking ----

status 'status' 0 zswapctl
same 'status is quiet when nothing is missing' "$err" ''
same 'PAGES' "$(cell PAGES)" "$stored"
same 'POOL' "$(cell POOL)" "$(cat $debug/pool_total_size)"
same 'COMPRESSOR' "$(cell COMPRESSOR)" "$(cat /sys/module/zswap/parameters/compressor)"
same 'nodes add up' "$(zswapctl status -N -r -n -o NODE,PAGES | awk '$1 != "all" { n += $2 } END { print n }')" "$stored"
same 'ages add up' "$(zswapctl ages -r -n -o PAGES | awk '{ n += $1 } END { print n }')" "$stored"
same 'ages --node adds up' "$({ zswapctl ages -N 0 -r -n -o PAGES; zswapctl ages -N 1 -r -n -o PAGES; } |
	awk '{ n += $1 } END { print n }')" "$stored"
pages=$(awk -v id="$old" '$1 == id { n += $6 } END { print n + 0 }' $debug/age_buckets_cgroup)
for name in "$old" /work.slice/old.service $cgroups/work.slice/old.service old.service; do
	same "ages of a cgroup as $name" "$(zswapctl ages -c "$name" -r -n -o PAGES |
		awk '{ n += $1 } END { print n }')" "$pages"
done
sleep 1000 &
sleeper=$!
echo $sleeper >$cgroups/work.slice/old.service/cgroup.procs
same 'ages of a cgroup as pid:N' "$(zswapctl ages -c pid:$sleeper -r -n -o PAGES |
	awk '{ n += $1 } END { print n }')" "$pages"
kill $sleeper
status 'no such unit' 2 zswapctl ages -c nothing.service
status 'tree' 0 zswapctl ages --tree --raw --noheadings --output CGROUP,PAGES
sum=$(awk '/work.slice/ { n += $6 } END { print n + 0 }' $debug/age_buckets_cgroup)
in_text 'the tree has sums of subtrees' "$out" "work.slice $sum"
status 'top' 0 zswapctl top --iterations 2 --delay 1 --cold 0
in_text 'top has the cgroup' "$out" old.service
status 'no age within the target' 5 zswapctl plan
in_text 'plan says why' "$out" min-age
status 'plan by bytes' 0 zswapctl plan --target-bytes 16K --raw --noheadings --output CGROUP,AGE
in_text 'plan proposes an age' "$out" old.service
status 'metrics' 0 zswapctl metrics
in_text 'metrics have the pages' "$out" "zswap_stored_pages $stored"
same 'metrics end' "$(printf '%s\n' "$out" | tail -n 1)" '# EOF'
status 'metrics into a file' 0 zswapctl metrics --file /tmp/zswap.prom
in_text 'the file tells what a counter is' "$(cat /tmp/zswap.prom)" '_total counter'
status 'a full disk' 1 sh -c 'zswapctl status >/dev/full'

# ---- without root ----

echo 'nobody:x:65534:65534:nobody:/:/bin/sh' >/etc/passwd
status 'status for nobody' 0 su nobody -s /bin/sh -c "LD_LIBRARY_PATH=$LD_LIBRARY_PATH $(command -v zswapctl) status"
in_text 'status says what needs root' "$err" root
status 'ages for nobody' 4 su nobody -s /bin/sh -c "LD_LIBRARY_PATH=$LD_LIBRARY_PATH $(command -v zswapctl) ages"
status 'writeback for nobody' 4 su nobody -s /bin/sh -c "LD_LIBRARY_PATH=$LD_LIBRARY_PATH $(command -v zswapctl) writeback --age 0"

# ---- writing ----

outcome()
{
	printf '%s\n' "$out" | awk -v what="$1" '$1 == what { print $2 }'
}
raw='--raw --noheadings --output OUTCOME,PAGES'

# shellcheck disable=SC2086 # words
status 'dry run' 0 zswapctl writeback --age 0 --cgroup old.service --dry-run $raw
same 'a dry run counts' "$(outcome written)" "$pages"
same 'and writes nothing' "$(value written)" 0
status 'nothing to do' 5 zswapctl writeback --age 1d
status 'no age and no limit' 2 zswapctl writeback
same 'no command was given' "$(value commands)" 1
# shellcheck disable=SC2086 # words
status 'by cgroup, with a limit' 0 zswapctl writeback --cgroup old.service --max 1M $raw
same 'it wrote 256 pages' "$(outcome written) $(value written)" '256 256'
fill young 3
# Older than this is what was there at the beginning, and younger what came just now.
age=$(($(cut -d. -f1 /proc/uptime) - old_since - 1))
# shellcheck disable=SC2086 # words
status 'by age' 0 zswapctl writeback --age $age $raw
same 'it says what it wrote' "$(outcome written)" "$(($(value written) - 256))"
young=$(awk -v id="$(stat -c %i $cgroups/young)" '$1 == id { n += $6 } END { print n + 0 }' $debug/age_buckets_cgroup)
true_that 'the young ones are there' "$young" -gt 0
echo 0 >$cgroups/young/memory.zswap.writeback
status 'writeback is off' 1 zswapctl writeback --age 0 --cgroup /young
in_text 'and says so' "$err" memory.zswap.writeback
echo 1 >$cgroups/young/memory.zswap.writeback
free=$(awk '/MemFree/ { n += $4 } END { print n * 1024 }' /sys/devices/system/node/node*/meminfo)
status '--until-free what is free' 0 zswapctl writeback --age 0 --until-free $((free / 2))
status '--until-free more than there is' 5 zswapctl writeback --age 0 --until-free 4T
in_text 'and says what is missing' "$err" missing
same 'all is written' "$(cat $debug/stored_pages)" 0

# ---- reading back ----

if [ -e $zswap/proactive_readback ]; then
	fill work.slice/old.service 4
	status 'write, to be read back' 0 zswapctl writeback --age 0 --cgroup old.service
	on_disk=$(value on_disk)
	back=$(value readback)
	# shellcheck disable=SC2086 # words
	status 'read back, with a limit' 0 zswapctl readback --cgroup old.service --max 1M $raw
	same 'it says what it read' "$(outcome readback)" "$(($(value readback) - back))"
	same 'a MiB' "$(($(value readback) - back))" 256
	same 'which is not on the disk any more' "$((on_disk - $(value on_disk)))" 256
	began=$(hundredths)
	status 'the rest, 3 MiB, slowly' 0 zswapctl readback --cgroup old.service --rate 2M
	true_that 'which takes 1.5 s' $(($(hundredths) - began)) -ge 130
	status 'nothing is left' 5 zswapctl readback --cgroup old.service
	began=$(hundredths)
	status 'write 4 MiB slowly' 0 zswapctl writeback --age 0 --cgroup old.service --rate 2M
	true_that 'which takes 2 s' $(($(hundredths) - began)) -ge 180
else
	status 'a kernel that cannot read back' 3 zswapctl readback --max 1M
	in_text 'says so' "$err" 'cannot read back'
fi

# ---- a signal ----

fill young 64
before=$(value written)
zswapctl writeback --age 0 --cgroup /young >/tmp/out 2>/tmp/err &
pid=$!
# without a process for each look, or it is over before the signal comes
now=$before
while [ "$now" = "$before" ] && kill -0 $pid 2>/dev/null; do
	read -r now <$zswap/stats/written
done
# not SIGINT, which the shell has made it ignore
kill -TERM $pid
wait $pid
got=$?
out=$(cat /tmp/out)
if [ $got -eq 0 ]; then
	ok 'a signal ends a command # SKIP too slow, the command was over before it came'
else
	same 'a signal ends a command' $got 130
	same 'and it says what was done' "$(printf '%s\n' "$out" | awk '$1 == "written" { print $2 }')" \
		$(($(value written) - before))
fi

# ---- the daemon ----

cat >/tmp/conf <<CONF
interval = 1
when = always
target-refault = 100%/min
min-age = 1s
max-age = 2s
pressure-memory = 100
pressure-io = 100
wear = unlimited
[cgroup /work.slice/idle.service]
enabled = no
CONF
fill work.slice/old.service 4
fill work.slice/idle.service 2
before=$(value written)
echo 0 1 2 4 >$debug/age_edges
status 'daemon' 0 zswapctl daemon -C /tmp/conf --ticks 16 --state /tmp/state
printf '%s\n' "$out" >/tmp/decisions
wrote=$(sed -n 's/.*"written_bytes": *\([0-9]*\).*/\1/p' /tmp/decisions | awk '{ n += $1 } END { print n + 0 }')
same 'what it says it wrote' "$wrote" $((($(value written) - before) * 4096))
true_that 'it wrote what was cold' "$wrote" -gt 4000000
same 'it let alone what it was told to' "$(awk -v id="$(stat -c %i $cgroups/work.slice/idle.service)" \
	'$1 == id { n += $6 } END { print (n > 500) }' $debug/age_buckets_cgroup)" 1
status 'a restart goes on' 0 zswapctl daemon -C /tmp/conf --once --state /tmp/state
case $out in
*'"observe"'*) not_ok 'it knows what was before' "$out" ;;
*) ok 'it knows what was before' ;;
esac
status 'what it last decided' 0 zswapctl daemon -C /tmp/conf --status --state /tmp/state
in_text 'of each cgroup' "$out" old.service
status 'a bad configuration' 2 sh -c 'echo nonsense = 1 >/tmp/bad; exec zswapctl daemon -C /tmp/bad --once'
echo default >$debug/age_edges

# ---- the daemon, and a cgroup that thaws ----

# await SECONDS COMMAND...: until it succeeds, but no longer than that
# shellcheck disable=SC2317 # it is called by status
await()
{
	deadline=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@"; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt "$deadline" ] || return 1
		sleep 0.1
	done
}

if [ -e $zswap/proactive_readback ]; then
	cgroup=$cgroups/work.slice/old.service
	cat >/tmp/conf <<-CONF
	interval = 60
	when = always
	wear = unlimited
	enabled = no
	[cgroup /work.slice/old.service]
	enabled = yes
	freeze-after = 1s
	min-age = 1h
	CONF
	fill work.slice/old.service 4
	sleep 1000 &
	sleeper=$!
	echo $sleeper >$cgroup/cgroup.procs
	echo 1 >$cgroup/cgroup.freeze
	status 'a cgroup freezes' 0 await 10 grep -q 'frozen 1' $cgroup/cgroup.events
	pages=$(awk -v id="$old" '$1 == id { n += $6 } END { print n + 0 }' $debug/age_buckets_cgroup)
	before=$(value written) on_disk=$(value on_disk)
	# The pages are young: they would stay if they were not frozen
	status 'daemon, with short ticks' 0 zswapctl daemon -C /tmp/conf --interval 1 --ticks 4 --state /tmp/frozen
	true_that 'what is frozen is written' "$pages" -ge 1024
	same 'whole' $(($(value written) - before)) "$pages"

	# From there one goes on whose next tick is a minute away
	back=$(value readback)
	zswapctl daemon -C /tmp/conf --state /tmp/frozen >/tmp/decisions 2>/tmp/err &
	daemon=$!
	began=$(cut -d. -f1 /proc/uptime)
	status 'the daemon watches what is frozen' 0 await 20 grep -rq '^inotify wd' /proc/$daemon/fdinfo
	sleep 1
	same 'and reads nothing back' "$(value readback)" "$back"
	echo 0 >$cgroup/cgroup.freeze
	status 'what thaws is read back at once' 0 await 5 grep -qx "$on_disk" $zswap/stats/on_disk
	true_that 'and not by a tick' $(($(cut -d. -f1 /proc/uptime) - began)) -lt 50
	same 'all of it, and no more' $(($(value readback) - back)) "$pages"
	same 'it is in zswap' "$(awk -v id="$old" '$1 == id { n += $6 } END { print n + 0 }' \
		$debug/age_buckets_cgroup)" "$pages"
	kill $daemon
	wait $daemon
	same 'a signal ends the daemon' $? 0
	in_text 'it says why it read back' "$(cat /tmp/decisions)" '"thawed"'
	same 'and how much' "$(awk -F '"readback":' '{ n += $2 } END { print n + 0 }' /tmp/decisions)" "$pages"
	kill $sleeper
fi
tap_done
