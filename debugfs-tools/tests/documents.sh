#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# documents.sh ZSWAPCTL DIR: the manual pages and completions that were made in DIR: are they
# sound, do they work, and does zswapctl.conf(5) tell the keys and defaults of zswapctl.conf?
# TAP.

set -u
export LC_ALL=C
[ $# -eq 2 ] || {
	echo "usage: $0 ZSWAPCTL DIR" >&2
	exit 2
}
zswapctl=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=debugfs-tools/tests/tap.sh
. "$top/tests/tap.sh"
made=$(cd "$2" && pwd)
conf=$top/zswapctl.conf
completion=$made/completion.bash
tap_workdir

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
while read -r sub; do
	"$zswapctl" "$sub" --help >"help.$sub" || exit 1
	help_options <"help.$sub" >"options.$sub"
done <subcommands

# Each option of a subcommand is in its page, with what it is for
for page in zswapctl.8 zswapctl-daemon.8; do
	sed -n 's/^\.It .*Fl -\([a-z-]*\).*/--\1/p' "$made/$page"
done | sort -u >described
cat options.* | grep '^--' | sort -u >want
same 'manual: all options' want described

# "#key = value"; behind the first heading are examples
awk '/^#\[/ { exit } /^#[a-z-]+ = / { sub(/^#/, ""); sub(/ =/, ""); print }' "$conf" | sort >want
awk '/^\.It Cm / {
	value = "?"
	for (i = 3; i < NF - 2; i++) {
		if ($i == "Pq" && $(i + 1) == "default" && $(i + 2) == "Cm") {
			value = $(i + 3)
			for (i += 4; i <= NF; i++)
				value = value " " $i
		}
	}
	print $3, value
}' "$made/zswapctl.conf.5" | sort >got
same 'manual: keys and defaults of the configuration' want got

# The unit, the page and the program agree on what is not tried again
sed -n 's/^RestartPreventExitStatus=//p' "$top/zswapctl.service" | tr -s ' ' '\n' >want
sed -n 's/^The unit does not start it again after \(.*\), which .*/\1/p' "$made/zswapctl-daemon.8" |
	grep -o '[0-9][0-9]*' >got
same 'manual: exit statuses that the unit leaves alone' want got
sed -n '/^Exit status/,$s/^  \([0-9]*\) .*/\1/p' help.daemon | grep -xf want >got
same 'help: each of them has a meaning' want got

check 'manual: a range of buckets' grep -qx '.It Fl -bucket Ar n Ns Op - Ns Ar m' "$made/zswapctl.8"

for page in "$made"/zswapctl*.[58]; do
	if command -v mandoc >/dev/null; then
		# Pages of other packages need not be installed where this is built
		check "manual: mandoc finds nothing in ${page##*/}" silent mandoc -T lint -W warning "$page"
	else
		skip "manual: ${page##*/}" 'no mandoc'
	fi
done

if command -v zsh >/dev/null; then
	check 'completion: zsh reads it' zsh -n "$made/completion.zsh"
else
	skip 'completion: zsh reads it' 'no zsh'
fi
if command -v fish >/dev/null; then
	HOME=$workdir fish -c ". $made/completion.fish; complete -C'zswapctl writeback --max'" >got 2>&1
	sed 's/\t.*//' got | sort >words
	printf '%s\n' --max --max-compressed >want
	same 'completion: fish has the options' want words
	HOME=$workdir fish -c ". $made/completion.fish; complete -C'zswapctl '" | sed 's/\t.*//' | sort >words
	sort subcommands >want
	same 'completion: fish has the subcommands' want words
else
	skip 'completion: fish' 'no fish'
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
	for table in $(seq "$tables_of_sub"); do
		when=$(sed -n "s/^Columns\\(.*\\) (.*/\\1/p" "help.$sub" | sed -n "$table s/^ with //p")
		# None for the usual table
		# shellcheck disable=SC2086
		check_completed_columns "$sub" "$table" $when
	done
done <subcommands

# As bash makes words of it
completes 'completion: --output=' NODE status --output = no
completes 'completion: lower case' PAGES status -o pag
completes 'completion: behind + and a column' +PAGES,SHRINKER status -o +pages,sh
mkdir -p place.d tree/sys/fs/cgroup/system.slice/redis.service tree/sys/fs/cgroup/user.slice/a/b
: >place
for option in -C --config --state; do
	completes "completion: $option" 'place place.d' daemon $option pl
done
for option in -f --file; do
	completes "completion: $option of ages" 'place place.d' ages --history $option pl
	completes "completion: $option" 'place place.d' metrics $option pl
	completes "completion: $option of record" 'place place.d' record $option pl
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
for words in 'metrics --output' 'ages --age' 'writeback --age' 'top -c'; do
	# shellcheck disable=SC2086 # words
	check "completion: nothing for $words" silent complete_line $words ''
done

tap_done
