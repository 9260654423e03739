# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# TAP from tests that are shell scripts, busybox' too: to be sourced, with tap_done as the
# last command.

tap_count=0
tap_failed=0

ok()
{
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

# not_ok WHAT [LINE...]
not_ok()
{
	tap_count=$((tap_count + 1))
	tap_failed=1
	echo "not ok $tap_count - $1"
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

# skip WHAT WHY
skip()
{
	ok "$1 # SKIP $2"
}

# check WHAT COMMAND...: does it succeed?  Otherwise what it printed is shown; it is in the
# file log.
check()
{
	tap_what=$1
	shift
	if "$@" >log 2>&1; then
		ok "$tap_what"
	else
		not_ok "$tap_what" "$(cat log)"
	fi
}

# silent COMMAND...: it prints nothing
silent()
{
	"$@" >silent.out 2>&1
	cat silent.out
	[ ! -s silent.out ]
}

# tap_workdir: makes a directory and goes there; when the test ends, or is told to, it is removed,
# after what runs in the background, even if that is stopped
tap_workdir()
{
	workdir=$(mktemp -d) || exit 1
	trap 'kill -KILL $(jobs -p) 2>/dev/null; rm -rf "$workdir"' EXIT
	trap 'exit 130' INT TERM
	cd "$workdir" || exit 1
}

# Whether memory is lost costs as much as all else that the sanitizers look for: it is only looked for
# below leaks, and in programs that are no script.  It cannot be below strace.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# leaks COMMAND...: and what it has lost is an error
leaks()
{
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=1 "$@"
}

tap_done()
{
	echo "1..$tap_count"
	exit $tap_failed
}
