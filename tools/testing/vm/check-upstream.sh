#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Upstream's own zswap tests (selftests/cgroup/test_zswap) on the unpatched
# and on the patched kernel: both must give the same results.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

out=$BUILD/check-upstream
payload=$out/payload
rm -rf "$out"
mkdir -p "$payload"
kernel_make_setup
"${KMAKE[@]}" -C "$WORKTREE/tools/testing/selftests/cgroup" OUTPUT="$payload" USERLDFLAGS=-static \
	"$payload/test_zswap" >"$out/build.log" 2>&1 || {
	tail -n 20 "$out/build.log" >&2
	die "building upstream's test_zswap failed: see $out/build.log."
}

bad=0
for which in upstream patched; do
	kernel=$KERNEL_OUT
	[ "$which" = patched ] || kernel=$UPSTREAM_OUT
	say "test_zswap on the $which kernel"
	rc=0
	"$VMDIR/vm.sh" --name "test-zswap-$which" --kernel "$kernel/$IMAGE" --payload "$payload" --timeout 300 --run '
		mkswap /dev/vda && swapon /dev/vda && echo 1 >/sys/module/zswap/parameters/enabled &&
		./test_zswap' >"$out/$which.ktap" || rc=$?
	# 1 is a test that failed, maybe on both; anything above is the VM.
	[ "$rc" -le 1 ] || bad=1
	awk -v list=1 -f "$VMDIR/ktap.awk" "$out/$which.ktap" | tee "$out/$which.list" | sed 's/^/    /'
	[ -s "$out/$which.list" ] || bad=1
done

[ "$bad" -eq 0 ] || die "a run was cut short or its kernel complained: see the lines above and $BUILD/vm/test-zswap-*/console.log."
if ! diff -u "$out/upstream.list" "$out/patched.list"; then
	die "the patched kernel gives other results than upstream's: see the difference above."
fi
echo "$(wc -l <"$out/patched.list") results of test_zswap, the same on both kernels"
