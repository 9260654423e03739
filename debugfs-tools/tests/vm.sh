#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.sh ZSWAPCTL KERNEL: the tool on a running kernel, on one that is locked down, and on
# one without debugfs. TAP of each goes to stdout, one after the other; the status is
# that of all.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/testing/vm/lib.sh"

[ $# -eq 2 ] || die "usage: vm.sh ZSWAPCTL KERNEL"
payload=$BUILD/zswapctl/payload
mkdir -p "$payload"
"$VMDIR/guest-libs.sh" "$payload" "zswapctl=$1"
cp "$(dirname "${BASH_SOURCE[0]}")/vm-guest.sh" "$payload"

failed=0
# part NAME KERNEL KERNEL-ARGUMENTS
part() {
	"$VMDIR/vm.sh" --name "zswapctl-$1" --kernel "$2" --append "$3" --payload "$payload" \
		--timeout 400 --run "sh /payload/vm-guest.sh $1" || failed=1
}
part full "$2" ''
part lockdown "$2" lockdown=integrity
part nodebugfs "$2" debugfs=off
exit "$failed"
