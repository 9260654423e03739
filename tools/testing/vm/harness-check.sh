#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Does the VM runner turn red when it must? Each guest misbehaves in one way,
# the status of vm.sh must say so; and what is made of the console and of results
# is checked on samples, as is how make check-debug and check-series go on, and what is in
# harness-targets.sh. KTAP on stdout. --no-vm: boots nothing.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=harness-targets.sh
. "$VMDIR/harness-targets.sh"
# What waits in the background ends with this; shellcheck does not see that the trap calls it.
# shellcheck disable=SC2317,SC2329
stop_jobs() {
	local job
	for job in $(jobs -p); do
		pkill -P "$job" || :
	done
}
trap stop_jobs EXIT
trap 'exit 130' INT TERM

# It is for x86-64
x86_only=()
[ "$VM_ARCH" != x86_64 ] || x86_only=(fuzz bench.sh debugfs-tools)

cases=(
	"a guest that succeeds is green|0|300|true"
	"a guest whose command fails is red|3|300|exit 3"
	"a guest whose kernel warns is red|126|300|echo 'WARNING: CPU: 0 PID: 1 at the harness check' >/dev/kmsg"
	"a guest that dies without a word is red|125|300|echo 8 >/proc/sys/kernel/printk; poweroff -f"
	"a guest whose kernel panics is red|126|300|echo c >/proc/sysrq-trigger"
	"a guest that hangs is red|124|12|sleep 1000"
)
case ${1:-} in
'') ;;
--no-vm) cases=() ;;
*) die "harness-check.sh knows --no-vm, not $1." ;;
esac

# report LOCK END: what the kernels of a series report, or something like it
report() {
	cat <<-TEXT
	================================
	WARNING: inconsistent lock state
	takes: ($1){?.-.}-{2:2}, at: get_random_u8+0x5
	Call Trace:
	 <TASK>
	 should_fail_ex+0x1/0x2
	 fei_kprobe_handler+0x3/0x4
	$2
	TEXT
}

# warning FUNCTION: the same of one without a rule in front
warning() {
	cat <<-TEXT
	------------[ cut here ]------------
	WARNING: mm/swapfile.c:1 at swap_put_entries_direct+0x1/0x2, CPU#0: test/1
	Call Trace:
	 <TASK>
	 $1+0x3/0x4
	 </TASK>
	TEXT
}
reports=(
	"the report that a series is known for is left out|0|6.12|$(report batched_entropy_u8.lock ' </TASK>')"
	"the same report of another lock is red|1|6.12|$(report zswap_wb_lock ' </TASK>')"
	"a report that is cut off is red|1|6.12|$(report batched_entropy_u8.lock 'Kernel panic')"
	"a complaint in the midst of a report is red|1|6.12|$(report batched_entropy_u8.lock $'Oops\n </TASK>')"
	"a warning that a series is known for is left out|0|7.2|$(warning shmem_free_swap)"
	"the same warning from elsewhere is red|1|7.2|$(warning zap_pte_range)"
	"an error of a file system is red|1|7.3|EXT4-fs error (device nullb_zwb): ext4_lookup:1: inode #2: comm test: deleted inode referenced: 12"
	"an entry in a pool that is gone is red|1|7.3|zsmalloc: Class-3 fullness group 1 is not empty"
	"a slot that there is not is red|1|7.3|swap_info_get: Bad swap offset entry 2000000000123"
	"a disk that fails is green|0|7.3|Write-error on swap-device (7:0:8)"
	"a file system that is mounted is green|0|7.3|EXT4-fs (nullb_zwb): mounted filesystem 1-2 r/w without journal. Quota mode: disabled."
)

# What a part may have said, and what check.sh makes of that: STATUS of the part, the kernel,
# what it counts
counts=(
	"a part that is green|0|debug|2 0 0|ok 1 one
ok 2 two"
	"a part without results is red|0|debug|0 1 0|nothing"
	"a part that ended badly, with results that are good, is red|126|debug|1 1 0|ok 1 one"
	"a plan that was not run to its end is red|0|debug|1 1 0|1..2
ok 1 one"
	"a skip that is not allowed is red|0|debug|1 1 1|ok 1 one
ok 2 two # SKIP needs lockdep, which traces locks"
	"a skip because the machine is too slow is green|0|debug|1 0 1|ok 1 one
# ok 2 two # SKIP too slow, it was over before"
	"a skip that is not allowed is red with KASAN, too|0|kasan|1 1 1|ok 1 one
ok 2 two # SKIP needs lockdep, which traces locks"
	"what only lockdep can tell is skipped with KCSAN|0|kcsan|1 0 1|ok 1 one
ok 2 two # SKIP needs lockdep, which traces locks"
)

echo "TAP version 13"
# Those of the lists, and each that stands by itself
planned=$((${#reports[@]} + ${#counts[@]} + ${#targets[@]} + $(grep -c '^verdict ' "${BASH_SOURCE[0]}")))
[ ${#cases[@]} -eq 0 ] || planned=$((planned + ${#cases[@]} + $(grep -cE '^[[:space:]]+lose "' "${BASH_SOURCE[0]}")))
echo "1..$planned"
n=0 red=0
# Some of it takes its time beside the others
targets_set_up
verdict() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		red=1
	fi
}

for c in "${cases[@]}"; do
	IFS='|' read -r title want timeout run <<<"$c"
	rc=0
	"$VMDIR/vm.sh" --name "harness-$n" --kernel "$DEBUG_OUT/$IMAGE" --timeout "$timeout" --run "$run" --quiet || rc=$?
	[ "$rc" -eq "$want" ] || echo "# status $rc, not $want: see $BUILD/vm/harness-$n"
	verdict $((rc != want)) "$title"
done

# An emulator that loses an interrupt: the first time, or each time
lost=$BUILD/vm/harness-lost
mkdir -p "$lost"
cat >"$lost/$EMULATOR" <<TEXT
#!/bin/sh
echo >>$lost/boots
[ -s $lost/always ] || [ "\$(wc -l <$lost/boots)" -eq 1 ] || exec $(command -v "$EMULATOR") "\$@"
for word; do
	case \$word in
	file:*console.log) echo 'rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks' >\${word#file:} ;;
	esac
done
exec sleep 100
TEXT
chmod 755 "$lost/$EMULATOR"
# lose TITLE STATUS BOOTS
lose() {
	local rc=0 boots
	rm -f "$lost/boots"
	PATH=$lost:$PATH "$VMDIR/vm.sh" --name harness-lost-vm --kernel "$DEBUG_OUT/$IMAGE" --timeout 60 --run true --quiet || rc=$?
	boots=$(wc -l <"$lost/boots")
	[ "$rc $boots" = "$2 $3" ] || echo "# status $rc after $boots boots"
	verdict "$([ "$rc $boots" = "$2 $3" ]; echo $?)" "$1"
}
if [ ${#cases[@]} -gt 0 ]; then
	rm -f "$lost/always"
	lose "a boot in which a CPU loses an interrupt is tried again" 0 2
	echo y >"$lost/always"
	lose "but only once" 126 2
fi

for c in "${reports[@]}"; do
	IFS='|' read -r -d '' title want series log <<<"$c" || :
	rc=0
	"$VMDIR/console-check.sh" <(echo "$log") "$TOP/patches/$series/known.console" >/dev/null || rc=$?
	[ "$rc" -eq "$want" ] || echo "# status $rc, not $want"
	verdict $((rc != want)) "$title"
done

# counted STATUS KERNEL KTAP: what check.sh counts, and whether the part is done
counted() (
	out=$BUILD/vm/harness-counts on=$2 key=key VM_ARCH=x86_64
	rm -rf "$out"
	mkdir -p "$out"
	. "$VMDIR/account.sh"
	echo "$3" >"$out/part.ktap"
	account part "$1" >/dev/null
	[ "$((failed > 0))" -eq "$([ -e "$out/part.done" ]; echo $?)" ] || echo "done in spite of that"
	echo "$passed $failed $skipped"
)
for c in "${counts[@]}"; do
	IFS='|' read -r -d '' title status kernel want said <<<"$c" || :
	result=$(counted "$status" "$kernel" "$said")
	rc=0
	[ "$result" = "$want" ] || rc=1
	[ "$rc" -eq 0 ] || echo "# counted $result, not $want"
	verdict "$rc" "$title"
done

# 3 pass (one of them a program without subtests), 2 fail (one by itself, one
# never run because its program died), 2 are skipped (one a whole program).
read -r -d '' ktap <<'TEXT' || :
TAP version 13
1..4
# TAP version 13
# 1..3
# # of the first
# ok 1 one
# # of the second
# not ok 2 two
# ok 3 three # SKIP not here
not ok 1 selftests: a # exit=1
ok 2 selftests: b
# TAP version 13
# 1..2
# ok 1 one
not ok 3 selftests: c # TIMEOUT 45 seconds
# TAP version 13
# 1..0 # SKIP not here
ok 4 selftests: d # SKIP
TEXT
counted=$(awk -f "$VMDIR/ktap.awk" <<<"$ktap")
[ "$counted" = "3 2 2" ] || echo "# counted $counted, not 3 2 2"
verdict "$([ "$counted" = "3 2 2" ]; echo $?)" "results are counted by their leaves"
said=$(awk -v list=1 -v said=1 -f "$VMDIR/ktap.awk" <<<"$ktap" | sed -n 's/^said //p')
[ "$said" = "of the second" ] || echo "# told: $said"
verdict "$([ "$said" = "of the second" ]; echo $?)" "what a failed test said is told, and nothing else"

# make check-debug takes hours. Here nothing that it runs does anything but say so, in a copy of
# the scripts.
more=$BUILD/vm/harness-more
more_set_up() {
	local file
	rm -rf "$more"
	mkdir -p "$more"/tools/testing/{torture,fuzz,bench} "$more"/debugfs-tools/tests \
		"$more/patches/$KSERIES" "$more"/build/{selftests/zswap,bench-short,vm/kunit} \
		"$more/build/kernel-"{kasan,kcsan}"/$(dirname "$IMAGE")"
	cp -r "$VMDIR" "$more/tools/testing/vm"
	for file in kasan kcsan; do
		echo "$file" >"$more/build/kernel-$file/$IMAGE"
	done
	for file in vm/{vm,selftests}.sh torture/torture.sh fuzz/fuzz.sh bench/bench.sh; do
		echo "exec $more/run $file"' "$@"' >"$more/tools/testing/$file"
		chmod 755 "$more/tools/testing/$file"
	done
	echo "exec $more/run debugfs-tools"' "$@"' >"$more/debugfs-tools/tests/vm.sh"
	printf 'all check:\n\t@echo ok 1\n' >"$more/debugfs-tools/Makefile"
	echo zswap:zswap_wb_setup >"$more/build/selftests/zswap/kselftest-list.txt"
	echo 'ok 1' >"$more/build/bench-short/writeback.ktap"
	printf 'KTAP version 1\nok 1\n' >"$more/build/vm/kunit/console.log"
	# Fails where it is told to
	cat >"$more/run" <<-TEXT
		#!/bin/sh
		echo "\$*" >>$more/ran
		case "\$*" in
		*"\$(cat $more/fails)"*) echo 'not ok 1'; exit 1 ;;
		esac
		echo 'ok 1'
	TEXT
	chmod 755 "$more/run" "$more/debugfs-tools/tests/vm.sh"
}

# more_run FAILS debug|series [VARIABLE=VALUE...]: its status, and the last line of what it has said; what
# it has run is in ran
more_run() {
	local rc=0 what=$2
	echo "$1" >"$more/fails"
	shift 2
	: >"$more/ran"
	env "BUILD=$more/build" "$@" "$more/tools/testing/vm/check-more.sh" "$what" >"$more/said" 2>&1 || rc=$?
	sed -i '/selftests.sh/d' "$more/ran"
	echo "$rc $(tail -n 1 "$more/said")"
}
more_set_up
result=$(more_run 'kselftests-thp-timed --kernel '"$more/build/kernel-kcsan" debug)
all=$(wc -l <"$more/ran")
parts=$(grep -c '==> part [0-9]* of [0-9]*, after ' "$more/said") || :
last=$(sed -nE 's/^==> part ([0-9]+) of \1,.*/\1/p' "$more/said" | paste -sd+)
rc=0
case $result in '1 '[1-9]*' passed, 1 failed, 0 skipped') ;; *) rc=1 ;; esac
[ "$rc" -eq 0 ] || echo "# $result"
verdict "$rc" "check-debug with a part that fails is red"
rc=0
[[ $last == *+* && $parts -eq $((last)) && $all -gt $parts ]] || rc=1
[ "$rc" -eq 0 ] || echo "# told of $parts parts, of $last; $all things were run"
verdict "$rc" "check-debug says how far it is, in all parts on both kernels"
rc=0
for kernel in kasan kcsan; do
	for what in torture "${x86_only[@]}" '--name kunit' \
		'--name kselftests-'{1,timed,nomemcg,nokmem,lockdown,nodebugfs,v1} \
		transparent_hugepage={always,never}' .*echo '{y,n}' >'; do
		grep -q -e "$what.*" <(grep "kernel-$kernel/" "$more/ran") || {
			echo "# not on $kernel: $what"
			rc=1
		}
	done
done
verdict "$rc" "check-debug has all parts, and all settings of THP and MGLRU, on both kernels"
result=$(more_run nothing debug)
rc=0
case $result in '0 '[1-9]*' passed, 0 failed, 0 skipped') ;; *) rc=1 ;; esac
[ "$(cut -d ' ' -f 1-5 "$more/ran")" = "vm/vm.sh --name kselftests-thp-timed --kernel $more/build/kernel-kcsan/$IMAGE" ] || rc=1
[ "$rc" -eq 0 ] || sed 's/^/# it ran /' "$more/ran"
verdict "$rc" "check-debug that is run again runs what was not green, and nothing else"

# make check-series: the same with two series, whose kernels make builds for the machine that it is told;
# the first one fails, the second one is run all the same
more_set_up
mkdir -p "$more/bin"
cat >"$more/bin/make" <<TEXT
#!/bin/bash
for word; do
	case \$word in
	KSERIES=* | ARCH=* | PAGES=*) declare "\${word%%=*}=\${word#*=}" ;;
	esac
done
build=$more/build/\$KSERIES-\$ARCH-\$PAGES
case \$* in
*print-build*) echo "\$build" ;;
*kernel-debug*)
	[ -d "\$build" ] || cp -r "$more/parts" "\$build"
	image=\$build/kernel-debug/\$(VMDIR=$VMDIR VM_ARCH=\$ARCH bash -c '. \$VMDIR/arch/\$VM_ARCH.sh; echo \$IMAGE')
	mkdir -p "\$(dirname "\$image")"
	echo "\$KSERIES" >"\$image"
	;;
esac
TEXT
chmod 755 "$more/bin/make"
mkdir -p "$more"/patches/{5.1,5.2}
rm -rf "$more/patches/$KSERIES"
mv "$more/build" "$more/parts"
mkdir "$more/build"
series=(series "PATH=$more/bin:$PATH" "SOURCES=$more/build")
rc=0
result=$(more_run 'lockdown --kernel '"$more/build/5.1" "${series[@]}" VM_ARCH=x86_64 VM_PAGES=4K)
case $result in '1 '[1-9]*' passed, 1 failed, 0 skipped') ;; *) rc=1 ;; esac
for which in 5.1 5.2; do
	for part in kunit kselftests-{1,timed,nomemcg,nokmem,lockdown,nodebugfs,v1}; do
		grep -q "vm.sh --name $part --kernel $more/build/$which-x86_64-4K/kernel-debug/" "$more/ran" || {
			echo "# not on $which: $part"
			rc=1
		}
	done
done
[ "$rc" -eq 0 ] || echo "# $result"
result=$(more_run nothing "${series[@]}" VM_ARCH=x86_64 VM_PAGES=4K)
[[ $result == '0 '*' 0 failed,'* && $(cut -d ' ' -f 1-3 "$more/ran") == 'vm/vm.sh --name kselftests-lockdown' ]] || {
	sed 's/^/# it ran again /' "$more/ran"
	rc=1
}
verdict "$rc" "check-series runs KUnit and the kselftests on each series, and again what was not green"
result=$(more_run nothing "${series[@]}" VM_ARCH=arm64 VM_PAGES=64K)
rc=0
[[ $result == '0 '*' 0 failed,'* ]] && grep -q "$more/build/5.2-arm64-64K/" "$more/ran" || rc=1
[ "$rc" -eq 0 ] || echo "# $result"
verdict "$rc" "check-series with ARCH= is on kernels for that machine"

for c in "${targets[@]}"; do
	IFS='|' read -r title run <<<"$c"
	rc=0
	("$run") || rc=1
	verdict "$rc" "$title"
done
exit "$red"
