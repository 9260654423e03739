# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What every script here shares: where things are, how to talk to the user,
# how to stop. Source it; it sets strict mode.

set -Eeuo pipefail
trap 'echo "error: $0 stopped unexpectedly at line $LINENO: that is a mistake in it, please report it." >&2' ERR
export LC_ALL=C
# Where Debian has what makes file systems and swap, and not all users look
PATH=$PATH:/usr/sbin:/sbin
# What a calling make or the user's shell says is not for the kernel's make.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH PAGES CROSS_COMPILE KBUILD_OUTPUT O

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
BUILD=$(realpath -m "$BUILD")
SOURCES=${SOURCES:-$BUILD}
KSERIES=${KSERIES:-7.3}

# shellcheck disable=SC2034 # used by the scripts that source this file
{
	KSRC=${KSRC:-}
	JOBS=${JOBS:-$(nproc)}
	VMDIR=$TOP/tools/testing/vm
	PATCHES=$TOP/patches/$KSERIES
	WORKTREE=$BUILD/linux           # upstream + overlay + patches
	KERNEL_OUT=$BUILD/kernel        # objects of the patched kernel
	DEBUG_OUT=$BUILD/kernel-debug   # with lockdep and other checks
	KASAN_OUT=$BUILD/kernel-kasan   # and with KASAN, UBSAN, kmemleak
	KCSAN_OUT=$BUILD/kernel-kcsan   # with KCSAN
	MUTANTS_TREE=$BUILD/mutants/linux # the tree with every mutant in it
	MUTANTS_OUT=$BUILD/mutants/kernel
	OFF_OUT=$BUILD/kernel-off       # our files and patches, the feature switched off
	LOCKS_OUT=$BUILD/kernel-locks   # kernel with lock statistics, for make bench
	UPSTREAM_OUT=$BUILD/kernel-upstream # without our files and patches
	UML_OUT=$BUILD/um               # objects of the KUnit kernel
}

# One line of progress for the user.
say() {
	printf '==> %s\n' "$*"
}

# The one sentence that a broken setup ends with: what is wrong, what to do.
die() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Seconds as m:ss.
clock() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

# shellcheck source=arch.sh
. "$VMDIR/arch.sh"

# need_space DIR MEGABYTES WHAT: stop before a disk runs full, not half-way.
need_space() {
	local have
	mkdir -p "$1" || die "cannot create $1: make its parent writable or choose another place with BUILD=dir."
	have=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$have" -ge "$2" ] ||
		die "$3 needs $2 MB in $1 and $have MB are free: make room or choose another disk with BUILD=dir."
}

# Only one run at a time may change what is under build/.
lock_build() {
	mkdir -p "$BUILD" || die "cannot create $BUILD: choose another place with BUILD=dir."
	exec 9>"$BUILD/.lock"
	flock -n 9 && return
	say "another make works in $BUILD, waiting for it"
	flock 9
}

# copy_if_changed FROM TO: write a new file only when the content differs, so
# that make sees what really changed; never write through a hard link.
copy_if_changed() {
	if cmp -s "$1" "$2"; then
		[ ! -x "$1" ] || [ -x "$2" ] || chmod +x "$2"
		return 1
	fi
	mkdir -p "$(dirname "$2")"
	rm -f "$2"
	cp "$1" "$2"
}

# build_logged NAME ESTIMATE LOG COMMAND...: run a long build with its output
# in LOG. Every 15 s say how many files are done, of how many: the number of
# the last full build, else ESTIMATE. Show the compiler's errors if it fails.
build_logged() {
	local name=$1 total=$2 log=$3 pid done_ rc=0 start=$SECONDS full=
	shift 3
	mkdir -p "$(dirname "$log")"
	local memo
	memo=$(dirname "$log")/.files-$name
	if [ -e "$memo" ]; then
		total=$(cat "$memo")
	else
		full=y
	fi
	"$@" >"$log" 2>&1 9>&- &
	pid=$!
	# shellcheck disable=SC2064 # the pid of now
	trap "kill $pid 2>/dev/null; exit 130" INT TERM
	local next=$((SECONDS + 15))
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		if [ "$SECONDS" -ge "$next" ]; then
			next=$((SECONDS + 15))
			done_=$(grep -cE '^  [A-Z]' "$log" || :)
			if [ -n "$full" ]; then
				say "$name: $done_ of about $total files, $(clock $((SECONDS - start)))"
			else
				say "$name: $done_ files rebuilt, $(clock $((SECONDS - start)))"
			fi
		fi
	done
	wait "$pid" || rc=$?
	trap - INT TERM
	if [ "$rc" -ne 0 ]; then
		grep -nE '(: |^)(fatal )?error:|\*\*\*|No space left|undefined reference|No rule' "$log" | head -n 20 >&2 ||
			tail -n 20 "$log" >&2
		if grep -q 'No space left on device' "$log"; then
			die "the disk ran full while building $name: make room and run make again."
		fi
		die "building $name failed: the lines above are the compiler's, all of it is in $log."
	fi
	[ -z "$full" ] || grep -cE '^  [A-Z]' "$log" >"$memo" || :
	say "$name: built in $(clock $((SECONDS - start)))"
}

# kernel_make_setup PREFIX: set KMAKE, the command line of the kernel's make: ccache when it
# is there, nothing in the objects that differs from run to run. PREFIX: of the tools' names.
kernel_make_setup() {
	local prefix=$1 ccache=
	! command -v ccache >/dev/null || ccache='ccache '
	# Whether there is a pahole changes the configuration, and so all objects: none is needed.
	# What is counted for gcov is what the source says, not copies of it that are inlined.
	KMAKE=(make "CC=$ccache${prefix}gcc" "HOSTCC=${ccache}gcc" "CROSS_COMPILE=$prefix" PAHOLE=none
		"CFLAGS_GCOV=-fprofile-arcs -ftest-coverage -fno-tree-loop-im -fprofile-update=atomic -fno-early-inlining $GCOV_MACHINE")
	# Depend mode halves what a miss costs on top of the compiler.
	export CCACHE_BASEDIR=$BUILD CCACHE_DEPEND=1
	export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_USER=vm KBUILD_BUILD_HOST=vm
	export PYTHONDONTWRITEBYTECODE=1
}

# guest_program DIR OUT PROGRAM SOURCE-OR-OPTION...: compile a program of DIR for the VM,
# into OUT/payload.
guest_program() {
	local dir=$1 out=$2 program=$3
	shift 3
	mkdir -p "$out/payload"
	(cd "$dir" && "${CROSS}gcc" -O2 -Wall -Wextra -static -o "$out/payload/$program" "$@") 2>"$out/build.log" || {
		head -n 20 "$out/build.log" >&2
		die "building $program failed: the lines above are the compiler's."
	}
}

# configure TREE OUT ARCH FRAGMENT...: tinyconfig plus the fragments, and a
# check that each line of them is in the result.
configure() {
	local tree=$1 out=$2 arch=$3 log=$2/config.log lost line symbol
	shift 3
	mkdir -p "$out"
	{
		"${KMAKE[@]}" -C "$tree" O="$out" ARCH="$arch" tinyconfig &&
			(cd "$tree" && scripts/kconfig/merge_config.sh -m -Q -O "$out" "$out/.config" "$@") &&
			"${KMAKE[@]}" -C "$tree" O="$out" ARCH="$arch" olddefconfig
	} >"$log" 2>&1 9>&- || {
		tail -n 10 "$log" >&2
		die "configuring the kernel failed: see $log."
	}
	# What this series of kernels does not know, it need not have.
	lost=$(cat "$@" | grep -vxFf <(cat "$PATCHES/absent.config" 2>/dev/null || :) |
		while read -r line; do
			case $line in
			'# CONFIG_'*' is not set')
				symbol=${line#\# }
				! grep -q "^${symbol%% *}=" "$out/.config" || echo "$line"
				;;
			CONFIG_*) grep -qxF "$line" "$out/.config" || echo "$line" ;;
			esac
		done)
	[ -z "$lost" ] || {
		printf '%s\n' "$lost" >&2
		die "Kconfig dropped the lines above: correct them or add what they depend on in tools/testing/vm/configs."
	}
}
