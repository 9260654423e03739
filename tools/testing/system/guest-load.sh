# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A redis that is a unit, with texts of which each is another one, out of memory and in zswap.
# Source it.

. ./guest-lib.sh

redis() {
	redis-cli -s /run/redis/redis-server.sock "$@"
}

keys=6000
# Texts of 4 KB, which compress well, each of which is another one
fill() {
	local from
	within 180 eval 'redis ping | grep -q PONG'
	redis flushall
	for ((from = 0; from < keys; from += 500)); do
		redis eval 'for i = ARGV[1], ARGV[1] + 499 do
			local t = {}
			for j = 1, 20 do t[j] = string.rep(redis.sha1hex(i .. ":" .. j), 5) end
			redis.call("SET", "key" .. string.format("%d", i), table.concat(t))
		end return 1' 0 "$from"
	done
	digest >/var/lib/check/digest
}

# Of all that redis holds
digest() {
	local from
	for ((from = 0; from < keys; from += 1000)); do
		redis eval 'local d = ""
			for i = ARGV[1], ARGV[1] + 999 do
				d = redis.sha1hex(d .. redis.call("GET", "key" .. string.format("%d", i)))
			end
			return d' 0 "$from"
	done
}

intact() {
	digest >/run/digest
	cmp /run/digest /var/lib/check/digest
}

# All of it is in zswap.
push_out() {
	local cgroup
	cgroup=$(cgroup_of redis-server)
	awk '$1 == "anon" { printf "%dM", $2 / 1048576 }' "$cgroup/memory.stat" >"$cgroup/memory.reclaim" || :
	[ "$(stat_of "$cgroup/memory.stat" zswapped)" -ge $((keys * 2000)) ] || {
		grep -E '^(anon|zswapped|zswpout) ' "$cgroup/memory.stat"
		return 1
	}
}

written() {
	cat "$zswap/stats/written"
}

# grown FILE FROM LEAST: a counter has grown by so much.
grown() {
	[ "$(($(cat "$1") - $2))" -ge "$3" ]
}

# What one writes into a drop-in, and a restart
configure_redis() {
	mkdir -p "$dropin"
	{
		echo '[Service]'
		printf '%s\n' "$@"
	} >"$dropin/zswap.conf"
	grep -qx 'save ""' /etc/redis/redis.conf ||
		printf 'unixsocket %s\nsave ""\n' /run/redis/redis-server.sock >>/etc/redis/redis.conf
	systemctl daemon-reload
	systemctl restart redis-server
	fill
	push_out
}

configure_daemon() {
	printf '%s\n' "$@" >/etc/zswapctl.conf
	systemctl reload zswapctl
}
