#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's part of the fuzzer: sets up swap and zswap, and runs the fuzzer.
#
#	fuzz-guest.sh ARGUMENTS...		of fuzz
#	fuzz-guest.sh --self-test ARGUMENTS...	once for each check, which must turn red

set -eu

mkswap /dev/vda >/dev/null
swapon /dev/vda
# A fault reads one page, and nothing but commands moves pages.
echo 0 >/proc/sys/vm/page-cluster
echo N >/sys/module/zswap/parameters/shrinker_enabled
echo 90 >/sys/module/zswap/parameters/max_pool_percent
echo Y >/sys/module/zswap/parameters/enabled
[ "$(cat /sys/module/zswap/parameters/enabled)" = Y ] || {
	echo 'fuzz: zswap cannot be enabled'
	exit 2
}

[ "${1:-}" = --self-test ] || exec /payload/fuzz "$@"
shift

failed=0 noticed=0 checks=0
if /payload/fuzz "$@" >/tmp/log 2>&1; then
	echo '# nothing falsified: nothing found'
else
	echo 'fuzz: self-test: it found something with nothing falsified:'
	head -n 20 /tmp/log
	failed=1
fi
for check in $(/payload/fuzz --help); do
	checks=$((checks + 1))
	rc=0
	/payload/fuzz --break "$check" "$@" >/tmp/log 2>&1 || rc=$?
	if [ "$rc" -eq 1 ]; then
		noticed=$((noticed + 1))
		echo "# $check: $(sed -n 's/^fuzz: run //p' /tmp/log | head -n 1)"
	else
		echo "fuzz: self-test: a falsified $check was not noticed (status $rc)"
		tail -n 3 /tmp/log
		failed=1
	fi
done
echo "fuzz: self-test: $noticed of $checks falsified results noticed"
exit "$failed"
