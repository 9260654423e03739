#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# accel.sh KERNEL: print kvm or tcg. /dev/kvm can exist, open, and still hang
# a VM (nested virtualisation without the CPU's help): only a boot tells. The
# answer is remembered in build/accel; ACCEL= overrides it.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -n "${ACCEL:-}" ]; then
	case $ACCEL in
	kvm | tcg) echo "$ACCEL" ;;
	*) die "ACCEL=$ACCEL is unknown: use ACCEL=kvm or ACCEL=tcg." ;;
	esac
	exit
fi
if [ -s "$BUILD/accel" ]; then
	cat "$BUILD/accel"
	exit
fi

answer=tcg rc=0
if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
	say "trying KVM (10 s at most)" >&2
	ACCEL=kvm "$VMDIR/vm.sh" --name accel-probe --kernel "$1" --run true --timeout 10 --quiet || rc=$?
	if [ "$rc" -eq 0 ]; then
		answer=kvm
		say "KVM works" >&2
	else
		say "KVM does not run a VM here, using emulation (TCG)" >&2
	fi
fi
# A kernel that starts and then dies tells nothing about KVM: ask again.
if [ "$answer" = kvm ] || [ "$rc" -eq 124 ] || [ ! -s "$BUILD/vm/accel-probe/console.log" ]; then
	mkdir -p "$BUILD"
	echo "$answer" >"$BUILD/accel"
fi
echo "$answer"
