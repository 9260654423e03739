#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest.sh NUMBER PROGRAM...: what the VM of a mutant runs. Ends with the first
# result that is red. Says to mutants.sh, between the lines of the programs:
#
#	begin			the right kernel is up
#	green PROGRAM SECONDS
#	red PROGRAM TEST

number=$1
shift
cd "$(dirname "$0")" || exit 99
[ "$(cat /sys/module/kernel/parameters/zswap_wb_mutant)" = "$number" ] || exit 99
mkswap /dev/vda >/dev/null && swapon /dev/vda || exit 99
echo begin

# The KUnit tests have run at boot, if they have.
test=$(dmesg | sed -n 's/^.*\] *not ok [0-9]* //p' | head -n 1)
if [ -n "$test" ]; then
	echo "red kunit $test"
	exit 1
fi

for program; do
	start=$(cut -d. -f1 /proc/uptime)
	{
		"./zswap_wb_$program" 2>&1
		echo "exit $?"
	} | while read -r line; do
		echo "$line"
		case $line in
		'not ok '*)
			echo "red $program ${line#not ok * }"
			exit 1
			;;
		'exit 0')
			echo "green $program $(($(cut -d. -f1 /proc/uptime) - start))"
			exit 0
			;;
		'exit '*)
			echo "red $program $line"
			exit 1
			;;
		esac
	done || exit 1
done
