#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Benchmarks in VMs whose clock counts instructions, so that figures repeat
# whatever else the machine does.  Tables on stdout, JSON in build/bench; the
# status is zero only if all figures keep their bounds.
#
#	bench.sh [PATCHED [OFF [UPSTREAM]]]	kernel images, else those of make

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

BENCH=$TOP/tools/testing/bench
declare -A image=(
	[patched]=${1:-$KERNEL_OUT/$IMAGE}
	[off]=${2:-$OFF_OUT/$IMAGE}
	[upstream]=${3:-$UPSTREAM_OUT/$IMAGE}
)
out=$BUILD/bench
payload=$out/payload
failed=0

PATHS_PAGES=20000
PATHS_ROUNDS=3
# The expensive case: so many ages in random order that the log of a CPU seldom
# has a note of the next page's, and has to be added to the wheel all the time.
AGED_PAGES=10000
AGED_SECONDS=100
# In percent, over the unpatched kernel: what the feature may cost, and what two
# kernels that do the same may differ by (freeing is short, so its noise is more).
PATHS_MAX=1
PATHS_NOISE=0.4
PATHS_NOISE_FREE=2
# Reading the age table must not depend on the number of pages stored.
TABLE_PAGES="1000 200000"
TABLE_MAX=2

# guest NAME KERNEL COMMAND...: run it in a VM, its results in $out/NAME, show its
# progress, the lines with a # in front, as it comes.
guest() {
	local name=$1 kernel=$2 rc=0
	shift 2
	"$VMDIR/vm.sh" --name "bench-$name" --kernel "${image[$kernel]}" --payload "$payload" \
		--icount --append norandmaps --timeout 900 --run "$*" |
		tee "$out/$name" | sed -un 's/^# /    /p' || rc=$?
	[ "$rc" -eq 0 ] || {
		grep -vE '^(config|#) ' "$out/$name" | tail -n 5 >&2 || :
		die "the benchmark did not run on the $kernel kernel ($rc): see $out/$name and $BUILD/vm/bench-$name."
	}
}

# The three kernels differ in nothing but the feature.
same_config() {
	sed -n 's/^config //p' "$out/paths-$1" | grep -v '^CONFIG_ZSWAP_WB' | sort >"$out/config-$1"
	[ "$1" = upstream ] || diff -U0 "$out/config-upstream" "$out/config-$1" >"$out/config.diff" || {
		sed -n '/^[-+]CONFIG/p' "$out/config.diff" | head -n 20 >&2
		die "the $1 kernel and the upstream one differ in more than CONFIG_ZSWAP_WB, see above: what they cost cannot be compared."
	}
}

# Scenario: the store, load and free paths with the feature on, off and absent.
paths() {
	local kernel rc=0
	for kernel in upstream off patched; do
		say "paths of zswap, $kernel kernel, $PATHS_ROUNDS rounds of $PATHS_PAGES pages"
		guest "paths-$kernel" "$kernel" sh paths-guest.sh rounds "$PATHS_PAGES" "$PATHS_ROUNDS"
		same_config "$kernel"
	done
	say "paths of zswap, patched kernel, after a command"
	guest paths-command patched sh paths-guest.sh command "$PATHS_PAGES" "$PATHS_ROUNDS"
	for kernel in upstream patched; do
		say "paths of zswap, $kernel kernel, $AGED_PAGES pages stored in $AGED_SECONDS seconds, in random order"
		guest "paths-aged-$kernel" "$kernel" sh paths-guest.sh aged "$AGED_PAGES" "$PATHS_ROUNDS" "$AGED_SECONDS"
	done
	say "reading the age buckets with ${TABLE_PAGES/ / and } pages in zswap"
	# shellcheck disable=SC2086 # words on purpose
	guest paths-table patched sh paths-guest.sh table /sys/kernel/debug/zswap/age_buckets $TABLE_PAGES

	awk -v pages="$PATHS_PAGES" -v rounds="$PATHS_ROUNDS" -v max="$PATHS_MAX" -v noise="$PATHS_NOISE" \
		-v noise_free="$PATHS_NOISE_FREE" -v aged_pages="$AGED_PAGES" -v aged_seconds="$AGED_SECONDS" \
		-v table_max="$TABLE_MAX" -v json="$out/paths.json" \
		-f "$BENCH/paths.awk" \
		kernel=upstream "$out/paths-upstream" kernel=off "$out/paths-off" \
		kernel=patched "$out/paths-patched" kernel=command "$out/paths-command" \
		kernel=aged_upstream "$out/paths-aged-upstream" kernel=aged_patched "$out/paths-aged-patched" \
		kernel=table "$out/paths-table" || rc=$?
	[ "$rc" -le 1 ] || die "the results in $out cannot be read."
	[ "$rc" -eq 0 ] || failed=1
}

for kernel in "${!image[@]}"; do
	[ -r "${image[$kernel]}" ] || die "there is no $kernel kernel ${image[$kernel]}: run make bench."
done
rm -rf "$out"
mkdir -p "$payload"
gcc -O2 -Wall -Wextra -static -o "$payload/paths" "$BENCH/paths.c" 2>"$out/build.log" || {
	head -n 20 "$out/build.log" >&2
	die "building paths.c failed: the lines above are the compiler's."
}
cp "$BENCH/paths-guest.sh" "$payload"

paths
[ "$failed" -eq 0 ] || die "a figure is out of bounds, see above."
