# SPDX-License-Identifier: GPL-2.0-or-later
#
# From a tracefile of lcov, what is ours: whole files of mm/zswap_wb without tests,
# the header of the hooks, and the lines of mm/zswap.c that are listed in @hooks.
# Sums are made anew, functions left out.

BEGIN {
	while ((getline line < hooks) > 0)
		hook[line + 0] = 1
}

/^SF:/ {
	file = substr($0, 4)
	if (index(file, tree) == 1)
		file = substr(file, length(tree) + 1)
	whole = file ~ /^mm\/zswap_wb\/[^\/]*$/ || file == "include/linux/zswap_wb.h"
	mine = whole || file == "mm/zswap.c"
	lines = hit = branches = taken = 0
	if (mine)
		print "TN:\n" $0
	next
}

!mine { next }

/^DA:/ || /^BRDA:/ {
	split(substr($0, index($0, ":") + 1), field, ",")
	if (!whole && !(field[1] in hook))
		next
	if (/^DA:/) {
		lines++
		hit += field[2] > 0
	} else {
		branches++
		taken += field[4] != "-" && field[4] > 0
	}
	print
}

/^end_of_record/ {
	print "BRF:" branches "\nBRH:" taken "\nLF:" lines "\nLH:" hit "\n" $0
	mine = 0
}
