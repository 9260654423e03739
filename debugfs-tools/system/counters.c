// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lists of what the kernel counts.
 */
#include <string.h>

#include "system/counters.h"
#include "system/system.h"

#define STAT(member)	#member, offsetof(struct counters, member)

const struct counter stats_counters[NR_STATS] = {
	{ STAT(commands), COUNTER_SYSTEM,
	  { "COMMANDS", COLUMN_COUNT, false, "commands for proactive writeback" },
	  "zswap_writeback_commands" },
	{ STAT(scanned), COUNTER_ANSWER,
	  { "SCANNED", COLUMN_COUNT, false, "pages that commands looked at" },
	  "zswap_writeback_scanned_pages" },
	{ STAT(written), COUNTER_ANSWER,
	  { "WRITTEN", COLUMN_SIZE, true, "page data written to swap by commands" },
	  "zswap_writeback_written_pages" },
	{ STAT(released_bytes), COUNTER_ANSWER,
	  { "RELEASED", COLUMN_SIZE, false, "compressed memory freed by that" },
	  "zswap_writeback_released_bytes" },
	{ STAT(skipped_young), COUNTER_ANSWER,
	  { "YOUNG", COLUMN_COUNT, false, "pages not written: too young" },
	  "zswap_writeback_skipped_pages", "young" },
	{ STAT(skipped_busy), COUNTER_ANSWER,
	  { "BUSY", COLUMN_COUNT, false, "pages not written: in the swap cache" },
	  "zswap_writeback_skipped_pages", "busy" },
	{ STAT(skipped_protected), COUNTER_ANSWER,
	  { "PROTECTED", COLUMN_COUNT, false, "pages not written: memory.zswap.writeback is 0" },
	  "zswap_writeback_skipped_pages", "protected" },
	{ STAT(skipped_gone), COUNTER_ANSWER,
	  { "GONE", COLUMN_COUNT, false, "pages not written: freed meanwhile" },
	  "zswap_writeback_skipped_pages", "gone" },
	{ STAT(failed), COUNTER_ANSWER,
	  { "FAILED", COLUMN_COUNT, false, "pages not written: no memory or I/O error" },
	  "zswap_writeback_failed_pages" },
	{ STAT(refaulted), 0,
	  { "REFAULTED", COLUMN_SIZE, true, "of WRITTEN: read back from swap on demand" },
	  "zswap_writeback_refaulted_pages" },
	{ STAT(dropped), 0,
	  { "DROPPED", COLUMN_SIZE, true, "of WRITTEN: freed without being read" },
	  "zswap_writeback_dropped_pages" },
	{ STAT(readback), COUNTER_OPTIONAL,
	  { "READBACK", COLUMN_SIZE, false, "of WRITTEN: brought back by readback commands" },
	  "zswap_writeback_readback_pages" },
	{ STAT(on_disk), COUNTER_OPTIONAL | COUNTER_LEVEL,
	  { "ON-DISK", COLUMN_SIZE, false, "of WRITTEN: on a swap device now" },
	  "zswap_writeback_on_disk_pages" },
	{ STAT(disk_bytes), COUNTER_OPTIONAL,
	  { "DISK-BYTES", COLUMN_SIZE, false, "bytes sent to the disk by commands" },
	  "zswap_writeback_disk_bytes" },
	{ STAT(corrupted), COUNTER_OPTIONAL,
	  { "CORRUPTED", COLUMN_COUNT, false, "pages whose image on the disk was damaged" },
	  "zswap_writeback_corrupted_pages" },
};

#undef STAT
#define AGED(member)	#member, offsetof(struct age_bucket, member)

const struct counter age_counters[NR_AGE_COUNTERS] = {
	{ AGED(pages), COUNTER_LEVEL,
	  { "PAGES", COLUMN_COUNT, true, "pages in zswap of that age" },
	  "zswap_age_bucket_pages" },
	{ AGED(bytes), COUNTER_LEVEL,
	  { "COMPRESSED", COLUMN_SIZE, true, "their size in zswap" },
	  "zswap_age_bucket_bytes" },
	{ AGED(incompressible), COUNTER_LEVEL,
	  { "INCOMPRESSIBLE", COLUMN_COUNT, false, "pages of those that are stored as they are" },
	  "zswap_age_bucket_incompressible_pages" },
	{ AGED(loaded), COUNTER_OPTIONAL,
	  { "LOADED", COLUMN_SIZE, true,
	    "page data asked back from zswap at that age, since age_edges was written" },
	  "zswap_age_bucket_loaded_pages" },
	{ AGED(written), COUNTER_OPTIONAL,
	  { "WRITTEN", COLUMN_SIZE, true,
	    "page data written by commands at that age, since age_edges was written" },
	  "zswap_age_bucket_written_pages" },
	{ AGED(refaulted), COUNTER_OPTIONAL,
	  { "REFAULTED", COLUMN_SIZE, false, "of WRITTEN: read back from swap on demand" },
	  "zswap_age_bucket_refaulted_pages" },
	{ AGED(dropped), COUNTER_OPTIONAL,
	  { "DROPPED", COLUMN_SIZE, false, "of WRITTEN: freed without being read" },
	  "zswap_age_bucket_dropped_pages" },
};

#undef AGED
#define SYSTEM(member)	offsetof(struct system, member)
#define REJECTED	"zswap_rejected_pages"

const struct counter zswap_counters[NR_ZSWAP] = {
	{ SYS_PARAMETERS "/enabled", SYSTEM(enabled), COUNTER_LEVEL | COUNTER_SWITCH,
	  { "ENABLED", COLUMN_BOOL, true, "does zswap take pages" }, "zswap_enabled" },
	{ SYS_PARAMETERS "/shrinker_enabled", SYSTEM(shrinker_enabled),
	  COUNTER_LEVEL | COUNTER_SWITCH,
	  { "SHRINKER", COLUMN_BOOL, false, "is the kernel's own shrinker on" },
	  "zswap_shrinker_enabled" },
	{ SYS_PARAMETERS "/max_pool_percent", SYSTEM(max_pool_percent), COUNTER_LEVEL,
	  { "MAX-POOL", COLUMN_COUNT, false, "percent of memory that the pool may take" }, NULL },
	{ SYS_PARAMETERS "/accept_threshold_percent", SYSTEM(accept_percent), COUNTER_LEVEL,
	  { "ACCEPT", COLUMN_COUNT, false, "percent of LIMIT below which a full pool takes pages again" },
	  NULL },
	{ SYS_DEBUGFS "/pool_total_size", SYSTEM(pool_bytes), COUNTER_LEVEL,
	  { "POOL", COLUMN_SIZE, true, "memory that the pool takes" }, "zswap_pool_bytes" },
	{ SYS_DEBUGFS "/stored_pages", SYSTEM(stored_pages), COUNTER_LEVEL,
	  { "PAGES", COLUMN_COUNT, true, "pages in zswap" }, "zswap_stored_pages" },
	{ SYS_DEBUGFS "/stored_incompressible_pages", SYSTEM(incompressible_pages),
	  COUNTER_LEVEL | COUNTER_OPTIONAL,
	  { "INCOMPRESSIBLE", COLUMN_COUNT, false, "pages of those that are stored as they are" },
	  "zswap_incompressible_pages" },
	{ SYS_DEBUGFS "/pool_limit_hit", SYSTEM(limit_hit), COUNTER_OPTIONAL,
	  { "LIMIT-HIT", COLUMN_COUNT, false, "times that the pool was full" },
	  "zswap_pool_limit_hits" },
	{ SYS_DEBUGFS "/written_back_pages", SYSTEM(written_back), COUNTER_OPTIONAL,
	  { "WRITTEN-BACK", COLUMN_COUNT, false, "pages written by the shrinker and the pool limit" },
	  "zswap_written_back_pages" },
	{ SYS_DEBUGFS "/reject_reclaim_fail", SYSTEM(reject_reclaim), COUNTER_OPTIONAL,
	  { "REJECT-RECLAIM", COLUMN_COUNT, false, "pages rejected: the pool was full" },
	  REJECTED, "reclaim_fail" },
	{ SYS_DEBUGFS "/reject_alloc_fail", SYSTEM(reject_alloc), COUNTER_OPTIONAL,
	  { "REJECT-ALLOC", COLUMN_COUNT, false, "pages rejected: no memory for them" },
	  REJECTED, "alloc_fail" },
	{ SYS_DEBUGFS "/reject_kmemcache_fail", SYSTEM(reject_kmemcache), COUNTER_OPTIONAL,
	  { "REJECT-KMEMCACHE", COLUMN_COUNT, false, "pages rejected: no memory for an entry" },
	  REJECTED, "kmemcache_fail" },
	{ SYS_DEBUGFS "/reject_compress_poor", SYSTEM(reject_poor), COUNTER_OPTIONAL,
	  { "REJECT-POOR", COLUMN_COUNT, false, "pages rejected: they did not compress" },
	  REJECTED, "compress_poor" },
	{ SYS_DEBUGFS "/reject_compress_fail", SYSTEM(reject_compress), COUNTER_OPTIONAL,
	  { "REJECT-COMPRESS", COLUMN_COUNT, false, "pages rejected: the compressor failed" },
	  REJECTED, "compress_fail" },
	{ SYS_DEBUGFS "/decompress_fail", SYSTEM(decompress_fail), COUNTER_OPTIONAL,
	  { "DECOMPRESS-FAIL", COLUMN_COUNT, false, "pages that could not be decompressed" },
	  "zswap_decompress_failed_pages" },
	{ SYS_ZSWAP "/compressed_writeback", SYSTEM(compressed_writeback),
	  COUNTER_LEVEL | COUNTER_OPTIONAL,
	  { "IMAGES", COLUMN_BOOL, false, "are pages written as they are in zswap" },
	  "zswap_writeback_compressed" },
	{ "zswpin", SYSTEM(zswpin), 0,
	  { "LOADS", COLUMN_COUNT, false, "pages loaded from zswap" }, "zswap_loaded_pages" },
	{ "zswpout", SYSTEM(zswpout), 0,
	  { "STORES", COLUMN_COUNT, false, "pages stored in zswap" }, "zswap_saved_pages" },
	{ "zswpwb", SYSTEM(zswpwb), COUNTER_OPTIONAL,
	  { "WRITEBACKS", COLUMN_COUNT, false, "pages written from zswap to swap by anybody" },
	  "zswap_vmstat_written_back_pages" },
};

bool counter_is_pages(const struct counter *counter)
{
	return counter->column.type == COLUMN_SIZE && !strstr(counter->name, "bytes") &&
	       !strstr(counter->name, "size");
}
