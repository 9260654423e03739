#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# console-check.sh LOG: print what the kernel complained about, the first few
# times with some lines of context, and all of it once more without; exit 1 if there
# was anything.
#
# A data race that KCSAN reports is a complaint if zswap has a part in it: the rest
# of the kernel has races of its own, and reports what zswap runs into as well.
#
# Function error injection of older kernels draws a random number, and so takes a lock, in a
# breakpoint: what lockdep says of that is no complaint. It says nothing more afterwards.

set -euo pipefail

bad='WARNING:|(^|[^A-Z])BUG[: ]|Oops|Kernel panic|kernel BUG|Call Trace:|general protection'
bad+='|blocked for more than|is blocked on a|detected stall|rcu.*stall|soft lockup|hard LOCKUP|workqueue lockup'
bad+='|KASAN|KMSAN|KFENCE|UBSAN|unreferenced object'
bad+='|possible (circular|recursive|irq)|inconsistent lock state|suspicious RCU|bad unlock balance|lock held when returning|still has locks held|held lock freed'
bad+='|Unable to handle|unable to handle|invalid opcode|double fault|stack segment|divide error'
bad+='|scheduling while atomic|sleeping function called|bad page state|Bad page|corruption|refcount_t:'
bad+='|page allocation failure|Badness|end Kernel'

# First, races of others are left out: a report stands between two rules, as one
# of KASAN does. An OOM kill prints a call trace as well: bad news for a test, but no
# mistake of the kernel.
awk '
	# of whom a report must tell, or must not
	function flush() {
		if (kcsan ? report ~ /zswap/ : report !~ /should_fail_ex.*fei_kprobe_handler/)
			printf "%s", report
		inside = 0
		report = ""
	}
	/====================/ {
		flush()
		rule = $0
		next
	}
	rule != "" && /BUG: KCSAN|inconsistent lock state/ {
		inside = 1
		kcsan = /KCSAN/
		report = rule "\n"
	}
	rule != "" && !inside { print rule }
	{ rule = "" }
	inside {
		report = report $0 "\n"
		if (!kcsan && /<\/TASK>/)
			flush()
		next
	}
	{ print }
	END { flush() }
' "$1" | awk -v bad="$bad" '
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
