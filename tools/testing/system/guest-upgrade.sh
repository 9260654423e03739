# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# While all of it is running: later versions of both packages, and the end of zswapctl.

. ./guest-lib.sh

upgrade_tool() {
	local before
	systemctl start zswapctl
	before=$(systemctl show -p MainPID --value zswapctl)
	apt-get -y install ./zswapctl-next.deb
	installed zswapctl ./zswapctl-next.deb
	same active "$(systemctl is-active zswapctl)" active
	same enabled "$(systemctl is-enabled zswapctl)" enabled
	# It is the new one that runs.
	[ "$(systemctl show -p MainPID --value zswapctl)" != "$before" ]
	cmp "/proc/$(systemctl show -p MainPID --value zswapctl)/exe" /usr/sbin/zswapctl
}

upgrade_kernel() {
	apt-get -y install ./linux-next.deb
	installed "$kernel_package" ./linux-next.deb
	[ -s "/boot/vmlinuz-$(uname -r)" ]
	[ -s "/boot/initrd.img-$(uname -r)" ]
	modprobe -n loop
}

remove_tool() {
	apt-get -y remove zswapctl
	same active "$(systemctl is-active zswapctl || :)" inactive
	same processes "$(pgrep -x zswapctl || :)" ""
	[ ! -e /usr/sbin/zswapctl ]
	# What is learned is kept, until it is purged.
	[ -s /var/lib/zswapctl/state ]
}

purge_tool() {
	apt-get -y purge zswapctl
	same left "$(find / -xdev -name '*zswapctl*' ! -path '/var/log/*' ! -path '/var/cache/*' \
		! -path '/check/*' ! -path '/var/lib/systemd/*')" ""
	same unit "$(systemctl list-unit-files --no-legend 'zswapctl*' || :)" ""
	no_unit_failed
}

check "upgrade of zswapctl's package: the daemon that runs is the new one" upgrade_tool
check "upgrade of the kernel's package, while it runs" upgrade_kernel
check "remove stops the daemon, and keeps what it has learned" remove_tool
check "purge leaves nothing of zswapctl behind" purge_tool
