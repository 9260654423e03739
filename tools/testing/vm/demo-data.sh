#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make the payload of the demo: Debian's redis and our zswapctl with their libraries,
# and two loads of real texts as redis wants to be fed them.
#
#	demo-data.sh DOCUMENTATION PAYLOAD ZSWAPCTL
#
# DOCUMENTATION is the Documentation/ of a kernel tree.  What comes out:
#
#	bin/ lib/ interp	redis-server, redis-cli, cmp and zswapctl; see guest-libs.sh
#	loadN.resp		one SET a file, in redis' own protocol (RESP)
#	loadN.get		what reads them back, in the same order
#	loadN.expect		what redis-cli must then print, byte for byte
#	loadN.count		"files bytes", for the report
#	demo-*.sh		the parts that run in the guest
#	demo-chart.awk		what draws the age buckets there
#
# The texts are joined only when the tree has changed since the last time.

set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)

die()
{
	echo "demo-data.sh: $*" >&2
	exit 1
}

[ $# -eq 3 ] || die "usage: demo-data.sh DOCUMENTATION PAYLOAD ZSWAPCTL"
docs=$1
payload=$2
zswapctl=$3
[ -d "$docs/admin-guide" ] ||
	die "$docs has no admin-guide/: give the Documentation/ of a kernel tree."

# Wide and old directories, there in every kernel of the last years.  The first
# load is meant to be the larger one: 15 to 20 MB against 8 to 12.
dirs1="admin-guide arch core-api driver-api filesystems networking
	userspace-api"
dirs2="ABI RCU bpf gpu hwmon mm process scheduler scsi sound trace virt"

# Debian's redis-server package is a symbolic link to redis-tools' checker, plus
# a service that starts at once.  The program is one: it looks at its own name.
redis_server=$(command -v redis-server || command -v redis-check-rdb) ||
	die "redis-server is missing: apt-get install redis-tools"
redis_cli=$(command -v redis-cli) ||
	die "redis-cli is missing: apt-get install redis-tools"
# Debian's cmp compares words, busybox' bytes: on an emulated CPU that counts.
cmp=$(command -v cmp) || die "cmp is missing: apt-get install diffutils"

"$here/guest-libs.sh" "$payload" "redis-server=$redis_server" "redis-cli=$redis_cli" "cmp=$cmp" \
	"zswapctl=$zswapctl"
cp "$here"/demo-*guest.sh "$here/demo-lib.sh" "$here/demo-chart.awk" "$payload"

# Text files only, by name, so that every run has the same order.  redis-cli
# splits what it reads at blanks and quotes: such names stay out.
texts()
{
	# The directories are words on purpose.
	# shellcheck disable=SC2086
	(cd "$docs" && find $1 -type f -size +0 -exec grep -Il '' {} +) |
		grep -v "[[:space:]\"'\\\\]" | sort
}

# One load.  redis-cli prints each value that it gets and a newline.  It waits for
# each reply, and to wait is slow on an emulated CPU: so 16 values at a time.
load()
{
	resp=$payload/load$1.resp
	get=$payload/load$1.get
	expect=$payload/load$1.expect

	total=0
	count=0
	line_end=
	: >"$get"
	exec 3>"$resp" 4>"$expect"
	while read -r size name; do
		file=$docs/$name
		# shellcheck disable=SC2016
		printf '*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n' \
			${#name} "$name" "$size" >&3
		cat "$file" >&3
		printf '\r\n' >&3
		cat "$file" >&4
		echo >&4
		[ $((count % 16)) -ne 0 ] || printf '%sMGET' "$line_end" >>"$get"
		line_end='
'
		printf ' %s' "$name" >>"$get"
		count=$((count + 1))
		total=$((total + size))
	done
	exec 3>&- 4>&-
	echo >>"$get"

	# Each value has one newline behind it: nothing was lost on the way.
	[ "$(wc -c <"$expect")" -eq $((total + count)) ] ||
		die "$docs changed while it was read: run the demo again."
	if [ "$total" -lt "$2" ] || [ "$total" -gt "$3" ]; then
		die "load $1 has $total bytes, not $2 to $3: is $docs whole?"
	fi
	echo "$count $total" >"$payload/load$1.count"
}

sizes()
{
	texts "$1" | (cd "$docs" && xargs -d '\n' stat -c '%s %n')
}

sizes "$dirs1" >"$payload/.new1"
sizes "$dirs2" >"$payload/.new2"
stamp=$(cat "$payload/.new1" "$payload/.new2" "$0" | sha256sum)
if [ "$(cat "$payload/.stamp" 2>/dev/null)" != "$stamp" ]; then
	echo "==> joining the texts of the kernel's Documentation/, some seconds"
	rm -f "$payload/.stamp"
	load 1 12000000 24000000 <"$payload/.new1"
	load 2 6000000 16000000 <"$payload/.new2"
	echo "$stamp" >"$payload/.stamp"
fi
rm -f "$payload/.new1" "$payload/.new2"
