#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# foreign.sh ARCHITECTURE PACKAGE FILE: print where FILE of a Debian package for another
# architecture is, which is fetched once. For programs that the VM needs and this machine
# cannot have.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

architecture=$1 package=$2 file=$3
dir=$SOURCES/foreign/$architecture/$package
if [ ! -e "$dir/$file" ]; then
	apt=$SOURCES/apt-$architecture
	. "$VMDIR/apt.sh"
	mirror=$(apt_mirror) || exit 1
	say "fetching $package for $architecture" >&2
	apt_read "$mirror" "$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")"
	rm -rf "$dir" "$dir.new"
	mkdir -p "$dir.new"
	(cd "$dir.new" && private_apt apt-get download "$package") >"$apt/log" 2>&1 ||
		die "Debian's $package for $architecture cannot be fetched: see $apt/log."
	dpkg-deb -x "$dir.new"/*.deb "$dir.new"
	rm -rf "$apt"
	mv "$dir.new" "$dir"
	[ -e "$dir/$file" ] || die "Debian's $package has no $file."
fi
echo "$dir/$file"
