#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check.sh [--on debug|kasan|kcsan] [--long] [--resume] [--gcov] [--only PART,...]
#
# All tests, on one kernel. The last line is "N passed, N failed, N skipped"; the
# status is zero only if nothing failed, everything ran, and no kernel complained.
# What the parts printed is in build/check, or build/check-kasan and so on. What goes by the
# clock shares the machine only with what leaves it at once; all else shares it.
#
# --long: all kselftests with THP and MGLRU on and off, and torture and fuzz for
# longer. --resume: keep what parts said that were green on the same kernel with the same
# tests. --gcov: each VM leaves what it has executed, for make coverage. --only: these
# parts, in this order.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
shopt -s extglob

on=debug long='' resume='' only=''
while [ $# -gt 0 ]; do
	case $1 in
	--on) on=${2:-}; shift; [ $# -eq 0 ] || shift ;;
	--long) long=y; shift ;;
	--resume) resume=y; shift ;;
	--gcov) export VM_GCOV=y; shift ;;
	--only) only=${2:-}; shift; [ $# -eq 0 ] || shift ;;
	*) die "check.sh knows --on, --long, --resume, --gcov and --only, not $1." ;;
	esac
done
case $on in
debug) kernel=$DEBUG_OUT/$IMAGE out=$BUILD/check ;;
kasan) kernel=$KASAN_OUT/$IMAGE out=$BUILD/check-kasan ;;
kcsan) kernel=$KCSAN_OUT/$IMAGE out=$BUILD/check-kcsan ;;
*) die "check.sh runs on debug, kasan or kcsan, not on $on." ;;
esac
[ -r "$kernel" ] || die "there is no $on kernel: run make kernel-$on."
payload=$BUILD/selftests/zswap
zswapctl=$BUILD/zswapctl
tool_make=(make --silent -j "$JOBS" -C "$TOP/debugfs-tools" O="$zswapctl")

# ---- what there is ----

# What the kernels with KASAN and KCSAN look for takes memory and, in emulation, a lot of
# time.
roomy=(--memory 2048M --timeout 7200)
options=("${roomy[@]}")
[ "$on" != debug ] || options=(--timeout 3000)
# The same number of pages, of which each is as large as sixteen
[ "$VM_PAGES" = 4K ] || options=(--memory 8192M --disk-size 32G --timeout 7200)
boot=''
# KASAN sees what is used after it was freed. Without it, that is made unusable.
poison=slub_debug=FZP
[ "$on" != kasan ] || poison=''
# A race is seen while a CPU waits in the middle of it: more often than the kernel would, as few
# accesses are looked at, and for a fifth of the time. With much more, tests are too slow for their
# loads to stay young.
[ "$on" != kcsan ] || boot="kcsan.skip_watch=2000 kcsan.udelay_task=100 kcsan.udelay_interrupt=50"

# Programs that need a kernel booted with an argument of their own: each gets
# its own VM, and the run of all others leaves them out.
alone="nomemcg:cgroup_disable=memory nokmem:cgroup.memory=nokmem lockdown:lockdown=integrity nodebugfs:debugfs=off v1:cgroup_no_v1=none"
# What goes by the clock, and mostly waits for slow disks: these have the machine whenever
# they want it. All others mostly wait for pages to get older, and are run by some VMs at a
# time, with THP and MGLRU, as in a distribution.
vms=$((JOBS < 3 ? JOBS + 1 : 4))
[ "$VM_PAGES" = 4K ] || vms=1
timed=(cpu faults storm device broken rate race)
# Two lists for CPUs that are idle, each one after another, from what goes by the clock on: either
# clocks of VMs stand while these wait for a CPU, or they are short, and nothing in them has to be
# in time. Both of zswapctl build it, so they are in one list.
idle=(zswapctl zswapctl-vm)
idle_too=(bench fuzz kselftests-{nomemcg,nokmem,lockdown,nodebugfs} harness)
# What goes beside the others, once what goes by the clock is over
beside=(torture)

parts=(kselftests kselftests-timed)
for program in $alone; do
	parts+=("kselftests-${program%%:*}")
done
minutes=2 runs=10000
case $VM_ARCH-$on in
x86_64-debug) parts=(kunit "${parts[@]}" harness zswapctl-vm zswapctl bench torture fuzz) ;;
x86_64-kasan) parts=(kunit "${parts[@]}" zswapctl-vm bench torture fuzz) ;;
# Which has no KCOV: the fuzzer goes by chance alone
x86_64-kcsan) parts=(kunit "${parts[@]}" zswapctl-vm bench torture fuzz) ;;
# What may depend on the size of a page, or on what a CPU does with memory
*) parts=(kunit "${parts[@]}" torture) ;;
esac
if [ -n "$long" ]; then
	boot+=' debug_objects'
	parts+=(kselftests-{plain,thp,mglru} kselftests-{thp,mglru}-timed)
	minutes=10 runs=100000
fi

[ -z "$only" ] || IFS=, read -ra parts <<<"$only"

# ---- how each is run: NAME.ktap in $out, and a status ----

# Of what a VM says, the results; that of a program with the time that it took
results() {
	local line since=$SECONDS
	while IFS= read -r line; do
		case $line in
		'# ok '* | '# not ok '*) echo "$line" ;;
		'ok '* | 'not ok '*)
			echo "$line ($(clock $((SECONDS - since))))"
			since=$SECONDS
			;;
		esac
	done
}

# vm NAME KERNEL-ARGUMENTS MGLRU RUN_KSELFTEST-ARGUMENTS: y or n for MGLRU
vm() {
	"$VMDIR/vm.sh" --name "$1" --kernel "$kernel" --payload "$payload" "${options[@]}" \
		--append "$boot $2" --run "echo $3 >/sys/kernel/mm/lru_gen/enabled; sh run.sh $4" |
		tee "$out/$1.ktap" | results
	return "${PIPESTATUS[0]}"
}

# tool NAME COMMAND...: a test that is red or green as a whole, and whose summary
# has a first line.
tool() {
	local name=$1 rc=0 line
	shift
	"$@" || rc=$?
	line=$(head -n 1 "$BUILD/$name/summary.txt" 2>/dev/null) || line="$name: no summary"
	if [ "$rc" -ne 0 ]; then
		line="not ok 1 - $line"
	else
		line="ok 1 - $line"
	fi
	echo "$line" >"$out/$name.ktap"
	return "$rc"
}

# options_for PROGRAM...: what run_kselftest.sh has to be told. setup comes first
options_for() {
	printf -- ' -t zswap:zswap_wb_%s' setup "$@"
}

# share N: the programs of the Nth of $vms VMs, of those that have no VM of their own. Each goes
# to the VM that has least to do so far, the slow ones first.
share() {
	local own=" setup ${alone//:*([^ ])/} ${timed[*]} "
	sed 's/^zswap:zswap_wb_//' "$payload/kselftest-list.txt" | while read -r program; do
		[[ $own == *" $program "* ]] || echo "$(seconds "$program") $program"
	done | sort -s -rn -k 1,1 | awk -v n="$1" -v vms="$vms" '{
		least = 1
		for (vm = 2; vm <= vms; vm++)
			if (busy[vm] < busy[least])
				least = vm
		busy[least] += $1
		if (least == n)
			print $2
	}'
}

# seconds PROGRAM: about how long it takes, in emulation, with all that it does before and after
# its tests; the last one of a VM changes its nodes
seconds() {
	case $1 in
	readback | hibernate) echo 135 ;;
	shrinker) echo 100 ;;
	image | refault | concurrent | crypt | flight) echo 65 ;;
	bystander | columns | gather | fair | inject | thpflight | devices | ages | lazy | select | nfs) echo 45 ;;
	moved | order | dryrun | slots) echo 33 ;;
	state | protect | thp | cpuset | security | counters | shmem | command | hold | lru_count | userfault) echo 7 ;;
	hotplug) echo 1 ;;
	*) echo 19 ;;
	esac
}

# setting NAME: what THP is in this part, and whether MGLRU is on
setting() {
	case $1 in
	kselftests) echo always y ;;
	kselftests-thp*) echo always n ;;
	kselftests-mglru*) echo never y ;;
	*) echo never n ;;
	esac
}

run_part() {
	local name=$1 rc=0 program thp mglru n pid pids=()
	read -r thp mglru < <(setting "$name")
	# slab_nomerge: what a cache holds is that cache's own
	case $name in
	kunit)
		"$VMDIR/vm.sh" --name kunit --kernel "$kernel" --timeout 600 --append kunit.enable=1 --run true || rc=$?
		sed -n '/KTAP version 1/,$p' "$BUILD/vm/kunit/console.log" >"$out/kunit.ktap"
		return "$rc"
		;;
	harness) "$VMDIR/harness-check.sh" >"$out/harness.ktap" ;;
	kselftests | kselftests-plain | kselftests-thp | kselftests-mglru)
		for ((n = 1; n <= vms; n++)); do
			# shellcheck disable=SC2046 # words
			vm "$name-$n" "slab_nomerge transparent_hugepage=$thp" "$mglru" \
				"$(options_for $(share "$n"))" &
			pids+=("$!")
		done
		for pid in "${pids[@]}"; do
			wait "$pid" || rc=$?
		done
		for ((n = 1; n <= vms; n++)); do
			cat "$out/$name-$n.ktap"
		done >"$out/$name.ktap"
		return "$rc"
		;;
	kselftests-timed | kselftests-*-timed)
		vm "$name" "slab_nomerge transparent_hugepage=$thp" "$mglru" "$(options_for "${timed[@]}")"
		;;
	kselftests-*)
		for program in $alone; do
			[ "${program%%:*}" != "${name#kselftests-}" ] ||
				vm "$name" "${program#*:}" n "-t zswap:zswap_wb_${program%%:*}"
		done
		;;
	# The tool: what needs no kernel with the sanitizers, whose libraries the VM lacks.
	zswapctl) "${tool_make[@]}" check >"$out/$name.ktap" ;;
	zswapctl-vm)
		"${tool_make[@]}" all
		"$TOP/debugfs-tools/tests/vm.sh" "$zswapctl/zswapctl" "$kernel" "${options[@]}" >"$out/$name.ktap"
		;;
	# On these kernels, what is slow is slow for other reasons: figures that count.
	bench)
		"$TOP/tools/testing/bench/bench.sh" --short --counts "$kernel" || rc=$?
		cp "$BUILD/bench-short/writeback.ktap" "$out/$name.ktap"
		return "$rc"
		;;
	torture)
		tool torture "$TOP/tools/testing/torture/torture.sh" --minutes "$minutes" --boot "$poison" "$kernel"
		;;
	fuzz) tool fuzz "$TOP/tools/testing/fuzz/fuzz.sh" --runs "$runs" "$kernel" ;;
	esac
}

# ---- parts beside others ----

beside_pids=() started=''

# run_beside POLICY PART...: those of them that are to be run. What a part prints is in NAME.log,
# and then its status in NAME.rc
run_beside() {
	local part rc
	chrt "--$1" --pid 0 "$BASHPID"
	shift
	for part in "$@"; do
		[[ " ${parts[*]} " == *" $part "* ]] || continue
		rc=0
		run_part "$part" >"$out/$part.log" 2>&1 || rc=$?
		echo "$rc" >"$out/$part.rc.new"
		mv "$out/$part.rc.new" "$out/$part.rc"
	done
}

# start_beside POLICY PART...: of the scheduler, other or idle
start_beside() {
	local policy=$1
	shift
	started+=" $*"
	(cd "$out" && rm -f "${@/%/.rc}" "${@/%/.ktap}" "${@/%/.done}")
	run_beside "$policy" "$@" &
	beside_pids+=("$!")
}

# await_part NAME: shows what a part beside others has said; its status
await_part() {
	while [ ! -e "$out/$1.rc" ] && kill -0 "${beside_pids[@]}" 2>/dev/null; do
		sleep 1
	done
	cat "$out/$1.log"
	return "$(cat "$out/$1.rc" 2>/dev/null || echo 1)"
}

# ---- all of them ----

. "$VMDIR/account.sh"
# What the results are true of
key=$(find "$kernel" "$TOP/tools" "$TOP/debugfs-tools" "$PATCHES" -type f -print0 | sort -z | xargs -0 cat | sha256sum)
[ -n "$resume$only" ] || rm -rf "$out"
mkdir -p "$out"
rm -f "$out/why.txt"
start=$SECONDS nr=0
# What is in the background does not hear of an interrupt
trap 'trap - INT TERM; kill 0' INT TERM
# KUnit needs none of what is compiled first
[ -n "$only$resume" ] || start_beside other kunit
"$VMDIR/selftests.sh" zswap || {
	say "waiting for what else has begun"
	wait
	exit 1
}
for part in "${parts[@]}"; do
	nr=$((nr + 1))
	if [ -n "$resume" ] && [ "$(cat "$out/$part.done" 2>/dev/null)" = "$key" ]; then
		say "part $nr of ${#parts[@]}, $part: green already"
		account "$part" 0
		continue
	fi
	say "part $nr of ${#parts[@]}, after $(clock $((SECONDS - start))): $part"
	[ "$part" != kselftests-timed ] || [ -n "$only$resume$long" ] || {
		start_beside idle "${idle[@]}"
		start_beside idle "${idle_too[@]}"
	}
	rc=0
	if [[ " $started " == *" $part "* ]]; then
		await_part "$part" || rc=$?
	else
		rm -f "$out/$part.done" "$out/$part.ktap"
		run_part "$part" || rc=$?
	fi
	account "$part" "$rc"
	[ "$part" != kselftests-timed ] || [ -n "$only$resume" ] || {
		# No CPU is idle any more
		[ ${#beside_pids[@]} -eq 0 ] || wait "${beside_pids[@]}" || :
		start_beside other "${beside[@]}"
	}
done

# Last, where whoever reads a report that was cut off finds it
[ "$failed" -eq 0 ] || cat "$out/why.txt"
say "took $(clock $((SECONDS - start)))"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || exit 1
