# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The VM as an arm64 machine, see arch.sh: QEMU's virt, by device tree, on any host.

# shellcheck disable=SC2034 # used by the scripts that source this file
{
	KARCH=arm64
	CROSS=aarch64-linux-gnu-
	KTARGET=Image
	IMAGE=arch/arm64/boot/Image
	EMULATOR='qemu-system-aarch64'
	# Counters are atomic, and the kernel has no library for that
	GCOV_MACHINE=-mno-outline-atomics
}

arch_check_host() {
	command -v "${CROSS}gcc" >/dev/null || die "${CROSS}gcc is missing: run make deps ARCH=arm64."
}

arch_busybox() {
	"$VMDIR/foreign.sh" arm64 busybox-static bin/busybox
}

# Two nodes with one CPU each. A device tree has no memory that is plugged in later.
# The console is the machine's own port; the others are on the PCI bus.
arch_machine() {
	local dir=$2 port
	qemu+=(-machine "virt,gic-version=3" -smp 2 -m "$1M")
	args="console=ttyAMA0 vm.out=ttyS0 vm.status=ttyS1"
	ports=()
	for port in output.log status; do
		ports+=(-chardev "file,id=$port,path=$dir/$port" -device "pci-serial,chardev=$port")
	done
}

# CPU of an emulated machine: knows pages of 4K and of 64K
arch_cpu=cortex-a76
arch_emulated=''
