# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # sourced by bench.sh
#
# Writeback: commands against all other ways to get compressed pages to the disk.

# The disks: MiB/s, ns for each request, requests under way at a time.
#
# Under icount a CPU does 500 million instructions a second, about a twentieth of
# what a real core does.  So that what is waited for and what is computed stand
# in the proportion that they have on a real machine, the disks are twenty times
# slower, too:
#
# virtual	1 GB/s and 50,000 requests/s: a large volume of a cloud, or a virtio
#		disk, where each request costs the host some 20 us
# nvme		2 GB/s, 20 us, 64 requests at a time: a local disk of a server, that
#		hardly cares how large requests are
# none		does not make anyone wait: shows what the CPU alone allows, and as the CPU
#		is never idle, the time on it is what is executed
declare -A DISK=(
	[virtual]='53 400000 1'
	[nvme]='106 400000 64'
	[none]='0 0 64'
)
DISK_TEXT=(-v 'disk_virtual=50 MiB/s, 2,500 requests/s'
	-v 'disk_nvme=100 MiB/s, 64 requests of 400 us at a time'
	-v 'disk_none=never waits')
DISKS="virtual none nvme"
BACK_DISKS="none virtual nvme"
# The one whose figures are held against the bounds of throughput.
MAIN_DISK=virtual
DISK_MEGABYTES=8192

COPY_PAGES=100000
BACK_PAGES=20000
IDLE_FEW=10000
IDLE_MANY=1000000
EMPTY_FULL=10
EMPTY_MORE=990
NODES_PAGES=20000
# What a kernel with lock statistics takes many times as long for.
LOCKS_PAGES=10000
LOCKS_IDLE=50000

BOUNDS=(
	# What null_blk takes in one request, and so the most that can be had; and what they
	# have at least on a kernel that is slow for other reasons.
	-v requests_pages=128 -v requests_pages_slow=32
	# Pages/s, against upstream's shrinker and against the disk alone.
	-v shrinker_times=4 -v raw_part=0.7 -v image_raw_part=0.9
	# Of what is written; and looks beyond one for each page, for each cgroup: two in each list.
	-v scanned_max=1.01 -v looked_more=4
	# Requests that need not be full: of the first batches, whose size is found out,
	# and the last one. And instructions for a page.
	-v requests_more=5 -v page_max=32500
	# The same for pages that are written compressed
	-v image_requests_more=16 -v image_max=8000
	# Pages in a request that brings pages back into zswap, and instructions for each if it is
	# compressed; instructions of a fault that reads one.
	-v back_pages=64 -v restore_max=9000 -v fault_max=45000
	# Looks at one entry in one command, if the lists are out of order: one for each
	# bucket with entries, and one more; and what an entry may cost more in a pool
	# that is four times as large.
	-v looked_max=3 -v linear_max=1.2
	# In us, if there is nothing to do, and what is called the same cost; with a
	# hundred times as many pages; instructions with cgroups that have none any more; for
	# each that has; and for each entry, where lists are out of order, which is looked at twice
	# with a limit.
	-v idle_max=50 -v same_max=1.1 -v idle_times=1.5 -v empty_max=500000
	-v filled_max=5000 -v disorder_max=300
	# By the real clock, so only if two CPUs really do as much more as this.
	-v nodes_times=1.6 -v spin_min=1.8
	# In ms.
	-v signal_max=500
	-v lock_max=100
	# In kB, for what the kernel may swap in meanwhile; and in percent.
	-v swap_cache_max=1024 -v current_max=10
)

# on_disk NAME KERNEL DISK KERNEL-ARGUMENTS RUN...: run writeback with the arguments
# of each RUN.
on_disk() {
	local name=$1 kernel=$2 disk=$3 append=$4 run filled=$((COPY_PAGES * 5 / 1024 + 16))
	shift 4
	[ "$filled" -le "$DISK_MEGABYTES" ] || filled=$DISK_MEGABYTES
	run="sh writeback-guest.sh ${DISK[$disk]} $DISK_MEGABYTES $filled$(printf " '%s'" "$@")"
	guest "$name" "$kernel" "$run" --append "null_blk.nr_devices=0 $append" --memory 3072M \
		"${counted[@]}"
	files+=("$out/$name")
}

# copies DISK COMPRESSOR CGROUPS METHOD...: the lines of arguments, one for each.
copies() {
	local disk=$1 compressor=$2 cgroups=$3 method
	shift 3
	for method; do
		arguments+=("copy label=$disk compressor=$compressor method=$method cgroups=$cgroups pages=$COPY_PAGES")
	done
}

# Of a VM in which figures repeat.
counted=(--icount)

run_copy() {
	local disk arguments=()
	for disk in $DISKS; do
		arguments=()
		if [ -n "$counts" ]; then
			copies "$disk" lzo 1 ours shrinker
			copies "$disk" lzo 8 ours
		else
			copies "$disk" lzo 1 ours compressed shrinker pressure zram zram-compressed raw
			[ "$disk" = nvme ] || copies "$disk" lzo 8 ours compressed shrinker
		fi
		say "writing $COPY_PAGES pages, disk $disk"
		on_disk "copy-$disk" patched "$disk" norandmaps "${arguments[@]}"
	done
}

# The other compressors that are used most. Fewer pages: what one costs goes by its own size.
run_compressors() {
	local disk compressor arguments COPY_PAGES=$BACK_PAGES
	for disk in virtual none; do
		arguments=()
		for compressor in lz4 zstd; do
			copies "$disk" "$compressor" 1 ours compressed shrinker pressure zram zram-compressed raw
		done
		say "writing $COPY_PAGES pages with other compressors, disk $disk"
		on_disk "compressors-$disk" patched "$disk" norandmaps "${arguments[@]}"
	done
}

# backs DISK READAHEAD RANDOM COMPRESSOR METHOD...: the same for reading back.
backs() {
	local disk=$1 readahead=$2 random=$3 compressor=$4 method
	shift 4
	for method; do
		arguments+=("back label=$disk readahead=$readahead random=$random compressor=$compressor method=$method pages=$BACK_PAGES")
	done
}

# What it costs to read a page back is measured page by page, on a disk that never
# waits; how long it takes, with the readahead that the kernel does by default.
run_back() {
	local disk random compressor readahead arguments
	for disk in $BACK_DISKS; do
		arguments=()
		readahead=3
		[ "$disk" != none ] || readahead=0
		for random in 0 1; do
			backs "$disk" "$readahead" "$random" lzo ours compressed
			for compressor in lz4 zstd; do
				backs "$disk" "$readahead" "$random" "$compressor" compressed
			done
		done
		say "reading $BACK_PAGES pages back, disk $disk"
		on_disk "back-$disk" patched "$disk" norandmaps "${arguments[@]}"
	done
}

run_budget() {
	local arguments=() cgroups limit
	say "half of $COPY_PAGES pages old, half young"
	for cgroups in 1 8; do
		for limit in budget age; do
			arguments+=("budget cgroups=$cgroups limit=$limit pages=$COPY_PAGES")
		done
	done
	for cgroups in 1 8; do
		arguments+=("budget cgroups=$cgroups rotate=1 pages=$((COPY_PAGES / 4))")
		arguments+=("budget cgroups=$cgroups rotate=1 pages=$COPY_PAGES")
	done
	on_disk budget patched none norandmaps "${arguments[@]}"
}

run_idle() {
	say "nothing old enough, $IDLE_FEW and $IDLE_MANY pages"
	on_disk idle patched none norandmaps \
		"idle pages=$IDLE_FEW more=$((IDLE_MANY - IDLE_FEW)) rounds=21"
}

run_empty() {
	say "$EMPTY_FULL cgroups with pages, and $EMPTY_MORE more"
	on_disk empty patched none norandmaps \
		"empty cgroups=$EMPTY_FULL pages=$((EMPTY_FULL * 200)) more=$EMPTY_MORE rounds=21"
}

# The only one by the real clock.
run_nodes() {
	# Small enough for all of it to be filled beforehand, wherever slots come from.
	local counted=() DISK_MEGABYTES=500
	say "two nodes, $NODES_PAGES pages"
	on_disk nodes patched none '' "nodes pages=$NODES_PAGES rounds=5" "signal pages=$NODES_PAGES"
}

run_locks() {
	local arguments=() cgroups method files=()
	[ -r "${image[locks]}" ] || {
		say "no kernel with lock statistics, so it is not measured how long locks are held"
		return 0
	}
	say "how long locks are held"
	for method in ours shrinker; do
		for cgroups in 1 8; do
			arguments+=("copy label=locks method=$method cgroups=$cgroups pages=$LOCKS_PAGES locks=1")
		done
	done
	for cgroups in 1 8; do
		arguments+=("budget label=in_order cgroups=$cgroups pages=$LOCKS_PAGES locks=1"
			"budget label=rotated cgroups=$cgroups rotate=1 pages=$LOCKS_PAGES locks=1")
	done
	arguments+=("idle pages=$IDLE_FEW more=$((LOCKS_IDLE - IDLE_FEW)) rounds=5 locks=1"
		"empty cgroups=$EMPTY_FULL pages=$((EMPTY_FULL * 50)) more=$EMPTY_MORE rounds=5 locks=1")
	on_disk locks locks none norandmaps "${arguments[@]}"
	locks_file=("$out/locks")
	grep -q '^config CONFIG_LOCK_STAT=y' "$out/locks" || die "the kernel ${image[locks]} has no CONFIG_LOCK_STAT."
}

# Where the time goes: of commands, and of faults that read compressed pages.
run_profile() {
	local map=${image[patched]%/arch/*}/System.map files=() name
	local -A run=(
		[ordinary]="copy method=ours profile=1"
		[compressed]="copy method=compressed profile=1"
		[readback]="back method=compressed profile=1"
		[faults]="back method=compressed profile=2"
	)
	[ -r "$map" ] || map=${image[patched]}.map
	[ -r "$map" ] || {
		say "no System.map of the kernel, so there is no profile"
		return 0
	}
	for name in ordinary compressed readback faults; do
		say "profile of $COPY_PAGES pages, $name"
		# One CPU: what the other one does now and then is none of the command's.
		on_disk "profile-$name" patched none "profile=2 maxcpus=1" \
			"${run[$name]} label=profile pages=$COPY_PAGES"
		judge profile.awk -v json="$out/profile-$name.json" "$map" "$out/profile-$name"
	done
}

writeback() {
	local files=() locks_file=() part
	for part in copy compressors back budget idle empty nodes locks profile; do
		! wanted "$part" || break 1
	done
	wanted "$part" || return 0
	need_kernel patched
	guest_program "$BENCH" "$out" writeback writeback.c copy.c back.c idle.c nodes.c methods.c pool.c figures.c kernel.c common.c
	if [ -n "$short" ]; then
		DISKS="virtual none"
		COPY_PAGES=$((COPY_PAGES / 10))
		BACK_DISKS="none virtual"
		BACK_PAGES=$((BACK_PAGES / 2))
		IDLE_FEW=$((IDLE_FEW / 10))
		IDLE_MANY=$((IDLE_MANY / 10))
	fi
	[ -z "$counts" ] || DISKS=none
	for part in copy compressors back budget idle empty nodes locks; do
		! wanted "$part" || "run_$part"
	done
	[ "${#files[@]}${#locks_file[@]}" = 00 ] || judge writeback.awk "${BOUNDS[@]}" "${DISK_TEXT[@]}" -v main_disk="$MAIN_DISK" \
		-v only_counts="${counts:+1}" \
		-v json="$out/writeback.json" -v ktap="$out/writeback.ktap" "${files[@]}" file=locks "${locks_file[@]}"
	! wanted profile || run_profile
}
