# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Suspend to idle and hibernation, while pages are on the disk as they are and as images, and
# while the service runs. It looks at the tables each second, and writes nothing, because what is
# compared here is exact.

. ./guest-load.sh

# How many pages the disk has as images: they begin with a mark. A new swap device is filled from
# its begin.
images() {
	dd if=/dev/vdb bs=1M count=256 iflag=direct status=none |
		perl -e '$/ = \4096; while (<STDIN>) { $n++ if substr($_, 0, 4) eq "WZBI" } print $n + 0, "\n"'
}

# Pages of both kinds on the disk, and some in zswap
both_kinds() {
	systemctl stop zswapctl redis-server
	swapoff /dev/vdb
	blkdiscard --zeroout /dev/vdb
	mkswap --label swap /dev/vdb
	swapon /dev/vdb
	configure_redis MemoryZSwapWriteback=yes
	echo 0 >"$zswap/compressed_writeback"
	zswapctl writeback --age 0 --max 6M --quiet --cgroup redis-server.service
	same "images, of pages as they are" "$(images)" 0
	echo 1 >"$zswap/compressed_writeback"
	zswapctl writeback --age 0 --max 6M --quiet --cgroup redis-server.service
	echo 0 >"$zswap/compressed_writeback"
	same images "$(images)" 1536
	[ "$(stat_of "$(cgroup_of redis-server)/memory.stat" zswapped)" -gt 0 ]
}

# The service is there, and it has looked within the last ten intervals.
service_looks() {
	zswapctl doctor >/run/doctor || :
	grep -q '^ok *daemon:' /run/doctor
}

service_watches() {
	printf 'interval = 1s\nwhen = free < 1%%\n' >/etc/zswapctl.conf
	systemctl start zswapctl
	within 120 service_looks
	pid=$(systemctl show -p MainPID --value zswapctl)
}

# It is the same process, and goes on looking.
service_is_there() {
	same active "$(systemctl is-active zswapctl)" active
	same process "$(systemctl show -p MainPID --value zswapctl)" "$pid"
	sleep 15
	within 60 service_looks
}

# What has been on the disk is read from there, and is what it was.
read_back() {
	local before
	before=$(cat "$zswap/stats/refaulted")
	intact
	grown "$zswap/stats/refaulted" "$before" 2000
	same corrupted "$(cat "$zswap/stats/corrupted")" 0
}

# The power button does again what it did.
awake() {
	stty -F /dev/ttyS1 raw -echo
	echo awake >/dev/ttyS1
	rm -r /run/systemd/logind.conf.d /run/systemd/sleep.conf.d
	systemctl reload systemd-logind
}

# No alarm of the emulated clock wakes a machine that idles. So boot.sh presses the power
# button, at least 20 seconds later.
idle() {
	local before pid
	both_kinds
	service_watches
	mkdir /run/systemd/logind.conf.d /run/systemd/sleep.conf.d
	trap awake EXIT
	printf '[Login]\nHandlePowerKey=ignore\n' >/run/systemd/logind.conf.d/check.conf
	printf '[Sleep]\nSuspendState=freeze\n' >/run/systemd/sleep.conf.d/check.conf
	systemctl reload systemd-logind
	before=$(cat /sys/power/suspend_stats/success)
	echo idles >/dev/ttyS1
	systemctl suspend
	within 300 grown /sys/power/suspend_stats/success "$before" 1
	within 60 eval "! systemctl is-active systemd-suspend.service"
	same failed "$(systemctl is-failed systemd-suspend.service || :)" inactive
	service_is_there
	read_back
}

# The machine is off in between, and another process of the emulator goes on as this one.
hibernate() {
	local start pid
	both_kinds
	service_watches
	start=$(date +%s)
	echo sleeps >/dev/ttyS1
	systemctl hibernate
	within 1200 eval "journalctl -b -u systemd-hibernate.service --since @$start | grep -q 'System returned'"
	stty -F /dev/ttyS1 raw -echo
	same failures "$(journalctl -b -u systemd-hibernate.service --since "@$start" | grep -ci 'failed' || :)" 0
	service_is_there
	read_back
}

check "suspend to idle, with pages of both kinds on the disk" idle
check "hibernation, with pages of both kinds on the disk" hibernate
