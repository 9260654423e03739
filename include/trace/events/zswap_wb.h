/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM zswap_wb

#if !defined(_TRACE_ZSWAP_WB_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_ZSWAP_WB_H

#include <linux/nodemask.h>
#include <linux/swap.h>
#include <linux/swapops.h>
#include <linux/tracepoint.h>

struct zswap_wb_command;
struct zswap_wb_result;

/* Looked into only where the tracepoints are made: mm/zswap_wb/core.c, which knows them */

/* A command has been accepted. A limit that was not given is all ones. */
TRACE_EVENT(zswap_wb_start,

	TP_PROTO(const struct zswap_wb_command *cmd),

	TP_ARGS(cmd),

	TP_STRUCT__entry(
		__field(u64, cgroup)
		__field(bool, descend)
		__field(u64, age)
		__field(u64, max_pages)
		__field(u64, max_compressed)
		__field(u64, rate)
		__field(unsigned int, bucket_min)
		__field(unsigned int, bucket_max)
		__field(unsigned int, type)
		__field(bool, dry_run)
		__bitmask(nodes, nr_node_ids)
	),

	TP_fast_assign(
		__entry->cgroup = cmd->cgroup_id;
		__entry->descend = cmd->descend;
		__entry->age = cmd->age;
		__entry->max_pages = cmd->max_pages;
		__entry->max_compressed = cmd->max_compressed;
		__entry->rate = cmd->rate;
		__entry->bucket_min = cmd->bucket_min;
		__entry->bucket_max = cmd->bucket_max;
		__entry->type = cmd->type;
		__entry->dry_run = cmd->dry_run;
		__assign_bitmask(nodes, nodes_addr(cmd->nodes), nr_node_ids);
	),

	TP_printk("cgroup=%llu descend=%d age=%llu max_pages=%llu max_compressed=%llu rate=%llu bucket_min=%u bucket_max=%u type=%u dry_run=%d nodes=%s",
		  __entry->cgroup, __entry->descend, __entry->age,
		  __entry->max_pages, __entry->max_compressed, __entry->rate,
		  __entry->bucket_min, __entry->bucket_max, __entry->type,
		  __entry->dry_run, __get_bitmask(nodes))
);

/* A command has dealt with a batch of entries, all of one swap device. */
TRACE_EVENT(zswap_wb_batch,

	TP_PROTO(const struct zswap_wb_command *cmd, unsigned int nr,
		 const struct zswap_wb_result *res),

	TP_ARGS(cmd, nr, res),

	TP_STRUCT__entry(
		__field(u64, cgroup)
		__field(unsigned int, nr)
		__field(unsigned int, written)
		__field(unsigned int, failed)
		__field(unsigned int, skipped)
		__field(u64, released_bytes)
	),

	TP_fast_assign(
		__entry->cgroup = cmd->cgroup_id;
		__entry->nr = nr;
		__entry->written = res->outcome[ZSWAP_WB_WRITTEN];
		__entry->failed = res->outcome[ZSWAP_WB_FAILED];
		__entry->skipped = zswap_wb_result_scanned(res) -
				   __entry->written - __entry->failed;
		__entry->released_bytes = res->released_bytes;
	),

	TP_printk("cgroup=%llu nr=%u written=%u failed=%u skipped=%u released_bytes=%llu",
		  __entry->cgroup, __entry->nr, __entry->written,
		  __entry->failed, __entry->skipped, __entry->released_bytes)
);

/* A command is done. */
TRACE_EVENT(zswap_wb_end,

	TP_PROTO(const struct zswap_wb_command *cmd, int status,
		 const struct zswap_wb_result *res),

	TP_ARGS(cmd, status, res),

	TP_STRUCT__entry(
		__field(u64, cgroup)
		__field(int, status)
		__field(u64, scanned)
		__field(u64, written)
		__field(u64, released_bytes)
		__field(u64, skipped_young)
		__field(u64, skipped_busy)
		__field(u64, skipped_protected)
		__field(u64, skipped_gone)
		__field(u64, failed)
		__field(u64, looked)
	),

	TP_fast_assign(
		__entry->cgroup = cmd->cgroup_id;
		__entry->status = status;
		__entry->scanned = zswap_wb_result_scanned(res);
		__entry->written = res->outcome[ZSWAP_WB_WRITTEN];
		__entry->released_bytes = res->released_bytes;
		__entry->skipped_young = res->outcome[ZSWAP_WB_SKIPPED_YOUNG];
		__entry->skipped_busy = res->outcome[ZSWAP_WB_SKIPPED_BUSY];
		__entry->skipped_protected =
			res->outcome[ZSWAP_WB_SKIPPED_PROTECTED];
		__entry->skipped_gone = res->outcome[ZSWAP_WB_SKIPPED_GONE];
		__entry->failed = res->outcome[ZSWAP_WB_FAILED];
		__entry->looked = res->looked;
	),

	TP_printk("cgroup=%llu status=%d scanned=%llu written=%llu released_bytes=%llu skipped_young=%llu skipped_busy=%llu skipped_protected=%llu skipped_gone=%llu failed=%llu looked=%llu",
		  __entry->cgroup, __entry->status, __entry->scanned,
		  __entry->written, __entry->released_bytes,
		  __entry->skipped_young, __entry->skipped_busy,
		  __entry->skipped_protected, __entry->skipped_gone,
		  __entry->failed, __entry->looked)
);

/*
 * A page that a command wrote is read back; cgroup: its id, 0: of none; bucket -1: it is not
 * known any more.
 */
TRACE_EVENT(zswap_wb_refault,

	TP_PROTO(u64 cgroup, swp_entry_t slot, int node, int bucket),

	TP_ARGS(cgroup, slot, node, bucket),

	TP_STRUCT__entry(
		__field(u64, cgroup)
		__field(int, node)
		__field(int, bucket)
		__field(unsigned int, type)
		__field(unsigned long, offset)
	),

	TP_fast_assign(
		__entry->cgroup = cgroup;
		__entry->node = node;
		__entry->bucket = bucket;
		__entry->type = swp_type(slot);
		__entry->offset = swp_offset(slot);
	),

	TP_printk("cgroup=%llu node=%d bucket=%d type=%u offset=%lu",
		  __entry->cgroup, __entry->node, __entry->bucket,
		  __entry->type, __entry->offset)
);

/* A command has brought pages back. */
TRACE_EVENT(zswap_wb_readback,

	TP_PROTO(const struct zswap_wb_command *cmd, int status, u64 pages,
		 u64 bytes),

	TP_ARGS(cmd, status, pages, bytes),

	TP_STRUCT__entry(
		__field(u64, cgroup)
		__field(int, status)
		__field(u64, pages)
		__field(u64, bytes)
	),

	TP_fast_assign(
		__entry->cgroup = cmd->cgroup_id;
		__entry->status = status;
		__entry->pages = pages;
		__entry->bytes = bytes;
	),

	TP_printk("cgroup=%llu status=%d pages=%llu bytes=%llu",
		  __entry->cgroup, __entry->status, __entry->pages,
		  __entry->bytes)
);

#endif /* _TRACE_ZSWAP_WB_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
