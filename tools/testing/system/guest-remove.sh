# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# On Debian's own kernel again: ours is purged, and all is as it was.

. ./guest-lib.sh

purge_kernel() {
	apt-get -y purge "$kernel_package"
	same audit "$(dpkg --audit)" ""
	same "left of it" "$(find /boot /lib/modules /etc /usr /var/lib -name "*$(cat release)*")" ""
}

as_before() {
	# What the checks have made themselves
	rm -rf "$dropin" /etc/systemd/system/cold.slice
	paths >/var/lib/check/after
	diff /var/lib/check/before /var/lib/check/after
}

check "Debian's kernel boots as before" no_unit_failed
check "purge leaves nothing of the kernel behind" purge_kernel
check "no file is there that was not, and none is missing" as_before
