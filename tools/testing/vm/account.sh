# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# How check.sh counts what the parts of a run have said, apart from it for harness-check.sh. Who
# sources it has set
#
#	out	where NAME.ktap of each part is
#	on	the kernel: debug, kasan or kcsan
#	key	what the results are true of, kept in NAME.done of a part that is green
#
# and finds the sums in $passed, $failed and $skipped, and in $out/why.txt why.
#
# shellcheck disable=SC2154 # these

passed=0 failed=0 skipped=0

# may_skip: the reasons for which a test may be skipped here, or 1 if nobody knows them. These kernels
# have all that the tests need, but for what the series does not know: a skip is for a slow machine.
may_skip() {
	case $on-$VM_ARCH in
	debug-x86_64) ;;
	kasan-x86_64 | kcsan-x86_64)
		# These kernels put more into memory that has just come.
		echo 'memory is in pieces'
		echo 'the kernel keeps something in the new memory'
		[ "$on" = kasan ] || echo 'needs lockdep'
		;;
	# There is no memory that is plugged in, and what else there is not, no whole run has told.
	*) return 1 ;;
	esac
	echo 'too slow'
	grep . "$PATCHES/absent.tests" 2>/dev/null || :
}

# why NAME STATUS: what the tests of a part that failed have said, and if none has, what it
# said last
why() {
	echo "==> why $1 failed, with status $2:"
	awk -v list=1 -v said=1 -f "$VMDIR/ktap.awk" "$out/$1.ktap" | sed -n -e 's/^fail /failed: /p' -e 's/^said /    /p' |
		grep . || tail -n 30 "$out/$1.ktap"
}

# account NAME STATUS: add up what is in NAME.ktap. A part that ended badly
# although none of its results says so counts as one failure.
account() {
	local p f s reasons
	[ -e "$out/$1.ktap" ] || : >"$out/$1.ktap"
	read -r p f s < <(awk -f "$VMDIR/ktap.awk" "$out/$1.ktap")
	if [ $((p + f + s)) -eq 0 ]; then
		say "$1: not one test ran"
		f=1
	elif [ "$2" -ne 0 ] && [ "$f" -eq 0 ]; then
		f=1
	fi
	if reasons=$(may_skip); then
		f=$((f + $(grep -E '(^|# )ok .*# SKIP' "$out/$1.ktap" | grep -vcFf <(echo "$reasons") || :)))
	fi
	awk -v list=1 -f "$VMDIR/ktap.awk" "$out/$1.ktap" | sed -n -e 's/^fail /    failed: /p' -e 's/^skip /    skipped: /p'
	[ "$f" -eq 0 ] || why "$1" "$2" >>"$out/why.txt"
	say "$1: $p passed, $f failed, $s skipped ($out/$1.ktap)"
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	[ "$f" -ne 0 ] || echo "$key" >"$out/$1.done"
}
