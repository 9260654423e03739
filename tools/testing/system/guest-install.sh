# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# On Debian's own kernel: both packages are installed.

. ./guest-lib.sh

mkdir -p /var/lib/check
paths >/var/lib/check/before

install_tool() {
	apt-get -y install ./zswapctl.deb
	installed zswapctl ./zswapctl.deb
	zswapctl --version
}

# Nobody's memory is written because a package was installed.
not_enabled() {
	same enabled "$(systemctl is-enabled zswapctl || :)" disabled
	same active "$(systemctl is-active zswapctl || :)" inactive
}

not_here() {
	systemctl start zswapctl
	same active "$(systemctl is-active zswapctl || :)" inactive
	same condition "$(systemctl show -p ConditionResult --value zswapctl)" no
}

# Debian's kernel for clouds has no zswap at all.
says_package() {
	local rc=0
	zswapctl doctor >/run/doctor || rc=$?
	cat /run/doctor
	same status "$rc" 1
	grep -E '^bad *(zswap|feature):.*this kernel has no .*fix: install a linux-image-.*-zswapwb' /run/doctor
	zswapctl ages 2>/run/ages || rc=$?
	cat /run/ages
	same status "$rc" 3
	grep 'install a linux-image-.*-zswapwb' /run/ages
}

install_kernel() {
	apt-get -y install ./linux.deb
	installed "$kernel_package" ./linux.deb
	[ -s "/boot/vmlinuz-$(cat release)" ]
	[ -s "/boot/initrd.img-$(cat release)" ]
}

beside() {
	[ -s "/boot/vmlinuz-$(uname -r)" ]
	[ -s "/boot/initrd.img-$(uname -r)" ]
	[ -d "/lib/modules/$(uname -r)/kernel" ]
	dpkg --audit
	same "dpkg --audit" "$(dpkg --audit)" ""
}

check "Debian's kernel: no unit has failed" no_unit_failed
check "zswapctl's package is installed by apt" install_tool
check "the service is neither enabled nor started by that" not_enabled
check "on a kernel without the feature the service does not start, nor fail" not_here
check "zswapctl doctor and ages say which package the kernel lacks" says_package
check "the kernel's package is installed by apt, and has an initrd" install_kernel
check "Debian's kernel is there as before" beside
