#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All tests on the kernels that see what tests cannot: memory that is used wrongly
# or lost (KASAN, UBSAN, kmemleak, with lockdep), and data races (KCSAN). The last
# line and the status are as those of check.sh.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0 failed=0 skipped=0
for kernel in kasan kcsan; do
	say "all tests on the kernel with $kernel"
	last=$("$VMDIR/check.sh" --on "$kernel" | tee >(cat >&2) | tail -n 1) || :
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' <<<"$last") ||
		die "the tests with $kernel stopped before their end."
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
