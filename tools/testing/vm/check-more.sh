#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-more.sh debug|series: more than make check has time for. Takes hours: what is
# green stays green if it is stopped and run again. The last line and the status are as
# those of check.sh.
#
# debug	   all tests, for longer and with more settings, on a kernel with KASAN, and then on
#	   one that looks for data races (KCSAN)
# series   KUnit and the kselftests on the debug kernel of each series that there are patches for

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0 failed=0 skipped=0

# run WHAT CHECK.SH-ARGUMENT...: adds up what all runs say
run() {
	local what=$1 last p f s
	shift
	say "$what"
	last=$("$VMDIR/check.sh" --resume "$@" | tee >(cat >&2) | tail -n 1) || :
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' <<<"$last") ||
		die "the tests stopped before their end: $what."
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

case ${1:-} in
debug)
	for kernel in kasan kcsan; do
		run "all tests on kernel-$kernel" --on "$kernel" --long
	done
	;;
series)
	for series in "$TOP"/patches/[0-9]*; do
		series=${series##*/}
		same=("KSERIES=$series" "BUILD=$SOURCES" "ARCH=$VM_ARCH" "PAGES=$VM_PAGES")
		make -C "$TOP" kernel-debug "${same[@]}" KSRC= || exit 1
		BUILD=$(make -s -C "$TOP" print-build "${same[@]}") KSERIES=$series \
			run "KUnit and the kselftests on Linux $series" --only \
			kunit,kselftests,kselftests-timed,kselftests-nomemcg,kselftests-nokmem,kselftests-lockdown,kselftests-nodebugfs,kselftests-v1
	done
	;;
*) die "check-more.sh knows debug and series, not ${1:-nothing}." ;;
esac
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
