#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# structure.sh ZSWAPCTL: is the source as it is meant to be?  Rooms in one order, a file a subcommand,
# each number of the kernel's in one list, one struct for a cgroup, nothing that only tests call.
# TAP.
#
# Functions are called by name, which shellcheck does not see.
# shellcheck disable=SC2317,SC2329

set -u
export LC_ALL=C
[ $# -eq 1 ] || {
	echo "usage: $0 ZSWAPCTL" >&2
	exit 2
}
zswapctl=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=debugfs-tools/tests/tap.sh
. "$top/tests/tap.sh"
tap_workdir
cd "$top" || exit 1

# The highest room first: a file includes what is in its own or in a lower one.
rooms='commands decide ui system .'

# The program, without comments; names of files have no spaces
# shellcheck disable=SC2046
set -- $(find . -name tests -prune -o -name '*.[ch]' -print | sort)
for file in "$@"; do
	mkdir -p "$workdir/$(dirname "$file")"
	# shellcheck disable=SC2086 # words
	${CC:-cc} -fpreprocessed -dD -E -P -w -o "$workdir/$file" -x c "$file" || exit 1
done
cd "$workdir" || exit 1

# upward: each #include of a higher room; zswapctl.c is above all rooms
upward()
{
	awk -v rooms="$rooms" '
		function room(file) {
			return place[index(file, "/") ? substr(file, 1, index(file, "/") - 1) : "."]
		}
		BEGIN {
			for (i = split(rooms, name, " "); i > 0; i--)
				place[name[i]] = i
		}
		FNR == 1 { own = substr(FILENAME, 3) }
		own != "zswapctl.c" && /^#include "/ {
			split($2, quoted, "\"")
			seen++
			if (!room(own) || !room(quoted[2]) || room(quoted[2]) < room(own))
				print own " includes " quoted[2]
		}
		END {
			if (seen < 50)
				print "no more than " seen + 0 " #include lines"
		}' "$@"
}
check 'a file includes what is in its room or a lower one' silent upward "$@"

# subcommands: as --help has them, and as files have them
subcommands()
{
	"$zswapctl" --help | awk '/^[^ ]/ { on = /^Subcommands/ } on && /^  / { print $1 }' | sort >said
	sed -n 's/^const struct subcommand \([a-z]*\)_subcommand = .*/\1/p' "$@" | sort >defined
	find commands -name '*.c' | sed 's,.*/,,; s/\.c$//' | sort >files
	[ -s said ] && diff said defined && diff defined files || return
	while read -r sub; do
		grep -q "^const struct subcommand ${sub}_subcommand = " "commands/$sub.c" ||
			echo "$sub is not in commands/$sub.c"
	done <said
}
check 'each subcommand is in a file of its own' silent subcommands "$@"

check 'one struct is a cgroup' test "$(cat "$@" | grep -c '^struct cgroup {')" -eq 1

# elsewhere: names of what the kernel counts and of metrics, where they stand outside of the lists;
# single words mean other things, too, and a file may be named to whoever is to write it
elsewhere()
{
	# shellcheck disable=SC2086 # words
	${CC:-cc} -E -P -I"$top" -D_GNU_SOURCE "$top/system/counters.c" |
		sed -n '/^const struct counter /,$p' |
		grep -oE '"([a-z]+(_[a-z]+)+|zswp[a-z]+)"' | sort -u >names
	[ "$(wc -l <names)" -ge 40 ] || echo "no more than $(wc -l <names) names"
	grep -nFf names "$@" | grep -v '^\./system/counters\.c:'
}
check 'what the kernel counts is in one list' silent elsewhere "$@"

# idle: functions of headers that the program does not call
idle()
{
	sed 's/"[^"]*"//g' "$@" | grep -oE '\<[a-z_][a-z_0-9]*' | sort | uniq -c >used
	grep -hoE '^[a-z][a-z_0-9 ]*[ *][a-z_0-9]+\(' ./*.h ./*/*.h | sed '/^static /d; s/($//; s/.*[ *]//' |
		sort -u >public
	[ "$(wc -l <public)" -ge 50 ] || echo "no more than $(wc -l <public) functions"
	# Of a declaration, a definition and a call one is missing
	awk 'NR == FNR { used[$2] = $1; next } used[$1] < 3 { print $1 "() is not called" }' used public
}
check 'no function is there for tests only' silent idle "$@"

tap_done
