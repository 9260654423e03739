#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# image.sh: make a Debian 13 with systemd, once, from the mirror that this machine uses:
# build/system/debian.img, one file system. It has Debian's own kernel, and what the checks
# need of other packages, so that it never needs a network. It has nothing of ours but a
# service that runs /check/run, which is on a disk of its own.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"

system=$SOURCES/system
image=$system/debian.img
packages=systemd-sysv,dbus,udev,kmod,procps,initramfs-tools,zstd,linux-image-cloud-amd64
packages+=,redis-server,prometheus-node-exporter,prometheus,libjansson4,libsmartcols1

key=$(sha256sum <"${BASH_SOURCE[0]}")
if [ -s "$image" ] && [ "$(cat "$system/made" 2>/dev/null)" = "$key" ]; then
	exit
fi

# Files of root's, and devices
root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || die "making the image needs root: run it as root, or install sudo."
	root=(sudo)
fi
# shellcheck source=../vm/apt.sh
. "$VMDIR/apt.sh"
mirror=$(apt_mirror) || exit 1
mkdir -p "$system"
need_space "$system" 8000 "the Debian image"
log=$system/image.log new=$system/new
"${root[@]}" rm -rf "$new"
mkdir "$new"
trap '${root[@]+"${root[@]}"} rm -rf "$new"' EXIT

# The service prints to what the second serial port goes to. Nothing of the checks' own is
# to be seen in the system, but for that.
cat >"$new/check.service" <<'UNIT'
[Unit]
Description=The checks
ConditionPathExists=/check/run
After=multi-user.target

[Service]
Type=exec
ExecStart=/check/run
StandardOutput=journal
StandardError=journal
TimeoutStopSec=10
UNIT
cat >"$new/check.timer" <<'UNIT'
[Unit]
Description=The checks, once the system is up

[Timer]
OnActiveSec=1
AccuracySec=1

[Install]
WantedBy=multi-user.target
UNIT
cat >"$new/fstab" <<'TAB'
LABEL=system / ext4 errors=remount-ro 0 1
LABEL=check /check ext2 ro,nofail 0 0
LABEL=swap none swap sw,nofail 0 0
TAB

say "making a Debian 13, for 5 to 15 minutes"
start=$SECONDS
# shellcheck disable=SC2016,SC2154 # mmdebstrap tells its hooks where; apt.sh sets keyring
"${root[@]}" mmdebstrap --mode=root --variant=minbase --format=directory --include="$packages" \
	--customize-hook='mkdir -p "$1/check"; echo zswap >"$1/etc/hostname"' \
	--customize-hook="copy-in $new/check.service $new/check.timer /etc/systemd/system" \
	--customize-hook="copy-in $new/fstab /etc" \
	--customize-hook='chroot "$1" systemctl enable check.timer' \
	--customize-hook='chroot "$1" systemctl disable redis-server prometheus' \
	--customize-hook='chroot "$1" systemctl mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer' \
	--customize-hook='rm -f "$1"/etc/machine-id; : >"$1/etc/machine-id"' \
	trixie "$new/root" "deb [signed-by=$keyring] $mirror trixie main" >"$log" 2>&1 || {
	tail -n 10 "$log" >&2
	die "making the Debian image failed: see $log."
}
truncate -s 5G "$new/image"
"${root[@]}" mke2fs -q -t ext4 -L system -d "$new/root" "$new/image" >>"$log" 2>&1 ||
	die "making the file system failed: see $log."
[ "$(id -u)" -eq 0 ] || sudo chown "$(id -u)" "$new/image"
mv "$new/image" "$image"
echo "$key" >"$system/made"
say "image made in $(clock $((SECONDS - start)))"
