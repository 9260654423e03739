#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /init of the test VM (busybox sh). Mounts what a test needs, runs the
# command with its output going out through the port "out", reports its exit
# status through the port "status", powers off.

export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM=linux

mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /tmp /run /root
mount -t devpts devpts /dev/pts 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t tmpfs tmpfs /tmp
chmod 1777 /tmp
for controller in memory io pids; do
	echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
done
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr

if grep -qw vm.interactive /proc/cmdline; then
	cat <<-'TEXT'

	Two nodes, cgroup2 on /sys/fs/cgroup, debugfs on /sys/kernel/debug. To begin:
	    mkswap /dev/vda && swapon /dev/vda && echo Y >/sys/module/zswap/parameters/enabled
	Leave with poweroff -f, or Ctrl-A X.

	TEXT
	[ -s /etc/vm-command ] && sh /etc/vm-command
	cd /payload 2>/dev/null || cd /
	setsid cttyhack sh
	poweroff -f
fi

# Not virtio-serial, whose ports stay closed after the system has slept: the driver asks
# the host whether they are open before there is room for an answer.
# shellcheck disable=SC2013 # words
for word in $(cat /proc/cmdline); do
	case $word in
	vm.out=*) out=/dev/${word#*=} ;;
	vm.status=*) status=/dev/${word#*=} ;;
	vm.gcov=*) gcov=/dev/${word#*=} ;;
	esac
done
for port in "$out" "$status" $gcov; do
	stty -F "$port" raw -echo
done

# A port can be opened once, and /dev/stderr must be: so a pipe in between.
mkfifo /run/out
cat /run/out >"$out" &
cat=$!
cd /payload || cd /
{
	sh /etc/vm-command </dev/null
	rc=$?
	# How often it has looked for a race: none found says nothing if that is never.
	[ ! -r /sys/kernel/debug/kcsan ] || sed -n 's/^[a-z].*: /# kcsan &/p' /sys/kernel/debug/kcsan
} >/run/out 2>&1

# The pipe ends with its last writer; a daemon left behind may never let go.
waited=0
while kill -0 "$cat" 2>/dev/null && [ "$waited" -lt 10 ]; do
	sleep 0.1
	waited=$((waited + 1))
done

# On a kernel that looks for memory that nobody points to any more: what is there
# goes to the console, where it is a complaint. The first scan may be misled by what
# was on its way, and the youngest are left out for some seconds. One that is locked
# down lets nobody look.
leaks=/sys/kernel/debug/kmemleak
if [ -w "$leaks" ] && ! grep -q 'lockdown=' /proc/cmdline; then
	echo scan >"$leaks"
	sleep 6
	# It gives up for good when it finds no memory itself.
	echo scan >"$leaks" || echo 'WARNING: kmemleak is off' >/dev/kmsg
	echo on >/proc/sys/kernel/printk_devkmsg
	head -n 100 "$leaks" | while read -r line; do
		echo "$line" >/dev/kmsg
	done
fi

# What the kernel has counted. These files do not say how long they are, so they are
# copied before tar sees them; a kernel that is locked down lets nobody read them.
counts=/sys/kernel/debug/gcov
if [ -n "$gcov" ] && cd "$counts" 2>/dev/null; then
	find . -name '*.gcda' | while read -r file; do
		mkdir -p "/tmp/gcov/$(dirname "$file")"
		cat "$file" >"/tmp/gcov/$file" 2>/dev/null || rm -f "/tmp/gcov/$file"
	done
	tar -C /tmp/gcov -cf "$gcov" .
fi
echo "$rc" >"$status"
poweroff -f
