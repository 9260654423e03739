#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make build/linux: upstream's tree, plus our files at their in-tree paths,
# plus the series of hook patches. Upstream's files are hard links into the
# untouched source; one of ours replaces a link and never writes through it.
# Only what differs is written, so that the next make rebuilds only that.
#
# Patches are applied to copies in a scratch directory. Only if all of them
# apply does anything reach the tree, so a failure leaves it as it was.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

. "$(dirname "${BASH_SOURCE[0]}")/overlay.sh"

if [ -n "$KSRC" ]; then
	pristine=$(cd "$KSRC" && pwd)
else
	pristine=$(cat "$SOURCES/source/path-$KSERIES" 2>/dev/null) || die "there is no kernel source yet: run make source."
fi
for f in .config include/config include/generated/autoconf.h; do
	[ ! -e "$pristine/$f" ] ||
		die "the tree $pristine has been built in: run make mrproper there (it keeps your sources), or give a clean checkout as KSRC=."
done
release=$(kernel_release "$pristine")

lock_build
state=$BUILD/tree
mkdir -p "$state"

# 1. Upstream's part. Another source than last time: start anew, objects too.
if [ "$(cat "$state/origin" 2>/dev/null)" != "$pristine" ] || [ ! -d "$WORKTREE" ]; then
	need_space "$BUILD" 2500 "the tree with its builds"
	rm -f "$state"/*
	rm -rf "$WORKTREE" "$WORKTREE.new" "$BUILD"/kernel "$BUILD"/kernel-* "$BUILD/mutants" "$UML_OUT" "$BUILD/lint" "$BUILD/selftests"
	mkdir "$WORKTREE.new"
	say "copying Linux $release (hard links)"
	(cd "$pristine" && find . -mindepth 1 -maxdepth 1 ! -name .git -print0) |
		(cd "$pristine" && xargs -0 cp -al -t "$WORKTREE.new" 2>/dev/null) || {
		rm -rf "$WORKTREE.new"
		mkdir "$WORKTREE.new"
		rsync -a --exclude=/.git "$pristine/" "$WORKTREE.new/" ||
			die "copying the kernel source failed: if the disk is full make room, then run make again."
	}
	mv "$WORKTREE.new" "$WORKTREE"
	: >"$state/touched"
	: >"$state/overlay"
	echo "$pristine" >"$state/origin"
elif [ -n "$KSRC" ]; then
	# The user works on this tree: follow it, leaving out what is ours.
	cat "$state/touched" "$state/overlay" | sed 's,^,/,' >"$state/exclude"
	rsync -a --delete --exclude=/.git --exclude-from="$state/exclude" --exclude=__pycache__ \
		--link-dest="$pristine" "$pristine/" "$WORKTREE/" >"$state/rsync.log" 2>&1 ||
		die "following the changes in $pristine failed: run make clean, then make again."
fi

# 2. Our files, and what is patched.
new=$state/new
collect "$pristine" "$new" mm include Documentation tools/testing/selftests tools/testing/syzkaller

# 3. Into the tree. From here on only copies, each one complete or absent; the
# lists grow first and shrink last, so that a run cut short is caught up with.
cat "$state/overlay" "$new/overlay" | LC_ALL=C sort -u >"$state/overlay.all"
cat "$state/touched" "$new/touched" | LC_ALL=C sort -u >"$state/touched.all"
mv "$state/overlay.all" "$state/overlay"
mv "$state/touched.all" "$state/touched"
changed=0
put() {
	if copy_if_changed "$1" "$WORKTREE/$2"; then
		changed=$((changed + 1))
	fi
}
while read -r f; do
	if grep -qxF "$f" "$new/touched"; then
		continue
	elif grep -qxF "$f" "$new/overlay"; then
		put "$(our_file "$f")" "$f"
	else
		rm -f "$WORKTREE/$f"
		rmdir -p --ignore-fail-on-non-empty "$WORKTREE/$(dirname "$f")" 2>/dev/null || :
		changed=$((changed + 1))
	fi
done <"$state/overlay"
while read -r f; do
	if [ -e "$new/files/$f" ]; then
		put "$new/files/$f" "$f"
	elif grep -qxF "$f" "$new/touched"; then
		rm -f "$WORKTREE/$f"
	elif [ -e "$pristine/$f" ]; then
		put "$pristine/$f" "$f"
	elif ! grep -qxF "$f" "$new/overlay"; then
		rm -f "$WORKTREE/$f"
	fi
done <"$state/touched"
mv "$new/overlay" "$new/touched" "$state/"
rm -rf "$new"
[ "$changed" -eq 0 ] ||
	say "tree: Linux $release, ${#series[@]} patches, $(wc -l <"$state/overlay") files of ours ($changed written)"
