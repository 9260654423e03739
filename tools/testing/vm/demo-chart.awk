# SPDX-License-Identifier: GPL-2.0-or-later
#
# Draw zswap's age buckets, one bar for the pages that are in each now:
#
#	awk -f demo-chart.awk /sys/kernel/debug/zswap/age_buckets
#
# The largest row fills the bar's width; CHART_SCALE=N in the environment makes
# it at least N pages wide, so that two pictures can be compared.  Bars are made
# of #, or of UTF-8 blocks with CHART=utf-8.  Coldest rows with nothing in any
# column are left out.

BEGIN {
	cells = 12
	utf8 = ENVIRON["CHART"] == "utf-8"
	scale = ENVIRON["CHART_SCALE"] + 0
}

NR == 1 {
	for (i = 1; i <= NF; i++)
		column[$i] = i
	next
}

{
	rows++
	from[rows] = $column["min_age"]
	to[rows] = $column["max_age"]
	pages[rows] = $column["pages"]
	loaded[rows] = $column["loaded"]
	written[rows] = $column["written"]
	refaulted[rows] = $column["refaulted"]
	dropped[rows] = $column["dropped"]
	if (pages[rows] > scale)
		scale = pages[rows]
	if (pages[rows] + loaded[rows] + written[rows] + refaulted[rows] + dropped[rows] > 0)
		last = rows
	all_pages += pages[rows]
	all_loaded += loaded[rows]
	all_written += written[rows]
	all_refaulted += refaulted[rows]
	all_dropped += dropped[rows]
}

# Seconds in the largest unit that has no rest.
function age(s) {
	if (s == "inf")
		return s
	if (s && s % 86400 == 0)
		return s / 86400 "d"
	if (s && s % 3600 == 0)
		return s / 3600 "h"
	if (s && s % 60 == 0)
		return s / 60 "m"
	return s "s"
}

# Whatever is not zero can be seen.
function bar(n,	cut, steps, s, i) {
	cut = utf8 ? 8 : 1
	steps = n > 0 ? int(n * cells * cut / scale + 0.5) : 0
	if (n > 0 && !steps)
		steps = 1
	for (i = 0; i < cells; i++) {
		s = s (steps >= cut ? full : steps > 0 ? eighth[steps] : " ")
		steps -= cut
	}
	return s
}

function line(label, n, picture, l, w, r, rate, d) {
	printf "%-11s%6s  %s%7s%8s%10s%7s%8s\n", label, n, picture, l, w, r, rate, d
}

function row(label, n, picture, l, w, r, d) {
	line(label, n, picture, l, w, r,
		w > 0 ? sprintf("%.1f%%", r * 100 / w) : "-", d)
}

END {
	full = utf8 ? "\342\226\210" : "#"
	eighth[1] = "\342\226\217"
	eighth[2] = "\342\226\216"
	eighth[3] = "\342\226\215"
	eighth[4] = "\342\226\214"
	eighth[5] = "\342\226\213"
	eighth[6] = "\342\226\212"
	eighth[7] = "\342\226\211"

	line(" age", "pages", bar(0), "loaded", "written", "refaulted", "rate", "dropped")
	for (r = 1; r <= last; r++)
		row(sprintf("%4s - %-4s", age(from[r]), age(to[r])), pages[r],
			bar(pages[r]), loaded[r], written[r], refaulted[r], dropped[r])
	row(" all", all_pages + 0, bar(0), all_loaded + 0, all_written + 0,
		all_refaulted + 0, all_dropped + 0)
}
