#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh DIR MADE: all tests that need no kernel, of the program and the test programs in DIR, which
# have sanitizers, of the program without, of the documents in MADE, and of the source.
# TAP of each, one after the other; the status is that of all.

set -u
here=$(dirname "$0")
[ $# -eq 2 ] || {
	echo "usage: $0 DIR MADE" >&2
	exit 2
}
failed=0
begin()
{
	echo "# $*"
	"$@" || failed=1
}
for program in "$1"/test_*; do
	case $program in *.d | *.o) continue ;; esac
	begin "$program"
done
begin "$here/golden.sh" "$1"
begin "$here/test_daemon.sh" "$1"
begin "$here/test_history.sh" "$1"
begin "$here/test_top.sh" "$1"
begin "$here/test_speed.sh" "$2"
begin "$here/documents.sh" "$1/zswapctl" "$2"
begin "$here/structure.sh" "$2/zswapctl"
echo "# damaged files: does a reader crash?"
if "$1/fuzz_readers" --runs "${FUZZ_RUNS:-300}" "$here/trees/busy"; then
	echo "ok 1 - fuzz_readers"
else
	echo "not ok 1 - fuzz_readers"
	failed=1
fi
echo "1..1"
exit $failed
