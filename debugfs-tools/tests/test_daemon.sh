#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_daemon.sh DIR: the subcommand daemon of DIR/zswapctl, on a tree that changes from
# look to look.  TAP.
#
# What check() is given is called by it.
# shellcheck disable=SC2317

set -u
export LC_ALL=C
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
. "$(dirname "$0")/tap.sh"
unit=$(cd "$(dirname "$0")/.." && pwd)/zswapctl.service
zswapctl=$(cd "$1" && pwd)/zswapctl
hold=$(dirname "$zswapctl")/hold
tap_workdir

# A cgroup: put PATH ID REFAULTED STALLED
put()
{
	cgroup=tree/sys/fs/cgroup$1
	mkdir -p "$cgroup"
	echo "$2" >"$cgroup/.inode"
	printf 'anon 94371840\nfile 0\nshmem 10485760\nzswpwb_proactive 0\nzswpwb_refault %s\n' "$3" \
		>"$cgroup/memory.stat"
	echo 1 >"$cgroup/memory.zswap.writeback"
	echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=$4" >"$cgroup/memory.pressure"
	echo "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" >"$cgroup/io.pressure"
}

debugfs=tree/sys/kernel/debug/zswap
mkdir -p tree/sys/kernel/mm/zswap tree/sys/module/zswap/parameters $debugfs \
	tree/proc/sys/kernel/random
: >tree/sys/kernel/mm/zswap/proactive_writeback
echo 1000.00 1000.00 >tree/proc/uptime
echo 5f6c3a70-0000-4000-8000-000000000000 >tree/proc/sys/kernel/random/boot_id
cat >$debugfs/age_buckets <<TABLE
bucket min_age max_age pages bytes incompressible written refaulted dropped
0 0 300 0 0 0 0 0 0
1 300 3600 500 500000 0 0 0 0
2 3600 86400 0 0 0 0 0 0
3 86400 inf 5000 5000000 0 0 0 0
TABLE
cat >$debugfs/age_buckets_cgroup <<TABLE
cgroup node bucket min_age max_age pages bytes incompressible path
20 0 1 300 3600 500 500000 0 /a b
30 0 3 86400 inf 5000 5000000 0 /c/d
TABLE
put "" 1 0 0
echo cpu memory >tree/sys/fs/cgroup/cgroup.controllers
put "/a b" 20 0 0
put /c 29 0 0
put /c/d 30 0 0
echo 'when = always' >usual
cp usual conf

daemon()
{
	leaks "$zswapctl" daemon -C conf "$@"
}

# field NAME CGROUP FILE: what the last decision about it says
field()
{
	grep "\"cgroup\":\"$2\"" "$3" | tail -n 1 | sed "s/.*\"$1\":\"*\\([^,\"}]*\\).*/\\1/"
}

is()
{
	[ "$1" = "$2" ] || {
		echo "'$1' instead of '$2'"
		return 1
	}
}

status()
{
	wanted=$1
	shift
	"$@" >out 2>err
	is "$?" "$wanted" || {
		cat err
		return 1
	}
}

# in_unit KEY: what the systemd unit has for it
in_unit()
{
	sed -n "s/^$1=//p" "$unit"
}

# stays_down STATUS COMMAND...: it ends so, and the unit does not start it again
stays_down()
{
	status "$@" || return 1
	case " $(in_unit RestartPreventExitStatus) $(in_unit SuccessExitStatus) " in
	*" $1 "*) return 0 ;;
	esac
	echo "after $1 it is started again"
	return 1
}

# comes_back STATUS COMMAND...: it ends so, and the unit starts it again
comes_back()
{
	status "$@" && ! stays_down "$@"
}

# --- a tree
daemon --root tree --ticks 40 >live
check 'a tree: ends well' is $? 0
daemon --root tree --ticks 40 >again
check 'the same tree, the same lines' cmp live again
check 'the first tick observes' is "$(grep -c '"action":"observe"' live)" 2
check 'cold pages are to be written' is "$(field action /c/d live)" write
check 'nothing was' is "$(field written /c/d live)" null
check 'ages go down to where there are pages' is "$(field age '/a b' live)" 300
check 'after they were watched for twice as long' is \
	"$(grep '"cgroup":"/a b"' live | grep -c '"tick":[0-9],.*"age":300,')" 0
cat usual - >conf <<CONF
wear = 36M/day
CONF
daemon --root tree --ticks 3 >live
second()
{
	grep '"tick":2,' live >line
	field "$1" "$2" line
}
# 0.2 % of 100 MiB and 5000 pages a minute
check 'at first what may come back is written' is "$(second max /c/d)" $((61 * 4096))
# It has no result, and counts as spent
check 'what may have been written is spent' is "$(field budget /c/d live)" \
	$((36 * 1048576 / 24 + 2 * 36 * 1048576 / 1440 - $(second max /c/d) - $(field max /c/d live)))
cat usual - >conf <<CONF
wear = 1M/day
CONF
daemon --root tree --ticks 2 >live
check 'a budget of less than a command' is "$(field reason /c/d live)" budget
echo 'when = free < 1%' >conf
printf 'MemTotal: 1000 kB\nMemAvailable: 500 kB\n' >tree/proc/meminfo
status 0 daemon --root tree --ticks 3 --state idle
check 'free memory: nothing' is "$(grep -c '"tick":[23]' out)" 0
check 'which is said once' is "$(cat err)" 'zswapctl: memory is not needed'
check 'and shown' sh -c "$zswapctl --root tree daemon --status --state idle 2>&1 |
	grep -q '^/c/d .*memory is not needed$'"
printf 'MemTotal: 1000 kB\nMemAvailable: 5 kB\n' >tree/proc/meminfo
status 0 daemon --root tree --ticks 2 --state idle
check 'too little' is "$(field action /c/d out)" write
check 'needs no word' silent cat err
rm -f idle idle.lock
cp usual conf

# --- one tick at a time, with a state
tick()
{
	uptime=$((uptime + 60))
	echo "$uptime.00 0.00" >tree/proc/uptime
	daemon --root tree --once --state state >now
}
uptime=1000
daemon --root tree --once --state state >now
check 'the first time: observe' is "$(field action /c/d now)" observe
tick
check 'with the state, the next one acts' is "$(field action /c/d now)" write
check 'with what may come back' is "$(field max /c/d now)" $((61 * 4096))
check '--status: not running' status 0 daemon --root tree --status --state state
check 'it has the cgroups' grep -q '^/c/d .*cold pages' out
check 'said' grep -qx 'zswapctl: the daemon is not running; as of 0s ago, budget left: 434M' err
echo 1150.00 0.00 >tree/proc/uptime
check '--raw' status 0 daemon --root tree --status --state state --raw
check 'says how old it is, too' grep -q 'as of 1m30s ago' err
"$hold" state "$zswapctl" --root tree daemon --status --state state --json >out
check 'JSON: is it running, how old is this, the budget' grep -q \
	'^ *"running":true,"seconds_ago":90,"budget":45[0-9]\{7\},"failing":null,$' out
check 'and the cgroups' grep -q '"cgroup": *"/c/d"' out
echo 1060.00 0.00 >tree/proc/uptime
"$zswapctl" --root tree metrics --cgroups --state state >prom 2>/dev/null
check 'metrics have what it decided' grep -qx \
	'zswap_daemon_cgroup_age_seconds{cgroup="/c/d",reason="cold pages"} 86400' prom
check 'what may come back' grep -qx 'zswap_daemon_cgroup_allowed_pages{cgroup="/c/d"} 61' prom
check 'and its budget' grep -q '^zswap_daemon_budget_bytes [0-9]*$' prom
check 'whether it runs' grep -qx 'zswap_daemon_running 0' prom
check 'not how it does, then' is "$(grep -c overdue prom)" 0
check 'and how old this is' grep -qx 'zswap_daemon_state_age_seconds 0' prom
status 0 "$zswapctl" --root tree plan --state state --raw -o cgroup,basis
check 'plan goes by what the daemon knows' grep -qxF '/c/d daemon' out
check 'metrics: a state that is not there' status 1 "$zswapctl" --root tree metrics --state nowhere
check 'is said' grep -qx \
	'zswapctl: nowhere: No such file or directory: the daemon has not run yet' err
check '--state in no directory' status 1 daemon --root tree --once --state nowhere/state
cat usual - >conf <<CONF
[cgroup /c/*]
enabled = no
CONF
tick
check 'left alone: no decision' is "$(grep -c /c/d now)" 0
cp usual conf
put /c/d 30 10000 0
put /c 29 10000 0
put "" 1 10000 0
rm state
tick
tick
put /c/d 30 20000 0
put /c 29 20000 0
put "" 1 20000 0
tick
status 0 daemon --root tree --status --state state -o cgroup,forecast,measured --raw
check '--status: what came back, and what would' is "$(grep ^/c/d out)" '/c/d 5006.95 10000.00'
"$zswapctl" --root tree metrics --cgroups --state state >prom 2>/dev/null
check 'metrics: what came back' grep -qx \
	'zswap_daemon_cgroup_measured_pages{cgroup="/c/d"} 10000' prom
check 'and what would' grep -qx 'zswap_daemon_cgroup_forecast_pages{cgroup="/c/d"} 5007' prom
check 'refaults: back off at once' is "$(field action /c/d now)" backoff
check 'they are told' is "$(field measured /c/d now)" 10000
# As --status has it, if so much may come back that plan proposes an age
status 0 "$zswapctl" --root tree plan --state state -T 100%/min --raw -o cgroup,age,forecast
check 'plan has the same forecast' is "$(grep ^/c/d out)" '/c/d 1d 5006.95'
check "they are the child's, not its parents'" is "$(grep -c '"cgroup":"/c"' now)" 0
tick
check 'and paid off' is "$(field reason /c/d now)" 'paying off refaults'
tick
check 'what is as before is not said again' is "$(grep -c /c/d now)" 0
put "/a b" 20 0 61000
put "" 1 20000 61000
rm state
tick
put "/a b" 20 0 130000
put "" 1 20000 130000
tick
check 'pressure: hold' is "$(field reason '/a b' now)" 'memory pressure'
tick
check 'while it lasts' is "$(field reason '/a b' now)" 'nothing that old'
echo other >tree/proc/sys/kernel/random/boot_id
status 0 daemon --root tree --status --state state
check 'of another boot: how old it is, nobody knows' grep -q 'as of an earlier boot' err
tick
check 'after a boot: observe again' is "$(field action /c/d now)" observe
put /c/d 31 100 0
sed -i 's/^30 /31 /' $debugfs/age_buckets_cgroup
tick
check 'a cgroup that was made anew: observe' is "$(field action /c/d now)" observe
rm -r tree/sys/fs/cgroup/c/d
sed -i '/^31 /d' $debugfs/age_buckets_cgroup
tick
check 'one that has gone: nothing' is "$(grep -c /c/d now)" 0
check 'nor is it remembered' is "$(grep -c '"path":"/c/d"' state)" 0

# --- what doctor says of it: 20 cgroups of a reason, 20 of another, 1 of a third
like=$(sed -n 's/.*\({"path":"\/a b",[^{]*{[^{]*{[^}]*}[^}]*}}\).*/\1/p' state)
{
	sed 's/"cgroups":.*/"cgroups":[/' state
	for i in $(seq 10 50); do
		case $i in
		[12]?) reason=cold ;;
		[34]?) reason=young ;;
		*) reason=rare ;;
		esac
		echo "$like" | sed "s/\/a b/\/$i/; s/\"reason\":\"[^\"]*\"/\"reason\":\"$reason\"/"
		[ "$i" -eq 50 ] || echo ,
	done
	echo ']}'
} | tr -d '\n' >reasons
check 'doctor: the daemon does not run' sh -c \
	"$zswapctl --root tree doctor --state reasons | grep -q '^note *daemon: not running'"
"$hold" reasons "$zswapctl" --root tree doctor --state reasons >out
check 'doctor: what most cgroups have' grep -q '^ok *daemon: running; 20 of 41 cgroups: cold$' out
# While the daemon's looks and writes fail: the minutes awake are in the tree
doctor_after()
{
	echo "$1 0.00" >tree/proc/uptime
	"$hold" -l 5000 reasons "$zswapctl" --root tree doctor --state reasons >out
	"$hold" -l 5000 reasons "$zswapctl" --root tree metrics --state reasons >prom 2>silent
}
doctor_after 5000
check 'doctor: a look that is not yet due' grep -q '^ok *daemon: running; ' out
check 'metrics: it runs' grep -qx 'zswap_daemon_running 1' prom
check 'and is not overdue' grep -qx 'zswap_daemon_look_overdue_seconds 0' prom
doctor_after 5001
check 'doctor: a look that is overdue' grep -q \
	'^bad *daemon: running, but no look succeeded for ten intervals; .* (fix: journalctl -u zswapctl tells why)$' out
check 'metrics: it is, by a second' grep -qx 'zswap_daemon_look_overdue_seconds 1' prom
doctor_after 8600.2
check 'or by more than an hour' grep -qx 'zswap_daemon_look_overdue_seconds 3601' prom
sed -i 's/"reason":"\(cold\|rare\)"/"reason":"nothing could be written"/g' reasons
doctor_after 4000
check 'doctor: what most cannot do' grep -q \
	'^bad *daemon: running; 21 of 41 cgroups: nothing could be written (fix: journalctl ' out
echo "$uptime.00 0.00" >tree/proc/uptime
echo 'dear diary' >reasons
"$zswapctl" --root tree doctor --state reasons >out
check 'doctor: not to be removed' grep -q '^bad *daemon: reasons: invalid: .*(fix: move it away)$' out
rm -f reasons reasons.lock

echo 'dear diary' >state
check 'a file that is no state' stays_down 2 daemon --root tree --once --state state
check 'is said' grep -q '^zswapctl: state: invalid: .*; it is not overwritten$' err
check 'and stays' grep -qx 'dear diary' state
for text in '{"version":1,"auths":{"registry":"secret"}}' '{"zswapctl":"state","version":4}'; do
	echo "$text" >state
	check "$text" status 2 daemon --root tree --once --state state
	check 'is said to be not overwritten' grep -q '^zswapctl: state: invalid: .*; it is not overwritten$' err
	check 'and stays' grep -qxF "$text" state
done
echo '{"zswapctl":"state","version":1}' >state
check 'the state of an older version' status 0 daemon --root tree --once --state state
check 'is said' grep -q '^zswapctl: state: invalid: version 1, not 3; it begins anew$' err
check 'and replaced' grep -q '"version":3' state
head -c 300 state >part
: >empty
head -c 4096 /dev/zero >zeros
for file in part empty zeros; do
	check "a state that is $file" status 0 daemon --root tree --once --state $file
	check 'is said' grep -q "^zswapctl: $file: invalid: .*; it begins anew$" err
	check 'and replaced' grep -q '^{.*"version":3.*]}$' $file
	rm $file $file.lock
done
put "/a b" 20 0 0
put "" 1 100 0

# --- the state cannot be saved: what is written could not be remembered
put "/a b" 20 0 0
put "" 1 100 0
put /c 29 100 0
put /c/d 30 100 0
echo '30 0 3 86400 inf 5000 5000000 0 /c/d' >>$debugfs/age_buckets_cgroup
rm -f state
mkdir state.new
check 'the state cannot be saved' status 1 daemon --root tree --ticks 4 --state state
check 'it goes on' is "$(field tick /c/d out)" 4
check 'nothing is spent' is "$(field budget /c/d out)" \
	$((10 * 1073741824 / 24 + 10 * 1073741824 * 3 / 1440))
check 'which is why' is "$(field reason /c/d out)" 'state not saved'
check 'and is said once' is "$(grep -c '^zswapctl: state.new: .*; nothing is written to swap' err)" 1
rmdir state.new

# --- names that are not UTF-8: others, in another order, in what is remembered
z=$(printf '/\360z')
a=$(printf '/\361a')
put "$z" 40 0 0
put "$a" 41 0 0
cp $debugfs/age_buckets_cgroup table
printf '%s 0 3 86400 inf 5000 5000000 0 %s\n' 40 "$z" 41 "$a" >>$debugfs/age_buckets_cgroup
status 0 daemon --root tree --ticks 2
for name in z a; do
	grep "\"cgroup\":\"/[^\"/]*$name\",\"id\":4[01]" out | grep '"tick":2,' >line
	check "not UTF-8: the second tick acts on $name" grep -q '"action":"write"' line
done
mv table $debugfs/age_buckets_cgroup
rm -r "tree/sys/fs/cgroup$z" "tree/sys/fs/cgroup$a"

# --- the system runs out of something, for one look
inject()
{
	strace -f -o trace "$@"
}
if inject true; then
	for file in /c /c/d /c/d/.inode /c/d/memory.stat /c/d/memory.zswap.writeback /c/d/io.pressure /c/d/cgroup.events; do
		rm -f state
		check "$file: one look fails" status 0 inject -P "/sys/fs/cgroup$file" -e trace=openat2 \
			-e inject=openat2:error=ENFILE:when=2 "$zswapctl" daemon -C conf --root tree --ticks 3
		check 'which is said' grep -q '^zswapctl: /sys/.*: Too many open files in system$' err
		check 'and nothing is forgotten' is "$(field reason /c/d out)" 'cold pages'
	done
	for command in 'ages --tree' 'ages -c d' 'ages -c 30' 'plan -c d'; do
		# shellcheck disable=SC2086 # words
		check "$command: says so" status 1 inject -P /sys/fs/cgroup/c -e trace=openat2 \
			-e inject=openat2:error=ENFILE:when=1 "$zswapctl" --root tree $command
		check 'with the reason' grep -q 'Too many open files in system$' err
	done
	inject -P /sys/fs/cgroup/c/d/memory.zswap.writeback -e trace=openat2 \
		-e inject=openat2:error=ENFILE "$zswapctl" --root tree doctor >out
	check 'doctor does not know, then' grep -q '^unknown cgroups: Too many open files in system (fix: try again later)$' out
else
	echo '# no strace: nothing runs out'
fi

# --- what goes to the disk
status 0 daemon --root tree --ticks 3 --state dry --dry-run
check 'a dry run leaves nothing behind' is "$(echo dry*)" 'dry*'
if strace -f --seccomp-bpf -o trace -e trace=rename,renameat,renameat2 \
	"$zswapctl" daemon -C conf --root tree --interval 10 --ticks 12 --state once >out 2>err; then
	# At 0 s, 60 s, and at the end at 110 s
	check 'the state is saved once a minute at most' is "$(grep -c '^[0-9]* *rename.*once.new' trace)" 3
	for interval in 1 10 50; do
		rm once
		strace -f --seccomp-bpf -o trace -e trace=rename,openat2 -P once.new \
			-P /sys/fs/cgroup/c -e inject=openat2:error=ENFILE:when=2+2 \
			"$zswapctl" daemon -C conf --root tree --interval $interval --ticks 13 --state once >out 2>err
		check "every second look fails, each $interval s" is \
			"$(grep -c '^zswapctl: /sys/.*: Too many open files in system$' err)" 6
		# The first, those in 12 intervals, and the one at the end
		check 'no more often, either' is "$(grep -c '^[0-9]* *rename.*once.new' trace)" \
			$((1 + 12 / ((59 + interval) / interval) + 1))
	done
	mkdir once.new
	strace -f --seccomp-bpf -o trace -e trace=openat -P once.new \
		"$zswapctl" daemon -C conf --root tree --interval 10 --ticks 12 --state once >out 2>err
	check 'nor is it tried when it cannot be saved' is "$(grep -c once.new trace)" 3
	rmdir once.new
	# It learns for an hour, writes nothing, and the budget goes from an hour's to two hours'
	echo 'when = free < 0%' >conf
	strace -f --seccomp-bpf -o trace -e trace=rename,renameat,renameat2 \
		"$zswapctl" daemon -C conf --root tree --ticks 60 --state once >out 2>err
	saved=$(grep -c '^[0-9]* *rename.*once.new' trace)
	cp usual conf
	check "and when there is something new: $saved times in 60 looks" \
		test "$saved" -gt 5 -a "$saved" -lt 20
else
	echo '# no strace: nobody counts how often the state is saved'
fi
rm -f once once.lock

# --- two at a time
mkfifo fifo
check 'a pipe is no configuration' status 2 timeout -s KILL 20 "$zswapctl" daemon -C fifo --root tree
check 'but /dev/null is one' status 0 "$zswapctl" daemon -C /dev/null --root tree --once --dry-run
check 'nor a state' status 2 timeout -s KILL 20 "$zswapctl" daemon -C conf --root tree --state fifo
check 'nor one to be shown' status 1 timeout -s KILL 20 "$zswapctl" --root tree daemon --status --state fifo
rm fifo fifo.lock
mkfifo state.lock.lock
check 'nor a lock' status 1 timeout -s KILL 20 "$zswapctl" --root tree daemon --status --state state.lock
rm state.lock.lock
if inject true; then
	check 'a signal before the first tick: ends well' status 0 inject -P conf -e trace=openat \
		-e inject=openat:signal=TERM:when=1 "$zswapctl" daemon -C conf --root tree --state state
	check 'without a tick' is "$(wc -c <out)" 0
fi
check 'another daemon with the same state: it does not begin' stays_down 2 \
	"$hold" state "$zswapctl" daemon -C conf --root tree --state state
check 'which is said' grep -qx 'zswapctl: state: another daemon works with this state' err
check 'and decides nothing' is "$(wc -c <out)" 0
check 'without a state it does not matter' "$hold" state "$zswapctl" daemon -C conf --root tree

# --- pressure that is not known
rm "tree/sys/fs/cgroup/a b/memory.pressure"
status 0 daemon --root tree --ticks 3
check 'no pressure: said once' is "$(cat err)" \
	'zswapctl: /a b: unknown pressure is not considered'
check 'and decided all the same' is "$(field reason '/a b' out)" 'nothing that old'
put "/a b" 20 0 0

# wait_for TEXT FILE: within a minute
wait_for()
{
	tries=0
	while ! grep -qs "$1" "$2" && [ $tries -lt 600 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
}

# start [OPTION...]: a daemon that looks again and again, as soon as it has looked; it is $pid.
# What it says is in live and said, in which nothing is left of the one before.  Not below
# leaks: a signal would reach the shell that it is in.
start()
{
	rm -f live said
	env ASAN_OPTIONS=detect_leaks=1 "$zswapctl" daemon -C conf --root tree \
		--ticks 1000000000 "$@" >live 2>said &
	pid=$!
	wait_for tick live
}

# --- a signal
start --state state
# It would look all the while
kill -STOP $pid
"$zswapctl" --root tree doctor --state state >out
check 'one that looks is well' grep -q '^ok *daemon: running; ' out
# Its own clock goes on by itself, from where it began
echo 100000000000.00 0.00 >later && mv later tree/proc/uptime
"$zswapctl" --root tree doctor --state state >out
check 'one that has not is not' grep -q '^bad *daemon: running, but no look succeeded' out
echo "$uptime.00 0.00" >later && mv later tree/proc/uptime
kill -TERM $pid
kill -CONT $pid
wait $pid
check 'SIGTERM: ends well' is $? 0
check 'with whole lines' is "$(tail -n 1 live | tail -c 2)" '}'
check 'and the state' grep -q '^{"zswapctl":"state",.*}$' state

# --- looks that fail: what it says is not that all is well, but why
start --state state
kill -STOP $pid
check 'one whose looks succeed' status 0 daemon --root tree --status --state state
check 'is running' grep -q '^zswapctl: the daemon is running; as of ' err
mv $debugfs/age_buckets_cgroup table
kill -CONT $pid
wait_for '"failing":"' state
kill -STOP $pid
why='/sys/kernel/debug/zswap/age_buckets_cgroup: not found: this kernel has no such file'
check 'one whose looks fail' status 0 daemon --root tree --status --state state
check 'says why' grep -q "^zswapctl: the daemon is running, but its last look failed: $why; as of " err
"$zswapctl" --root tree daemon --status --state state --json >out
check 'JSON, too' grep -q "\"running\":true,.*\"failing\":\"$why\",\$" out
"$zswapctl" --root tree metrics --state state >prom 2>silent
check 'and metrics' grep -qxF "zswap_daemon_look_failed{reason=\"$why\"} 1" prom
"$zswapctl" --root tree doctor --state state >out
check 'doctor: worth a note' grep -q "^note *daemon: running, but its last look failed: $why; " out
echo 100000000000.00 0.00 >later && mv later tree/proc/uptime
check 'for long' status 0 daemon --root tree --status --state state
check 'says so' grep -q \
	"^zswapctl: the daemon is running, but no look succeeded for ten intervals: $why; as of " err
"$zswapctl" --root tree doctor --state state >out
check 'doctor, too' grep -q "^bad *daemon: running, but no look succeeded for ten intervals: $why; " out
echo "$uptime.00 0.00" >later && mv later tree/proc/uptime
mv table $debugfs/age_buckets_cgroup
kill -CONT $pid
tries=0
while grep -q '"failing":"' state && [ $tries -lt 600 ]; do
	sleep 0.1
	tries=$((tries + 1))
done
kill -STOP $pid
check 'once they succeed again' status 0 daemon --root tree --status --state state
check 'it is running' grep -q '^zswapctl: the daemon is running; as of ' err
"$zswapctl" --root tree metrics --state state >prom 2>silent
check 'nothing failed' grep -qx 'zswap_daemon_look_failed 0' prom
mv $debugfs/age_buckets_cgroup table
kill -CONT $pid
wait_for '"failing":"' state
kill -TERM $pid
wait $pid
mv table $debugfs/age_buckets_cgroup
check 'one that does not run' status 0 daemon --root tree --status --state state
check 'fails at nothing' grep -q '^zswapctl: the daemon is not running; as of ' err

# Looks an hour apart, and then a second: what was saved is not in the future
echo 'interval = 1h' >conf
start --state state
mv $debugfs/age_buckets_cgroup table
wait_for '"failing":".*not found' state
sleep 1
mkdir $debugfs/age_buckets_cgroup
wait_for '"failing":".*invalid content' state
echo 'interval = 1s' >conf
kill -HUP $pid
wait_for 'read again' said
rmdir $debugfs/age_buckets_cgroup
wait_for '"failing":".*not found' state
check 'looks more often: another reason is saved' grep -q '"failing":".*not found' state
kill -TERM $pid
wait $pid
mv table $debugfs/age_buckets_cgroup
cp usual conf

# --- killed: what is in the state is not much older
echo 'when = free < 0%' >conf
start --state killed
# A day of ticks in which nothing but the budget changes
wait_for '"wear":\(9\.[0-9]*e9\|1\.0[0-9]*e10\)' killed
{
	kill -KILL $pid
	wait $pid
} 2>silent
cp usual conf
check 'killed: the budget of a day is there' grep -q '"wear":\(9\.[0-9]*e9\|1\.0[0-9]*e10\)' killed

# What is spent in its first tick is not forgotten: killed when it would be saved again
if inject true; then
	printf 'when = always\nwear = 36M/day\n' >conf
	rm -f killed
	status 0 daemon --root tree --ticks 1 --state killed
	uptime=$((uptime + 60))
	echo "$uptime.00 0.00" >tree/proc/uptime
	check 'killed in its first minute' status 137 inject -P killed.new \
		-e trace=rename -e inject=rename:error=EIO:signal=KILL:when=2 \
		"$zswapctl" daemon -C conf --root tree --ticks 1 --state killed
	check 'it has written' is "$(field action /c/d out)" write
	# shellcheck disable=SC2016 # awk's
	check 'and knows what is left' awk -v left="$(field budget /c/d out)" -F '"wear":' \
		'{ print $2 + 0, left; exit !($2 + 0 > left * 0.9999 && $2 + 0 < left * 1.0001) }' killed
	cp usual conf
fi

# --- another configuration
start
echo 'interval = 2m' >conf
kill -HUP $pid
wait_for again said
kill -TERM $pid
wait $pid
check 'SIGHUP: another configuration' is "$(cat said)" \
	'zswapctl: the configuration was read again'

# As soon as it has begun: its system is what it opens first
if inject true; then
	for command in 'daemon --root tree' '--root tree daemon'; do
		# shellcheck disable=SC2086 # words
		check "$command: SIGHUP at once" status 0 inject -P tree -e trace=openat \
			-e inject=openat:signal=HUP:when=1 "$zswapctl" $command -C conf
		check 'it does not matter' grep -q '"tick":1' out
	done
	# also below nohup(1)
	check 'another subcommand ends' status 129 inject -P tree -e trace=openat \
		-e inject=openat:signal=HUP:when=1 env --default-signal=HUP "$zswapctl" ages --root tree
else
	echo '# no strace: no signal comes at once'
fi

# --- what is wrong
echo 'min-agee = 5' >conf
echo 'min-age = 99999d' >conf
check 'a number out of range' status 2 daemon --root tree
check 'says what the range is' grep -q "3650d at most" err
printf 'min\033[2J = 5\n' >conf
check 'a control character' status 2 daemon --root tree
check 'is none on a terminal' grep -qF 'min\x1b[2J' err
echo 'min-agee = 5' >conf
check 'a bad configuration: nothing starts' stays_down 2 daemon --root tree
check 'said with its line' grep -qx "zswapctl: conf:1: unknown key 'min-agee'" err
check 'no decisions' is "$(wc -c <out)" 0
cp usual conf
check 'a configuration that is not there' status 2 "$zswapctl" daemon -C none --root tree
check '--ticks 0' status 2 daemon --ticks 0
check '--interval 0' status 2 daemon --interval 0
check '--interval 2h' status 2 daemon --root tree --interval 2h
check 'said' grep -qx "zswapctl: --interval: '2h' is out of range" err
check 'a full disk' sh -c "! $zswapctl daemon -C conf --root tree >/dev/full"
# What goes away by itself, and what does not
if inject true; then
	# first_look ERROR
	first_look()
	{
		inject -P /sys/kernel/debug/zswap/age_buckets_cgroup -e trace=openat2 \
			-e "inject=openat2:error=$1" "$zswapctl" daemon -C conf --root tree
	}
	check 'not allowed to look: the unit leaves it at that' stays_down 4 first_look EACCES
	check 'out of files: the unit tries again' comes_back 1 first_look ENFILE
fi
check 'the unit knows failures from an end that was asked for' is \
	"$(in_unit Restart) $(in_unit SuccessExitStatus)" 'on-failure '
rm $debugfs/age_buckets_cgroup
check 'no age tables' stays_down 3 daemon --root tree
rm -r tree/sys/kernel/mm
check 'no feature' stays_down 3 daemon --root tree
check 'said' grep -qx 'zswapctl: this kernel has no proactive zswap writeback' err
check 'said what has it' grep -q 'install a linux-image-.*-zswapwb[*] package' err

tap_done
