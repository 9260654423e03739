#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# console-check.sh LOG [KNOWN]: print what the kernel complained about, the first few
# times with some lines of context, and all of it once more without; exit 1 if there
# was anything.
#
# A data race that KCSAN reports is a complaint if zswap has a part in it: the rest
# of the kernel has races of its own, and reports what zswap runs into as well.
#
# KNOWN has regular expressions for lines of one report that a series of kernels makes of
# itself, in their order, the first for the line that it begins with: that report is left
# out, if it is whole, and nothing else complains in it.

set -euo pipefail

known=''
[ ! -s "${2-}" ] || known=$(cat "$2")
export known

bad='WARNING:|(^|[^A-Z])BUG[: ]|Oops|Kernel panic|kernel BUG|Call Trace:|general protection'
bad+='|blocked for more than|is blocked on a|detected stall|rcu.*stall|soft lockup|hard LOCKUP|workqueue lockup'
bad+='|KASAN|KMSAN|KFENCE|UBSAN|unreferenced object'
bad+='|possible (circular|recursive|irq)|inconsistent lock state|suspicious RCU|bad unlock balance|lock held when returning|still has locks held|held lock freed'
bad+='|Unable to handle|unable to handle|invalid opcode|double fault|stack segment|divide error'
bad+='|scheduling while atomic|sleeping function called|bad page state|Bad page|corruption|refcount_t:'
bad+='|page allocation failure|Badness|end Kernel'
# Of swap and zswap themselves: a slot that there is not, an entry that outlived its pool, a page that
# could not be decompressed. Of shmem, whose pages do not add up, and of going to sleep.
bad+='|Bad swap (file|offset) entry|fullness group [0-9]+ is not empty|Decompression error from zswap'
bad+='|shmem_evict_inode: |Freezing .* failed'
# Of file systems that have swap files, or the system itself. No disk below one is made to fail.
bad+='|EXT[234]-fs error|EXT[234]-fs .*(error count since|[Rr]emounting filesystem read-only)'
bad+='|JBD2: .*[Ee]rror|Aborting journal'

# First, what is known is left out, then races of others: a report stands between two
# rules, as one of KASAN does. An OOM kill prints a call trace as well: bad news for a test,
# but no mistake of the kernel.
awk -v bad="$bad" '
	function show() {
		printf "%s%s", rule, report
		inside = rule = report = ""
	}
	BEGIN { nr = split(ENVIRON["known"], known, "\n") }
	!nr { print; next }
	/====================/ { show(); rule = $0 "\n"; next }
	!inside && $0 ~ known[1] { inside = seen = 1; report = $0 "\n"; next }
	!inside || ($0 ~ bad && !/Call Trace:/) { show(); print; next }
	{ report = report $0 "\n" }
	seen < nr && $0 ~ known[seen + 1] { seen++ }
	/<\/TASK>/ && seen == nr { inside = rule = report = "" }
	/<\/TASK>/ { show() }
	END { show() }
' "$1" | awk '
	/====================/ {
		if (report ~ /zswap/)
			print report
		inside = report = ""
		rule = $0
		next
	}
	rule != "" && /BUG: KCSAN/ { inside = 1; report = rule }
	rule != "" && !inside { print rule }
	{ rule = "" }
	inside { report = report "\n" $0; next }
	{ print }
	END { if (report ~ /zswap/) print report }
' | awk -v bad="$bad" '
	/invoked oom-killer/ { oom = 1 }
	oom && /Call Trace:/ { oom = 0; next }
	$0 ~ bad {
		if (++found <= 3)
			left = 16
		if (found <= 20)
			complaints = complaints $0 "\n"
	}
	left > 0 { print; left-- }
	END {
		if (found)
			printf "%d lines of complaint:\n%s", found, complaints
		exit found > 0
	}
'
