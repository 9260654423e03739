#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# series.sh [DIR]: all of it as one series for git am, in build/series-<series>
# or DIR: the hook patches, and between them our files in the portions that
# patches/new/ describes (a commit message, a line "---", patterns of files); and a
# cover letter, patches/new/cover.
# The same files give the same series, byte for byte.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/overlay.sh"

out=${1:-$BUILD/series-$KSERIES}
tree=$KSRC
[ -n "$tree" ] || tree=$(cat "$SOURCES/source/path-$KSERIES" 2>/dev/null) ||
	die "there is no kernel source yet: run make source."
work=$BUILD/series.new
collect "$tree" "$work" "${PUBLISHED[@]}"

# A repository of nothing but what is patched; nothing of the user's own git is asked.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
repo=$work/git
from=$(git mailinfo "$work/message" "$work/patch" <"$PATCHES/${series[0]}")
GIT_AUTHOR_NAME=$(sed -n 's/^Author: //p' <<<"$from")
GIT_AUTHOR_EMAIL=$(sed -n 's/^Email: //p' <<<"$from")
GIT_AUTHOR_DATE=@$(cd "$PATCHES" && sed -n 's/^Date: //p' "${series[@]}" | date -f - +%s | sort -n | tail -n 1)' +0000'
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE

git init -q "$repo"
(cd "$tree" && xargs -a "$work/touched" ls -d 2>/dev/null | xargs cp --parents -t "$repo") || :
cd "$repo"
git add -f . && git commit -q -m upstream && git tag upstream

# add NAME: the portion of our files that patches/new/NAME describes.
cp "$work/overlay" "$work/left"
add() {
	local message=$TOP/patches/new/$1 f pattern
	[ -r "$message" ] || die "patches/$KSERIES/series names $1, and there is no patches/new/$1: correct the series."
	: >"$work/taken"
	while read -r pattern; do
		while read -r f; do
			# shellcheck disable=SC2254 # it is a pattern
			case $f in
			$pattern) echo "$f" ;;
			esac
		done <"$work/left" >"$work/matched"
		[ -s "$work/matched" ] || die "patches/new/$1 has $pattern, and no file is left that fits: correct it."
		cat "$work/matched" >>"$work/taken"
		grep -vxFf "$work/matched" "$work/left" >"$work/left.new" || :
		mv "$work/left.new" "$work/left"
	done < <(sed '1,/^---$/d' "$message")
	while read -r f; do
		mkdir -p "$(dirname "$f")"
		cp "$(our_file "$f")" "$f"
	done <"$work/taken"
	git add -f .
	sed '/^---$/,$d' "$message" | git commit -q -s -F -
}

while read -r mark what name; do
	case "$mark $what" in
	'# new:') add "$name" ;;
	'#'* | ' ') ;;
	*)
		git am -q "$PATCHES/$mark" >"$work/log" 2>&1 || {
			cat "$work/log" >&2
			die "patches/$KSERIES/$mark does not apply at its place in the series: correct the order."
		}
		;;
	esac
done <"$PATCHES/series"
[ ! -s "$work/left" ] || {
	cat "$work/left" >&2
	die "no file of patches/new/ takes the files above into the series: name them there."
}

rm -rf "$out"
git config "branch.$(git symbolic-ref --short HEAD).description" "$(cat "$TOP/patches/new/cover")"
git format-patch -q --numbered --abbrev=12 --zero-commit --no-signature -o "$out" \
	--cover-letter --cover-from-description=subject upstream
# It is no patch, for who gives git am all that are
mv "$out/0000-cover-letter.patch" "$out/cover-letter"
cd "$TOP"
rm -rf "$work"
say "$(find "$out" -name '*.patch' | wc -l) patches for git am, on Linux $(kernel_release "$tree"): $out"
