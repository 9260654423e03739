#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# golden.sh DIR [--update]: what DIR/zswapctl says of recorded trees, compared with what it
# said when somebody had read it.  TAP.  --update writes down what it says now; read the
# difference before you commit it.

set -u
export LC_ALL=C TERM=dumb
unset COLUMNS NO_COLOR
here=$(cd "$(dirname "$0")" && pwd)
[ $# -ge 1 ] || {
	echo "usage: $0 DIR [--update]" >&2
	exit 2
}
zswapctl=$(cd "$1" && pwd)/zswapctl
update=${2:-}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

for tree in busy nothing nofeature nodebugfs nobuckets never broken; do
	cp -r "$here/trees/busy" $tree
done
# a kernel without zswap
rm -r nothing/sys/kernel/mm nothing/sys/kernel/debug/zswap nothing/sys/module
# one without CONFIG_ZSWAP_WB
rm -r nofeature/sys/kernel/mm nofeature/sys/kernel/debug/zswap/node* \
	nofeature/sys/kernel/debug/zswap/age_* nofeature/sys/kernel/debug/zswap/writeback
# debugfs=off
rm -r nodebugfs/sys/kernel/debug/zswap
# one without CONFIG_ZSWAP_WB_DEBUGFS
rm -r nobuckets/sys/kernel/debug/zswap/node* nobuckets/sys/kernel/debug/zswap/age_* \
	nobuckets/sys/kernel/debug/zswap/writeback
# zswap was never enabled
rm -r never/sys/kernel/debug/zswap
echo N >never/sys/module/zswap/parameters/enabled
for file in never/sys/kernel/mm/zswap/stats/* never/sys/kernel/mm/zswap/node*/stats/*; do
	echo 0 >"$file"
done
# a table that was cut off in the middle of a record
head -c 100 busy/sys/kernel/debug/zswap/age_buckets >broken/sys/kernel/debug/zswap/age_buckets

count=0 failed=0
while read -r name tree arguments; do
	case $name in '#'* | '') continue ;; esac
	count=$((count + 1))
	# Words on purpose.
	# shellcheck disable=SC2086
	"$zswapctl" --root $tree $arguments >out 2>err </dev/null
	status=$?
	{
		echo "\$ zswapctl --root $tree $arguments"
		cat out
		echo "-- stderr"
		cat err
		echo "-- exit status $status"
	} >now
	[ -z "$update" ] || cp now "$here/golden/$name"
	if cmp -s now "$here/golden/$name"; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		diff -u "$here/golden/$name" now | sed 's/^/# /'
		failed=1
	fi
done <"$here/golden.list"
for golden in "$here"/golden/*; do
	grep -q "^${golden##*/} " "$here/golden.list" || {
		count=$((count + 1))
		failed=1
		echo "not ok $count - ${golden##*/} is not in golden.list"
	}
done
echo "1..$count"
exit $failed
