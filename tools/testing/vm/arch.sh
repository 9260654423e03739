# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the VM is, and all that depends on it. lib.sh sources it; it sources
# arch/$VM_ARCH.sh, which sets
#
#	KARCH, CROSS	the kernel's ARCH= and CROSS_COMPILE=
#	KTARGET, IMAGE	what is built, and where it is then, below a build directory
#	EMULATOR	its program
#	GCOV_MACHINE	what the compiler needs to be told where it counts for gcov
#	arch_cpu	the CPU that it emulates
#	arch_emulated	what the kernel is told there, but where its clock counts instructions
#
# and defines
#
#	arch_check_host	dies where the kernel cannot be built
#	arch_busybox	path of a busybox for the guest
#	arch_machine MEGABYTES DIR	adds to qemu, ports and args what makes the machine and
#			the ports that its results come out of, into files of DIR
#
# The top Makefile gives each machine but x86-64 a build directory of its own, as each page
# size; the kernel's source is below the common one, $SOURCES.

VM_ARCH=${VM_ARCH:-x86_64}
VM_PAGES=${VM_PAGES:-4K}
[ -r "$VMDIR/arch/$VM_ARCH.sh" ] ||
	die "ARCH=$VM_ARCH is unknown: use one of $(cd "$VMDIR/arch" && echo * | sed 's/\.sh//g')."
case $VM_ARCH-$VM_PAGES in
*-4K | arm64-64K) ;;
*) die "$VM_ARCH has no PAGES=$VM_PAGES: it is 4K, or 64K on arm64." ;;
esac
# shellcheck source=arch/x86_64.sh
. "$VMDIR/arch/$VM_ARCH.sh"

# The fragments of a kernel's configuration that depend on the machine
arch_configs() {
	echo "$VMDIR/configs/$VM_ARCH.config"
	[ "$VM_PAGES" = 4K ] || echo "$VMDIR/configs/$VM_ARCH-$VM_PAGES.config"
}
