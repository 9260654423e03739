/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what the files of this directory share.
 *
 * Arrows point one way:
 *
 *   sysfs.c, debugfs.c (which follows sysfs.c's nodes) -> core.c -> pass.c
 *   -> { command.c, age.c, scope.c, writeback.c -> { pace.c, flight.c } }
 *   -> lists.c, entry.c -> mm/zswap.c
 *   sysfs.c -> readback.c -> { scope.c, writeback.c (its waits), flight.c (its pages) }
 *   -> restore.c -> mm/zswap.c
 *   the hook in mm/page_io.c, in front of a read -> reads.c -> slots.c
 *
 * and, for what is counted and remembered, whoever reports it:
 *
 *   the above, and the hooks in upstream's files
 *   -> slots.c -> { buckets.c, stats.c } -> age.c
 *   lists.c, for loads -> buckets.h
 *
 * Lock order, outermost first:
 *
 *   memory hotplug lock
 *   zswap_wb_dirs_lock			(sysfs.c; waits for commands given to a node)
 *     kernfs active reference of the file that was written
 *     zswap_wb_answer.lock		(debugfs.c, of one open file)
 *       zswap_wb_buckets_lock		(new edges, never held by a command)
 *       zswap_wb_read_lock		(readback.c, for a batch; of one swap device)
 *         mutex of a compressor on a CPU	(restore.c)
 *     swap cluster lock		(entry.c, restore.c, for one slot; a slot is freed)
 *       zsmalloc's locks		(entry.c: fetch)
 *       zswap tree xa_lock		(entry.c: erase, put back; restore.c)
 *         list_lru_one.lock		(entry.c; restore.c; lists.c, at most
 *					 ZSWAP_WB_SCAN_MAX entries)
 *       zswap_wb_chunks xa_lock	(slots.c, the last word of a chunk)
 *     RCU read side			(cgroups, lists, chunks, edges)
 *   zswap_wb_reads.lock		(reads.c, by itself; in interrupts)
 */
#ifndef _MM_ZSWAP_WB_INTERNAL_H
#define _MM_ZSWAP_WB_INTERNAL_H

#include <linux/bits.h>
#include <linux/cpuset.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/swap.h>
#include <linux/topology.h>
#include <linux/types.h>

#include "age.h"

struct cgroup_subsys_state;
struct dentry;
struct mem_cgroup;
struct page;
struct zswap_entry;
struct zswap_pool;

/* ---- command.c: text -> struct zswap_wb_command ---- */

/* Which entries a command wants by the way they are stored */
enum zswap_wb_type {
	ZSWAP_WB_TYPE_ALL,	/* all of them */
	ZSWAP_WB_TYPE_INCOMPRESSIBLE,	/* only those stored at full page size */
};

/* The keys of a command, as bits of struct zswap_wb_command.keys */
#define ZSWAP_WB_KEY_AGE		BIT(0)
#define ZSWAP_WB_KEY_MAX		BIT(1)
#define ZSWAP_WB_KEY_MAX_COMPRESSED	BIT(2)
#define ZSWAP_WB_KEY_NODE		BIT(3)
#define ZSWAP_WB_KEY_CGROUP		BIT(4)
#define ZSWAP_WB_KEY_DESCEND		BIT(5)
#define ZSWAP_WB_KEY_TYPE		BIT(6)
#define ZSWAP_WB_KEY_BUCKET		BIT(7)
#define ZSWAP_WB_KEY_DRY_RUN		BIT(8)
#define ZSWAP_WB_KEY_RATE		BIT(9)

#define ZSWAP_WB_KEYS_ALL		GENMASK(9, 0)

/* Keys whose meaning may still change, for debugfs only */
#define ZSWAP_WB_KEYS_DEBUGFS		\
	(ZSWAP_WB_KEY_BUCKET | ZSWAP_WB_KEY_DRY_RUN)

/* Keys that say what to write; the others only say where, or how */
#define ZSWAP_WB_KEYS_WHAT						\
	(ZSWAP_WB_KEY_AGE | ZSWAP_WB_KEY_MAX | ZSWAP_WB_KEY_MAX_COMPRESSED | \
	 ZSWAP_WB_KEY_TYPE | ZSWAP_WB_KEY_BUCKET)

/* Keys of a readback, each of which says what to bring back */
#define ZSWAP_WB_KEYS_READBACK						\
	(ZSWAP_WB_KEY_MAX | ZSWAP_WB_KEY_MAX_COMPRESSED |		\
	 ZSWAP_WB_KEY_NODE | ZSWAP_WB_KEY_CGROUP |			\
	 ZSWAP_WB_KEY_DESCEND | ZSWAP_WB_KEY_RATE)

/* Value of a bucket that was not given: the coldest one that there is */
#define ZSWAP_WB_BUCKET_COLDEST		UINT_MAX

/* Value of a limit that was not given */
#define ZSWAP_WB_NO_LIMIT		U64_MAX

/* A command, parsed and complete */
struct zswap_wb_command {
	unsigned long		keys;	/* the keys that were given, ZSWAP_WB_KEY_* */
	/* seconds that an entry must have been in zswap; 0: any */
	u64			age;
	/* warmest age bucket, if ZSWAP_WB_KEY_BUCKET was given */
	unsigned int		bucket_min;
	/* coldest age bucket, or ZSWAP_WB_BUCKET_COLDEST */
	unsigned int		bucket_max;
	u64			max_pages;	/* most pages to write, or ZSWAP_WB_NO_LIMIT */
	/* compressed bytes after which to stop, or ZSWAP_WB_NO_LIMIT */
	u64			max_compressed;
	/* bytes of pages to write in a second, or ZSWAP_WB_NO_LIMIT */
	u64			rate;
	/* id of the cgroup, if ZSWAP_WB_KEY_CGROUP was given */
	u64			cgroup_id;
	bool			descend;	/* with a cgroup: its descendants, too */
	enum zswap_wb_type	type;	/* which entries by the way they are stored */
	/* count what would be written, but write nothing */
	bool			dry_run;
	/* set by a front end that tells what is left: find that out */
	bool			report;
	nodemask_t		nodes;	/* NUMA nodes of the LRU lists to look at */
};

int zswap_wb_command_parse(const char *text, size_t len, unsigned long allowed,
			   struct zswap_wb_command *cmd);

/* ---- buckets.c: the buckets in force, and what came of them ---- */

/* What becomes of pages that commands write */
enum zswap_wb_fate {
	ZSWAP_WB_FATE_WRITTEN,	/* written to the swap device */
	ZSWAP_WB_FATE_REFAULTED,	/* read back from there */
	ZSWAP_WB_FATE_DROPPED,	/* no longer needed, and never read back */
	ZSWAP_WB_NR_FATES,	/* their number */
};

/* Pages of each bucket by their fate, and those that were loaded */
struct zswap_wb_columns {
	u64	fate[ZSWAP_WB_BUCKETS_MAX][ZSWAP_WB_NR_FATES];	/* pages */
	/* pages asked back from zswap itself */
	u64	loaded[ZSWAP_WB_BUCKETS_MAX];
};

#define ZSWAP_WB_GENERATION_BITS	14

/* What is remembered of a page that a command has written */
struct zswap_wb_kind {
	/* of the buckets that @bucket is one of */
	u32	generation:ZSWAP_WB_GENERATION_BITS;
	u32	nid:10;	/* node of the list that its entry was on */
	u32	bucket:4;	/* bucket that it was in */
	u32	image:1;	/* it is compressed on the disk */
};

u32 zswap_wb_buckets_get(struct zswap_wb_edges *edges);
int zswap_wb_buckets_set(const struct zswap_wb_edges *edges);
bool zswap_wb_buckets_count(const struct zswap_wb_kind *kind,
			    enum zswap_wb_fate fate);
void zswap_wb_buckets_read(int nid, struct zswap_wb_edges *edges,
			   struct zswap_wb_columns *columns);

/* ---- slots.c: what is known of a swap slot ---- */

struct zswap_wb_chunk;

void zswap_wb_slots_init(void);
struct zswap_wb_chunk *zswap_wb_chunk_get(swp_entry_t slot);
void zswap_wb_chunk_put(struct zswap_wb_chunk *chunk);
bool zswap_wb_chunk_join(struct zswap_wb_chunk *chunk, struct zswap_pool *pool);
bool zswap_wb_slot_claim(struct zswap_wb_chunk *chunk, swp_entry_t slot,
			 u32 ticket);
void zswap_wb_slot_unclaim(swp_entry_t slot, u32 ticket);
bool zswap_wb_slot_launch(swp_entry_t slot, u32 ticket,
			  const struct zswap_wb_kind *kind);
void zswap_wb_slot_land(swp_entry_t slot, bool written);
u32 zswap_wb_slot_ticket(void);
struct zswap_pool *zswap_wb_slot_image(swp_entry_t slot, int *nid);
bool zswap_wb_slot_find(unsigned int type, unsigned long *offset,
			const nodemask_t *nodes, unsigned int bucket,
			struct zswap_wb_kind *kind);
bool zswap_wb_slot_recall(swp_entry_t slot, const struct zswap_wb_kind *kind);
void zswap_wb_slot_unrecall(swp_entry_t slot, const struct zswap_wb_kind *kind);
bool zswap_wb_slot_recalled(swp_entry_t slot, const struct zswap_wb_kind *kind);
void zswap_wb_slot_restored(swp_entry_t slot, const struct zswap_wb_kind *kind);

/* ---- pass.c: who is eligible ---- */

/* What one pass over the lists looks for */
struct zswap_wb_filter {
	/* youngest age that the command asks for, in seconds */
	u64			min_age;
	/* youngest age to select in this pass, not less than @min_age */
	u64			floor;
	/* first age that is too old, or U64_MAX */
	u64			max_age;
	/* when the command started, in seconds awake: the same in all passes */
	u64			now;
	enum zswap_wb_type	type;	/* which entries by the way they are stored */
};

/* What selection says of an entry */
enum zswap_wb_verdict {
	ZSWAP_WB_OUTSIDE,	/* not for this pass, and not counted by it */
	ZSWAP_WB_YOUNG,	/* younger than the command asks for */
	ZSWAP_WB_LATER,	/* old enough, but another pass comes first */
	ZSWAP_WB_ELIGIBLE,	/* may be written */
};

/* What may still be written */
struct zswap_wb_budget {
	s64	pages;	/* pages left, or S64_MAX */
	/* compressed bytes left, or S64_MAX; goes below zero by less than one entry */
	s64	bytes;
};

enum zswap_wb_verdict zswap_wb_select(const struct zswap_wb_filter *filter,
				      u64 age, bool incompressible);

/* Is one of the limits reached, so that not one more entry may be written? */
static inline bool zswap_wb_budget_empty(const struct zswap_wb_budget *budget)
{
	return budget->pages <= 0 || budget->bytes <= 0;
}

/* Charges an entry. Without limits, it takes 2^63 bytes to notice */
static inline void zswap_wb_budget_take(struct zswap_wb_budget *budget, u32 length)
{
	budget->pages--;
	budget->bytes -= length;
}

/* Gives back what an entry was charged that was not written after all */
static inline void zswap_wb_budget_refund(struct zswap_wb_budget *budget, u32 length)
{
	budget->pages++;
	budget->bytes += length;
}

/*
 * How many of @room entries can be taken for certain: not more than there are bytes for
 * if each is a page, or one
 */
static inline s64 zswap_wb_budget_room(const struct zswap_wb_budget *budget, s64 room)
{
	room = min(room, (budget->bytes >> PAGE_SHIFT) + 1);
	return min(room, budget->pages);
}

void zswap_wb_budget_init(struct zswap_wb_budget *budget, u64 max_pages,
			  u64 max_compressed);

/* ---- pace.c: how fast a command may write ---- */

/* When a command with a rate may write again */
struct zswap_wb_pace {
	u64	rate;	/* bytes a second, or ZSWAP_WB_NO_LIMIT */
	u64	due;	/* time of the next page, in nanoseconds */
};

void zswap_wb_pace_init(struct zswap_wb_pace *pace, u64 rate, u64 now);
u64 zswap_wb_pace_delay(const struct zswap_wb_pace *pace, u64 now);
unsigned int zswap_wb_pace_batch(struct zswap_wb_pace *pace, u64 now);
void zswap_wb_pace_take(struct zswap_wb_pace *pace, unsigned int pages, u64 now);

/* ---- stats.c: counters ---- */

/*
 * What became of an entry that a command came to
 *
 * `scanned` is their sum. An entry has one outcome; what is known to be too young
 * has one without being looked at.
 */
enum zswap_wb_outcome {
	ZSWAP_WB_WRITTEN,	/* is on the swap device; 0, as of all that has gone well so far */
	ZSWAP_WB_SKIPPED_YOUNG,	/* not in zswap for long enough */
	ZSWAP_WB_SKIPPED_BUSY,	/* in the swap cache, or being written already */
	ZSWAP_WB_SKIPPED_PROTECTED,	/* its cgroup forbids writeback */
	ZSWAP_WB_SKIPPED_GONE,	/* freed between selection and writeback */
	ZSWAP_WB_FAILED,	/* no memory, decompression error or write error */
	ZSWAP_WB_NR_OUTCOMES,	/* their number */
};

/*
 * What is counted for each node since boot
 *
 * An enum zswap_wb_outcome is a counter as well.
 */
enum zswap_wb_counter {
	ZSWAP_WB_RELEASED_BYTES = ZSWAP_WB_NR_OUTCOMES,	/* compressed bytes that left the pool */
	ZSWAP_WB_DISK_BYTES,	/* bytes sent to swap devices, whatever came of them */
	ZSWAP_WB_REFAULTED,	/* written pages that were read back */
	ZSWAP_WB_DROPPED,	/* written pages that no longer can be */
	ZSWAP_WB_READBACK,	/* written pages that commands brought back */
	ZSWAP_WB_CORRUPTED,	/* written pages whose image was damaged on the disk */
	/* commands that were accepted, by the node that they were given on: for the sum */
	ZSWAP_WB_COMMANDS,
	ZSWAP_WB_NR_COUNTERS,	/* their number, with the outcomes in front of them */
	/* sums of these */
	ZSWAP_WB_SCANNED = ZSWAP_WB_NR_COUNTERS,	/* entries that commands have come to */
	ZSWAP_WB_ON_DISK,	/* pages that commands wrote and that are on disk now */
	ZSWAP_WB_NR_STATS,	/* what can be read */
};

/* What a command did, or would do */
struct zswap_wb_result {
	u64	outcome[ZSWAP_WB_NR_OUTCOMES];	/* entries by outcome */
	u64	released_bytes;	/* compressed bytes that left the pool */
	/* looks at entries in lists, but for those for @coldest_left */
	u64	looked;
	/* age of the coldest eligible entry that is left, -1 if there is none */
	s64	coldest_left;
};

int zswap_wb_stats_init(void);
void zswap_wb_stats_count(int nid, unsigned int counter, u64 nr);
u64 zswap_wb_stats_read(int nid, unsigned int counter);
u64 zswap_wb_result_scanned(const struct zswap_wb_result *res);
void zswap_wb_result_add(struct zswap_wb_result *sum,
			 const struct zswap_wb_result *res);

/* ---- scope.c: the cgroups that a command covers ---- */

/* The cgroups that a command covers */
struct zswap_wb_scope {
	/* topmost cgroup, with a reference; %NULL if lists are not per cgroup */
	struct mem_cgroup	*root;
	bool			descend;	/* its descendants are covered, too */
};

/* A place among the cgroups of a scope, or among their lists */
struct zswap_wb_scope_walk {
	const struct zswap_wb_scope	*scope;	/* the scope */
	/* nodes of the entries, or %NULL to visit all that have lists */
	const nodemask_t		*nodes;
	unsigned long			index;	/* where to go on */
	/* there may be more cgroups below the scope's root */
	bool				below;
	bool				ended;	/* the root, which comes last, has been visited */
	/* of lists: cgroup of the one at hand, with a reference, or %NULL */
	struct mem_cgroup		*memcg;
	int				nid;	/* its node */
};

bool zswap_wb_scope_has_ids(void);
void zswap_wb_scope_all(struct zswap_wb_scope *scope);
int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd);
void zswap_wb_scope_close(struct zswap_wb_scope *scope);
void zswap_wb_scope_begin(struct zswap_wb_scope_walk *walk,
			  const struct zswap_wb_scope *scope,
			  const nodemask_t *nodes);
struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk);
bool zswap_wb_scope_next_list(struct zswap_wb_scope_walk *walk);
void zswap_wb_scope_end(struct zswap_wb_scope_walk *walk);
struct mem_cgroup *zswap_wb_scope_list(struct mem_cgroup *memcg);
bool zswap_wb_scope_protected(struct mem_cgroup *memcg);
void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size);
struct mem_cgroup *zswap_wb_scope_owner(unsigned short private_id);
bool zswap_wb_scope_covers(const struct zswap_wb_scope *scope,
			   struct mem_cgroup *memcg);
bool zswap_wb_scope_has_room(struct mem_cgroup *memcg, int nid, unsigned int length);
struct obj_cgroup *zswap_wb_scope_objcg_get(struct mem_cgroup *memcg, int nid);

/* ---- lists.c: lists of entries, and how to walk them ---- */

/* Most entries to look at under one hold of an LRU lock */
#define ZSWAP_WB_SCAN_MAX	32

/* Seconds by which an entry can be older than one in front of it, see lists.c */
#define ZSWAP_WB_ORDER_SLACK	1

/* What a list tells of an entry under its lock */
struct zswap_wb_facts {
	/* a token once the lock is gone: entry.c compares it */
	struct zswap_entry	*entry;
	swp_entry_t		slot;	/* the entry's swap slot */
	u32			length;	/* compressed size in bytes */
	u32			stamp;	/* when it was stored, see zswap_wb_age_stamp() */
};

/* What a scan has to do after an entry */
enum zswap_wb_visit {
	ZSWAP_WB_VISIT_NEXT,	/* go on */
	ZSWAP_WB_VISIT_AGAIN,	/* end, and let the next scan begin with this entry */
	ZSWAP_WB_VISIT_LAST,	/* end the walk */
};

/**
 * typedef zswap_wb_visit_t - called for each entry of a scan
 * @facts:	the entry
 * @in_order:	what is behind it is older by ZSWAP_WB_ORDER_SLACK at most
 * @arg:	whatever the caller of the scan handed in
 * Context: the list's LRU lock is held: must not sleep.
 * Return: how to go on
 */
typedef enum zswap_wb_visit (*zswap_wb_visit_t)(const struct zswap_wb_facts *facts,
						bool in_order, void *arg);

/* A struct zswap_entry that stands for no page */
struct zswap_wb_mark {
	u64	opaque[7];
};

/* A place in one LRU list */
struct zswap_wb_cursor {
	struct zswap_wb_mark	mark;	/* stands in front of the entry to look at next */
	/* cgroup of the list, with a reference held by the caller */
	struct mem_cgroup	*memcg;
	int			nid;	/* node of the list */
	/* entries to look at; once the walk is over, those not looked at */
	unsigned long		left;
};

bool zswap_wb_list_next(unsigned long *index, const nodemask_t *nodes);
bool zswap_wb_cursor_open(struct zswap_wb_cursor *cursor,
			  struct mem_cgroup *memcg, int nid);
bool zswap_wb_cursor_scan(struct zswap_wb_cursor *cursor,
			  zswap_wb_visit_t visit, void *arg);
void zswap_wb_cursor_close(struct zswap_wb_cursor *cursor);

/* ---- entry.c: an entry on its way to the disk ---- */

/* A selected entry */
struct zswap_wb_item {
	struct zswap_wb_facts	facts;	/* what the list told of it */
	struct zswap_wb_kind	kind;	/* its node and bucket */
};

void zswap_wb_pool_get(struct zswap_pool *pool);
void zswap_wb_pool_put(struct zswap_pool *pool);
enum zswap_wb_outcome zswap_wb_entry_fetch(struct zswap_wb_item *item,
					   struct swap_info_struct *si,
					   struct zswap_wb_chunk *chunk, u32 ticket,
					   void *scratch, struct page *page);
enum zswap_wb_outcome zswap_wb_entry_launch(const struct zswap_wb_item *item,
					    struct swap_info_struct *si, u32 ticket,
					    struct cgroup_subsys_state **css);
int zswap_wb_entry_land(const struct zswap_wb_item *item,
			struct swap_info_struct *si, bool failed, bool *aloft);

/* ---- restore.c: a page on its way back into zswap ---- */

/* Most pages that the allocator may take to make room for an entry: CONFIG_ZSMALLOC_CHAIN_SIZE */
#define ZSWAP_WB_ZSPAGE_MAX	16

/* Where the entry of a page goes that was on the list of a node */
static inline int zswap_wb_restore_node(int nid)
{
	return node_state(nid, N_NORMAL_MEMORY) &&
	       node_isset(nid, cpuset_current_mems_allowed) ? nid : numa_mem_id();
}

void zswap_wb_memcg_css(struct mem_cgroup *memcg, struct cgroup_subsys_state **css);
bool zswap_wb_pool_has_room(void);
bool zswap_wb_entry_recall(const struct zswap_wb_item *item,
			   struct swap_info_struct *si,
			   const struct zswap_wb_scope *scope,
			   struct mem_cgroup **memcg, struct zswap_pool **pool);
int zswap_wb_entry_restore(struct zswap_wb_item *item, struct swap_info_struct *si,
			   struct mem_cgroup *memcg, struct zswap_pool *image,
			   struct page *page, void *scratch);

/* ---- image.c: compressed pages on the disk ---- */

/* Bytes in front of the data */
#define ZSWAP_WB_IMAGE_HEADER	48

/* ---- writeback.c: selected entries on their way to the disk ---- */

/*
 * Entries that are selected before the first of them is written: the more, the more
 * neighbours meet, see pass.c. It costs 32 bytes for each.
 */
#define ZSWAP_WB_WINDOW_MAX	2048

struct zswap_wb_window;

struct zswap_wb_window *zswap_wb_window_alloc(const struct zswap_wb_command *cmd,
					      struct zswap_wb_budget *budget,
					      struct zswap_wb_result *res);
void zswap_wb_window_free(struct zswap_wb_window *window);
unsigned int zswap_wb_window_room(const struct zswap_wb_window *window);
void zswap_wb_window_add(struct zswap_wb_window *window, const struct zswap_wb_item *item);
int zswap_wb_window_write(struct zswap_wb_window *window);
int zswap_wb_window_land(struct zswap_wb_window *window);
int zswap_wb_flight_init(void);
int zswap_wb_pace_wait(const struct zswap_wb_pace *pace);

/* ---- reads.c: where reads of images end ---- */

void zswap_wb_reads_init(void);

/* ---- readback.c: pages on their way back ---- */

void zswap_wb_readback_init(void);
int zswap_wb_readback(const struct zswap_wb_command *cmd);

/* ---- pass.c: what a command takes from the lists ---- */

struct zswap_wb_lane;

/* A command that is being carried out */
struct zswap_wb_run {
	const struct zswap_wb_command	*cmd;	/* the command */
	struct zswap_wb_result		*res;	/* counts what it does */
	struct zswap_wb_scope		scope;	/* its cgroups */
	nodemask_t			nodes;	/* its nodes that can have entries */
	struct zswap_wb_edges		edges;	/* the edges in force when it started */
	u32				generation;	/* their generation */
	struct zswap_wb_filter		filter;	/* what the pass at hand looks for */
	struct zswap_wb_budget		budget;	/* what may still be written */
	/* highest age that the last pass, or the command, has left, or -1 */
	s64				later;
	/* what it writes from, %NULL for a dry run */
	struct zswap_wb_window		*window;
	struct zswap_wb_lane		*lanes;	/* lists that it is drawing from */
};

struct zswap_wb_lane *zswap_wb_lane_alloc(void);
void zswap_wb_lanes_free(struct zswap_wb_lane *lane);
int zswap_wb_pass(struct zswap_wb_run *run);
int zswap_wb_list_visit(struct mem_cgroup *memcg, int nid, zswap_wb_visit_t visit, void *arg);
int zswap_wb_pass_coldest(struct zswap_wb_run *run);

/* ---- core.c: one command's life ---- */

extern bool zswap_wb_compressed_writeback;

bool zswap_wb_armed(void);
void zswap_wb_init(void);
int zswap_wb_run(const struct zswap_wb_command *cmd,
		 struct zswap_wb_result *res);

/* ---- sysfs.c and debugfs.c: directories of nodes ---- */

void zswap_wb_nodes_update(void);

#ifdef CONFIG_ZSWAP_WB_DEBUGFS
struct dentry *zswap_wb_debugfs_node(int nid);
#else
static inline struct dentry *zswap_wb_debugfs_node(int nid)
{
	return NULL;
}
#endif

#endif /* _MM_ZSWAP_WB_INTERNAL_H */
