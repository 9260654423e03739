# SPDX-License-Identifier: GPL-2.0-or-later
#
# awk -v reasons=FILE ... -f report.awk TRACEFILE: the summary of make coverage. Status
# 1 if a bound is not kept, or something was not reached that FILE does not explain.
#
# A line of FILE: a file, what is to be found in the line of source (up to the
# next bar), and why, or "as before". One entry explains four lines at most, so that
# what is new has to be explained anew.
#
#	mm/zswap_wb/core.c | if (!gather) | no memory to begin with: ...

function percent(part, whole) {
	# Cut off, not rounded: 96.99 is not 97.0.
	return sprintf("%.1f", whole ? int(1000 * part / whole) / 10 : 0)
}

function reason(file, text,	i) {
	for (i = 1; i <= nr_reasons; i++)
		if (where[i] == file && index(text, what[i]) && used[i] < USES_MAX) {
			used[i]++
			return why[i]
		}
	return ""
}

function trim(text) {
	gsub(/^[ \t]+|[ \t]+$/, "", text)
	return text
}

BEGIN {
	USES_MAX = 4
	while ((getline line < reasons) > 0) {
		if (line ~ /^#/ || split(line, part, " [|] ") != 3)
			continue
		nr_reasons++
		where[nr_reasons] = trim(part[1])
		what[nr_reasons] = trim(part[2])
		why[nr_reasons] = trim(part[3])
		# the summary has another order
		if (why[nr_reasons] == "as before")
			why[nr_reasons] = why[nr_reasons - 1]
	}
}

/^SF:/ {
	path = substr($0, 4)
	file = path
	if (index(file, tree) == 1)
		file = substr(file, length(tree) + 1)
	files[++nr_files] = file
	delete text
	nr = 0
	while ((getline line < path) > 0)
		text[++nr] = line
	close(path)
	next
}

/^DA:/ {
	split(substr($0, 4), field, ",")
	lines[file]++
	if (field[2] > 0) {
		hit[file]++
	} else {
		missed[field[1]] = "not executed"
	}
}

/^BRDA:/ {
	split(substr($0, 6), field, ",")
	branches[file]++
	if (field[4] != "-" && field[4] > 0)
		taken[file]++
	else
		not_taken[field[1]]++
	of[field[1]]++
}

/^end_of_record/ {
	for (l in not_taken)
		if (!(l in missed))
			missed[l] = not_taken[l] " of " of[l] " branches not taken"
	for (l = 1; l <= nr; l++)
		if (l in missed) {
			because = reason(file, text[l])
			if (because == "") {
				because = "NO REASON GIVEN"
				unexplained++
			}
			list[++listed] = sprintf("%s:%d: %s\n\t%s\n\t%s", file, l, missed[l], trim(text[l]), because)
		}
	delete missed
	delete not_taken
	delete of
	all_lines += lines[file]
	all_hit += hit[file]
	all_branches += branches[file]
	all_taken += taken[file]
}

END {
	l = percent(all_hit, all_lines)
	b = percent(all_taken, all_branches)
	printf "coverage: lines %s %% branches %s %%\n\n", l, b
	printf "%-32s %14s %7s %16s %7s\n", "file", "lines", "", "branches", ""
	for (i = 1; i <= nr_files; i++) {
		f = files[i]
		printf "%-32s %6d of %4d %6s %% %7d of %5d %6s %%\n", f, hit[f], lines[f],
			percent(hit[f], lines[f]), taken[f], branches[f], percent(taken[f], branches[f])
	}
	printf "\nnot reached: %d lines with something, %d without a reason\n\n", listed, unexplained
	for (i = 1; i <= listed; i++)
		print list[i]
	for (i = 1; i <= nr_reasons; i++)
		if (!(i in used))
			stale[++nr_stale] = where[i] " | " what[i]
	if (nr_stale)
		print "\nreached this time, so the reason was not needed:\n"
	for (i = 1; i <= nr_stale; i++)
		print stale[i]
	exit l + 0 < lines_min + 0 || b + 0 < branches_min + 0 || unexplained > 0
}
