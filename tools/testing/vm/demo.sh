#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The demo, seen from the host: make the payload, boot the VM, run the guest's
# part in it, and end with its status.
#
#	demo.sh [KERNEL-IMAGE [DOCUMENTATION]]

# lib.sh sets the locale; the user's says which bars the terminal can show.
chart=ascii
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ "$(locale charmap 2>/dev/null)" = UTF-8 ]; then
	chart=utf-8
fi

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

kernel=${1:-$KERNEL_OUT/$IMAGE}
docs=${2:-$WORKTREE/Documentation}

payload=$BUILD/demo/payload
mkdir -p "$payload"
"$VMDIR/demo-data.sh" "$docs" "$payload" "$BUILD/zswapctl/zswapctl"

# part NAME SCRIPT: boot the VM for one part of the demo.
part() {
	local rc=0
	"$VMDIR/vm.sh" --name "$1" --kernel "$kernel" --payload "$payload" \
		--run "CHART=$chart sh /payload/$2" --timeout 300 || rc=$?
	[ "$rc" -eq 0 ] || {
		say "the demo failed ($rc); its output and the console are in $BUILD/vm/$1"
		say "if it was the times: they are those of an idle machine, this one's load average is $(cut -d' ' -f1 /proc/loadavg)"
		exit "$rc"
	}
}
say "booting the demo; many of its 50 seconds go by for pages to get older"
part demo demo-guest.sh
say "a night, in which redis is written whole, and brought back"
part demo-night demo-night-guest.sh
say "and the daemon, which is given 75 seconds"
part demo-daemon demo-daemon-guest.sh
