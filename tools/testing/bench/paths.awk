# SPDX-License-Identifier: GPL-2.0-or-later
#
# The results of paths.c on all kernels: prints the table, writes the JSON,
# names each figure that is out of bounds, and ends with 1 if there is one.

BEGIN {
	paths = split("store load free scattered", path, " ")
	kernels = split("upstream off patched command", name, " ")
	title["upstream"] = "unpatched"
	title["off"] = "CONFIG_ZSWAP_WB=n"
	title["patched"] = "CONFIG_ZSWAP_WB=y"
	title["command"] = "the same, after a command"
}

$1 ~ /^(store|load|free|scattered)$/ && NF == 3 {
	# In order: an insertion sort
	value = $3 / pages
	for (i = seen[kernel, $1]++; i && rounds_of[kernel, $1, i] > value; i--)
		rounds_of[kernel, $1, i + 1] = rounds_of[kernel, $1, i]
	rounds_of[kernel, $1, i + 1] = value
}

$1 == "table" && NF == 3 {
	stored[++tables] = $2
	cost[tables] = $3
}

$1 == "compressor" {
	compressor = $2
}

function wrong(what) {
	bad[++bads] = what
}

function percent(k, p) {
	return (median(k, p) / median("upstream", p) - 1) * 100
}

function frees(p) {
	return p ~ /^(free|scattered)$/
}

# What it may be
function most(k, p) {
	if (frees(p))
		return k == "command" && p == "scattered" ? scattered_max_command : free_max
	return k == "command" ? max_command : max
}

# What a round cost, of which half cost more
function median(k, p) {
	return rounds_of[k, p, int((seen[k, p] + 1) / 2)]
}

function abs(x) {
	return x < 0 ? -x : x
}

function table(    k, p, over, s) {
	printf "%-28s", ""
	for (p = 1; p <= paths; p++)
		printf "%10s%9s", path[p], ""
	printf "\n"
	for (k = 1; k <= kernels; k++) {
		printf "%-28s", title[name[k]]
		for (p = 1; p <= paths; p++) {
			over = k == 1 ? "" : sprintf("%+.2f %%", percent(name[k], path[p]))
			printf "%10.1f%9s", median(name[k], path[p]), over
		}
		printf "\n"
	}
	printf "%-28s", "between rounds, at most"
	for (p = 1; p <= paths; p++) {
		spread[p] = 0
		for (k = 1; k <= kernels; k++) {
			s = (rounds_of[name[k], path[p], seen[name[k], path[p]]] / rounds_of[name[k], path[p], 1] - 1) * 100
			if (s > spread[p])
				spread[p] = s
		}
		printf "%10s%9s", "", sprintf("%.2f %%", spread[p])
	}
	printf "\n"
}

function json_spread(key,    p) {
	printf "  \"%s\": {", key >json
	for (p = 1; p <= paths; p++)
		printf "%s\"%s\": %.3f", (p > 1 ? ", " : ""), path[p], spread[p] >json
	printf "},\n" >json
}

END {
	for (k = 1; k <= kernels; k++)
		for (p = 1; p <= paths; p++)
			if (seen[name[k], path[p]] != rounds) {
				print "there are not " rounds " results of " path[p] ", " title[name[k]]
				exit 2
			}
	if (tables != 2) {
		print "the age table was not read twice"
		exit 2
	}

	printf "\nGuest instructions per page, the median of %d rounds of %d pages, %s:\n\n",
		rounds, pages, compressor
	table()
	per_entry = (cost[2] - cost[1]) / (stored[2] - stored[1])
	printf "\nInstructions to read the age buckets: %d with %d pages stored, %d with %d: %.1f for each\n",
		cost[1], stored[1], cost[2], stored[2], per_entry

	for (p = 1; p <= paths; p++) {
		for (k = 3; k <= kernels; k++) {
			more = median(name[k], path[p]) - median("upstream", path[p])
			if (path[p] == "load") {
				most_more = load_max + median("upstream", path[p]) * max / 100
				if (more > most_more)
					wrong(sprintf("load, %s: %.1f instructions more, at most %.1f",
						title[name[k]], more, most_more))
				continue
			}
			if (percent(name[k], path[p]) > most(name[k], path[p]))
				wrong(sprintf("%s, %s: %+.2f %%, at most %s %%", path[p],
					title[name[k]], percent(name[k], path[p]), most(name[k], path[p])))
		}
		limit = frees(path[p]) ? noise_free : noise
		if (abs(percent("off", path[p])) > limit)
			wrong(sprintf("%s, %s: %+.2f %%, and it should be the unpatched kernel's, give or take %s %%",
				path[p], title["off"], percent("off", path[p]), limit))
	}
	if (per_entry > table_max)
		wrong(sprintf("reading the age buckets: %.1f instructions an entry, at most %s", per_entry, table_max))
	for (i = 1; i <= bads; i++)
		print "OUT OF BOUNDS: " bad[i]

	printf "{\n  \"unit\": \"guest instructions per page\",\n" >json
	printf "  \"pages\": %d,\n  \"rounds\": %d,\n  \"compressor\": \"%s\",\n", pages, rounds, compressor >json
	printf "  \"kernels\": {\n" >json
	for (k = 1; k <= kernels; k++) {
		printf "    \"%s\": {", name[k] >json
		for (p = 1; p <= paths; p++)
			printf "%s\"%s\": %.2f", (p > 1 ? ", " : ""), path[p], median(name[k], path[p]) >json
		printf "}%s\n", (k < kernels ? "," : "") >json
	}
	printf "  },\n  \"percent_over_upstream\": {\n" >json
	for (k = 2; k <= kernels; k++) {
		printf "    \"%s\": {", name[k] >json
		for (p = 1; p <= paths; p++)
			printf "%s\"%s\": %.3f", (p > 1 ? ", " : ""), path[p], percent(name[k], path[p]) >json
		printf "}%s\n", (k < kernels ? "," : "") >json
	}
	printf "  },\n" >json
	json_spread("percent_between_rounds")
	printf "  \"age_buckets_read\": {\"%d\": %d, \"%d\": %d},\n",
		stored[1], cost[1], stored[2], cost[2] >json
	printf "  \"age_buckets_per_entry\": %.1f,\n", per_entry >json
	printf "  \"in_bounds\": %s\n}\n", (bads ? "false" : "true") >json
	exit bads > 0
}
