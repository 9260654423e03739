#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All tests. The last line is "N passed, N failed, N skipped"; the status is
# zero only if nothing failed, everything ran, and no kernel complained.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$BUILD/check
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
	awk -v list=1 -f "$VMDIR/ktap.awk" "$out/$1.ktap" | sed -n -e 's/^fail /    failed: /p' -e 's/^skip /    skipped: /p'
	say "$1: $p passed, $f failed, $s skipped ($out/$1.ktap)"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

rc=0
"$VMDIR/kunit.sh" || rc=$?
[ -e "$out/kunit.ktap" ] || : >"$out/kunit.ktap"
account kunit "$rc"

rc=0
say "harness: does the VM runner turn red when it must?"
"$VMDIR/harness-check.sh" >"$out/harness.ktap" || rc=$?
account harness "$rc"

"$VMDIR/selftests.sh" zswap || exit 1

# in_vm NAME KERNEL-ARGUMENTS RUN_KSELFTEST-ARGUMENTS
in_vm() {
	local rc=0
	"$VMDIR/vm.sh" --name "$1" --kernel "$DEBUG_OUT/$IMAGE" --payload "$BUILD/selftests/zswap" \
		--timeout 1800 --append "$2" --run "sh run.sh $3" | tee "$out/$1.ktap" |
		grep --line-buffered -E '^(# )*(not )?ok ' || rc=${PIPESTATUS[0]}
	account "$1" "$rc"
}
# Programs that need a kernel booted with an argument of their own: each gets
# its own VM, and the run of all others leaves them out.
alone="nomemcg:cgroup_disable=memory lockdown:lockdown=integrity nodebugfs:debugfs=off"
others=''
for program in $alone; do
	others+=" -S zswap:zswap_wb_${program%%:*}"
done
say "kselftests: running in the VM"
in_vm kselftests "" "$others"
for program in $alone; do
	say "kselftests: what needs a kernel booted with ${program#*:}"
	in_vm "kselftests-${program%%:*}" "${program#*:}" "-t zswap:zswap_wb_${program%%:*}"
done

# On this kernel, what is slow is slow for other reasons: figures that count.
rc=0
say "benchmark: the short one, bounds on counts only"
"$TOP/tools/testing/bench/bench.sh" --short --counts "$DEBUG_OUT/$IMAGE" || rc=$?
cp "$BUILD/bench-short/writeback.ktap" "$out/bench.ktap" 2>/dev/null || : >"$out/bench.ktap"
account bench "$rc"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
