#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# check-system.sh: Debian 13 with systemd, in a VM, on the newest kernel package that make
# kernel-deb has made for KSERIES, and with zswapctl's package: from their installation until
# nothing is left of them. Prints KTAP; the status is 1 if anything is red, or has not come, or if
# the kernel's package is not of the files that are here.
#
# Boots, and the guest-*.sh that they run:
#
#   install  on Debian's kernel: install both packages
#   use      on ours: what one does next; then it sleeps (guest-use.sh, guest-sleep.sh)
#   wake     it resumes from the disk, and goes on where it was: later versions of the
#            packages, and the end of zswapctl (guest-upgrade.sh)
#   remove   on Debian's kernel: purge the kernel, see what is left
#
# The image that all this begins with is kept (image.sh). Each run has a copy.

. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib.sh"
# shellcheck source=../vm/overlay.sh
. "$VMDIR/overlay.sh"

[ "$VM_ARCH" = x86_64 ] || die "make check-system is for x86-64 only: leave ARCH= out."
here=$TOP/tools/testing/system
dir=$BUILD/check-system
payload=$dir/payload

# newest DIR DEPTH PATTERN: the path of a file below DIR, if there is one.
newest() {
	{ find "$BUILD/$1" -maxdepth "$2" -name "$3" -printf '%T@ %p\n' 2>/dev/null || :; } | sort -n | tail -n 1 | cut -d' ' -f2-
}
linux=$(newest kernel-deb 2 'linux-image-*.deb')
[ -n "$linux" ] ||
	die "there is no kernel package yet: run make kernel-deb KSERIES=$KSERIES first; KCONFIG=cloud is the shorter way."
tool=$(newest zswapctl/deb 1 'zswapctl_*.deb')
[ -n "$tool" ] || die "there is no package of zswapctl yet: run make deb."
release=$(dpkg-deb -f "$linux" Package)
release=${release#linux-image-}

say "this takes 7 to 40 minutes without KVM, and 5 more if there is no image yet"
SOURCES=$SOURCES "$here/image.sh"
lock_build
rm -rf "$dir"
mkdir -p "$payload"
need_space "$dir" 7000 "the system that is checked"
cp --sparse=always "$SOURCES/system/debian.img" "$dir/system.img" 2>/dev/null ||
	die "the image cannot be copied: if the disk is full make room, then run make again."
truncate -s 1536M "$dir/swap.img"
mkswap -q -L swap "$dir/swap.img" >/dev/null

# ---- the payload ----

# next_version DEB OUT: the same package, as a later version.
next_version() {
	rm -rf "$dir/next"
	dpkg-deb -R "$1" "$dir/next"
	sed -i 's/^Version: .*/&+next/' "$dir/next/DEBIAN/control"
	dpkg-deb --root-owner-group -Znone -b "$dir/next" "$2" >/dev/null
	rm -rf "$dir/next"
}

cp "$here"/guest-*.sh "$payload/"
cp "$linux" "$payload/linux.deb"
cp "$tool" "$payload/zswapctl.deb"
next_version "$linux" "$payload/linux-next.deb"
next_version "$tool" "$payload/zswapctl-next.deb"
echo "$release" >"$payload/release"
cat >"$payload/run" <<'RUN'
#!/bin/bash
# Not virtio-serial, whose ports stay closed after the system has slept.
stty -F /dev/ttyS1 raw -echo
exec >/dev/ttyS1
trap 'stty -F /dev/ttyS1 raw -echo && sleep 1; systemctl poweroff' EXIT
cd /check || exit 1
for phase in $(cat phase); do
	# Not on the left of ||: there set -e of what it calls would not count
	. "./guest-$phase.sh"
	rc=$?
	[ "$rc" -eq 0 ] || {
		echo "guest-$phase.sh has broken off, with status $rc"
		exit 1
	}
done
echo end
RUN
chmod 755 "$payload/run"

# ---- results ----

results=$dir/results
: >"$results"

# What the guest says gets its numbers here.
number() {
	local line nr
	nr=$(wc -l <"$results")
	while read -r line; do
		case $line in
		'ok - '* | 'not ok - '*)
			nr=$((nr + 1))
			echo "$line" >>"$results"
			printf '%s %d - %s\n' "${line%% - *}" "$nr" "${line#* - }"
			;;
		end | idles | awake | sleeps | '') ;;
		'#'*) echo "$line" ;;
		*) echo "# $line" ;;
		esac
	done
}

# result NAME WHY: red if there is a WHY
result() {
	echo "$([ -z "$2" ] || echo 'not ')ok - $1${2:+: $2}" | number
}

# boot WANTED PHASE NAME RELEASE OPTION...: PHASE is what it runs, NAME that of its files, WANTED how
# many results that has.
boot() {
	local wanted=$1 phase=$2 name=$3 version=$4 rc=0 why='' before got
	shift 4
	echo "# $name: Linux $version"
	before=$(wc -l <"$results")
	"$here/boot.sh" --name "$name" --run "$phase" --kernel "$dir/vmlinuz-$version" \
		--initrd "$dir/initrd.img-$version" "$@" | number || rc=${PIPESTATUS[0]}
	got=$(($(wc -l <"$results") - before))
	case $rc in
	0) [ "$got" -eq "$wanted" ] || why="$got results, not $wanted" ;;
	124) why='not done in time' ;;
	125) why='it went off without a word' ;;
	126) why='the kernel complained' ;;
	*) why="boot.sh has failed, $rc" ;;
	esac
	result "$name: runs to its end, nothing bad on the console" "$why"
	[ "$rc" -eq 0 ] || [ "$rc" -eq 126 ]
}

# fetch RELEASE: a kernel with its initrd, out of the system.
fetch() {
	local file
	for file in vmlinuz initrd.img; do
		debugfs -R "dump /boot/$file-$1 $dir/$file-$1" "$dir/system.img" >/dev/null 2>&1
		[ -s "$dir/$file-$1" ] || return 1
	done
}

finish() {
	local all failed
	all=$(wc -l <"$results")
	failed=$(grep -c '^not' "$results" || :)
	[ "$1" = whole ] || echo "Bail out! $1"
	echo "# pass:$((all - failed)) fail:$failed time:$(clock "$SECONDS")"
	rm -f "$dir"/*.img
	[ "$failed" -eq 0 ] && [ "$1" = whole ] && [ "$all" -eq "$plan" ]
	exit
}

# ---- the boots ----

stock=$(debugfs -R 'ls -p /boot' "$dir/system.img" 2>/dev/null | sed -n 's,.*/vmlinuz-\([^/]*\)/.*,\1,p' | head -n 1)
fetch "$stock" || die "the image has no kernel of Debian's: remove $SOURCES/system and run make again."
echo "KTAP version 1"
# One of ours, and one more for each boot than its scripts have. The result of the hibernation
# comes when it is over.
plan=$((1 + 7 + 1 + 12 + 1 + 5 + 1 + 3 + 1))
echo "1..$plan"
older=''
[ "$(cat "$(dirname "$linux")/engine" 2>/dev/null)" = "$(engine_sum "")" ] ||
	older="$linux is of other files, or from before there was a sum of them: run make kernel-deb KSERIES=$KSERIES again"
result "the kernel's package is of mm/, include/ and patches/ as they are here" "$older"
boot 7 install install "$stock" || finish "the packages are not installed"
fetch "$release" || finish "there is no $release in /boot"
boot 12 "use sleep upgrade" use "$release" --sleeps || finish "the system has not gone to sleep"
boot 5 "" wake "$release" --resumes || finish "the system has not woken up"
boot 3 remove remove "$stock" || finish "what is left is not known"
finish whole
