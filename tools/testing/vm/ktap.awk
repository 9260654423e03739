# SPDX-License-Identifier: GPL-2.0-or-later
#
# Count the results in KTAP: prints "PASSED FAILED SKIPPED". With -v list=1
# it prints each result on a line of its own instead: "pass|fail|skip NAME", and
# with -v said=1 behind each failure what had been printed since the result before.
#
# Only leaves count: a line that sums up the results below it does not, unless
# it failed for a reason of its own (it timed out, crashed, or stopped before
# its plan was through). Nesting is four blanks (KUnit) or "# " (kselftest).
# Lines with a kernel time stamp in front are understood as well.

function result(kind, name) {
	count[kind]++
	if (list)
		print kind, name
	if (said && kind == "fail")
		printf "%s", text
}

# Close everything deeper than depth d; tells whether there were results below
# and how many of them failed.
function close_below(d,	i) {
	below = below_failed = 0
	for (i = deepest; i > d; i--) {
		if (i in planned && planned[i] > seen[i] + 0) {
			result("fail", "plan of " planned[i] " stopped after " seen[i] + 0)
			failed[i]++
		}
		below += seen[i]
		below_failed += failed[i]
		delete planned[i]
		delete seen[i]
		delete failed[i]
	}
	deepest = d
}

{
	line = $0
	sub(/\r$/, "", line)
	sub(/^\[ *[0-9]+\.[0-9]+\] /, "", line)
	depth = 0
	while (match(line, /^(    |# )/)) {
		line = substr(line, RLENGTH + 1)
		depth++
	}
}

line ~ /^1\.\.[0-9]+/ {
	if (depth > deepest)
		deepest = depth
	split(line, plan, /[. ]+/)
	planned[depth] = plan[2] + 0
	next
}

line ~ /^(not )?ok [0-9]+/ {
	close_below(depth)
	bad = line ~ /^not /
	skip = line ~ /# *SKIP/ || line ~ /# *XFAIL/
	name = line
	sub(/^(not )?ok [0-9]+ *(- )?/, "", name)
	sub(/ # .*/, "", name)
	if (skip)
		bad = 0
	seen[depth]++
	if (bad)
		failed[depth]++
	if (!below || (bad && !below_failed))
		result(bad ? "fail" : skip ? "skip" : "pass", name)
	text = ""
	next
}

# The last of them say most.
{
	text = text "said " line "\n"
	if (gsub(/\n/, "\n", text) > 40)
		text = substr(text, index(text, "\n") + 1)
}

END {
	close_below(-1)
	if (!list)
		print count["pass"] + 0, count["fail"] + 0, count["skip"] + 0
}
