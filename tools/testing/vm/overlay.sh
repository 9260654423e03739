# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What tree.sh, apply.sh, series.sh and others share: which files are ours, and
# upstream's files with our patches. Source it after lib.sh.

[ -s "$PATCHES/series" ] ||
	die "there is no patches/$KSERIES/series: use another KSERIES=, or port the patches (Documentation/dev/build-and-test.rst)."

mapfile -t series < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$PATCHES/series")
for p in "${series[@]}"; do
	[ -r "$PATCHES/$p" ] || die "patches/$KSERIES/series names $p, which does not exist: correct the series."
done

# What belongs into a kernel tree that is not only for our tests.
# shellcheck disable=SC2034 # used by the scripts that source this file
PUBLISHED=(mm include Documentation/ABI Documentation/admin-guide Documentation/mm tools/testing/selftests)

# kernel_release TREE: 7.3.4
kernel_release() {
	awk '$1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ && $2 == "=" { r = r s $3; s = "." } END { print r }' "$1/Makefile"
}

# our_files DIR...: those below these directories, at their in-tree paths. What this
# series of kernels has otherwise, or alone, lies below patches/<series>/; a link if another
# series has the same.
our_files() {
	local root d
	for root in "$TOP" "$PATCHES"; do
		for d in "$@"; do
			[ ! -d "$root/$d" ] || (cd "$root" && find "$d" -xtype f ! -name '*~' ! -name '*.orig' \
				! -name '*.rej' ! -name '*.o' ! -name '.*.sw?' ! -name '*.pyc')
		done
	done | LC_ALL=C sort -u
}

# our_file PATH: where it is here.
our_file() {
	if [ -e "$PATCHES/$1" ]; then
		echo "$PATCHES/$1"
	else
		echo "$TOP/$1"
	fi
}

# Upstream's files that the series changes.
touched_files() {
	(cd "$PATCHES" && awk '/^(---|\+\+\+) [ab]\// { sub(/^[ab]\//, "", $2); print $2 }' "${series[@]}") |
		LC_ALL=C sort -u
}

# engine_sum TREE: of all that we put into a kernel that is not for tests: the patches, and our files
# as they are in a tree that has them, or, if it is empty, here
engine_sum() {
	local f tree=$1 names paths=()
	names=$(our_files mm include | grep -v /tests/) || return
	for f in $names; do
		if [ -n "$tree" ]; then
			paths+=("$tree/$f")
		else
			paths+=("$(our_file "$f")")
		fi
	done
	{
		sha256sum -- "${paths[@]}" | cut -d' ' -f1 | paste - <(echo "$names")
		(cd "$PATCHES" && cat "${series[@]}")
	} | sha256sum | cut -d' ' -f1
}

# collect TREE OUT DIR...: OUT/overlay and OUT/touched list what is ours below DIR... and what
# is patched; OUT/files has the latter, patched. Nothing of TREE is changed.
collect() {
	local tree=$1 new=$2 f p
	shift 2
	rm -rf "$new"
	mkdir -p "$new/files"
	our_files "$@" >"$new/overlay"
	touched_files >"$new/touched"
	while read -r f; do
		[ ! -e "$tree/$f" ] ||
			die "our $f would replace one that $tree has: give a tree without our files; if it is upstream's, ours has to become a patch in patches/$KSERIES."
	done <"$new/overlay"
	while read -r f; do
		mkdir -p "$new/files/$(dirname "$f")"
		if grep -qxF "$f" "$new/overlay"; then
			cp "$(our_file "$f")" "$new/files/$f"
		elif [ -e "$tree/$f" ]; then
			cp "$tree/$f" "$new/files/$f"
		fi
	done <"$new/touched"
	for p in "${series[@]}"; do
		patch -d "$new/files" -p1 -F0 --batch --forward --no-backup-if-mismatch -r - \
			<"$PATCHES/$p" >"$new/patch.log" 2>&1 || {
			cat "$new/patch.log" >&2
			die "patches/$KSERIES/$p does not apply to Linux $(kernel_release "$tree") in $tree: use a $KSERIES tree, or port the patches (Documentation/dev/build-and-test.rst)."
		}
	done
}
