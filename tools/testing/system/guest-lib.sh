# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the checks share that run in the system: one line of result for each, on the second
# serial port, and what a failed one had to say below it. Source it.

export LC_ALL=C DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2034 # used by the scripts that source this file
{
	zswap=/sys/kernel/mm/zswap
	dropin=/etc/systemd/system/redis-server.service.d
	kernel_package=linux-image-$(cat /check/release)
}

# check NAME COMMAND...: a function, which is run with set -e, in a shell of its own.
check() {
	local name=$1 rc=0 log=/run/check.log
	shift
	(
		set -Eeu
		trap 'echo "line $LINENO: $BASH_COMMAND"' ERR
		"$@"
	) >"$log" 2>&1
	rc=$?
	if [ "$rc" -eq 0 ]; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		tail -n 12 "$log" | cut -c1-200 | sed 's/^/# /'
	fi
	# For who looks at the console
	echo "$([ "$rc" -eq 0 ] || echo 'not ')ok - $name" >/dev/kmsg
}

# within SECONDS COMMAND...: until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "not within the time: $*"
			return 1
		fi
		sleep 0.5
	done
}

# same WHAT IS WANTED
same() {
	[ "$2" = "$3" ] || {
		echo "$1: $2, wanted: $3"
		return 1
	}
}

# stat_of FILE NAME: the number behind a name.
stat_of() {
	awk -v name="$2" '$1 == name { print $2; found = 1 } END { exit !found }' "$1"
}

cgroup_of() {
	echo "/sys/fs/cgroup$(systemctl show -p ControlGroup --value "$1")"
}

# Everything that a package could leave behind. Not what any boot leaves.
paths() {
	find / -xdev \( -path /check -o -path /var/log -o -path /var/cache -o -path /var/tmp -o -path /tmp -o \
		-path /run -o -path /var/lib/systemd -o -path /var/lib/apt -o -path /var/lib/redis -o \
		-path /var/lib/check -o -path '/var/lib/dpkg/*-old' -o -path '/var/lib/dpkg/lock*' -o \
		-path /var/lib/dpkg/triggers -o -path /var/lib/initramfs-tools \) -prune -o -print | sort
}

# installed PACKAGE DEB: it is, in the version of that file.
installed() {
	same "$1" "$(dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1" | tr -d ' ')" \
		"ii$(dpkg-deb -f "$2" Version)"
}

no_unit_failed() {
	local failed
	failed=$(systemctl list-units --failed --plain --no-legend)
	same "failed units" "$failed" ""
}
