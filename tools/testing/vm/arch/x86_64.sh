# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The VM as an x86-64 machine, see arch.sh.

# shellcheck disable=SC2034 # used by the scripts that source this file
{
	KARCH=x86_64
	CROSS=
	KTARGET=bzImage
	IMAGE=arch/x86/boot/bzImage
	EMULATOR='qemu-system-x86_64'
	GCOV_MACHINE=
}

arch_check_host() {
	[ "$(uname -m)" = x86_64 ] || die "the x86-64 kernel is built on x86-64, and this is $(uname -m): use an x86-64 machine."
}

arch_busybox() {
	command -v busybox || die "busybox is missing: run make deps."
}

# Two nodes with one CPU each, and a third one without CPUs: a memory device
# whose blocks are there but offline after boot, for memory hotplug tests. Two
# sockets, because two nodes in one make the kernel complain about it.
arch_machine() {
	local megabytes=$1 dir=$2
	qemu+=(-machine q35 -smp "2,sockets=2,cores=1"
		-m "${megabytes}M,slots=1,maxmem=$((megabytes + 1024))M"
		-object "memory-backend-ram,id=ram2,size=256M"
		-numa "node,nodeid=2" -device "pc-dimm,memdev=ram2,node=2")
	# no_timer_check: a machine with too much to do emulates a timer that seems to be broken.
	args="console=ttyS0 no_timer_check vm.out=ttyS1 vm.status=ttyS2"
	ports=(-serial "file:$dir/output.log" -serial "file:$dir/status")
	# On a kernel with gcov, an archive of what it has counted
	[ -z "${VM_GCOV:-}" ] || {
		args+=" vm.gcov=ttyS3"
		ports+=(-serial "file:$dir/gcov.tar")
	}
}

# CPU of an emulated machine, and what the kernel is told of it: without, it does not rely on the
# TSC, and each look at the clock leaves the emulated code for the HPET, a third of all time
arch_cpu='max,la57=off'
arch_emulated='tsc=reliable'
