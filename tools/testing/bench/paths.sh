# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154 # sourced by bench.sh
#
# The store, load and free paths with the feature on, off and absent.

PATHS_PAGES=20000
# What the same kernel costs differs by 0.1 % from boot to boot: where its memory lies.
PATHS_BOOTS=3
PATHS_ROUNDS=3
# In percent, over the unpatched kernel: what the feature may cost; after a command, when it has
# to be looked up what is known of the slot (once for slots that are freed together, so scattered
# ones cost most); and what two kernels that do the same may differ by (freeing is short, so its
# noise is more).
PATHS_MAX=0.1
PATHS_MAX_COMMAND=0.4
# A load counts itself by its age: that in instructions, and on top.
LOAD_MAX=80
FREE_MAX=2
SCATTERED_MAX_COMMAND=6
PATHS_NOISE=0.4
PATHS_NOISE_FREE=2
# Instructions for each entry that reading the age table looks at.
TABLE_PAGES="1000 1000000"
TABLE_MAX=100

# The three kernels differ in nothing but the feature.
same_config() {
	sed -n 's/^config //p' "$out/paths-$1-1" | grep -v '^CONFIG_ZSWAP_WB' | sort >"$out/config-$1"
	[ "$1" = upstream ] || diff -U0 "$out/config-upstream" "$out/config-$1" >"$out/config.diff" || {
		sed -n '/^[-+]CONFIG/p' "$out/config.diff" | head -n 20 >&2
		die "the $1 kernel and the upstream one differ in more than CONFIG_ZSWAP_WB, see above: what they cost cannot be compared."
	}
}

paths() {
	local kernel boot files=() options=(--icount --append norandmaps)
	for kernel in upstream off patched; do
		need_kernel "$kernel"
	done
	guest_program "$BENCH" "$out" paths paths.c common.c
	for ((boot = 1; boot <= PATHS_BOOTS; boot++)); do
		for kernel in upstream off patched; do
			say "paths of zswap, boot $boot of the $kernel kernel, $PATHS_ROUNDS rounds of $PATHS_PAGES pages"
			guest "paths-$kernel-$boot" "$kernel" "sh paths-guest.sh rounds $PATHS_PAGES $PATHS_ROUNDS" "${options[@]}"
			[ "$boot" -gt 1 ] || same_config "$kernel"
			files+=("kernel=$kernel" "$out/paths-$kernel-$boot")
		done
		say "paths of zswap, boot $boot of the patched kernel, after a command"
		guest "paths-command-$boot" patched "sh paths-guest.sh command $PATHS_PAGES $PATHS_ROUNDS" "${options[@]}"
		files+=(kernel=command "$out/paths-command-$boot")
	done
	say "reading the age buckets with ${TABLE_PAGES/ / and } pages in zswap"
	guest paths-table patched \
		"sh paths-guest.sh table /sys/kernel/debug/zswap/age_buckets $TABLE_PAGES" \
		"${options[@]}" --memory 2048M --disk-size 5G

	judge paths.awk -v pages="$PATHS_PAGES" -v rounds="$((PATHS_BOOTS * PATHS_ROUNDS))" -v max="$PATHS_MAX" -v max_command="$PATHS_MAX_COMMAND" -v noise="$PATHS_NOISE" \
		-v noise_free="$PATHS_NOISE_FREE" -v free_max="$FREE_MAX" -v scattered_max_command="$SCATTERED_MAX_COMMAND" \
		-v load_max="$LOAD_MAX" \
		-v table_max="$TABLE_MAX" -v json="$out/paths.json" \
		"${files[@]}" kernel=table "$out/paths-table"
}
