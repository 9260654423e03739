#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The torture test in a VM.  What happened is in build/torture/summary.txt; the
# status is zero only if no page was lost, no command hung, all counters add up,
# each kind of disturbance happened, and the kernel did not complain.
#
#	torture.sh [--minutes N] [--seed N] [--memory 2048M] [--break corrupt]
#	           [--without TASK,TASK] [--boot ARGUMENTS] [KERNEL-IMAGE]
#
# The image is that of the kernel with KASAN where none is given.  A seed repeats
# what each task decides, step by step, but not what the scheduler makes of it.
# --break corrupt: change one byte behind the test's back, to see that it turns red.
# --without: leave tasks out (see the summary for their names), to find out which of
# them it takes for what was seen; commander, to see whether it is upstream's.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

TORTURE=$TOP/tools/testing/torture
minutes=2 seed='' memory=2048M disk=2G page=4096 broken='' without='' boot='' kernel=''
# The same number of pages, of which each is as large as sixteen; and of clusters of slots
[ "$VM_PAGES" = 4K ] || memory=8192M disk=32G page=65536

usage() {
	sed -n 's/^#\t//p' "$0" >&2
	exit 2
}

while [ $# -gt 0 ]; do
	case $1 in
	--minutes | --seed | --memory | --break | --without | --boot)
		[ $# -ge 2 ] || usage
		case $1 in
		--minutes) minutes=$2 ;;
		--seed) seed=$2 ;;
		--memory) memory=$2 ;;
		--break) broken=$2 ;;
		--without) without=$2 ;;
		--boot) boot=$2 ;;
		esac
		shift 2
		;;
	-*) usage ;;
	*)
		[ -z "$kernel" ] || usage
		kernel=$1
		shift
		;;
	esac
done
kernel=${kernel:-$KASAN_OUT/$IMAGE}
case $minutes in '' | *[!0-9]* | 0) die "--minutes takes a number, not '$minutes'." ;; esac
[ -n "$seed" ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
case $seed in *[!0-9]*) die "--seed takes a number, not '$seed'." ;; esac
case $broken in '' | corrupt) ;; *) die "--break takes corrupt, not '$broken'." ;; esac
[ -r "$kernel" ] || die "there is no kernel image $kernel: run make torture."

out=$BUILD/torture
payload=$out/payload
rm -rf "$out"
guest_program "$TORTURE" "$out" torture -Werror "-DPAGE=${page}UL" "$TORTURE"/*.c

# The time it takes to boot, to end what runs, and to compare all pages, on a
# kernel that is slow because of its checks.
limit=$((minutes * 60 + 300 + 1500))
rc=0
say "torture: $minutes minutes, seed $seed, $kernel"
"$VMDIR/vm.sh" --name torture --kernel "$kernel" --payload "$payload" --memory "$memory" \
	--disk-size "$disk" --timeout "$limit" --append "$boot" --run "mkswap /dev/vda >/dev/null; /payload/torture $((minutes * 60)) $seed $broken ${without:+without=$without}" |
	tee "$out/log" | sed -un -e 's/^progress: /    /p' -e '/^\(problem:\|LOST\|slow:\|still to\)/s/^/    /p' || rc=$?

# A VM that died left no summary: then the last figures are those of its last sign of life.
first=$(sed -n 's/^summary: \(torture: .*\)/\1/p' "$out/log")
complete=yes
if [ -z "$first" ]; then
	complete=no
	first=$(sed -nE 's/^progress: [0-9]+ s, (.* pages lost).*/torture: \1/p' "$out/log" | tail -n 1)
	[ -n "$first" ] || first='torture: 0 commands, 0 pages written, 0 faults, 0 pages lost'
fi
verdict() {
	case $rc in
	0) echo good ;;
	124) echo "bad: the VM did not end within $limit s" ;;
	125) echo "bad: the VM died" ;;
	126) echo "bad: the kernel complained" ;;
	*) echo bad ;;
	esac
}
{
	printf '%s\n' "$first"
	printf 'minutes %s\nkernel %s\nmemory %s\n' "$minutes" "$kernel" "$memory"
	[ -z "$broken" ] || echo "broken on purpose: $broken"
	[ "$complete" = yes ] || echo "seed $seed"
	sed -n '/^summary: torture:/d; s/^summary: //p' "$out/log"
	grep -m 300 -E '^(problem: |LOST )' "$out/log" || :
	[ "$rc" -ne 126 ] || tail -n 60 "$BUILD/vm/torture/splats"
	echo "complete $complete"
	echo "verdict $(verdict)"
} >"$out/summary.txt"
cat "$out/summary.txt"
# What never happened is not what was to be tested. Whether memory can go offline is up
# to what the kernel keeps there, and a series says what it has not. Other machines than x86_64
# have no memory to plug, and with large pages no huge ones of a size for a test, nor in swap.
allowed() {
	echo 'the kernel keeps something'
	[ "$VM_ARCH" = x86_64 ] || printf '%s\n' 'no node with two blocks' 'no huge pages of a size' 'large folios are split'
	grep . "$PATCHES/absent.tests" 2>/dev/null || :
}
if [ "$rc" -eq 0 ] && [ "$minutes" -ge 2 ] && [ -z "$without" ] &&
	grep -E '^kind: .*: 0(,|$)' "$out/summary.txt" |
	grep -vFf <(allowed); then
	die "the torture test went without the above: it needs a kernel that can do it."
fi
[ "$rc" -eq 0 ] || die "the torture test failed ($rc): see $out/summary.txt, $out/log and $BUILD/vm/torture."
[ "$complete" = yes ] || die "the torture test ended without a summary: see $out/log."
