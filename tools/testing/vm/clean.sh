#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clean.sh [all]: remove what was built; all: the fetched source as well.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ -d "$BUILD" ] || exit 0
lock_build
cd "$BUILD"
# By name, in case BUILD= is a directory with other things in it.
rm -rf accel apply apt-arm64 arm64-4K arm64-64K bench bench-short bin check check-kasan check-kcsan check-system check-upstream coverage \
	demo deps.log fuzz \
	kernel kernel-deb kernel-debug kernel-kasan kernel-kcsan kernel-locks kernel-off kernel-upstream lint linux linux.new \
	mutants selftests series-* series.new system torture tree um vm zswapctl
for series in "$TOP"/patches/[0-9]*; do
	rm -rf "${series##*/}"
done
if [ "${1:-}" = all ]; then
	rm -rf apt foreign source .lock
	cd "$TOP"
	rmdir --ignore-fail-on-non-empty "$BUILD"
fi
