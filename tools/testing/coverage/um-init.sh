#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# /init of User-mode Linux after the KUnit tests, on the files of the host: copies
# what the kernel has counted to $gcov_to, which comes from its command line.

: "${gcov_to:?}"
mount -t sysfs sysfs /sys
mount -t debugfs debugfs /sys/kernel/debug
cd /sys/kernel/debug/gcov && find . -name '*.gcda' | while read -r file; do
	mkdir -p "$gcov_to/$(dirname "$file")"
	cat "$file" >"$gcov_to/$file"
done
echo >"$gcov_to/done"
busybox poweroff -f
