# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# On our kernel: what one does next.

. ./guest-load.sh

# ---- the system ----

ours() {
	same kernel "$(uname -r)" "$(cat release)"
	[ -w "$zswap/proactive_writeback" ]
	same zswap "$(cat /sys/module/zswap/parameters/enabled)" Y
	awk '$1 == "/dev/vdb"' /proc/swaps | grep -q .
}

service_starts() {
	local budget
	rm -f /etc/zswapctl.conf
	systemctl enable --now zswapctl
	within 120 test -s /var/lib/zswapctl/state
	same active "$(systemctl is-active zswapctl)" active
	same restarts "$(systemctl show -p NRestarts --value zswapctl)" 0
	zswapctl daemon --status 2>/run/status
	grep 'the daemon is running' /run/status
	# It begins with what an hour brings of wear = 10G/day, and each minute adds 7 MB
	budget=$(zswapctl daemon --status --json | sed -n 's/.*"budget":\([0-9]*\).*/\1/p')
	echo "budget: $budget"
	[ "$budget" -ge 447000000 ]
	[ "$budget" -lt 500000000 ]
}

# doctor CHECKS: what it must have found to be well
doctor_content() {
	zswapctl doctor >/run/doctor || {
		cat /run/doctor
		return 1
	}
	cat /run/doctor
	for what in zswap feature ages pool cgroups daemon; do
		grep -q "^ok *$what:" /run/doctor || {
			echo "not ok: $what"
			return 1
		}
	done
}

# ---- redis as a unit ----

unit_no() {
	local before
	configure_redis MemoryZSwapWriteback=no
	same memory.zswap.writeback "$(cat "$(cgroup_of redis-server)/memory.zswap.writeback")" 0
	before=$(written)
	zswapctl writeback --age 0 --cgroup redis-server.service || :
	same "pages written" "$(($(written) - before))" 0
}

unit_yes() {
	local before
	configure_redis MemoryZSwapWriteback=yes
	same memory.zswap.writeback "$(cat "$(cgroup_of redis-server)/memory.zswap.writeback")" 1
	before=$(written)
	zswapctl writeback --age 0 --max 8M --cgroup redis-server.service
	same "pages written" "$(($(written) - before))" 2048
	intact
}

in_slice() {
	local before
	printf '[Slice]\nMemoryZSwapWriteback=no\n' >/etc/systemd/system/cold.slice
	configure_redis Slice=cold.slice
	same cgroup "$(cgroup_of redis-server)" /sys/fs/cgroup/cold.slice/redis-server.service
	before=$(written)
	zswapctl writeback --age 0 --cgroup cold.slice || :
	same "pages written while the slice says no" "$(($(written) - before))" 0
	systemctl set-property --runtime cold.slice MemoryZSwapWriteback=yes
	zswapctl writeback --age 0 --max 4M --cgroup cold.slice
	same "pages written" "$(($(written) - before))" 1024
	intact
}

# ---- the daemon ----

# A third of the keys is asked for all the time.
ask() {
	redis eval 'for i = 1, 2000 do redis.call("GET", "key" .. i) end return 1' 0 >/dev/null
	sleep 1
}

# What comes back stays within what may: the daemon says so, and the kernel counts it.
holds() {
	local before end back start
	configure_redis MemoryZSwapWriteback=yes
	echo 0 2 4 8 16 32 >/sys/kernel/debug/zswap/age_edges
	configure_daemon 'interval = 1s' 'when = always' 'wear = unlimited' 'target-refault = 20%/min' \
		'min-age = 2s' 'max-age = 16s' 'pressure-memory = 100%' 'pressure-io = 100%'
	before=$(written)
	end=$((SECONDS + 300))
	until grown "$zswap/stats/written" "$before" 2000 || [ "$SECONDS" -ge "$end" ]; do
		ask
	done
	grown "$zswap/stats/written" "$before" 2000
	back=$(cat "$zswap/stats/refaulted")
	start=$SECONDS
	until [ "$SECONDS" -ge $((start + 30)) ]; do
		ask
	done
	back=$((($(cat "$zswap/stats/refaulted") - back) * 60 / (SECONDS - start)))
	zswapctl daemon --status --raw --noheadings --bytes --output CGROUP,MEASURED,ALLOWED,REASON >/run/status
	cat /run/status
	echo "came back: $back pages a minute"
	awk -v back="$back" '/redis-server/ { found = $3 > 0; bad = $2 + 0 > $3 + 0 || back > $3 + 0 }
		END { exit !found || bad }' /run/status
	same restarts "$(systemctl show -p NRestarts --value zswapctl)" 0
	intact
}

freeze() {
	local before cgroup
	configure_redis MemoryZSwapWriteback=yes
	configure_daemon 'interval = 1s' '[cgroup redis-server.service]' 'freeze-after = 3s'
	cgroup=$(cgroup_of redis-server)
	before=$(written)
	systemctl freeze redis-server
	same frozen "$(stat_of "$cgroup/cgroup.events" frozen)" 1
	within 180 grown "$zswap/stats/written" "$before" $((keys / 2))
	before=$(cat "$zswap/stats/readback")
	systemctl thaw redis-server
	within 180 grown "$zswap/stats/readback" "$before" $((keys / 2))
	intact
}

# ---- metrics ----

prom=/var/lib/prometheus/node-exporter/zswap.prom
promtool_content() {
	zswapctl metrics --cgroups --file /run/zswap.prom
	promtool check metrics </run/zswap.prom >/run/promtool 2>&1 || {
		cat /run/promtool
		return 1
	}
	same "what promtool says" "$(cat /run/promtool)" ""
}

node_exporter() {
	zswapctl metrics --file "$prom"
	systemctl is-active prometheus-node-exporter
	exec 3<>/dev/tcp/127.0.0.1/9100
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	cat <&3 >/run/exported
	grep '^node_textfile_scrape_error 0' /run/exported
	grep "^node_textfile_mtime_seconds.*$prom" /run/exported
	# Each name that was written is exported
	sed -n 's/^\(zswap[a-z_]*\).*/\1/p' "$prom" | sort -u >/run/names
	[ -s /run/names ]
	while read -r name; do
		grep -q "^$name" /run/exported || {
			echo "not exported: $name"
			return 1
		}
	done </run/names
	rm -f "$prom"
}

check "our kernel runs, with zswap and the feature" ours
check "no unit has failed" no_unit_failed
check "redis: MemoryZSwapWriteback=no keeps all of its pages in zswap" unit_no
check "redis: with =yes a command writes what it may" unit_yes
check "redis in a slice: MemoryZSwapWriteback= of the slice decides" in_slice
check "the service starts without a configuration, and remembers" service_starts
check "zswapctl doctor is content" doctor_content
check "the daemon writes, and holds its target" holds
check "systemctl freeze writes the unit, thaw brings it back" freeze
check "promtool check metrics is content" promtool_content
check "node_exporter picks the metrics up" node_exporter
