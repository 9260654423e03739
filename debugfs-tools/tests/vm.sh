#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vm.sh ZSWAPCTL KERNEL [VM-OPTION...]: the tool on a running kernel, locked down, and on
# one without debugfs. TAP of each goes to stdout, one after the other; the status is
# that of all.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/testing/vm/lib.sh"

[ $# -ge 2 ] || die "usage: vm.sh ZSWAPCTL KERNEL [VM-OPTION...]"
zswapctl=$1 kernel=$2
shift 2
options=("$@")
payload=$BUILD/zswapctl/payload
mkdir -p "$payload"
"$VMDIR/guest-libs.sh" "$payload" "zswapctl=$zswapctl"
cp "$(dirname "${BASH_SOURCE[0]}")"/{vm-guest,tap}.sh "$payload"

failed=0
# part NAME KERNEL-ARGUMENTS
part() {
	"$VMDIR/vm.sh" --name "zswapctl-$1" --kernel "$kernel" --append "$2" --payload "$payload" \
		--timeout 400 ${options[@]+"${options[@]}"} --run "sh /payload/vm-guest.sh $1" || failed=1
}
part full ''
part lockdown lockdown=integrity
part nodebugfs debugfs=off
exit "$failed"
