#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs of this machine for the guest, which has no libraries of its own.
#
#	guest-libs.sh PAYLOAD NAME=PROGRAM...
#
# What comes out:
#
#	PAYLOAD/bin/NAME	the programs
#	PAYLOAD/lib/		what they link to, and the dynamic loader
#	PAYLOAD/interp		where they expect the dynamic loader
#
# In the guest, link that place to lib/, and set LD_LIBRARY_PATH.

set -eu
export LC_ALL=C

die()
{
	echo "guest-libs.sh: $*" >&2
	exit 1
}

[ $# -ge 2 ] || die "usage: guest-libs.sh PAYLOAD NAME=PROGRAM..."
payload=$1
shift
rm -rf "${payload:?}/bin" "${payload:?}/lib"
mkdir -p "$payload/bin" "$payload/lib"
for program; do
	cp -L "${program#*=}" "$payload/bin/${program%%=*}" || die "${program#*=} is missing."
	ldd "$payload/bin/${program%%=*}"
done >"$payload/.libs"
if grep 'not found' "$payload/.libs" >&2; then
	die "a library is missing: install again the packages that $* come from."
fi
awk '$2 == "=>" { print $3 }' "$payload/.libs" | sort -u |
while read -r lib; do
	cp -L "$lib" "$payload/lib/"
done
awk '$2 != "=>" && $1 ~ /^\// { print $1; exit }' "$payload/.libs" >"$payload/interp"
[ -s "$payload/interp" ] || die "ldd names no dynamic loader for $1."
cp -L "$(cat "$payload/interp")" "$payload/lib/"
rm "$payload/.libs"
