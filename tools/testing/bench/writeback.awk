# SPDX-License-Identifier: GPL-2.0-or-later
#
# The results of writeback.c: prints the tables, writes the JSON and a KTAP result
# for each bound, names each figure that is out of bounds, and ends with 1 if there
# is one.
#
# The bounds are variables, see writeback.sh.

BEGIN {
	disk["virtual"] = disk_virtual
	disk["nvme"] = disk_nvme
	disk["none"] = disk_none
}

# check VALUE OP BOUND: OP is one of <= and >=.
function check(what, value, op, bound,    wrong) {
	wrong = value == "-" || (op == "<=" ? value + 0 > bound + 0 : value + 0 < bound + 0)
	result_of[++checks] = (wrong ? "not ok " : "ok ") checks " " what
	if (wrong)
		bad[++bads] = sprintf("%s: %s, and should be %s %s", what, value, op == "<=" ? "at most" : "at least", bound)
}

# One that tells nothing of a kernel that is slow for other reasons, see bench.sh.
function check_speed(what, value, op, bound) {
	if (!only_counts)
		check(what, value, op, bound)
}

function ratio(a, b, digits) {
	return b > 0 ? sprintf("%.*f", digits, a / b) : "-"
}

/^lock / {
	us = $2
	name = $0
	sub(/^lock [^ ]* [^ ]* /, "", name)
	held[name] = us
	next
}

$1 == "interrupt" {
	if ($2 > interrupt)
		interrupt = $2
	next
}

/^disk / {
	limit[$2] = $3
	next
}

$1 == "result" {
	n = ++results
	for (i = 2; i <= NF; i++) {
		at = index($i, "=")
		r[n, substr($i, 1, at - 1)] = substr($i, at + 1)
	}
	if (file == "locks") {
		if (has_locks(n))
			lock_result(n)
		split("", held)
		# What a kernel with lock statistics needs for the rest is of no interest.
		results--
		for (i = 2; i <= NF; i++)
			delete r[n, substr($i, 1, index($i, "=") - 1)]
		next
	}
	split("", held)
	scenario = r[n, "scenario"]
	if (scenario == "copy") {
		key = copy_name(r[n, "label"], r[n, "cgroups"], r[n, "compressor"])
		if (!(key in copies)) {
			copy_key[++copy_keys] = key
			copies[key] = 0
		}
		copy[key, ++copies[key]] = n
		copy_of[key, r[n, "method"]] = n
	} else {
		of[scenario, ++count[scenario]] = n
	}
}

# The locks that this project takes, or has a part in: others, such as those of
# configfs, are none of its business, and some may sleep.
function is_ours(name) {
	return name ~ /^&l->lock|^&ci->lock|^zswap_|lruvec/
}

# One that says by itself how long locks were held.
function has_locks(n) {
	return r[n, "scenario"] ~ /^(copy|budget|locks)$/
}

function lock_result(n,    name, what, most) {
	what = r[n, "scenario"] == "locks" ? r[n, "of"] : \
		r[n, "scenario"] " " r[n, "label"] " " r[n, "method"] " " r[n, "cgroups"]
	most = -1
	for (name in held) {
		if (is_ours(name) && held[name] > most) {
			most = held[name]
			lock_name[what] = name
		}
	}
	lock_what[++lock_whats] = what
	lock_held[what] = most
	lock_by[what] = r[n, "method"]
}

# Pages that got onto the disk.
function pages_out(n) {
	if (r[n, "method"] == "pressure")
		return r[n, "writebacks"]
	return r[n, "sectors"] * 512 / 4096
}

function per_second(n) {
	return n && r[n, "ns"] > 0 ? pages_out(n) / (r[n, "ns"] / 1e9) : 0
}

function by_command(method) {
	return method == "ours" || method == "compressed"
}

# How much the method says that it has looked at.
function scanned(n) {
	if (by_command(r[n, "method"]))
		return ratio(r[n, "scanned"], r[n, "written"], 2)
	return r[n, "asked"] >= 0 ? ratio(r[n, "asked"], pages_out(n), 2) : "-"
}

function looked(n) {
	return r[n, "looked"] >= 0 ? ratio(r[n, "looked"], r[n, "written"], 2) : "-"
}

# Lists in order: in each a few, wherever a command stops.
function check_looks(n, what) {
	if (r[n, "looked"] >= 0)
		check(what ": entries looked at", r[n, "looked"], "<=", r[n, "written"] + looked_more * r[n, "cgroups"])
}

function hold(what) {
	return what in lock_held && lock_held[what] >= 0 ? sprintf("%.0f", lock_held[what]) : "-"
}

function json_result(n, extra,    k, i, first) {
	printf "%s    {", (json_lines++ ? ",\n" : "") >json
	first = 1
	for (i = 1; i <= keys; i++) {
		k = key_name[i]
		if (!((n, k) in r))
			continue
		printf "%s\"%s\": %s", (first ? "" : ", "), k, \
			(r[n, k] ~ /^-?[0-9]+$/ ? r[n, k] : "\"" r[n, k] "\"") >json
		first = 0
	}
	printf "}" >json
}

function copy_name(disk, cgroups, compressor) {
	return disk " " cgroups " " compressor
}

# For each page.  Where nobody waits for the disk, each instruction takes 2 ns.
function instructions(n,    busy) {
	busy = copy_of[copy_name("none", r[n, "cgroups"], r[n, "compressor"]), r[n, "method"]]
	return busy ? sprintf("%d", r[busy, "ns"] / 2 / pages_out(busy)) : "-"
}

function table_copy(key,    i, n, raw, word) {
	split(key, word, " ")
	raw = copy_of[key, "raw"]
	printf "\n%s pages of %s cgroup%s, all old, %s, disk \"%s\" (%s):\n\n", r[copy[key, 1], "pages"], word[2], \
		word[2] == 1 ? "" : "s", word[3], word[1], disk[word[1]]
	printf "%-16s%9s%9s%10s%9s%8s%11s%9s%9s%6s\n", "", "pages", "requests", "pages per", "pages/s", "of raw", \
		"instr. per", "scanned", "looked", "lock"
	printf "%-16s%9s%9s%10s%9s%8s%11s%9s%9s%6s\n", "", "", "", "request", "", "", "page", "per page", "per page", "us"
	for (i = 1; i <= copies[key]; i++) {
		n = copy[key, i]
		printf "%-16s%9d%9d%10s%9d%8s%11s%9s%9s%6s\n", r[n, "method"], pages_out(n), r[n, "requests"], \
			ratio(pages_of_requests(n), r[n, "requests"], 1), per_second(n), \
			(raw ? sprintf("%.2f", per_second(n) / per_second(raw)) : "-"), \
			instructions(n), scanned(n), looked(n), \
			hold("copy locks " r[n, "method"] " " r[n, "cgroups"])
		if (r[n, "method"] != "raw")
			check(sprintf("%s, %s cgroup(s), disk %s: pages with other content", r[n, "method"], word[2], word[1]), \
				r[n, "lost"], "<=", 0)
	}
}

function pages_of_requests(n) {
	return r[n, "sectors"] * 512 / 4096
}

function check_copy(key, method,    n, word, what, full) {
	split(key, word, " ")
	n = copy_of[key, method]
	if (!n)
		return
	what = sprintf("%s%s, %s cgroup(s), disk %s", (method == "compressed" ? "compressed, " : ""), word[3], word[2], word[1])
	check(what ": pages written", r[n, "written"], ">=", r[n, "pages"])
	check(what ": pages read back from the disk", r[n, "read_back"], ">=", r[n, "pages"])
	check(what ": kB that it left in the swap cache", r[n, "swap_cached_kb"], "<=", swap_cache_max)
	check(what ": bytes of memory.current afterwards, in percent", \
		ratio(100 * r[n, "current_after"], r[n, "current_before"], 1), "<=", current_max)
	check(what ": entries scanned per page", scanned(n), "<=", scanned_max)
	check_looks(n, what)
	full = int((r[n, "pages"] + requests_pages - 1) / requests_pages)
	# How large they are goes by how long the disk takes.
	check_speed(what ": requests", r[n, "requests"], "<=", \
		full + (method == "compressed" ? image_requests_more : requests_more))
	check(what ": pages per request", ratio(pages_of_requests(n), r[n, "requests"], 1), ">=", requests_pages_slow)
	# For an ordinary page it goes by how long the compressor takes, and that is lzo's.
	if (method == "ours" && word[3] != "lzo")
		return
	check_speed(what ": instructions per page", instructions(n), "<=", method == "compressed" ? image_max : page_max)
	# On a disk that takes many requests at a time, what is compressed is as fast as the disk alone.
	if (method == "compressed" && word[1] == "nvme")
		check_speed(what ": pages/s, as a part of the raw disk's", \
			ratio(per_second(n), per_second(copy_of[key, "raw"]), 2), ">=", image_raw_part)
	if (word[1] != main_disk || word[2] != 1)
		return
	if (copy_of[key, "shrinker"])
		check_speed(what ": pages/s, as a multiple of the shrinker's", \
			ratio(per_second(n), per_second(copy_of[key, "shrinker"]), 2), ">=", shrinker_times)
	check_speed(what ": pages/s, as a part of the raw disk's", \
		ratio(per_second(n), per_second(copy_of[key, "raw"]), 2), ">=", raw_part)
}

function form(n) {
	return (r[n, "method"] == "compressed" ? "compressed, " : "ordinary, ") r[n, "compressor"]
}

function reads_of(n) {
	return ratio(r[n, "read_sectors"] * 512 / 4096, r[n, "reads"], 1)
}

function table_readback(    i, n, what, cost) {
	for (i = 1; i <= count["readback"]; i++) {
		n = of["readback", i]
		if (r[n, "label"] == "none")
			cost[form(n)] = sprintf("%d", r[n, "ns"] / 2 / r[n, "pages"])
	}
	for (i = 1; i <= count["readback"]; i++) {
		n = of["readback", i]
		if (i == 1) {
			printf "\nBrought back by a command:\n\n%-32s%9s%9s%10s%9s%11s\n", "", "pages", "requests", \
				"pages per", "pages/s", "instr. per"
			printf "%-32s%9s%9s%10s%9s%11s\n", "", "", "", "request", "", "page"
		}
		printf "%-32s%9d%9d%10s%9d%11s\n", form(n) ", disk " r[n, "label"], r[n, "readback"], r[n, "reads"], \
			reads_of(n), r[n, "readback"] / (r[n, "ns"] / 1e9), (form(n) in cost ? cost[form(n)] : "-")
		what = "readback, " form(n) ", disk " r[n, "label"]
		check(what ": pages brought back", r[n, "readback"], ">=", r[n, "pages"])
		check(what ": pages in zswap", r[n, "stored"], ">=", r[n, "pages"])
		check(what ": pages per request", reads_of(n), ">=", back_pages)
		if (r[n, "label"] == "none" && r[n, "method"] == "compressed")
			check_speed(what ": instructions per page", cost[form(n)], "<=", restore_max)
	}
}

function table_faults(    i, n, what, ordinary) {
	for (i = 1; i <= count["faults"]; i++) {
		n = of["faults", i]
		if (i == 1) {
			printf "\nRead back by who needs them:\n\n%-44s%9s%10s%9s%9s%11s\n", "", "requests", "pages per", \
				"us, half", "us, 99 %", "instr. per"
			printf "%-44s%9s%10s%9s%9s%11s\n", "", "", "request", "of them", "of them", "page"
		}
		what = (r[n, "random"] + 0 ? "at random, " : "in order, ") form(n) ", disk " r[n, "label"]
		printf "%-44s%9d%10s%9.1f%9.1f%11s\n", what, r[n, "reads"], reads_of(n), r[n, "p50_ns"] / 1000, \
			r[n, "p99_ns"] / 1000, (r[n, "label"] == "none" ? r[n, "instructions"] : "-")
		what = "faults, " what
		check(what ": pages read from the disk", r[n, "in"], ">=", r[n, "pages"])
		check(what ": pages with other content", r[n, "lost"], "<=", 0)
		if (r[n, "method"] != "compressed") {
			ordinary[r[n, "random"], r[n, "label"]] = n
			continue
		}
		if (ordinary[r[n, "random"], r[n, "label"]])
			check(what ": requests, as a multiple of those for ordinary pages", \
				ratio(r[n, "reads"], r[ordinary[r[n, "random"], r[n, "label"]], "reads"], 2), "<=", same_max)
		if (r[n, "label"] == "none" && r[n, "compressor"] == "lzo")
			check_speed(what ": instructions per page", r[n, "instructions"], "<=", fault_max)
	}
}

function table_budget(rotate,    i, n, what, shown) {
	for (i = 1; i <= count["budget"]; i++) {
		n = of["budget", i]
		if (r[n, "rotate"] != rotate)
			continue
		if (!shown++) {
			printf "\nHalf old, half young%s:\n\n", (rotate ? ", the old behind the young" : "")
			printf "%-34s%9s%9s%9s%9s%9s%10s%11s\n", "", "written", "expected", "young", "scanned", "looked", "looked", "instr. per"
			printf "%-34s%9s%9s%9s%9s%9s%10s%11s\n", "", "", "", "written", "per page", "per page", "per entry", "entry"
		}
		what = sprintf("%d pages, %d cgroup%s, %s", r[n, "pages"], r[n, "cgroups"], \
			(r[n, "cgroups"] == 1 ? "" : "s"), (r[n, "limit"] == "age" ? "age=31" : "a tenth"))
		printf "%-34s%9d%9d%9d%9s%9s%10s%11d\n", what, r[n, "written"], r[n, "expected"], r[n, "young_out"], \
			scanned(n), looked(n), (r[n, "looked"] >= 0 ? ratio(r[n, "looked"], r[n, "pages"], 2) : "-"), \
			r[n, "ns"] / 2 / r[n, "pages"]
		check(what ": pages written", r[n, "written"], ">=", r[n, "expected"])
		check(what ": pages written", r[n, "written"], "<=", r[n, "expected"])
		check(what ": old pages on the disk", r[n, "old_out"], ">=", r[n, "expected"])
		check(what ": young pages on the disk", r[n, "young_out"], "<=", 0)
		check(what ": pages with other content", r[n, "lost"], "<=", 0)
		if (rotate) {
			if (r[n, "looked"] >= 0)
				check(what ", out of order: looks per entry", ratio(r[n, "looked"], r[n, "pages"], 2), "<=", looked_max)
			per_entry[r[n, "cgroups"], ++sizes[r[n, "cgroups"]]] = r[n, "ns"] / r[n, "pages"]
		} else if (r[n, "limit"] == "budget") {
			check(what ": entries scanned per page", scanned(n), "<=", scanned_max)
		}
		# All the young are scanned, in one step: nobody has looked at them.
		if (!rotate)
			check_looks(n, what)
	}
	if (rotate)
		for (i in sizes)
			check(i " cgroups, out of order: cost per entry, the larger pool against the smaller one", \
				ratio(per_entry[i, sizes[i]], per_entry[i, 1], 2), "<=", linear_max)
}

function table_idle(    i, n, command, entries, rotated, most, least) {
	if (!count["idle"])
		return
	printf "\nNothing is old enough, us (and instructions) for one command:\n\n%-22s", "entries"
	for (i = 1; i <= count["idle"]; i++) {
		n = of["idle", i]
		command = r[n, "command"]
		entries = r[n, "entries"] (r[n, "rotated"] + 0 ? ", out of order" : "")
		if (!(entries in idle_seen))
			idle_row[++idle_rows] = entries
		idle_seen[entries]
		if (!(command in idle_command)) {
			idle_column[++idle_columns] = command
			idle_command[command]
			printf "%20s", command
		}
		idle[entries, command] = r[n, "instructions"]
	}
	printf "\n"
	for (i = 1; i <= idle_rows; i++) {
		printf "%-22s", idle_row[i]
		for (n = 1; n <= idle_columns; n++) {
			printf "%20s", sprintf("%.1f (%d)", idle[idle_row[i], idle_column[n]] * 2 / 1000, idle[idle_row[i], idle_column[n]])
			if (idle_row[i] !~ /out of order/)
				check_speed("nothing old, " idle_row[i] " entries, " idle_column[n] ": us", \
					idle[idle_row[i], idle_column[n]] * 2 / 1000, "<=", idle_max)
			else
				check_speed("nothing old, " idle_row[i] ", " idle_column[n] ": instructions an entry", \
					idle[idle_row[i], idle_column[n]] / (idle_row[i] + 0), "<=", disorder_max)
		}
		printf "\n"
	}
	for (n = 1; n <= idle_columns; n++)
		check("nothing old, " idle_column[n] ": cost with more entries, as a multiple", \
			ratio(idle[idle_row[2], idle_column[n]], idle[idle_row[1], idle_column[n]], 2), "<=", idle_times)
}

function table_empty(    i, n, command, base) {
	if (!count["empty"])
		return
	printf "\nA command that writes one page, instructions:\n\n%-34s%12s%12s\n", "besides 10 cgroups with pages", "global", "cgroup"
	for (i = 1; i <= count["empty"]; i++) {
		n = of["empty", i]
		command = r[n, "command"]
		if (command == "global")
			printf "%-34s", (r[n, "cgroups"] + 0 ? sprintf("%d %s", r[n, "cgroups"], r[n, "others"]) : "none")
		printf "%12d%s", r[n, "instructions"], (command == "cgroup" ? "\n" : "")
		if (r[n, "others"] == "no")
			base[command] = r[n, "instructions"]
		else if (r[n, "others"] == "unused")
			check(sprintf("%d %s cgroups, %s: cost, as a multiple of that without them", r[n, "cgroups"], r[n, "others"], command), \
				ratio(r[n, "instructions"], base[command], 2), "<=", same_max)
		else if (r[n, "others"] == "emptied")
			check_speed(sprintf("%d %s cgroups, %s: instructions", r[n, "cgroups"], r[n, "others"], command), \
				r[n, "instructions"], "<=", empty_max)
		else
			check_speed(sprintf("%d %s cgroups, %s: instructions for each", r[n, "cgroups"], r[n, "others"], command), \
				ratio(r[n, "instructions"], r[n, "cgroups"], 0), "<=", filled_max)
	}
}

# The median of the values [first, first+1..last] of "sorted", which it sorts.
function median(nr,    i, j, x) {
	for (i = 2; i <= nr; i++) {
		x = sorted[i]
		for (j = i - 1; j > 0 && sorted[j] > x; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = x
	}
	return sorted[int((nr + 1) / 2)]
}

function table_nodes(    i, n, nodes, nr, rate, spins) {
	if (!count["nodes"])
		return
	printf "\nA command for each node, at once, on a CPU of its own:\n\n"
	for (nodes = 1; nodes <= 2; nodes++) {
		nr = 0
		for (i = 1; i <= count["nodes"]; i++) {
			n = of["nodes", i]
			if (r[n, "nodes"] != nodes)
				continue
			sorted[++nr] = r[n, "pages"] / (r[n, "ns"] / 1e9)
			check("two nodes: pages lost", r[n, "lost"], "<=", 0)
			check("two nodes: pages written", r[n, "node0"] + r[n, "node1"], ">=", r[n, "pages"])
			check("two nodes: pages of node 1", r[n, "node1"], ">=", (nodes - 1) * r[n, "pages"] / 2)
		}
		rate[nodes] = median(nr)
		printf "%-34s%9d pages/s, median of %d, from %d to %d\n", \
			(nodes == 1 ? "all pages on one node" : "half of them on each node"), rate[nodes], nr, sorted[1], sorted[nr]
	}
	printf "%-34s%9s\n", "both against one", ratio(rate[2], rate[1], 2)
	# Whoever else uses the machine takes from what two CPUs can do.
	for (i = 1; i <= count["spin"]; i++)
		sorted[i] = 2 * r[of["spin", i], "one_ns"] / r[of["spin", i], "both_ns"]
	spins = median(count["spin"])
	printf "%-34s%9.2f, median of %d, from %.2f to %.2f\n", "the same for mere counting", spins, count["spin"], sorted[1], sorted[count["spin"]]
	if (spins >= spin_min)
		check("both nodes against one, pages/s", ratio(rate[2], rate[1], 2), ">=", nodes_times)
	else
		printf "not checked, the machine has no two CPUs to spare; %s of what counting gains\n", \
			ratio(rate[2] / rate[1], spins, 2)
	for (i = 1; i <= count["signal"]; i++) {
		n = of["signal", i]
		printf "%-34s%9.1f ms, %d of %d pages written\n", "from a signal to the end", r[n, "ns"] / 1e6, r[n, "written"], r[n, "pages"]
		check("signal: status of the command", r[n, "status"], ">=", 4)
		check("signal: status of the command", r[n, "status"], "<=", 4)
		check("signal: ms to the end", r[n, "ns"] / 1e6, "<=", signal_max)
		check("signal: pages left", r[n, "pages"] - r[n, "written"], ">=", 1)
		check("signal: pages written, and on the disk", r[n, "written"] - r[n, "read_back"], "<=", 0)
		check("signal: pages on the disk, and written", r[n, "read_back"] - r[n, "written"], "<=", 0)
		check("signal: pages written or left in zswap", r[n, "written"] + r[n, "stored"], ">=", r[n, "pages"])
		check("signal: pages lost", r[n, "lost"], "<=", 0)
	}
}

function table_locks(    i, what) {
	if (!lock_whats)
		return
	printf "\nLongest hold of a lock that the project has to do with, us; of these up to %d us are an interrupt:\n\n", interrupt
	for (i = 1; i <= lock_whats; i++) {
		what = lock_what[i]
		printf "%-34s%9s  %s\n", what, hold(what), lock_name[what]
		if (lock_by[what] == "ours" || lock_by[what] == "")
			check(what ": us that a lock was held, less an interrupt", hold(what) - interrupt, "<=", lock_max)
	}
}

END {
	keys = split("scenario label compressor method random readahead limit rotate command others entries rotated nodes pages cgroups ns " \
		"out writebacks requests sectors scanned written asked looked lost read_back reads read_sectors readback in p50_ns p99_ns swap_cached_kb current_before " \
		"current_after expected old_out young_out instructions node0 node1 one_ns both_ns status stored", key_name, " ")
	if (!results && !lock_whats) {
		print "there are no results"
		exit 2
	}
	printf "The disks take requests of at most %d pages.\n", requests_pages
	for (i = 1; i <= copy_keys; i++) {
		table_copy(copy_key[i])
		check_copy(copy_key[i], "ours")
		check_copy(copy_key[i], "compressed")
	}
	table_readback()
	table_faults()
	table_budget(0)
	table_budget(1)
	table_idle()
	table_empty()
	table_nodes()
	table_locks()
	printf "\n%d bounds checked\n", checks
	for (i = 1; i <= bads; i++)
		print "OUT OF BOUNDS: " bad[i]

	printf "{\n  \"results\": [\n" >json
	for (i = 1; i <= results; i++)
		json_result(i)
	printf "\n  ],\n  \"lock_hold_us\": {" >json
	for (i = 1; i <= lock_whats; i++)
		printf "%s\"%s\": %s", (i > 1 ? ", " : ""), lock_what[i], lock_held[lock_what[i]] >json
	printf "},\n  \"interrupt_us\": %s,\n  \"bounds_checked\": %d,\n  \"out_of_bounds\": [", interrupt + 0, checks >json
	for (i = 1; i <= bads; i++)
		printf "%s\n    \"%s\"", (i > 1 ? "," : ""), bad[i] >json
	printf "]\n}\n" >json
	printf "TAP version 13\n1..%d\n", checks >ktap
	for (i = 1; i <= checks; i++)
		print result_of[i] >ktap
	exit bads > 0
}
