#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boot a kernel in QEMU, run one command in it, pass its output and its exit
# status on. No explicit success is a failure:
#
#   the command's status   it ran to its end and the console is clean
#   124                    the time is over
#   125                    the VM died or never reported a status
#   126                    the kernel complained (the lines are printed)
#
# Everything about the run is left in build/vm/NAME. With VM_GCOV=y in the
# environment also gcov.tar, what the kernel has executed (make coverage).

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<-TEXT
	usage: vm.sh --name NAME [--kernel IMAGE] --run COMMAND [--payload DIR]
	             [--timeout SECONDS] [--memory 1024M] [--append 'KERNEL ARGS']
	             [--disk-size 2G] [--icount] [--interactive] [--quiet]
	TEXT
	exit "${1:-2}"
}

name='' kernel=$KERNEL_OUT/$IMAGE payload='' run='' timeout=300 memory=1024M append='' disk_size=2G
icount='' interactive='' quiet=''
while [ $# -gt 0 ]; do
	case $1 in
	--icount) icount=y; shift; continue ;;
	--interactive) interactive=y; shift; continue ;;
	--quiet) quiet=y; shift; continue ;;
	-h | --help) usage 0 ;;
	esac
	[ $# -ge 2 ] || usage
	case $1 in
	--name) name=$2 ;;
	--kernel) kernel=$2 ;;
	--payload) payload=$2 ;;
	--run) run=$2 ;;
	--timeout) timeout=$2 ;;
	--memory) memory=$2 ;;
	--append) append=$2 ;;
	--disk-size) disk_size=$2 ;;
	*) usage ;;
	esac
	shift 2
done
[ -n "$name" ] || usage
[ -n "$run$interactive" ] || usage
[ -r "$kernel" ] || die "there is no kernel image $kernel: run make kernel first."
[ -z "$payload" ] || [ -d "$payload" ] || die "the payload $payload is not a directory."
command -v "$EMULATOR" >/dev/null || die "$EMULATOR is missing: run make deps."

out=${kernel%/"$IMAGE"}
dir=$BUILD/vm/$name
rm -rf "$dir"
mkdir -p "$dir/root"

# The guest's files: busybox, the command, the payload.
make_initramfs() {
	local root=$dir/root busybox
	busybox=$(arch_busybox) || exit 1
	mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,tmp,run,root,mnt,payload}
	cp "$busybox" "$root/bin/busybox"
	# some hundred: a process for each would take as long as all the rest
	busybox --list-full | (cd "$root" && perl -lne 'symlink("/bin/busybox", $_) || -e || die "$_: $!\n"')
	cp "$VMDIR/guest-init.sh" "$root/init"
	chmod 755 "$root/init" "$root/bin/busybox"
	printf '%s\n' "$run" >"$root/etc/vm-command"
	printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
	printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
	printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
	[ -z "$payload" ] || cp -a "$payload/." "$root/payload/"
	# see kernel.sh
	[ ! -d "$out/modules" ] || cp -a "$out/modules/." "$root/"
	(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$dir/initramfs.cpio"
	rm -rf "$root"
}
# Such a clock jumps when all CPUs are idle, and they take turns: a CPU may look stalled
[ -z "$icount" ] || run="echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
$run"
make_initramfs
truncate -s "$disk_size" "$dir/disk.img"

# Two nodes, of which the machine has more to say
megabytes=${memory%M}
half=$((megabytes / 2))
qemu=("$EMULATOR" -nodefaults -no-user-config -no-reboot -display none -monitor none)
arch_machine "$megabytes" "$dir"
qemu+=(-object "memory-backend-ram,id=ram0,size=${half}M"
	-object "memory-backend-ram,id=ram1,size=${half}M"
	-numa "node,nodeid=0,memdev=ram0,cpus=0"
	-numa "node,nodeid=1,memdev=ram1,cpus=1"
	-kernel "$kernel" -initrd "$dir/initramfs.cpio"
	-drive "file=$dir/disk.img,if=none,id=disk,format=raw,cache=unsafe"
	-device "virtio-blk-pci,drive=disk")
args+=" panic=-1 oops=panic zswap.enabled=0 $append"

if [ -n "$icount" ]; then
	qemu+=(-accel "tcg,thread=single" -icount "shift=1,sleep=off" -cpu "$arch_cpu")
	accel=icount
else
	accel=$("$VMDIR/accel.sh" "$kernel") || exit 1
	case $accel in
	kvm) qemu+=(-accel kvm -cpu host) ;;
	*)
		qemu+=(-accel "tcg,thread=multi" -cpu "$arch_cpu")
		args+=" $arch_emulated"
		;;
	esac
fi

if [ -n "$interactive" ]; then
	qemu+=(-serial mon:stdio -append "$args quiet vm.interactive")
	rc=0
	"${qemu[@]}" || rc=$?
	rm -f "$dir/disk.img"
	exit "$rc"
fi

qemu+=(-append "$args" -serial "file:$dir/console.log" "${ports[@]}")
printf '%s\n' "$args" >"$dir/cmdline"
printf '%q ' "${qemu[@]}" >"$dir/qemu"
[ ! -e "$out/.config" ] || cp "$out/.config" "$dir/config"
vm='' tail=''
# shellcheck disable=SC2317 # called by the trap
cleanup() {
	[ -z "$vm" ] || kill "$vm" 2>/dev/null || :
	[ -z "$tail" ] || kill "$tail" 2>/dev/null || :
	rm -f "$dir/disk.img"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# An emulated CPU may miss what another one sends it, which then waits for it for ever: a fault of
# the emulator's, once in some thousand boots. So it is one only before anything of ours has run.
lost_an_interrupt() {
	grep -q 'rcu: INFO: .* expedited stalls' "$dir/console.log" &&
		! grep -qE 'KTAP version|Run /init' "$dir/console.log"
}

boot() {
	rc=0
	: >"$dir/console.log"
	: >"$dir/output.log"
	: >"$dir/status"
	timeout -k 5 "$timeout" "${qemu[@]}" </dev/null >"$dir/qemu.log" 2>&1 9>&- &
	vm=$!
	if [ -z "$quiet" ]; then
		tail -n +1 -s 0.1 --pid="$vm" -f "$dir/output.log" 9>&- &
		tail=$!
	fi
	while kill -0 "$vm" 2>/dev/null && ! grep -q 'Run /init' "$dir/console.log"; do
		! lost_an_interrupt || kill "$vm" 2>/dev/null || :
		sleep 0.5
	done
	wait "$vm" 2>/dev/null || rc=$?
	vm=''
	[ -z "$tail" ] || wait "$tail" || :
	tail=''
}
boot
if lost_an_interrupt; then
	[ -n "$quiet" ] || say "vm $name: a CPU has lost an interrupt while it booted; once more"
	mv "$dir/console.log" "$dir/console-lost.log"
	boot
fi

complaint() {
	[ -n "$quiet" ] || printf 'vm %s: %s (%s)\n' "$name" "$1" "$dir/console.log" >&2
}

if "$VMDIR/console-check.sh" "$dir/console.log" "$PATCHES/known.console" >"$dir/splats"; then
	rm "$dir/splats"
else
	complaint 'the kernel complained'
	[ -n "$quiet" ] || cat "$dir/splats" >&2
	exit 126
fi
case $rc in
124 | 137)
	complaint "not done after $timeout s"
	[ -n "$quiet" ] || tail -n 3 "$dir/console.log" >&2
	exit 124
	;;
esac
status=$(tr -dc 0-9 <"$dir/status")
if [ -z "$status" ]; then
	complaint 'the VM died before it reported a result'
	[ -n "$quiet" ] || tail -n 5 "$dir/console.log" "$dir/qemu.log" >&2
	exit 125
fi
exit "$status"
