#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fetch and unpack the newest linux-source-$KSERIES of Debian, once. It uses
# the machine's own mirror, but an apt state of its own under build/apt, so
# that the system's sources and lists stay as they are. Nothing is ever
# half-unpacked: the tree gets its name when it is complete.
#
# The tree's path is left in build/source/path-$KSERIES.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [ -n "$KSRC" ]; then
	[ -f "$KSRC/mm/zswap.c" ] ||
		die "KSRC=$KSRC is not a Linux source tree: give the directory that holds the kernel's top Makefile."
	exit
fi

src=$BUILD/source
path_file=$src/path-$KSERIES
if [ -s "$path_file" ] && [ -f "$(cat "$path_file")/Makefile" ]; then
	exit
fi

[ -d "$PATCHES" ] ||
	die "there are no patches for Linux $KSERIES: use one of $(cd "$TOP/patches" && echo [0-9]*) as KSERIES=."
package=linux-source-$KSERIES
need_space "$src" 6000 "the kernel source with its builds"
lock_build

apt=$BUILD/apt
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The URIs that this machine takes its Debian release from, in either format.
mirrors() {
	local f codename
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -r "$f" ] || continue
		sed -e 's/#.*//' -e 's/\[[^]]*\]//' "$f" |
			awk -v want="$codename" '$1 == "deb" && $3 == want && $4 == "main" { print $2 }'
	done
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -r "$f" ] || continue
		grep -v '^#' "$f" | awk -v want="$codename" '
			function flush(	i, n, u) {
				if (types ~ /deb( |$)/ && (" " suites " ") ~ (" " want " ") &&
				    (" " components " ") ~ / main / && enabled !~ /no/) {
					n = split(uris, u, " ")
					for (i = 1; i <= n; i++)
						print u[i]
				}
				types = suites = components = uris = enabled = ""
			}
			/^[ \t]*$/ { flush(); next }
			{ key = tolower($1); value = $0; sub(/^[^:]*:[ \t]*/, "", value) }
			key == "types:" { types = value }
			key == "uris:" { uris = value }
			key == "suites:" { suites = value }
			key == "components:" { components = value }
			key == "enabled:" { enabled = value }
			END { flush() }'
	done
}

private_apt() {
	"$1" -q -o Dir::Etc::sourcelist="$apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" \
		-o APT::Sandbox::User="" -o Acquire::Languages=none -o Acquire::Retries=2 \
		-o Acquire::http::Timeout=30 -o APT::Get::List-Cleanup=1 "${@:2}"
}

mirror=$(mirrors | head -n 1)
[ -n "$mirror" ] ||
	die "no Debian mirror found in /etc/apt: add one, or give an unpacked Linux $KSERIES tree with KSRC=dir."
[ -r "$keyring" ] || die "$keyring is missing: run make deps."

# 7.3 is in trixie's backports, 6.12 in trixie itself; both unpack anywhere.
found='' log=$apt/log
for suite in trixie-backports trixie; do
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb [signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
	say "looking for $package in Debian $suite"
	private_apt apt-get update >"$log" 2>&1 || :
	if grep -qE '^(E:|Err:)|Failed to fetch' "$log"; then
		grep -E '^(E:|Err:|W: Failed)' "$log" | head -n 5 >&2
		rm -rf "$apt"
		die "the Debian mirror in /etc/apt cannot be read: check the network (or give an unpacked Linux $KSERIES tree with KSRC=dir) and run make again."
	fi
	if private_apt apt-cache show "$package" >/dev/null 2>&1; then
		found=$suite
		break
	fi
done
[ -n "$found" ] ||
	die "Debian has no $package: use another KSERIES=, or give an unpacked Linux $KSERIES tree with KSRC=dir."

new=$src/new
rm -rf "$new"
mkdir -p "$new/tree"
trap 'rm -rf "$new"' EXIT
size=$(private_apt apt-cache show --no-all-versions "$package" | awk '$1 == "Size:" { print int($2 / 1000000) }')
say "downloading $package, $size MB"
(cd "$new" && private_apt apt-get download "$package") >"$log" 2>&1 &
pid=$!
while kill -0 "$pid" 2>/dev/null; do
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.5
		kill -0 "$pid" 2>/dev/null || break 2
	done
	say "downloading: $(du -sm "$new" | cut -f1) of $size MB"
done
if ! wait "$pid"; then
	tail -n 3 "$log" >&2
	die "the download of $package broke off: check the network and run make again."
fi
deb=$(echo "$new"/*.deb)
version=$(dpkg-deb -f "$deb" Version)
tree=$src/linux-$version
say "unpacking $package $version"
if ! dpkg-deb --fsys-tarfile "$deb" |
	tar -xO "./usr/src/$package.tar.xz" |
	xz -dc | tar -x -C "$new/tree" --strip-components=1; then
	die "unpacking $package failed: if the disk is full make room, then run make again."
fi
[ -f "$new/tree/mm/zswap.c" ] || die "$package holds no kernel source: give an unpacked tree with KSRC=dir."
rm -rf "$tree"
mv "$new/tree" "$tree"
rm -rf "$apt/cache"
echo "$tree" >"$path_file"
say "source is in $tree"
