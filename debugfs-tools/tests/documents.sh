#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# documents.sh ZSWAPCTL: do the man page and the completion tell what the program's --help
# tells, and the man page the defaults of zswapctl.conf?  Neither more nor less.  TAP.

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
man=$top/zswapctl.8
conf=$top/zswapctl.conf
completion=$top/zswapctl.bash-completion
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# same WHAT WANT GOT: two files; "<" is missing, ">" is too much
same()
{
	if [ -s "$2" ]; then
		check "$1" diff "$2" "$3"
	else
		not_ok "$1" "nothing to compare with"
	fi
}

# ---- what --help tells ----

# help_options <HELP: a line each, "-x" or "--long"
help_options()
{
	awk '/^[^ ]/ { on = /^Options:/ }
		on && /^ +-/ {
			for (i = 1; i <= 2; i++) {
				if ($i !~ /^-/)
					break
				sub(/,$/, "", $i)
				sub(/\[.*/, "", $i)
				print $i
			}
		}' | sort
}

# help_columns <HELP: "NAME" or "NAME *", as they come; "==" before each table
help_columns()
{
	awk '/^[^ ]/ { on = /^Columns/ }
		on && /^Columns/ { print "==" }
		on && /^  / { print $1 ($2 == "*" ? " *" : "") }'
}

help_statuses()
{
	awk '/^[^ ]/ { on = /^Exit status:/ } on && /^  / { print $1 }'
}

# ---- what the man page tells ----

# man_part TITLE: a subsection, or a section without its subsections
man_part()
{
	awk -v title="$1" '/^\.S[sh] / { on = substr($0, 5) == title; next } on' "$man"
}

# The options that it describes
man_options()
{
	man_part "$1" | awk '/^\.It Fl / {
		for (i = 2; i < NF; i++) {
			if ($i == "Fl")
				print "-" $(i + 1)
		}
	}' | sort
}

man_columns()
{
	man_part "$1" | awk '/^\.Bl/ { first = 1 }
		/^\.It Cm / {
			if (first)
				print "=="
			first = 0
			print $3 ($4 == "No" && $5 == "*" ? " *" : "")
		}'
}

# The long options that it speaks of, anywhere
man_mentioned()
{
	awk '/^\./ && /Fl / {
		fl = 0
		for (i = 1; i <= NF; i++) {
			if ($i == "Fl" || $i == ".Fl")
				fl = 1
			else if (fl && $i ~ /^-[a-z]/)
				print "-" $i
		}
	}' "$man" | sort -u
}

# ---- what the completion tells ----

# complete_line WORDS...: what may stand for the last word
complete_line()
{
	bash -c '. "$1" && shift && COMP_WORDS=("$@") && COMP_CWORD=$(($# - 1)) || exit
		_zswapctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$completion" zswapctl "$@" | sed '/^$/d' | sort
}

# completes WHAT WANT WORDS...: WANT is words
completes()
{
	what=$1
	printf '%s\n' "$2" | tr ' ' '\n' >want
	shift 2
	complete_line "$@" >got
	same "$what" want got
}

# column_names HELP N [PATTERN]: those of the table N of a help, and those without a star only
column_names()
{
	help_columns <"$1" | awk -v nr="$2" -v only="${3:-}" '/^==/ { n++; next }
		n == nr && !(only == "unusual" && $2 == "*") { print $1 }' | sort
}

# check_completed_columns SUBCOMMAND TABLE [OPTION]
check_completed_columns()
{
	sub=$1 table=$2
	shift 2
	name="$sub${*:+ $*}"
	column_names "help.$sub" "$table" >want
	for option in -o --output; do
		complete_line "$sub" "$@" $option '' >got
		same "completion: columns of $name $option" want got
	done
	first=$(head -n 1 want)
	sed "1d; s/^/$(echo "$first" | sed 's,/,\\/,g'),/" want >want.rest
	complete_line "$sub" "$@" -o "$first," >got
	same "completion: of $name each column once" want.rest got
	column_names "help.$sub" "$table" unusual | sed 's/^/+/' >want
	complete_line "$sub" "$@" -o + >got
	if [ -s want ]; then
		same "completion: columns of $name behind +" want got
	else
		check "completion: none of $name behind +" silent cat got
	fi
}

# ---- the comparison ----

"$zswapctl" --help >help || exit 1
awk '/^[^ ]/ { on = /^Subcommands/ } on && /^  / { print $1 }' help >subcommands
common='Options of all subcommands'
tables='Options of tables'

{
	printf '%s\n%s\n' "$common" "$tables"
	cat subcommands
} | sort >want
awk '/^\.Sh / { on = /DESCRIPTION/ } on && /^\.Ss / { print substr($0, 5) }' "$man" | sort >got
same 'man page: a subsection for each subcommand' want got

help_options <help >want
man_options "$common" >got
same 'man page: common options' want got

while read -r sub; do
	"$zswapctl" "$sub" --help >"help.$sub" || exit 1
	help_options <"help.$sub" >"options.$sub"
	{
		man_options "$common"
		grep -q '^Columns' "help.$sub" && man_options "$tables"
		man_options "$sub"
	} | sort >got
	same "man page: options of $sub" "options.$sub" got

	if grep -q '^Columns' "help.$sub"; then
		help_columns <"help.$sub" >want
		man_columns "$sub" >got
		same "man page: columns of $sub" want got
	fi

	help_statuses <"help.$sub" >want
	man_part 'EXIT STATUS' | awk '/^\.It / { print $2 }' >got
	same "man page: exit statuses of $sub" want got
done <subcommands

# Each option exists for some subcommand
cat options.* | sort -u >all
man_mentioned >mentioned
check 'man page: speaks of options' [ -s mentioned ]
check 'man page: speaks of no other options' silent comm -13 all mentioned

# "#key = value"; behind the first heading are examples
awk '/^#\[/ { exit } /^#[a-z-]+ = / { print substr($1, 2), $3 }' "$conf" | sort >want
man_part CONFIGURATION | awk '/^\.It Cm / {
	value = "?"
	for (i = 3; i < NF - 2; i++) {
		if ($i == "Pq" && $(i + 1) == "default" && $(i + 2) == "Cm")
			value = $(i + 3)
	}
	print $3, value
}' | sort >got
same 'man page: keys and defaults of the configuration' want got

if command -v mandoc >/dev/null; then
	check 'man page: mandoc finds nothing' mandoc -T lint -W warning "$man"
else
	skip 'man page: mandoc finds nothing' 'no mandoc'
fi

if ! command -v bash >/dev/null; then
	skip completion 'no bash'
	tap_done
fi

sort subcommands >want
complete_line '' >got
same 'completion: subcommands' want got
complete_line --root x '' >got
same 'completion: subcommands behind an option' want got
complete_line - >got
same 'completion: options without a subcommand' "options.$(head -n 1 subcommands)" got
while read -r sub; do
	complete_line "$sub" - >got
	same "completion: options of $sub" "options.$sub" got

	tables_of_sub=$(grep -c '^Columns' "help.$sub")
	if [ "$tables_of_sub" -ge 1 ]; then
		check_completed_columns "$sub" 1
	fi
	if [ "$tables_of_sub" -eq 2 ]; then
		check_completed_columns "$sub" 2 \
			"$(sed -n 's/^Columns with \(--[a-z]*\) .*/\1/p' "help.$sub")"
	fi
done <subcommands

# As bash makes words of it
completes 'completion: --output=' NODE status --output = no
completes 'completion: lower case' PAGES status -o pag
completes 'completion: behind + and a column' +PAGES,SHRINKER status -o +pages,sh
completes 'completion: --color' 'always auto never' status --color ''
completes 'completion: a part of it' 'always auto' status --color a
mkdir -p place.d tree/sys/fs/cgroup/system.slice/redis.service tree/sys/fs/cgroup/user.slice/a/b
: >place
for option in -C --config --state --record --replay; do
	completes "completion: $option" 'place place.d' daemon $option pl
done
for option in -f --file; do
	completes "completion: $option" 'place place.d' metrics $option pl
done
completes 'completion: --root' place.d --root pl
for sub in ages writeback plan; do
	completes "completion: cgroups of $sub" '/system.slice /user.slice' \
		--root tree $sub --cgroup ''
	completes "completion: cgroups of $sub -c" '/system.slice/redis.service' \
		--root tree $sub -c /system.slice/
done
completes 'completion: a cgroup that has others' '/user.slice/a /user.slice/a/' \
	--root tree ages --cgroup /user.slice/
completes 'completion: a cgroup with its directory' /sys/fs/cgroup/user.slice/a/b \
	--root tree ages --cgroup /sys/fs/cgroup/user.slice/a/

# Nothing of an option that the subcommand does not have, or whose argument nobody knows
for words in 'daemon --output' 'ages --age' 'writeback --age' 'daemon --color' 'top -c'; do
	# shellcheck disable=SC2086 # words
	check "completion: nothing for $words" silent complete_line $words ''
done

tap_done
