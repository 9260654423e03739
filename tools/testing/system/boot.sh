#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh: start the system once, on the disks that are in build/check-system, and let it run
# one script of the payload. What that prints comes out, as it comes. The status:
#
#   0     it came to its end, or the system has hibernated, with --sleeps; no complaint
#   124   the time is over
#   125   the system went off without a word
#   126   the kernel complained (the lines are printed)
#
# Where the script says that the machine idles, it is woken by its power button, until the
# script says that it is awake.
#
# What the script has printed is in NAME.output, the console in NAME.console.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

name='' run='' kernel='' initrd='' sleeps='' resumes=''
while [ $# -gt 0 ]; do
	case $1 in
	--sleeps) sleeps=y; shift; continue ;;
	--resumes) resumes=y; shift; continue ;;
	--name) name=$2 ;;
	--run) run=$2 ;;
	--kernel) kernel=$2 ;;
	--initrd) initrd=$2 ;;
	*) die "boot.sh does not know $1: see the file." ;;
	esac
	shift 2
done

dir=$BUILD/check-system
output=$dir/$name.output console=$dir/$name.console
: >"$output"
: >"$console"

# What runs, and what it needs, as a file system of its own;
# one that wakes up has it mounted already
if [ -z "$resumes" ]; then
	rm -f "$dir/check.img"
	echo "$run" >"$dir/payload/phase"
	mke2fs -q -t ext2 -L check -d "$dir/payload" "$dir/check.img" \
		$(($(du -sm "$dir/payload" | cut -f1) * 11 / 10 + 16))M >"$dir/mke2fs.log" 2>&1 ||
		die "making a disk of the checks failed: see $dir/mke2fs.log."
fi

args="console=ttyS0 root=/dev/vda ro resume=/dev/vdb no_timer_check panic=-1 oops=panic"
# What the user has to say: Debian's zswap is off
args+=" zswap.enabled=1 systemd.journald.forward_to_console=0 systemd.show_status=0"
qemu=("$EMULATOR" -nodefaults -no-user-config -no-reboot -display none -monitor stdio
	-machine q35 -m 1024M -kernel "$kernel" -initrd "$initrd" -rtc base=utc)
for disk in system swap check; do
	qemu+=(-drive "file=$dir/$disk.img,if=none,id=$disk,format=raw,cache=unsafe"
		-device "virtio-blk-pci,drive=$disk")
done
qemu+=(-device virtio-rng-pci -serial "file:$console" -serial "file:$output")
# Debian's kernels change their code while they run. When one CPU does so and another one comes
# there, emulated ones with a thread each trip over what is half done.
case $("$VMDIR/accel.sh" "$kernel") in
kvm) qemu+=(-accel kvm -cpu host -smp 2) ;;
*)
	qemu+=(-accel "tcg,thread=single" -cpu "$arch_cpu" -smp 1)
	# shellcheck disable=SC2154 # see arch.sh
	args+=" $arch_emulated"
	;;
esac
qemu+=(-append "$args")
printf '%q ' "${qemu[@]}" >"$dir/$name.qemu"

# The buttons of the machine
buttons=$dir/$name.buttons
rm -f "$buttons"
mkfifo "$buttons"
exec 8<>"$buttons"
wake() {
	until grep -qx idles "$output"; do
		sleep 1
	done
	sleep 20
	until grep -qx awake "$output"; do
		echo system_powerdown >&8
		sleep 10
	done
}

vm='' tail='' waker=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$vm" ] || kill "$vm" 2>/dev/null || :
	[ -z "$tail" ] || kill "$tail" 2>/dev/null || :
	[ -z "$waker" ] || kill "$waker" 2>/dev/null || :
}
trap cleanup EXIT
trap 'exit 130' INT TERM

rc=0
timeout -k 5 3600 "${qemu[@]}" <&8 >"$dir/$name.log" 2>&1 9>&- &
vm=$!
wake 9>&- &
waker=$!
tail -n +1 -s 0.2 --pid="$vm" -f "$output" 9>&- &
tail=$!
wait "$vm" 2>/dev/null || rc=$?
vm=''
wait "$tail" || :
tail=''

"$VMDIR/console-check.sh" "$console" "$PATCHES/known.console" >"$dir/$name.splats" || {
	cut -c1-200 "$dir/$name.splats" | sed 's/^/# /'
	exit 126
}
case $rc in
124 | 137) exit 124 ;;
esac
last=end
[ -z "$sleeps" ] || last=sleeps
[ "$(grep -xE 'end|sleeps' "$output")" = "$last" ] || exit 125
