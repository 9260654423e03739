#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# All tests, for longer and with more settings than make check has time for, on a kernel
# with KASAN, and then on one that looks for data races (KCSAN). Takes hours: what is
# green stays green if it is stopped and run again. The last line and the status are as
# those of check.sh.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0 failed=0 skipped=0
for kernel in kasan kcsan; do
	say "all tests on kernel-$kernel"
	last=$("$VMDIR/check.sh" --on "$kernel" --long --resume | tee >(cat >&2) | tail -n 1) || :
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' <<<"$last") ||
		die "the tests on kernel-$kernel stopped before their end."
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
