# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Packages from the mirror that this machine uses, with an apt state of its own in $apt, so
# that the system's sources and lists stay as they are; for another $architecture, if that
# is set. Source it behind lib.sh.

# shellcheck disable=SC2154 # $apt, see above
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
		-o Acquire::http::Timeout=30 -o APT::Get::List-Cleanup=1 \
		${architecture:+-o APT::Architecture="$architecture" -o APT::Architectures="$architecture"} "${@:2}"
}

# Says which mirror that is, or dies
apt_mirror() {
	local mirror
	mirror=$(mirrors | head -n 1)
	[ -n "$mirror" ] ||
		die "no Debian mirror found in /etc/apt: add one, or give an unpacked Linux $KSERIES tree with KSRC=dir."
	[ -r "$keyring" ] || die "$keyring is missing: run make deps."
	echo "$mirror"
}

# apt_read MIRROR SUITE: read the lists of one suite
apt_read() {
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb [signed-by=$keyring] $1 $2 main" >"$apt/sources.list"
	private_apt apt-get update >"$apt/log" 2>&1 || :
	if grep -qE '^(E:|Err:)|Failed to fetch' "$apt/log"; then
		grep -E '^(E:|Err:|W: Failed)' "$apt/log" | head -n 5 >&2
		rm -rf "$apt"
		die "the Debian mirror in /etc/apt cannot be read: check the network (or give an unpacked Linux $KSERIES tree with KSRC=dir) and run make again."
	fi
}

# apt_find PACKAGE: read the lists of the suite that has it. 7.3 is in trixie's backports, 6.12
# in trixie itself; kernels and their sources unpack anywhere.
apt_find() {
	local mirror suite
	mirror=$(apt_mirror) || exit 1
	for suite in trixie-backports trixie; do
		say "looking for $1 in Debian $suite"
		apt_read "$mirror" "$suite"
		! private_apt apt-cache show "$1" >/dev/null 2>&1 || return 0
	done
	return 1
}
