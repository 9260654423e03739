#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# selftests.sh TARGET: build upstream's or our kselftests of one directory,
# statically linked, and install them as a payload for the VM into
# build/selftests/TARGET.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

target=$1
out=$BUILD/selftests
payload=$out/$target
[ -d "$WORKTREE/tools/testing/selftests/$target" ] ||
	die "tools/testing/selftests/$target is missing in the kernel tree: run make tree."
lock_build
kernel_make_setup "$CROSS"
mkdir -p "$out"
log=$out/$target.log

build() {
	"${KMAKE[@]}" -C "$WORKTREE" O="$DEBUG_OUT" ARCH="$KARCH" headers &&
		"${KMAKE[@]}" -j "$JOBS" -C "$WORKTREE/tools/testing/selftests" O="$DEBUG_OUT" ARCH="$KARCH" \
			TARGETS="$target" FORCE_TARGETS=1 INSTALL_DEP_TARGETS='' \
			USERLDFLAGS=-static KSFT_INSTALL_PATH="$payload" install
}
rm -rf "$payload"
if ! build >"$log" 2>&1 9>&-; then
	grep -nE 'error:|\*\*\*|undefined reference|No such file' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
	die "building the kselftests in $target failed: the lines above are the compiler's, all of it is in $log."
fi

# The runner calls timeout with an option that busybox has no use for.
cat >"$payload/timeout" <<'TEXT'
#!/bin/sh
[ "$1" != --foreground ] || shift
exec busybox timeout "$@"
TEXT
cat >"$payload/run.sh" <<'TEXT'
#!/bin/sh
rm -f /usr/bin/timeout
cp /payload/timeout /usr/bin/timeout
mkswap /dev/vda >/dev/null && swapon /dev/vda || exit 1
# Programs that are not run are memory all the same, half of what a system that hibernates has to
# write and read
case " $* " in *' -t '*)
	gone=
	while IFS=: read -r dir program; do
		case " $* " in *" $dir:$program "*) continue ;; esac
		# upstream's call one another
		[ "$dir" != zswap ] || gone="$gone /payload/$dir/$program"
	done </payload/kselftest-list.txt
	rm -f $gone
	;;
esac
exec sh /payload/run_kselftest.sh "$@"
TEXT
chmod 755 "$payload/timeout" "$payload/run.sh"
