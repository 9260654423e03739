#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The KUnit tests on User-mode Linux: the quickest way to see them while one works on
# them. make check runs them in its VM. The raw KTAP stays in build/check/kunit.ktap; the
# status is that of kunit.py.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

suite=mm/zswap_wb/tests
[ -e "$WORKTREE/$suite/.kunitconfig" ] || die "$suite/.kunitconfig is missing: run make tree."
lock_build
kernel_make_setup ""
out=$BUILD/check
um=$UML_OUT
configs=(--kunitconfig="$suite")
mkdir -p "$out" "$um"

cd "$WORKTREE"
kunit() {
	python3 tools/testing/kunit/kunit.py "$@" --build_dir="$um" --arch=um
}
options=()
for option in "${KMAKE[@]:1}"; do
	options+=(--make_options "$option")
done
if ! kunit config "${configs[@]}" "${options[@]}" >"$out/kunit-config.log" 2>&1; then
	tail -n 10 "$out/kunit-config.log" >&2
	die "configuring User-mode Linux failed: see $out/kunit-config.log."
fi
build_logged kunit 1250 "$um/build.log" \
	"${KMAKE[@]}" ARCH=um O="$um" -j"$JOBS"

say "kunit: running"
rc=0
kunit exec "${configs[@]}" --timeout=120 --raw_output=all >"$out/kunit.raw" 2>&1 || rc=$?
# From the raw output, what kunit.py makes of it and the results themselves.
python3 tools/testing/kunit/kunit.py parse "$out/kunit.raw" >"$out/kunit.txt" 2>&1 || rc=$?
sed -n '/KTAP version 1/,$p' "$out/kunit.raw" >"$out/kunit.ktap"
sed -e 's/^\[[0-9:]*\] //' "$out/kunit.txt" |
	{ [ "$rc" -eq 0 ] && grep -E '^(=.*\(|Testing complete)' || cat; } >&2 || :
exit "$rc"
