#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# generate.sh ZSWAPCTL man|bash|zsh|fish: make from the program's own --help what would otherwise
# have to be kept in step with it by hand.
#
#	man	standard input with lines ".@options NAME", ".@columns NAME" and ".@status" replaced
#	bash	data for the functions in completion/zswapctl.bash.in
#	zsh	a completion
#	fish	a completion

set -eu
[ $# -eq 2 ] || {
	echo "usage: $0 ZSWAPCTL man|bash|zsh|fish" >&2
	exit 2
}
zswapctl=$1 what=$2

# What --help tells, a line each, with tabs between: "S name summary", "O subcommand letter long
# argument help", "C subcommand option name star help" and "E subcommand status help"
spec()
{
	"$zswapctl" --help | awk -v OFS='\t' '/^[^ ]/ { on = /^Subcommands/ }
		on && /^  / { name = $1; sub(/^ +[^ ]+ +/, ""); print "S", name, $0 }'
	for sub in $("$zswapctl" --help | awk '/^[^ ]/ { on = /^Subcommands/ } on && /^  / { print $1 }'); do
		"$zswapctl" "$sub" --help | awk -v OFS='\t' -v sub_name="$sub" '
			/^[^ ]/ { part = $1; when = $2 == "with" ? $3 : "" }
			part == "Options:" && /^ +-/ {
				match($0, /--[a-z-]+/)
				long = substr($0, RSTART, RLENGTH)
				letter = $1 ~ /^-[^-]/ ? substr($1, 1, 2) : ""
				rest = substr($0, RSTART + RLENGTH)
				argument = ""
				if (match(rest, /^( [^ ]+|\[[^ ]+)/)) {
					argument = substr(rest, RSTART, RLENGTH)
					rest = substr(rest, RSTART + RLENGTH)
					sub(/^ /, "", argument)
				}
				sub(/^ +/, "", rest)
				print "O", sub_name, letter, long, argument, rest
			}
			part == "Columns" && /^  / {
				name = $1
				star = $2 == "*" ? "*" : ""
				sub(/^ +[^ ]+ +(\* )? */, "")
				print "C", sub_name, when, name, star, $0
			}
			part == "Exit" && /^  / {
				status = $1
				sub(/^ +[0-9]+ +/, "")
				print "E", sub_name, status, $0
			}'
	done
}

case $what in
man)
	table=$(mktemp)
	trap 'rm -f "$table"' EXIT
	spec >"$table"
	awk -F '\t' '
		function sentence(text) {
			gsub(/\\/, "\\e", text)
			gsub(/-/, "\\-", text)
			print toupper(substr(text, 1, 1)) substr(text, 2) "."
		}
		function form(argument) {
			if (argument == "[=SECONDS]")
				return " Ns Op = Ns Ar seconds"
			if (argument == "[+]LIST")
				return " Oo Cm + Oc Ns Ar list"
			if (argument == "N[-M]")
				return " Ar n Ns Op - Ns Ar m"
			return argument == "" ? "" : " Ar " tolower(argument)
		}
		# Which options belong to all, and which to all with tables: those of status, but --nodes
		function list_of(sub_name, long) {
			if (long ~ /^--(root|help|version)$/)
				return "common"
			if (long ~ /^--(json|raw|bytes|noheadings|output|output-all)$/)
				return "output"
			return sub_name
		}
		FNR == NR && $1 == "O" {
			list = list_of($2, $4)
			if (list != $2 && $2 != "status")
				next
			letter[list, ++nr[list]] = substr($3, 2)
			long[list, nr[list]] = substr($4, 2)
			argument[list, nr[list]] = $5
			help[list, nr[list]] = $6
		}
		FNR == NR && $1 == "C" {
			c = ++columns[$2]
			when[$2, c] = $3; name[$2, c] = $4; star[$2, c] = $5; text[$2, c] = $6
		}
		FNR == NR && $1 == "E" && $2 == "status" { code[++statuses] = $3; meaning[statuses] = $4 }
		FNR == NR { next }
		!/^\.@/ { print; next }
		{ split($0, word, " "); list = word[2] }
		word[1] == ".@status" {
			print ".Bl -tag -width indent -compact"
			for (i = 1; i <= statuses; i++) {
				print ".It " code[i]
				sentence(meaning[i])
			}
			print ".El"
			next
		}
		word[1] == ".@options" && nr[list] {
			print ".Bl -tag -width indent"
			for (i = 1; i <= nr[list]; i++) {
				print ".It " (letter[list, i] == "" ? "" : "Fl " letter[list, i] " , ") \
					"Fl " long[list, i] form(argument[list, i])
				sentence(help[list, i])
			}
			print ".El"
			next
		}
		word[1] == ".@columns" && columns[list] {
			last = "?"
			for (i = 1; i <= columns[list]; i++) {
				if (when[list, i] != last) {
					if (last != "?")
						print ".El"
					last = when[list, i]
					print ".Pp\nColumns" (last == "" ? ":" : " with\n.Fl " substr(last, 2) " :")
					print ".Bl -tag -width INCOMPRESSIBLE -compact"
				}
				print ".It Cm " name[list, i] (star[list, i] == "" ? "" : " No *")
				sentence(text[list, i])
			}
			print ".El"
			next
		}
		{ print "generate.sh: unknown: " $0 >"/dev/stderr"; bad = 1 }
		END { exit bad }' "$table" -
	;;
bash)
	spec | awk -F '\t' '
		function kind(argument) {
			if (argument == "FILE") return "file"
			if (argument == "DIR") return "directory"
			if (argument == "CGROUP") return "cgroup"
			if (argument == "[+]LIST") return "columns"
			return argument == "" || argument ~ /^\[=/ ? "" : "other"
		}
		$1 == "S" { names = names (names == "" ? "" : " ") $2; order[++nr] = $2 }
		$1 == "O" {
			if ($3 != "")
				options[$2] = options[$2] $3 " " kind($5) "\n"
			options[$2] = options[$2] $4 " " kind($5) "\n"
		}
		$1 == "C" {
			view = $2 $3
			if (!(view in seen)) { views[++nr_views] = view; seen[view] = 1 }
			if ($5 == "*") usual[view] = usual[view] " " $4
			else others[view] = others[view] " " $4
		}
		END {
			print "_zswapctl_subcommands=\"" names "\"\n"
			print "# Lines \"-x kind\", of the options of a subcommand\n_zswapctl_spec()\n{\n\tcase $1 in"
			for (i = 1; i <= nr; i++)
				printf "\t%s)\n\t\techo '\''%s'\''\n\t\t;;\n", order[i], options[order[i]]
			print "\tesac\n}\n\n# A line with the columns that are printed without --output, and one with the others"
			print "_zswapctl_columns()\n{\n\tcase $1 in"
			for (i = 1; i <= nr_views; i++)
				printf "\t%s)\n\t\techo \"%s\"\n\t\techo \"%s\"\n\t\t;;\n", views[i], \
					substr(usual[views[i]], 2), substr(others[views[i]], 2)
			print "\tesac\n}"
		}'
	;;
zsh)
	cat <<'ZSH'
#compdef zswapctl
# SPDX-License-Identifier: GPL-2.0-or-later

_zswapctl_cgroup()
{
	_path_files -/ -W /sys/fs/cgroup -P /
}

_zswapctl()
{
	local -a subcommands
	local subcommand=status i
ZSH
	spec | awk -F '\t' -v q=\' '
		function quoted(text) {
			gsub(/\[|\]|:|\\/, "\\\\&", text)
			gsub(q, q "\\\\" q q, text)
			return text
		}
		function action(sub_name, argument) {
			if (argument == "FILE") return ":file:_files"
			if (argument == "DIR") return ":directory:_files -/"
			if (argument == "CGROUP") return ":cgroup:_zswapctl_cgroup"
			if (argument == "[+]LIST") return ":columns:_values -s , column" all[sub_name]
			if (argument ~ /^\[=/) return "::seconds: "
			return argument == "" ? "" : ":value: "
		}
		$1 == "S" { order[++nr] = $2; summary[$2] = $3 }
		$1 == "O" { o = ++count[$2]; letter[$2, o] = $3; long[$2, o] = $4; arg[$2, o] = $5; help[$2, o] = $6 }
		$1 == "C" { all[$2] = all[$2] " " $4 }
		END {
			print "\tsubcommands=("
			for (i = 1; i <= nr; i++)
				print "\t\t'\''" order[i] ":" quoted(summary[order[i]]) "'\''"
			print "\t)\n\tfor ((i = 2; i < CURRENT; i++)); do"
			print "\t\tif (( ${subcommands[(I)${words[i]}:*]} )); then"
			print "\t\t\tsubcommand=${words[i]}\n\t\t\tbreak\n\t\tfi\n\tdone\n\tcase $subcommand in"
			for (i = 1; i <= nr; i++) {
				s = order[i]
				print "\t" s ")\n\t\t_arguments -s \\"
				for (o = 1; o <= count[s]; o++) {
					# An argument stands behind a "=", or is the next word
					equals = arg[s, o] == "" ? "" : arg[s, o] ~ /^\[=/ ? "=-" : "="
					printf "\t\t'\''(%s%s)'\''", letter[s, o] == "" ? "" : letter[s, o] " ", long[s, o]
					if (letter[s, o] == "")
						printf "%s%s", long[s, o], equals
					else
						printf "{%s%s,%s%s}", letter[s, o], equals == "" ? "" : "+", long[s, o], equals
					print "'\''[" quoted(help[s, o]) "]" action(s, arg[s, o]) "'\'' \\"
				}
				print "\t\t'\''1:subcommand:{_describe subcommand subcommands}'\'' ;;"
			}
			print "\tesac\n}\n\n_zswapctl \"$@\""
		}'
	;;
fish)
	cat <<'FISH'
# SPDX-License-Identifier: GPL-2.0-or-later

function __zswapctl_cgroups
	find /sys/fs/cgroup -mindepth 1 -type d -printf '/%P\n' 2>/dev/null
end

complete -c zswapctl -f
FISH
	spec | awk -F '\t' -v q=\' '
		function described(text) {
			gsub(q, "\\\\" q, text)
			return " -d '\''" text "'\''"
		}
		function action(sub_name, argument) {
			if (argument == "FILE") return " -rF"
			if (argument == "DIR") return " -xa '\''(__fish_complete_directories)'\''"
			if (argument == "CGROUP") return " -xa '\''(__zswapctl_cgroups)'\''"
			if (argument == "[+]LIST") return " -xa '\''(__fish_append ," all[sub_name] ")'\''"
			return argument == "" || argument ~ /^\[=/ ? "" : " -x"
		}
		$1 == "S" { print "complete -c zswapctl -n __fish_use_subcommand -a " $2 described($3) }
		$1 == "O" { sub_of[++nr] = $2; letter[nr] = $3; long[nr] = $4; arg[nr] = $5; help[nr] = $6 }
		$1 == "C" { all[$2] = all[$2] " " $4 }
		END {
			for (o = 1; o <= nr; o++)
				print "complete -c zswapctl -n '\''__fish_seen_subcommand_from " sub_of[o] "'\'' -l " \
					substr(long[o], 3) (letter[o] == "" ? "" : " -s " substr(letter[o], 2)) \
					action(sub_of[o], arg[o]) described(help[o])
		}'
	;;
esac
