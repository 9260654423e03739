#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Benchmarks in VMs whose clock counts instructions, so that figures repeat
# whatever else the machine does.  Tables on stdout, JSON in build/bench; the
# status is zero only if all figures keep their bounds.
#
#	bench.sh [--only PARTS] [PATCHED [OFF [UPSTREAM [LOCKS]]]]
#	bench.sh --short [--counts] [--only PARTS] [PATCHED]
#
# The kernel images are those of make where they are not given.  PARTS is a list
# such as copy,idle of what to run: copy, compressors, back, profile, budget, idle,
# empty, nodes, locks, paths.  --short: copy, back, budget and idle at a tenth of the
# size.  --counts: no peers but the shrinker, and no bounds on time, for a kernel with
# checks that make it slow.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

BENCH=$TOP/tools/testing/bench
short='' only='' counts=''
while :; do
	case ${1:-} in
	--short) short=y; shift ;;
	--counts) counts=y; shift ;;
	--only) [ $# -ge 2 ] || die "--only needs a list of parts."; only=$2; shift 2 ;;
	-*) sed -n 's/^#\t//p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
done
if [ -z "$only" ]; then
	only=copy,budget,idle
	[ -n "$counts" ] || only=copy,back,budget,idle
	[ -n "$short" ] || only=copy,compressors,back,profile,budget,idle,empty,nodes,locks,paths
fi
# shellcheck disable=SC2034 # used by the files that are sourced
declare -A image=(
	[patched]=${1:-$KERNEL_OUT/$IMAGE}
	[off]=${2:-$OFF_OUT/$IMAGE}
	[upstream]=${3:-$UPSTREAM_OUT/$IMAGE}
	[locks]=${4:-$LOCKS_OUT/$IMAGE}
)
out=$BUILD/bench
[ -z "$short" ] || out=$BUILD/bench-short
payload=$out/payload
failed=0

# wanted PART: is it to be run?
wanted() {
	case ,$only, in
	*,"$1",*) return 0 ;;
	esac
	return 1
}

need_kernel() {
	[ -r "${image[$1]}" ] || die "there is no $1 kernel ${image[$1]}: run make bench."
}

# guest NAME KERNEL COMMAND VM-OPTION...: run it in a VM, its results in
# $out/NAME, show its progress, the lines with a # in front, as it comes.
guest() {
	local name=$1 kernel=$2 run=$3 rc=0
	shift 3
	"$VMDIR/vm.sh" --name "bench-$name" --kernel "${image[$kernel]}" --payload "$payload" \
		--timeout 1800 --run "$run" "$@" |
		tee "$out/$name" | sed -un 's/^# /    /p' || rc=$?
	[ "$rc" -eq 0 ] || {
		grep -vE '^(config|profile|lock|#) ' "$out/$name" | tail -n 5 >&2 || :
		die "the benchmark did not run on the $kernel kernel ($rc): see $out/$name and $BUILD/vm/bench-$name."
	}
}

# judge PROGRAM ARGUMENTS...: show results with an awk program.
judge() {
	local program=$1 rc=0
	shift
	awk -f "$BENCH/$program" "$@" || rc=$?
	[ "$rc" -le 1 ] || die "the results in $out cannot be read."
	[ "$rc" -eq 0 ] || failed=1
}

. "$BENCH/paths.sh"
. "$BENCH/writeback.sh"

rm -rf "$out"
mkdir -p "$payload"
cp "$BENCH"/*-guest.sh "$payload"
writeback
! wanted paths || paths
[ "$failed" -eq 0 ] || die "a figure is out of bounds, see above."
