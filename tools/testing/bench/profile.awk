# SPDX-License-Identifier: GPL-2.0-or-later
#
# Where the time of a command goes, from System.map and what profile_end() has
# printed: shares by subject, and the functions with the most hits.
#
# A timer makes the hits, so those of code that runs with interrupts off count
# for where they are switched on again, that is for the unlocking mostly.

BEGIN {
	# The first pattern that matches a symbol says what it is.
	subject("idle", "default_idle|idle_enter|cpu_idle|acpi_idle|^mwait|^pv_native_safe_halt|^native_safe_halt|do_idle|cpuidle")
	# It sorts by swap slot; nobody else sorts meanwhile.
	subject("our own code", "zswap_wb|sort_r|^sort$|^do_swap$")
	subject("decompression", "lzo|lz4|zstd|deflate|zlib|crypto|scomp|acomp|zswap_decompress|scatterwalk|sg_")
	subject("copying to the disk", "^null_|nullb|^memcpy|^__memcpy|copy_page$|rep_movs")
	subject("zsmalloc", "^zs_|zspage|zsmalloc|obj_free|obj_malloc|fix_fullness|^async_free")
	subject("folio allocation", "alloc_pages|get_page_from_freelist|rmqueue|prep_new_page|clear_page|mem_cgroup_.*charge|charge_memcg|try_charge|folio_alloc|free_unref|free_frozen|free_pcppages|__free_|uncharge|zone_|free_one_page|post_alloc|free_pages|page_counter|refill_stock|consume_stock|memcg_check|drain_|policy_|__rmqueue|buddy|free_unref|get_pfnblock|alloc_frozen|mempolicy|cgroup_charge|obj_cgroup")
	subject("swap cache", "swap_cache|swap_table|swap_|swapin|cluster|swp_|xas_|xa_|swapcache|__swap|get_swap|put_swap|workingset")
	subject("submission and block layer", "bio_|blk_|submit_bio|block_|sbitmap|elv_|_request|__bio|bdev_|mempool|rq_|dd_|part_|update_io|bvec|plug")
	subject("LRU and removal", "lru_|remove_mapping|isolate|folio_batch|list_lru|shrink_|folio_end|folio_wake|writeback|folio_mark|folio_unlock|__folio|folio_|filemap|lruvec|mod_node|mod_memcg|mod_lruvec|memcg_|rstat")
	subject("slab", "kmem_cache|kmalloc|kfree|___slab|__slab|slab_|get_partial")
	subject("scheduling, timers, interrupts", "hrtimer|timer|tick|sched|irq|softirq|sysvec|asm_|apic|clock|ktime|rcu|wake|pick_|dequeue|enqueue|update_|raw_spin|_raw_|finish_task|__switch|entry_|profile")
}

function subject(name, pattern) {
	subject_name[++subjects] = name
	subject_pattern[subjects] = pattern
}

# The lower eight digits are enough.
function hex(text,    value, i) {
	value = 0
	text = tolower(substr(text, length(text) - 7))
	for (i = 1; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}

# System.map comes first and is in order.
FNR == NR {
	if ($2 !~ /^[tTwW]$/)
		next
	if ($3 == "_stext")
		base = hex($1)
	if (base != "") {
		at = hex($1) - base
		# Of names for one address the last.
		if (symbols && address[symbols] == at)
			symbols--
		address[++symbols] = at
		symbol[symbols] = $3
	}
	next
}

$1 == "profile" {
	low = 1
	high = symbols
	while (low < high) {
		middle = int((low + high + 1) / 2)
		if (address[middle] <= $2)
			low = middle
		else
			high = middle - 1
	}
	hits[symbol[low]] += $3
}

function of_symbol(name,    i) {
	for (i = 1; i <= subjects; i++)
		if (name ~ subject_pattern[i])
			return subject_name[i]
	return "other"
}

END {
	subject_name[++subjects] = "other"
	for (name in hits) {
		what = of_symbol(name)
		if (what == "idle")
			continue
		share[what] += hits[name]
		all += hits[name]
	}
	if (!all) {
		print "the profile is empty"
		exit 2
	}
	printf "\nWhere the time goes, %d samples:\n\n", all
	printf "{\n  \"samples\": %d,\n  \"share\": {", all >json
	for (i = 2; i <= subjects; i++) {
		printf "%8.1f %%  %s\n", 100 * share[subject_name[i]] / all, subject_name[i]
		printf "%s\"%s\": %.4f", (i > 2 ? ", " : ""), subject_name[i], share[subject_name[i]] / all >json
	}
	printf "\n"
	printf "},\n  \"functions\": {" >json
	for (n = 1; n <= 15; n++) {
		most = ""
		for (name in hits)
			if (!(name in shown) && of_symbol(name) != "idle" && (most == "" || hits[name] > hits[most]))
				most = name
		if (most == "")
			break
		shown[most]
		printf "%8.1f %%  %-40s %s\n", 100 * hits[most] / all, most, of_symbol(most)
		printf "%s\"%s\": %.4f", (n > 1 ? ", " : ""), most, hits[most] / all >json
	}
	printf "}\n}\n" >json
}
