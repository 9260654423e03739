#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Are the tests any good? Break the feature in each of the ways that mutants.list
# knows, and see whether one of the tests that should turns red.
#
# All mutants are in one kernel, which is told by its command line which one is
# alive (schemata.pl): one build, and one boot for each. Before that, each test
# has to be green on the same kernel with none of them alive.
#
#   killed     a test turned red, the kernel complained, or it hung
#   survived   nobody noticed: a test is missing, or the mutant is no mistake
#   error      nobody knows: the VM did not come up, or something was red although
#              the broken code never ran
#
# The summary is left in build/mutants/summary.txt, and the run of each mutant in
# build/mutants/vm/. The status is zero only if all have been killed.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

usage() {
	cat <<-TEXT
	usage: mutants.sh [--list] [--only NAME,...] [--jobs N] [--resume]

	--list    print the number, name, files and tests of each mutant
	--only    run these, and leave the summary as it is
	--jobs    VMs at a time (2 if there are 4 CPUs or more, otherwise 1)
	--resume  keep what is known of mutants that, with the sources and the tests,
	          have not changed since
	TEXT
	exit "${1:-2}"
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
list=$here/mutants.list
only='' resume='' jobs=1
[ "$(nproc)" -lt 4 ] || jobs=2
while [ $# -gt 0 ]; do
	case $1 in
	--list)
		perl "$here/schemata.pl" --list "$list"
		exit
		;;
	--resume)
		resume=y
		shift
		;;
	--only | --jobs)
		[ $# -ge 2 ] || usage
		[ "$1" = --only ] && only=$2 || jobs=$2
		shift 2
		;;
	-h | --help) usage 0 ;;
	*) usage ;;
	esac
done
case $jobs in '' | *[!0-9]* | 0) usage ;; esac

out=$BUILD/mutants
tree=$MUTANTS_TREE
kernel=$MUTANTS_OUT/$IMAGE
payload=$out/payload
tests=$BUILD/selftests/zswap/zswap
results=$out/results
start=$SECONDS
mkdir -p "$results"

# ---- the tree, the kernel, the tests ----

# What differs from $WORKTREE is what has mutants; all else are hard links, which
# rsync never writes through: it makes a new file and renames it. The first time,
# cp is quicker.
make_tree() (
	lock_build
	[ -d "$WORKTREE/mm/zswap_wb" ] || die "there is no kernel tree yet: run make tree."
	rm -rf "$out/new"
	perl "$here/schemata.pl" "$list" "$WORKTREE" "$out/new" >"$out/mutants.new" ||
		die "the list of mutants does not fit the code: correct the mutants above in tools/testing/mutants/mutants.list."
	(cd "$out/new" && find . -type f) | sed 's,^\.,,' >"$out/broken"
	if [ ! -d "$tree" ]; then
		say "copying the kernel tree (hard links)"
		rm -rf "$tree.new"
		cp -al "$WORKTREE" "$tree.new" ||
			die "copying the kernel tree failed: make room in $out, or choose another disk with BUILD=dir."
		mv "$tree.new" "$tree"
	fi
	rsync -a --delete --exclude-from="$out/broken" --exclude=__pycache__ --link-dest="$WORKTREE" \
		"$WORKTREE/" "$tree/" >"$out/rsync.log" 2>&1 ||
		die "copying the kernel tree failed: see $out/rsync.log."
	while read -r file; do
		copy_if_changed "$out/new$file" "$tree$file" || :
	done <"$out/broken"
	rm -rf "$out/new"
	mv "$out/mutants.new" "$out/mutants"
)
make_tree
"$VMDIR/kernel.sh" mutants
"$VMDIR/selftests.sh" zswap

mapfile -t mutants < <(awk -v only="$only" '
	BEGIN { nr = split(only, name, ","); for (i = 1; i <= nr; i++) want[name[i]] = 1 }
	!nr || $2 in want { print; delete want[$2] }
	END { for (i in want) print "unknown", i }' "$out/mutants")
for mutant in "${mutants[@]}"; do
	case $mutant in 'unknown '*) die "there is no mutant ${mutant#unknown }: see --list." ;; esac
	read -r _ name _ named <<<"$mutant"
	for test in $named; do
		case $test in kunit:*) continue ;; esac
		[ -x "$tests/zswap_wb_$test" ] || die "$name: there is no test program zswap_wb_$test."
	done
done

# ---- VMs ----

# What a result depends on: the code, the tests, and the mutant (none for control).
key() {
	local program files=("$WORKTREE/mm/zswap.c" "$WORKTREE"/mm/zswap_wb/*.[ch] "$here/guest.sh"
		"$WORKTREE"/mm/{list_lru,page_io,swapfile}.c "$WORKTREE"/include/linux/zswap_wb.h
		"$WORKTREE/include/trace/events/zswap_wb.h")
	for program in $2; do
		case $program in
		kunit*) files+=("$WORKTREE"/mm/zswap_wb/tests/*.c) ;;
		*) files+=("$tests/zswap_wb_$program") ;;
		esac
	done
	{
		cat "${files[@]}"
		awk -v name="$1" '$1 == "mutant" { on = $2 == name } on && !/^#/' "$list"
	} | sha256sum | cut -c1-16
}

# boot NAME NUMBER TIMEOUT TEST...: the status is that of vm.sh
boot() {
	local name=$1 number=$2 timeout=$3 rc=0
	shift 3
	# Without slab_nomerge nobody knows how many chunks of the map there are.
	local append="slab_nomerge zswap_wb_mutant=$number" kunit=0 test programs=''
	for test; do
		case $test in
		kunit) kunit=1 ;;
		kunit:*) kunit="1 kunit.filter_glob=*.zswap_wb_${test#*:}*" ;;
		*) programs+=" $test" ;;
		esac
	done
	# Only what is run: the guest unpacks it all.
	rm -rf "${payload:?}/$name"
	mkdir -p "$payload/$name"
	cp "$here/guest.sh" "$payload/$name/"
	for test in $programs; do
		ln "$tests/zswap_wb_$test" "$payload/$name/"
	done
	ACCEL=$accel BUILD=$out "$VMDIR/vm.sh" --name "$name" --kernel "$kernel" --payload "$payload/$name" \
		--quiet --timeout "$timeout" --append "$append kunit.enable=$kunit" \
		--run "sh guest.sh $number$programs" >/dev/null 2>&1 || rc=$?
	rm -rf "$out/vm/$name/initramfs.cpio" "${payload:?}/$name"
	return "$rc"
}

# The first thing that was red in a VM, if any.
first_red() {
	sed -n 's/^red //p' "$out/vm/$1/output.log" | head -n 1
}

# The first thing that the kernel complained of, without what differs each time.
complaint() {
	{ "$VMDIR/console-check.sh" "$out/vm/$1/console.log" || :; } | awk '
		{ sub(/^\[[^]]*\] */, ""); sub(/(CPU|PID): .*/, "") }
		!/^[-= ]*$/ && !what { what = substr($0, 1, 90) }
		END { print what }'
}

# judge NAME NUMBER STATUS: one line on what has become of a mutant
judge() {
	local name=$1 log=$out/vm/$1 ran='' red what=''
	! grep -q "mutant $2 runs" "$log/console.log" || ran=y
	red=$(first_red "$name")
	case $3 in
	0)
		if [ -n "$ran" ]; then
			echo "survived, its code ran"
		else
			echo "survived, its code did not run"
		fi
		return
		;;
	1 | 126)
		if [ -n "$red" ]; then
			what=$red
		elif [ "$3" -eq 126 ]; then
			what="the kernel: $(complaint "$name")"
		fi
		;;
	124) ! grep -q '^begin' "$log/output.log" || what='the time limit: it hangs' ;;
	esac
	if [ -z "$what" ]; then
		echo "error: the VM ended with status $3, see $log"
	elif [ -z "$ran" ]; then
		echo "error: red although its code did not run: $what"
	else
		echo "killed by $what"
	fi
}

# Seconds that the tests took without a mutant, times three, and some to boot.
time_limit() {
	local program sum=0
	for program; do
		sum=$((sum + $(sed -n 's/^.* //p' "$results/control.${program%:*}")))
	done
	echo $((120 + 3 * sum))
}

accel=$(ACCEL=${ACCEL:-} "$VMDIR/accel.sh" "$kernel")

# control TEST: run it without a mutant, and note how long it takes.
control() {
	local test=$1 this rc=0 red passed failed seconds=0
	this=$(key - "$test")
	if [ -n "$resume" ] && [ "$(cut -d' ' -f1 "$results/control.$test" 2>/dev/null)" = "$this" ]; then
		return
	fi
	boot "control-$test" 0 1800 "$test" || rc=$?
	red=$(first_red "control-$test")
	[ -z "$red" ] || die "$red is red without a mutant: see $out/vm/control-$test."
	[ "$rc" -eq 0 ] || die "$test without a mutant ended with status $rc: see $out/vm/control-$test."
	if [ "$test" = kunit ]; then
		read -r passed failed _ < <(awk -f "$VMDIR/ktap.awk" "$out/vm/control-kunit/console.log")
		if [ "$passed" -eq 0 ] || [ "$failed" -ne 0 ]; then
			die "KUnit without a mutant: $passed passed, $failed failed, see $out/vm/control-kunit/console.log."
		fi
		seconds=$(sed -n 's/^\[ *\([0-9]*\)\..*/\1/p' "$out/vm/control-kunit/console.log" | tail -n 1)
	else
		seconds=$(sed -n "s/^green $test //p" "$out/vm/control-$test/output.log")
		[ -n "$seconds" ] || die "$test without a mutant did not run: see $out/vm/control-$test."
	fi
	say "control: $test is green without a mutant, $seconds s"
	echo "$this $seconds" >"$results/control.$test"
}

# at_a_time COMMAND ITEM...: run it with each item, as many as --jobs says at a time. The
# status is that of those which failed.
at_a_time() {
	local command=$1 item running=0 rc=0
	shift
	for item; do
		if [ "$running" -eq "$jobs" ]; then
			wait -n || rc=1
			running=$((running - 1))
		fi
		"$command" "$item" &
		running=$((running + 1))
	done
	for (( ; running; running--)); do
		wait -n || rc=1
	done
	return "$rc"
}

# What runs in the background ignores Ctrl-C, and so would the VMs.
trap 'trap "" TERM; kill -TERM 0; exit 130' INT TERM
mapfile -t tests_needed < <(printf '%s\n' "${mutants[@]}" | cut -d' ' -f4- | tr ' ' '\n' | sed 's/:.*//' | sort -u)
at_a_time control "${tests_needed[@]}" || exit 1

run_mutant() {
	local number name files named this begin=$SECONDS rc=0 result
	read -r number name files named <<<"$1"
	this=$(key "$name" "$named")
	if [ -n "$resume" ] && [ "$(cut -d' ' -f1 "$results/$name" 2>/dev/null)" = "$this" ]; then
		return
	fi
	# shellcheck disable=SC2086 # words
	boot "$name" "$number" "$(time_limit $named)" $named || rc=$?
	result=$(judge "$name" "$number" "$rc")
	# What nobody knows is not worth keeping
	[ "${result#error}" != "$result" ] || echo "$this $result" >"$results/$name"
	say "$name ($named): $result, $((SECONDS - begin)) s"
	printf '%-40s %-28s %s\n' "$name" "$files" "$result" >"$out/lines/$number"
}

known() {
	local number name files
	for mutant in "${mutants[@]}"; do
		read -r number name files _ <<<"$mutant"
		[ -e "$out/lines/$number" ] ||
			printf '%-40s %-28s %s\n' "$name" "$files" "$(cut -d' ' -f2- "$results/$name")" >"$out/lines/$number"
	done
}

rm -rf "$out/lines"
mkdir "$out/lines"
at_a_time run_mutant "${mutants[@]}"
known

# ---- the summary ----

mapfile -t order < <(cd "$out/lines" && printf '%s\n' * | sort -n)
(cd "$out/lines" && cat "${order[@]}") >"$out/lines/all"
count() {
	awk -v what="$1" '$3 ~ what { n++ } END { print n + 0 }' "$out/lines/all"
}
killed=$(count '^killed') survived=$(count '^survived') errors=$(count '^error')
[ "$((killed + survived + errors))" -eq "${#mutants[@]}" ] ||
	die "some mutants have no result: a run of them died, see $out/lines."
summary=$out/summary.txt
[ -z "$only" ] || summary=$out/summary-only.txt
{
	echo "mutants: $killed killed, $survived survived"
	cat "$out/lines/all"
} >"$summary"
grep -vE '^[^ ]+ +[^ ]+ +killed' "$summary" || :
say "$summary, $(clock $((SECONDS - start)))"
[ "$errors" -eq 0 ] || die "$errors mutants could not be judged: see the lines above."
[ "$survived" -eq 0 ] || die "$survived mutants survived: tests are missing, see the lines above."
