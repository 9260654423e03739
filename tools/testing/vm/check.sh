#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [--on debug|kasan|kcsan] [--gcov]
#
# All tests, on one kernel. The last line is "N passed, N failed, N skipped"; the
# status is zero only if nothing failed, everything ran, and no kernel complained.
# What the parts printed is in build/check, or build/check-kasan and so on.
#
# On the debug kernel KUnit runs on User-mode Linux (with KASAN in the VM, with KCSAN not
# at all: it is one task), the test of the VM runner
# comes along, and what is best tested on another kernel gets its part there: the
# races on the one with KASAN. --gcov: that part is on the debug kernel, too, and
# KUnit on one that counts; each VM leaves what it has executed, for make coverage.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

on=debug gcov=''
while [ $# -gt 0 ]; do
	case $1 in
	--on) on=${2:-}; shift; [ $# -eq 0 ] || shift ;;
	--gcov) gcov=y; export VM_GCOV=y; shift ;;
	*) die "check.sh knows --on and --gcov, not $1." ;;
	esac
done
out=$BUILD/check
[ "$on" = debug ] || out=$BUILD/check-$on
case $on in
debug) kernel=$DEBUG_OUT/$IMAGE ;;
kasan) kernel=$KASAN_OUT/$IMAGE ;;
kcsan) kernel=$KCSAN_OUT/$IMAGE ;;
*) die "check.sh runs on debug, kasan or kcsan, not on $on." ;;
esac
[ -r "$kernel" ] || die "there is no $on kernel: run make kernel-$on."
# What of the tests has most to do with races, lifetimes and faults
races=(concurrent state fault inject)
# The longest a test program may take where everything is slow
patient='-o 3000'
rm -rf "$out"
mkdir -p "$out"
passed=0 failed=0 skipped=0

# account NAME STATUS: add up what is in NAME.ktap. A part that ended badly
# although none of its results says so counts as one failure.
account() {
	local p f s
	read -r p f s < <(awk -f "$VMDIR/ktap.awk" "$out/$1.ktap")
	if [ $((p + f + s)) -eq 0 ]; then
		say "$1: not one test ran"
		f=1
	elif [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	# These kernels have all that the tests need: a skip is for a slow machine alone.
	if [ "$on" = debug ]; then
		f=$((f + $(grep -E '(^|# )ok .*# SKIP' "$out/$1.ktap" | grep -vc 'too slow' || :)))
	fi
	awk -v list=1 -f "$VMDIR/ktap.awk" "$out/$1.ktap" | sed -n -e 's/^fail /    failed: /p' -e 's/^skip /    skipped: /p'
	say "$1: $p passed, $f failed, $s skipped ($out/$1.ktap)"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# vm NAME IMAGE KERNEL-ARGUMENTS RUN_KSELFTEST-ARGUMENTS VM-OPTION...
vm() {
	local name=$1 image=$2 append=$3 run="sh run.sh $4" rc=0
	shift 4
	"$VMDIR/vm.sh" --name "$name" --kernel "$image" --payload "$BUILD/selftests/zswap" "$@" \
		--append "$boot $append" --run "$run" |
		tee "$out/$name.ktap" | grep --line-buffered -E '^(# )*(not )?ok ' || rc=${PIPESTATUS[0]}
	account "$name" "$rc"
}

# tool NAME COMMAND...: a test that is red or green as a whole, and whose summary
# has a first line.
tool() {
	local name=$1 rc=0 line
	shift
	say "$name: running"
	"$@" || rc=$?
	line=$(head -n 1 "$BUILD/$name/summary.txt" 2>/dev/null) || line="$name: no summary"
	if [ "$rc" -ne 0 ]; then
		line="not ok 1 - $line"
	else
		line="ok 1 - $line"
	fi
	echo "$line" >"$out/$name.ktap"
	account "$name" "$rc"
}

# KUnit: where it is quick, or else on this kernel.
case $on in
debug)
	rc=0
	"$VMDIR/kunit.sh" ${gcov:+--gcov} || rc=$?
	[ -e "$out/kunit.ktap" ] || : >"$out/kunit.ktap"
	account kunit "$rc"

	rc=0
	say "harness: does the VM runner turn red when it must?"
	"$VMDIR/harness-check.sh" >"$out/harness.ktap" || rc=$?
	account harness "$rc"
	;;
kasan)
	rc=0
	say "kunit: running in the VM"
	"$VMDIR/vm.sh" --name kunit --kernel "$kernel" --timeout 600 --append kunit.enable=1 --run true || rc=$?
	sed -n '/KTAP version 1/,$p' "$BUILD/vm/kunit/console.log" >"$out/kunit.ktap"
	account kunit "$rc"
	;;
esac

"$VMDIR/selftests.sh" zswap || exit 1

# Programs that need a kernel booted with an argument of their own: each gets
# its own VM, and the run of all others leaves them out.
alone="nomemcg:cgroup_disable=memory lockdown:lockdown=integrity nodebugfs:debugfs=off v1:cgroup_no_v1=none"
others=''
for program in $alone; do
	others+=" -S zswap:zswap_wb_${program%%:*}"
done
# What these two say is spoilt by whoever else uses the machine: they are run alone, and
# read, see "Run one test alone" in Documentation/dev/build-and-test.rst.
for program in cpu shrinker; do
	others+=" -S zswap:zswap_wb_$program"
done
# A race is seen while a CPU waits in the middle of it: often, and for long enough
# for the other one to come by in emulation.
boot=''
[ "$on" != kcsan ] || boot="kcsan.skip_watch=300 kcsan.udelay_task=300 kcsan.udelay_interrupt=100"
# What the other kernels look for takes memory and, in emulation, a lot of time.
roomy=(--memory 2048M --timeout 7200)
if [ "$on" = debug ]; then
	options=(--timeout 3000)
else
	options=("${roomy[@]}")
	others+=" $patient"
fi
# slab_nomerge: what a cache holds is that cache's own
say "kselftests: running in the VM"
vm kselftests "$kernel" slab_nomerge "$others" "${options[@]}"
for program in $alone; do
	say "kselftests: what needs a kernel booted with ${program#*:}"
	vm "kselftests-${program%%:*}" "$kernel" "${program#*:}" "-t zswap:zswap_wb_${program%%:*}" "${options[@]}"
done

# The tool: what needs no kernel with the sanitizers, whose libraries the VM lacks.
zswapctl=$BUILD/zswapctl
tool_make=(make --silent -j "$JOBS" -C "$TOP/debugfs-tools" O="$zswapctl")
if [ "$on" = debug ]; then
	rc=0
	say "zswapctl: on recorded systems, with the sanitizers"
	"${tool_make[@]}" check >"$out/zswapctl.ktap" || rc=$?
	account zswapctl "$rc"
fi
rc=0
say "zswapctl: running in the VM"
"${tool_make[@]}" all
"$TOP/debugfs-tools/tests/vm.sh" "$zswapctl/zswapctl" "$kernel" "${options[@]}" \
	>"$out/zswapctl-vm.ktap" || rc=$?
account zswapctl-vm "$rc"

# On these kernels, what is slow is slow for other reasons: figures that count.
rc=0
say "benchmark: the short one, bounds on counts only"
"$TOP/tools/testing/bench/bench.sh" --short --counts "$kernel" || rc=$?
cp "$BUILD/bench-short/writeback.ktap" "$out/bench.ktap" 2>/dev/null || : >"$out/bench.ktap"
account bench "$rc"

# Races and faults on the kernel that sees what they do to memory: all there is in
# make check-debug, and here as much as does not take too long.
minutes=2 runs=20000 fuzzed=$kernel
if [ "$on$gcov" = debug ]; then
	fuzzed=$KASAN_OUT/$IMAGE
	[ -r "$fuzzed" ] || die "there is no kasan kernel: run make kernel-kasan."
	say "kselftests: races and faults, with KASAN"
	vm kselftests-kasan "$fuzzed" slab_nomerge "$patient ${races[*]/#/-t zswap:zswap_wb_}" "${roomy[@]}"
elif [ "$on" = kasan ]; then
	minutes=10 runs=100000
fi
if [ "$on" != kcsan ]; then
	tool torture "$TOP/tools/testing/torture/torture.sh" --minutes "$minutes" "$kernel"
	tool fuzz "$TOP/tools/testing/fuzz/fuzz.sh" --runs "$runs" "$fuzzed"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
