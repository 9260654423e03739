#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzz the files of the feature in the VM: see fuzz.c.
#
#	fuzz.sh [--runs N] [--seed N] [KERNEL]
#	fuzz.sh --self-test [--runs N] [--seed N] [KERNEL]
#
# A million runs on the debug kernel, unless told otherwise: make check and check-debug
# have no time for so many.  What came of it
# is in build/fuzz/summary.txt.  --self-test falsifies what the kernel says, once for each
# check, to see that all of them notice.  The status is zero only if there was no wrong
# answer, no page was lost, and the console is clean.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

FUZZ=$TOP/tools/testing/fuzz
runs='' seed='' self_test=''
while [ $# -gt 0 ]; do
	case $1 in
	--runs | --seed)
		case ${2:-} in
		'' | *[!0-9]*) die "$1 needs a number." ;;
		esac
		[ "$1" = --seed ] || runs=$2
		[ "$1" = --runs ] || seed=$2
		shift 2
		;;
	--self-test) self_test=y; shift ;;
	-*) sed -n 's/^#\t//p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
done
kernel=${1:-$DEBUG_OUT/$IMAGE}
[ -r "$kernel" ] || die "there is no kernel $kernel: run make kernel-debug, or name another one."
[ -n "$seed" ] || seed=$(date +%s)
[ -n "$runs" ] || runs=$([ -n "$self_test" ] && echo 4000 || echo 1000000)

out=$BUILD/fuzz
payload=$out/payload
rm -rf "$out"
guest_program "$FUZZ" "$out" fuzz -Werror "$FUZZ"/*.c
cp "$FUZZ/fuzz-guest.sh" "$payload"

# guest OPTION...: a thousand runs take some seconds on a slow machine; allow far more.
guest() {
	"$VMDIR/vm.sh" --name fuzz --kernel "$kernel" --payload "$payload" \
		--timeout $((1800 + runs * (${#self_test} * 16 + 1) / 50)) \
		--run "sh fuzz-guest.sh $*" |
		tee "$out/output" | sed -u -e 's/^# /    /' -e t -e '/^fuzz: .* runs, /d' -e '/^fuzz: /b' -e '/^    /!d'
}

say "fuzz: $runs runs, seed $seed"
rc=0
guest ${self_test:+--self-test} --runs "$runs" --seed "$seed" || rc=$?
[ -z "$self_test" ] || {
	[ "$rc" -eq 0 ] || die "the self-test failed ($rc): see $out/output."
	exit 0
}

# Functions of each source file, and how many PCs they have, from the kernel's objects;
# only where these are still there.
functions() {
	local object dir=${kernel%/arch/*}/mm/zswap_wb
	[ -d "$dir" ] || return 0
	for object in "$dir"/*.o; do
		case $object in
		*/built-in.o) continue ;;
		esac
		objdump -dr --no-show-raw-insn "$object" 2>/dev/null |
			awk -v file="$(basename "$object" .o).c" '
				/^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3) }
				/__sanitizer_cov_trace_pc/ { pcs[name]++ }
				END { for (name in pcs) print "function", name, file, pcs[name] }
			'
	done
}

{
	grep '^fuzz: .* runs, ' "$out/output" | tail -n 1 || echo 'fuzz: it did not reach its end'
	echo "status $rc"
	grep -E '^(seed|seconds|coverage|edges|commands|pages_[a-z]+|runs_[a-z_]+) ' "$out/output" || :
	{
		functions
		grep '^pcs ' "$out/output" || :
	} | awk '
		$1 == "function" { file[$2] = $3; of[$2] = $4; all[$3] += $4; known = 1 }
		$1 == "pcs" { hit[$2] += $3 }
		END {
			for (name in hit) {
				if (!known)
					print "reached " name " " hit[name] " PCs"
				else
					in_file[(name in file) ? file[name] : "?"] += hit[name]
			}
			for (f in all)
				printf "file %s %d of %d PCs\n", f, in_file[f], all[f]
			for (name in of)
				printf "function %s %s %d of %d PCs\n", file[name], name, hit[name], of[name]
		}
	' | sort
} >"$out/summary.txt"
head -n 1 "$out/summary.txt" >&2
[ "$rc" -eq 0 ] || die "the fuzzer found something ($rc): see $out/output and $BUILD/vm/fuzz/console.log; again with --seed $seed."
