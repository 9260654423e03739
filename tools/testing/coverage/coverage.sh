#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# coverage.sh [--again]: how much of the feature its tests execute.
#
# Runs all tests on the debug kernel, which counts, adds the counts up, and leaves
# in build/coverage
#
#	summary.txt	the sum, each file, and each line and branch that was not
#			reached, with the reason from reasons.txt
#	html/		the sources with the counts
#
# The status is zero only if the tests passed, the bounds below are kept and
# everything that was not reached has a reason. --again: the counts of the last
# run, for who has changed reasons.txt.
#
# What is counted: mm/zswap_wb/ without its tests, include/linux/zswap_wb.h, and
# those lines of mm/zswap.c that the hook patches add. What is not:
#
# - branches that only an assertion has (ASSERTIONS below): a test that takes them has
#   found a bug;
# - branches inside of upstream's macros (EXPANSIONS), which decide by the size of a
#   type, or what to do with a bitmap that is empty or has one word only;
# - what is compiled without memory cgroups only: make lint compiles it.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

LINES_MIN=97.0
BRANCHES_MIN=90.0
ASSERTIONS='\b(rcu_dereference[a-z_]*|WARN_ON|WARN_ON_ONCE|VM_WARN_ON|VM_WARN_ON_ONCE|VM_WARN_ON_ONCE_FOLIO|VM_BUG_ON_FOLIO|BUILD_BUG_ON|lockdep_assert[a-z_]*|trace_zswap_wb_[a-z]*)\('
EXPANSIONS='\b(for_each_(node|node_mask|possible_cpu)|(test|set|clear|assign|__assign)_bit|clamp|kv?[mz]alloc_[a-z]+|kmem_cache_zalloc|alloc_percpu|kfree_rcu|memcpy)\('

COVERAGE=$TOP/tools/testing/coverage
out=$BUILD/coverage
rc=0
case ${1:-} in
--again)
	[ -d "$out/counts" ] || die "there are no counts of a last run: run make coverage."
	;;
'')
	rm -rf "$out" "$BUILD"/vm/*/gcov.tar
	mkdir -p "$out/counts"
	"$VMDIR/check.sh" --gcov || rc=$?
	;;
*) die "coverage.sh knows --again, not $1." ;;
esac
command -v lcov >/dev/null || die "lcov is missing: run make deps."

# capture NAME: make NAME.info of the counts in counts/NAME and the notes that the
# compiler left beside the objects.
lcov=(lcov --quiet --rc lcov_branch_coverage=1 --rc "lcov_excl_br_line=LCOV_EXCL_BR_LINE|$ASSERTIONS|$EXPANSIONS")
capture() {
	local name=$1 objects=$DEBUG_OUT file
	while read -r file; do
		cp "$objects/${file%.gcda}.gcno" "$out/counts/$name/${file%.gcda}.gcno"
	done < <(cd "$out/counts/$name" && find . -name '*.gcda')
	"${lcov[@]}" --capture --directory "$out/counts/$name" --base-directory "$objects" \
		--output-file "$out/$name.info" >"$out/$name.log" 2>&1 ||
		{ tail -n 5 "$out/$name.log" >&2; die "lcov could not read the counts of $name: see $out/$name.log."; }
}

# below DIR: how many directories there are down to what is in it
below() {
	tr -dc / <<<"$1/" | wc -c
}
# Each VM has left one archive, with all directories that lead to the objects.
for archive in "$BUILD"/vm/*/gcov.tar; do
	[ -s "$archive" ] || continue
	name=$(basename "$(dirname "$archive")")
	mkdir -p "$out/counts/$name"
	tar -C "$out/counts/$name" --strip-components="$(below "$DEBUG_OUT")" -xf "$archive"
	rm "$archive"
	# Nothing but directories: the kernel was locked down.
	find "$out/counts/$name" -name '*.gcda' | grep -q . || rm -r "$out/counts/$name"
done
parts=()
for counts in "$out"/counts/*; do
	name=$(basename "$counts")
	say "coverage: reading the counts of $name"
	capture "$name"
	parts+=(--add-tracefile "$out/$name.info")
done
[ "${#parts[@]}" -gt 0 ] || die "no test has left any counts."
"${lcov[@]}" "${parts[@]}" --output-file "$out/all.info"

# Ours alone: of mm/zswap.c the lines that differ from upstream's.
diff --new-line-format='%dn
' --old-line-format='' --unchanged-line-format='' \
	"$(cat "$BUILD/tree/origin")/mm/zswap.c" "$WORKTREE/mm/zswap.c" >"$out/hooks" || :
awk -v hooks="$out/hooks" -v tree="$WORKTREE/" -f "$COVERAGE/ours.awk" "$out/all.info" >"$out/coverage.info"
genhtml --quiet --branch-coverage --prefix "$WORKTREE" --title 'proactive zswap writeback' \
	--output-directory "$out/html" "$out/coverage.info" >"$out/genhtml.log" 2>&1 ||
	{ tail -n 5 "$out/genhtml.log" >&2; die "genhtml failed: see $out/genhtml.log."; }

bad=0
awk -v tree="$WORKTREE/" -v lines_min="$LINES_MIN" -v branches_min="$BRANCHES_MIN" \
	-v reasons="$COVERAGE/reasons.txt" -f "$COVERAGE/report.awk" "$out/coverage.info" >"$out/summary.txt" || bad=$?
cat "$out/summary.txt"
say "coverage: $out/html/index.html"
[ "$rc" -eq 0 ] || die "tests failed, see above: what they cover says little."
exit "$bad"
