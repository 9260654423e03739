#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh: compare the descriptions for syzkaller with the kernel's sources, with
# themselves, and with the README: what can be checked without syzkaller.
#
#	check.sh [DESCRIPTIONS [README]]
#	check.sh --self-test		does it turn red for what has a mistake?

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

dir=$TOP/tools/testing/syzkaller

# mistake FILE EXPRESSION SAYS: with this done to a copy of the file it is red, and says so.
mistake() {
	local descriptions=$dir/zswap_wb.txt readme=$dir/README.rst said
	sed -E "$2" "$dir/$1" >"$work/$1"
	! cmp -s "$dir/$1" "$work/$1" || die "there is nothing in $1 for $2: correct the self-test."
	case $1 in
	*.rst) readme=$work/$1 ;;
	*) descriptions=$work/$1 ;;
	esac
	if said=$("${BASH_SOURCE[0]}" "$descriptions" "$readme" 2>&1); then
		echo "not ok: $1 with $2 is green"
	elif ! grep -q "^not ok: $3\|^[<>] $3$" <<<"$said"; then
		echo "not ok: $1 with $2 is red for something else: $(grep '^not ok' <<<"$said" || :)"
	else
		echo "ok: $1 with $2 is red"
		return
	fi
	failed=1
}

if [ "${1:-}" = --self-test ]; then
	work=$(mktemp -d)
	trap 'rm -rf "$work"' EXIT
	failed=0
	mistake zswap_wb.txt '/^pwrite64/s/off fileoff/off fileoff[int64]/' 'line [0-9]*: "fileoff.int64."'
	mistake zswap_wb.txt '/^lseek.zswap_table/s/off fileoff/off int64/' 'line [0-9]*: an argument of 64 bits'
	mistake zswap_wb.txt 's/"rate="/"pace="/' pace
	mistake zswap_wb.txt 's,zswap/age_edges,zswap/age_hedges,' 'debugfs age_hedges'
	mistake README.rst 's/"munmap"/"fork"/' "no calls of syzkaller's: fork"
	mistake README.rst 's/"(read.zswap_table)"/"\1s"/' 'read.zswap_tables'
	mistake README.rst 's/"\^zswap_wb_flight"/"^zswap_wb_fright"/' "the README's function zswap_wb_fright"
	exit "$failed"
fi

text=${1:-$dir/zswap_wb.txt}
consts=$dir/zswap_wb.txt.const
readme=${2:-$dir/README.rst}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# same WHAT A B: two lists, one name a line.
same() {
	sort -u "$2" -o "$2"
	sort -u "$3" -o "$3"
	if [ ! -s "$2" ]; then
		echo "not ok: $1: nothing was found"
		failed=1
	elif diff "$2" "$3" >"$work/diff"; then
		echo "ok: $1 ($(wc -l <"$2"))"
	else
		echo "not ok: $1: < first only, > second only"
		grep '^[<>]' "$work/diff"
		failed=1
	fi
}

# Files that the kernel's sources create, and those that are described.
{
	sed -nE 's/.*= ZSWAP_WB_FILE\(([a-z_]+)\),.*/sysfs stats\/\1/p
		s/.*__ATTR\(([a-z_]+), 0200.*/sysfs \1/p
		s/^static ssize_t (compressed_[a-z_]+)_show.*/sysfs \1/p' "$TOP/mm/zswap_wb/sysfs.c"
	sed -nE 's/.*debugfs_create_file\("([a-z_]+)".*/debugfs \1/p' "$TOP/mm/zswap_wb/debugfs.c"
} >"$work/created"
grep -o '"/sys/kernel/[^"]*"' "$text" | tr -d '"' |
	sed -E 's|/node[0-9]+/|/|; s|^/sys/kernel/mm/zswap/|sysfs |; s|^/sys/kernel/debug/zswap/|debugfs |' >"$work/described"
same "files of the kernel's sources and of the descriptions" "$work/created" "$work/described"
# All but one of the counters, and the command that writes, are there for each node, too.
sed -n 's/^sysfs //p' "$work/created" | grep -Evx 'stats/commands|compressed_writeback|proactive_readback' >"$work/created-node"
grep -o '"/sys/kernel/mm/zswap/node0/[^"]*"' "$text" | tr -d '"' | sed 's|.*/node0/||' >"$work/described-node"
same "files of a node" "$work/created-node" "$work/described-node"

# Keys of commands.
sed -n '/zswap_wb_command_keys\[\] = {/,/^}/p' "$TOP/mm/zswap_wb/command.c" |
	grep -oE '"[a-z_]+"' | tr -d '"' >"$work/keys"
grep -oE '"[a-z_]+="' "$text" | tr -d '"=' >"$work/described-keys"
same "keys of commands" "$work/keys" "$work/described-keys"

# Names that are defined and that are used: types, lists, resources.
grep -v '^#' "$text" >"$work/code"
sed -nE 's/^resource ([a-z_0-9]+)\[.*/\1/p
	s/^type ([a-z_0-9]+)\[.*/\1/p
	s/^(zswap_[a-z_0-9]+) [][{=].*/\1/p' "$work/code" >"$work/defined"
sed -E 's/"[^"]*"//g; s/^resource [a-z_0-9]+//; s/^type [a-z_0-9]+//; s/^zswap_[a-z_0-9]+ [][{=]//; s/^[a-z0-9]+\$[a-z_0-9]+//' "$work/code" |
	grep -oE '\b(fd_)?zswap_[a-z_0-9]+' >"$work/used"
same "types, lists and resources: defined and used" "$work/defined" "$work/used"
sort "$work/defined" | uniq -d >"$work/twice"

# Each resource comes from a call, and goes to one.
sed -nE 's/^resource ([a-z_0-9]+)\[.*/\1/p' "$work/code" >"$work/resources"
sed -nE 's/^openat\$.*\) (fd_[a-z_]+)$/\1/p' "$work/code" >"$work/produced"
sed -nE 's/^[a-z0-9]+\$[a-z_]+\(fd (fd_[a-z_]+),.*/\1/p' "$work/code" >"$work/consumed"
same "resources and what returns them" "$work/resources" "$work/produced"
same "resources and what takes them" "$work/resources" "$work/consumed"

# Constants, and numbers of system calls.
sed -E 's/"[^"]*"//g' "$work/code" | grep -oE '\b(O|AT|MADV|SEEK)_[A-Z]+\b' >"$work/constants"
sed -nE 's/^([a-z0-9]+)\$.*/__NR_\1/p' "$work/code" >>"$work/constants"
sed -nE 's/^([A-Z_a-z0-9]+) = [0-9]+$/\1/p' "$consts" >"$work/known"
same "constants and those of the .const file" "$work/constants" "$work/known"

# The README's list of calls.
grep -oE '^[a-z0-9]+\$[a-z_]+' "$work/code" >"$work/calls"
grep -oE '"[a-z0-9]+\$[a-z_]+"' "$readme" | tr -d '"' >"$work/enabled"
same "calls and the README's list" "$work/calls" "$work/enabled"
# And its functions are in the sources.
sed -nE '/"functions"/s/[^:]*://p' "$readme" | grep -oE '\^[a-z_]+' | tr -d '^' | sort -u >"$work/functions"
while read -r function; do
	grep -rqE "\b$function" "$TOP/mm/zswap_wb" "$TOP/patches" || {
		echo "not ok: the README's function $function is in no source"
		failed=1
	}
done <"$work/functions"

# The README's other calls, and those that ours are variants of, are syzkaller's own: of
# sys/linux/sys.txt, as far as it has to do with files, memory and processes. There is
# no fork: a process is made by a call that only syzkaller has.
printf '%s\n' close dup dup2 lseek madvise mlock mlock2 mlockall mmap mprotect mremap msync \
	munlock munlockall munmap openat pread64 preadv process_madvise pwrite64 pwritev read \
	readv syz_clone syz_clone3 write writev >"$work/syzkaller"
{
	sed -nE '/"enable_syscalls"/,/\]/p' "$readme" | grep -oE '"[a-z0-9_$]+"' | tr -d '"' | grep -vx enable_syscalls |
		grep -v '[$]'
	sed 's/[$].*//' "$work/calls"
} | sort -u >"$work/general"
[ "$(wc -l <"$work/general")" -gt 10 ] || { echo "not ok: few calls were found"; failed=1; }
comm -23 "$work/general" "$work/syzkaller" >"$work/unheard"
[ ! -s "$work/unheard" ] || {
	echo "not ok: no calls of syzkaller's: $(tr '\n' ' ' <"$work/unheard")"
	failed=1
}

# Each type has as many options as it must have where it stands.
awk -f "$dir/types.awk" "$text" >"$work/types" || {
	sed 's/^/not ok: /' "$work/types"
	failed=1
}

# What the scanner refuses: strings have no escapes, lines with braces match.
! grep -n '"[^"]*\\[^"]*"' "$work/code" || { echo "not ok: an escape in a string"; failed=1; }
! LC_ALL=C grep -nP '[^\x09\x20-\x7e]' "$text" || { echo "not ok: a byte that is not ASCII"; failed=1; }
awk '
	/[[{]$/ { if (open) bad = bad " " NR; open = /{$/ ? "}" : "]"; next }
	/^[]}]/ { if (substr($0, 1, 1) != open) bad = bad " " NR; open = ""; next }
	open && !/^\t[a-z_0-9]+\t+[^ ]/ { bad = bad " " NR }
	{ n = gsub(/\[/, "["); m = gsub(/\]/, "]"); if (n != m) bad = bad " " NR }
	END { if (bad != "") { print "not ok: lines" bad " do not look like fields"; exit 1 } }
' "$work/code" || failed=1
[ ! -s "$work/twice" ] || { echo "not ok: defined twice: $(tr '\n' ' ' <"$work/twice")"; failed=1; }
exit "$failed"
