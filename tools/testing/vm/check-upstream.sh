#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Upstream's own zswap tests (selftests/cgroup/test_zswap) on the unpatched
# and on the patched kernel: the same tests must pass on both.
#
# Some of them depend on when kswapd and writeback get to run, and fail now and
# then on either kernel. So the VM's clock counts instructions here, whatever
# else the machine does, and a test passes if it passes in one of three runs.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$BUILD/check-upstream
payload=$out/payload
rm -rf "$out"
mkdir -p "$payload"
kernel_make_setup "$CROSS"
"${KMAKE[@]}" -C "$WORKTREE/tools/testing/selftests/cgroup" OUTPUT="$payload" USERLDFLAGS=-static \
	"$payload/test_zswap" >"$out/build.log" 2>&1 || {
	tail -n 20 "$out/build.log" >&2
	die "building upstream's test_zswap failed: see $out/build.log."
}

# results LISTS: "pass NAME" or "fail NAME", the best of all runs, and
# how often it passed, for the user.
results() {
	cat "$@" | awk '{ runs[$2]++; good[$2] += $1 == "pass"; kind[$2] = $1; if (runs[$2] == 1) order[++n] = $2 }
		END { for (i = 1; i <= n; i++) { t = order[i]
			print good[t] ? "pass" : kind[t], t, good[t] "/" runs[t] } }'
}

for which in upstream patched; do
	kernel=$KERNEL_OUT
	[ "$which" = patched ] || kernel=$UPSTREAM_OUT
	say "test_zswap on the $which kernel"
	for round in 1 2 3; do
		rc=0
		ktap=$out/$which-$round.ktap
		"$VMDIR/vm.sh" --name "test-zswap-$which" --kernel "$kernel/$IMAGE" --payload "$payload" \
			--icount --timeout 300 --run '
			mkswap /dev/vda && swapon /dev/vda && echo 1 >/sys/module/zswap/parameters/enabled &&
			./test_zswap' >"$ktap" || rc=$?
		# 1 is a test that failed; anything above is the VM or the kernel.
		[ "$rc" -le 1 ] ||
			die "the $which kernel's run was cut short or the kernel complained: see $BUILD/vm/test-zswap-$which/console.log."
		awk -v list=1 -f "$VMDIR/ktap.awk" "$ktap" >"$out/$which-$round.list"
		[ -s "$out/$which-$round.list" ] || die "test_zswap gave no results on the $which kernel: see $ktap."
		results "$out/$which"-?.list >"$out/$which.results"
		grep -q '^fail' "$out/$which.results" || break
	done
	awk '{ printf "    %s %s (%s runs)\n", $1, $2, $3 }' "$out/$which.results"
	awk '{ print $1, $2 }' "$out/$which.results" >"$out/$which.list"
done

if ! diff -u "$out/upstream.list" "$out/patched.list"; then
	die "the patched kernel gives other results than upstream's: see the difference above."
fi
echo "$(wc -l <"$out/patched.list") results of test_zswap, the same on both kernels"
