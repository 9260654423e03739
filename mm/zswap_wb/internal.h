/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proactive zswap writeback: what the files of this directory share.
 *
 * Arrows point one way:
 *
 *   sysfs.c, debugfs.c -> core.c -> gather.c, survey.c
 *   -> { command.c, age.c, select.c, scope.c, writeback.c } -> glue.c
 *   -> mm/zswap.c
 *
 * and, for what is counted and remembered, whoever reports it:
 *
 *   the above, and the hooks in mm/zswap.c
 *   -> { refault.c, census.c } -> { wheel.c, buckets.c, stats.c } -> age.c
 *
 * command.c, age.c, wheel.c and select.c are pure: they know neither zswap nor
 * memcg, get the time as an argument, and run under KUnit on User-mode Linux.
 *
 * Lock order, outermost first:
 *
 *   kernfs active reference of the file that was written
 *   zswap_wb_answer.lock			(debugfs.c, of one open file)
 *     zswap_wb_dirs_lock, zswap_wb_debugfs_lock
 *					(memory hotplug, never held by a command)
 *     zswap_wb_buckets_lock		(new edges, never held by a command)
 *     folio lock, of the folios of one batch (writeback.c)
 *       zswap_wb_chunk.lock		(refault.c)
 *       zswap tree xa_lock		(mm/zswap.c, erase)
 *       list_lru_one.lock		(mm/zswap.c, free)
 *       zswap_wb_log.lock		(census.c, store and free)
 *         zswap_wb_census.lock
 *       lruvec lock			(isolate)
 *       swap cluster lock		(remove_mapping)
 *         zswap_wb_chunk.lock, zswap_wb_log.lock, list_lru_one.lock,
 *         zswap tree xa_lock		(a slot is freed)
 *     RCU read side, for the walk over cgroups and the lock of one list
 *       list_lru_one.lock		(glue.c, at most
 *					 ZSWAP_WB_SCAN_MAX entries)
 *
 * Commands share no lock of ours but those of a chunk, a log and a census, which
 * stores, loads and frees take, too. All three may be taken with interrupts
 * disabled, because the last slot of a folio is freed like that, but never in an
 * interrupt. A census is held for as long as it takes to look at its slots.
 *
 * A folio lock is only ever taken on a folio that this command has put into
 * the swap cache itself, and a command that waits for one holds no other.
 */
#ifndef _MM_ZSWAP_WB_INTERNAL_H
#define _MM_ZSWAP_WB_INTERNAL_H

#include <linux/bits.h>
#include <linux/folio_batch.h>
#include <linux/limits.h>
#include <linux/nodemask.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/swap.h>
#include <linux/types.h>

struct folio;
struct mem_cgroup;
struct swap_io_ctx;
struct zswap_entry;

/* ---- command.c: text -> struct zswap_wb_command ---- */

/**
 * enum zswap_wb_type - which entries a command wants by the way they are stored
 * @ZSWAP_WB_TYPE_ALL:			all of them
 * @ZSWAP_WB_TYPE_INCOMPRESSIBLE:	only those stored at full page size
 */
enum zswap_wb_type {
	ZSWAP_WB_TYPE_ALL,
	ZSWAP_WB_TYPE_INCOMPRESSIBLE,
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

#define ZSWAP_WB_KEYS_ALL		GENMASK(8, 0)

/* Keys whose meaning may still change, for debugfs only */
#define ZSWAP_WB_KEYS_DEBUGFS		\
	(ZSWAP_WB_KEY_BUCKET | ZSWAP_WB_KEY_DRY_RUN)

/* Keys that say what to write; the others only say where */
#define ZSWAP_WB_KEYS_WHAT						\
	(ZSWAP_WB_KEY_AGE | ZSWAP_WB_KEY_MAX | ZSWAP_WB_KEY_MAX_COMPRESSED | \
	 ZSWAP_WB_KEY_TYPE | ZSWAP_WB_KEY_BUCKET)

/* Value of a bucket that was not given: the coldest one that there is */
#define ZSWAP_WB_BUCKET_COLDEST		UINT_MAX

/* Value of a limit that was not given */
#define ZSWAP_WB_NO_LIMIT		U64_MAX

/**
 * struct zswap_wb_command - a command, parsed and complete
 * @keys:		the keys that were given, ZSWAP_WB_KEY_*
 * @age:		seconds that an entry must have been in zswap; 0: any
 * @bucket_min:		warmest age bucket, if ZSWAP_WB_KEY_BUCKET was given
 * @bucket_max:		coldest age bucket, or ZSWAP_WB_BUCKET_COLDEST
 * @max_pages:		most pages to write, or ZSWAP_WB_NO_LIMIT
 * @max_compressed:	compressed bytes after which to stop, or
 *			ZSWAP_WB_NO_LIMIT
 * @cgroup_id:		id of the cgroup, if ZSWAP_WB_KEY_CGROUP was given
 * @descend:		with a cgroup: its descendants, too
 * @type:		which entries by the way they are stored
 * @dry_run:		count what would be written, but write nothing
 * @report:		set by a front end that tells what is left: find that out
 * @nodes:		NUMA nodes of the LRU lists to look at
 */
struct zswap_wb_command {
	unsigned long		keys;
	u64			age;
	unsigned int		bucket_min;
	unsigned int		bucket_max;
	u64			max_pages;
	u64			max_compressed;
	u64			cgroup_id;
	bool			descend;
	enum zswap_wb_type	type;
	bool			dry_run;
	bool			report;
	nodemask_t		nodes;
};

int zswap_wb_command_parse(const char *text, size_t len, unsigned long allowed,
			   struct zswap_wb_command *cmd);

/* ---- age.c: age clock, buckets, histogram ---- */

#define ZSWAP_WB_BUCKETS_MAX	16

/* More than this, and an age can't be told from a stamp ahead of time */
#define ZSWAP_WB_AGE_MAX	S32_MAX

/**
 * struct zswap_wb_edges - where age buckets begin
 * @nr:		number of buckets
 * @min:	lowest age of each in seconds, increasing from 0
 */
struct zswap_wb_edges {
	unsigned int	nr;
	u32		min[ZSWAP_WB_BUCKETS_MAX];
};

/**
 * struct zswap_wb_count - an amount of entries
 * @pages:		their number
 * @bytes:		their compressed size
 * @incompressible:	how many of them are stored at full page size
 *
 * Signed, because a part of a sum may be below zero.
 */
struct zswap_wb_count {
	s64	pages;
	s64	bytes;
	s64	incompressible;
};

/**
 * zswap_wb_count_add() - add an amount to another
 * @sum:	the sum
 * @count:	what to add
 */
static inline void zswap_wb_count_add(struct zswap_wb_count *sum,
				      const struct zswap_wb_count *count)
{
	sum->pages += count->pages;
	sum->bytes += count->bytes;
	sum->incompressible += count->incompressible;
}

/**
 * struct zswap_wb_histogram - entries by age bucket
 * @bucket:	entries in each bucket
 * @coldest:	highest age, -1 if there are no entries
 */
struct zswap_wb_histogram {
	struct zswap_wb_count	bucket[ZSWAP_WB_BUCKETS_MAX];
	s64			coldest;
};

extern const struct zswap_wb_edges zswap_wb_age_edges_default;

u32 zswap_wb_age_stamp(u64 now);
u64 zswap_wb_age_of(u32 stamp, u64 now);
bool zswap_wb_age_later(u32 stamp, u64 now);
int zswap_wb_age_edges_parse(char *text, struct zswap_wb_edges *edges);
unsigned int zswap_wb_age_bucket(const struct zswap_wb_edges *edges, u64 age);
u64 zswap_wb_age_bucket_max(const struct zswap_wb_edges *edges,
			    unsigned int bucket);
void zswap_wb_age_histogram_init(struct zswap_wb_histogram *hist);
void zswap_wb_age_histogram_add(struct zswap_wb_histogram *hist,
				const struct zswap_wb_edges *edges, u64 age,
				const struct zswap_wb_count *count);

/* ---- wheel.c: entries by age, without looking at them ---- */

/*
 * Slots of one second each for the youngest, and on each further level half as
 * many of twice the length: an age of 2^31 s is within reach of level 24.
 */
#define ZSWAP_WB_WHEEL_NEAR	128
#define ZSWAP_WB_WHEEL_FAR	(ZSWAP_WB_WHEEL_NEAR / 2)
#define ZSWAP_WB_WHEEL_LEVELS	25
#define ZSWAP_WB_WHEEL_SLOTS						\
	(ZSWAP_WB_WHEEL_NEAR +						\
	 ZSWAP_WB_WHEEL_FAR * (ZSWAP_WB_WHEEL_LEVELS - 1))

/**
 * enum zswap_wb_bound - what to make of an age that is not known to the second
 * @ZSWAP_WB_BOUND_YOUNGEST:	it is the least that it can be
 * @ZSWAP_WB_BOUND_OLDEST:	it is the most that it can be
 */
enum zswap_wb_bound {
	ZSWAP_WB_BOUND_YOUNGEST,
	ZSWAP_WB_BOUND_OLDEST,
};

/**
 * struct zswap_wb_wheel - amounts of entries by the time of their store
 * @tick:	the latest stamp that was seen
 * @slot:	amounts, see wheel.c
 */
struct zswap_wb_wheel {
	u64			tick;
	struct zswap_wb_count	slot[ZSWAP_WB_WHEEL_SLOTS];
};

void zswap_wb_wheel_add(struct zswap_wb_wheel *wheel, u32 stamp,
			const struct zswap_wb_count *count);
void zswap_wb_wheel_read(const struct zswap_wb_wheel *wheel, u64 now,
			 const struct zswap_wb_edges *edges,
			 enum zswap_wb_bound bound,
			 struct zswap_wb_histogram *hist);
void zswap_wb_wheel_older(const struct zswap_wb_wheel *wheel, u64 now, u64 age,
			  struct zswap_wb_count *sum);

/* ---- census.c: how many entries there are on each node, by age ---- */

struct zswap_wb_census;

struct zswap_wb_census *zswap_wb_census_alloc(int nid);
void zswap_wb_census_free(struct zswap_wb_census *census);
void zswap_wb_census_note(struct zswap_wb_census *census, u32 stamp,
			  int pages, unsigned int length);
void zswap_wb_census_read(struct zswap_wb_census *census, u64 now,
			  const struct zswap_wb_edges *edges,
			  enum zswap_wb_bound bound,
			  struct zswap_wb_histogram *hist);
int zswap_wb_census_init(void);
int zswap_wb_census_older(int nid, u64 now, u64 age,
			  struct zswap_wb_count *count);
void zswap_wb_census_count(int nid, u32 stamp, int pages, unsigned int length);
int zswap_wb_census_histogram(const nodemask_t *nodes, u64 now,
			      const struct zswap_wb_edges *edges,
			      enum zswap_wb_bound bound,
			      struct zswap_wb_histogram *hist);

/* ---- buckets.c: the buckets in force, and what came of them ---- */

/**
 * enum zswap_wb_fate - what becomes of pages that commands write
 * @ZSWAP_WB_FATE_WRITTEN:	written to the swap device
 * @ZSWAP_WB_FATE_REFAULTED:	read back from there
 * @ZSWAP_WB_FATE_DROPPED:	no longer needed, and never read back
 * @ZSWAP_WB_NR_FATES:		their number
 */
enum zswap_wb_fate {
	ZSWAP_WB_FATE_WRITTEN,
	ZSWAP_WB_FATE_REFAULTED,
	ZSWAP_WB_FATE_DROPPED,
	ZSWAP_WB_NR_FATES,
};

/**
 * struct zswap_wb_columns - pages of each bucket by their fate
 * @fate:	pages
 */
struct zswap_wb_columns {
	u64	fate[ZSWAP_WB_BUCKETS_MAX][ZSWAP_WB_NR_FATES];
};

#define ZSWAP_WB_GENERATION_BITS	18

/**
 * struct zswap_wb_kind - what is remembered of a page that a command has written
 * @generation:	of the buckets that @bucket is one of
 * @nid:	node of the list that its entry was on
 * @bucket:	bucket that it was in
 */
struct zswap_wb_kind {
	u32	generation:ZSWAP_WB_GENERATION_BITS;
	u32	nid:10;
	u32	bucket:4;
};

int zswap_wb_buckets_init(void);
u32 zswap_wb_buckets_get(struct zswap_wb_edges *edges);
int zswap_wb_buckets_set(const struct zswap_wb_edges *edges);
bool zswap_wb_buckets_count(const struct zswap_wb_kind *kind,
			    enum zswap_wb_fate fate);
void zswap_wb_buckets_read(int nid, struct zswap_wb_edges *edges,
			   struct zswap_wb_columns *columns);

/* ---- refault.c: what became of the pages that were written ---- */

#define ZSWAP_WB_CHUNK_SLOTS	512
#define ZSWAP_WB_MARK_BITS	3
#define ZSWAP_WB_MARK_KINDS	(BIT(ZSWAP_WB_MARK_BITS) - 1)

/**
 * struct zswap_wb_chunk - marks of neighbouring slots
 * @plane:	one bit of the mark of each slot, 0 for no mark
 * @kind:	what the marks from 1 on stand for
 * @used:	how many slots have them
 * @lock:	protects all of it
 */
struct zswap_wb_chunk {
	DECLARE_BITMAP(plane[ZSWAP_WB_MARK_BITS], ZSWAP_WB_CHUNK_SLOTS);
	struct zswap_wb_kind	kind[ZSWAP_WB_MARK_KINDS];
	u16			used[ZSWAP_WB_MARK_KINDS];
	spinlock_t		lock;	/* protects all of it */
};

void zswap_wb_chunk_set(struct zswap_wb_chunk *chunk, unsigned int slot,
			const struct zswap_wb_kind *kind);
bool zswap_wb_chunk_clear(struct zswap_wb_chunk *chunk, unsigned int slot,
			  struct zswap_wb_kind *kind);
int zswap_wb_refault_init(void);
int zswap_wb_refault_prepare(swp_entry_t slot, bool may_reclaim);
void zswap_wb_refault_mark(swp_entry_t slot, const struct zswap_wb_kind *kind);
void zswap_wb_refault_unmark(swp_entry_t slot);

/* ---- select.c: who is eligible, and in what order ---- */

/**
 * struct zswap_wb_filter - what one pass over the lists looks for
 * @min_age:	youngest age that the command asks for, in seconds
 * @floor:	youngest age to select in this pass, not less than @min_age
 * @max_age:	first age that is too old, or U64_MAX; older entries belong to
 *		another pass of the same command
 * @now:	the time when the command started, in seconds since boot. All
 *		passes of a command use the same, so that no entry changes its
 *		bucket, none grows old enough on the way, and what is stored
 *		in a later second is left alone.
 * @type:	which entries by the way they are stored
 */
struct zswap_wb_filter {
	u64			min_age;
	u64			floor;
	u64			max_age;
	u64			now;
	enum zswap_wb_type	type;
};

/**
 * enum zswap_wb_verdict - what selection says of an entry
 * @ZSWAP_WB_OUTSIDE:	not for this pass, and not counted by it
 * @ZSWAP_WB_YOUNG:	younger than the command asks for
 * @ZSWAP_WB_LATER:	old enough, but another pass comes first
 * @ZSWAP_WB_ELIGIBLE:	may be written
 */
enum zswap_wb_verdict {
	ZSWAP_WB_OUTSIDE,
	ZSWAP_WB_YOUNG,
	ZSWAP_WB_LATER,
	ZSWAP_WB_ELIGIBLE,
};

/**
 * struct zswap_wb_budget - what may still be written
 * @pages:	pages left, or S64_MAX
 * @bytes:	compressed bytes left, or S64_MAX; goes below zero by less than
 *		one entry
 */
struct zswap_wb_budget {
	s64	pages;
	s64	bytes;
};

enum zswap_wb_verdict zswap_wb_select(const struct zswap_wb_filter *filter,
				      u64 age, bool incompressible);
void zswap_wb_budget_init(struct zswap_wb_budget *budget, u64 max_pages,
			  u64 max_compressed);
bool zswap_wb_budget_limited(const struct zswap_wb_budget *budget);
bool zswap_wb_budget_empty(const struct zswap_wb_budget *budget);
void zswap_wb_budget_take(struct zswap_wb_budget *budget, u32 length);
void zswap_wb_budget_refund(struct zswap_wb_budget *budget, u32 length);
void zswap_wb_budget_charge(struct zswap_wb_budget *budget, u64 pages,
			    u64 bytes);
unsigned int zswap_wb_select_fitting(const struct zswap_wb_histogram *hist,
				     unsigned int nr,
				     const struct zswap_wb_budget *budget);
void zswap_wb_select_share(struct zswap_wb_budget *left, u64 part, u64 *rest,
			   struct zswap_wb_budget *share);

/* ---- stats.c: counters ---- */

/**
 * enum zswap_wb_outcome - what became of an entry that a command came to
 * @ZSWAP_WB_WRITTEN:		is on the swap device
 * @ZSWAP_WB_SKIPPED_YOUNG:	not in zswap for long enough
 * @ZSWAP_WB_SKIPPED_BUSY:	in the swap cache already
 * @ZSWAP_WB_SKIPPED_PROTECTED:	its cgroup forbids writeback
 * @ZSWAP_WB_SKIPPED_GONE:	freed between selection and writeback
 * @ZSWAP_WB_FAILED:		no memory, decompression error or write error
 * @ZSWAP_WB_NR_OUTCOMES:	their number
 *
 * `scanned` is their sum. An entry has one outcome; under a limit it can be found
 * busy, gone or failed up to three times, see core.c. What is known to be too
 * young has one without being looked at.
 */
enum zswap_wb_outcome {
	ZSWAP_WB_WRITTEN,
	ZSWAP_WB_SKIPPED_YOUNG,
	ZSWAP_WB_SKIPPED_BUSY,
	ZSWAP_WB_SKIPPED_PROTECTED,
	ZSWAP_WB_SKIPPED_GONE,
	ZSWAP_WB_FAILED,
	ZSWAP_WB_NR_OUTCOMES,
};

/**
 * enum zswap_wb_counter - what is counted for each node since boot
 * @ZSWAP_WB_RELEASED_BYTES:	compressed bytes that left the pool
 * @ZSWAP_WB_REFAULTED:		written pages that were read back
 * @ZSWAP_WB_DROPPED:		written pages that no longer can be
 * @ZSWAP_WB_NR_COUNTERS:	their number, with the outcomes in front of them
 *
 * An enum zswap_wb_outcome is a counter as well.
 */
enum zswap_wb_counter {
	ZSWAP_WB_RELEASED_BYTES = ZSWAP_WB_NR_OUTCOMES,
	ZSWAP_WB_REFAULTED,
	ZSWAP_WB_DROPPED,
	ZSWAP_WB_NR_COUNTERS,
};

/**
 * struct zswap_wb_result - what a command did, or would do
 * @outcome:		entries by outcome
 * @released_bytes:	compressed bytes that left the pool
 * @looked:		how often it has looked at an entry in a list, but for the
 *			search for @coldest_left
 * @coldest_left:	age in seconds of the coldest eligible entry that is
 *			left, -1 if there is none or nobody wants to know
 * @dry_run:		it only counted: leave the counters alone
 */
struct zswap_wb_result {
	u64	outcome[ZSWAP_WB_NR_OUTCOMES];
	u64	released_bytes;
	u64	looked;
	s64	coldest_left;
	bool	dry_run;
};

int zswap_wb_stats_init(void);
void zswap_wb_stats_command(void);
void zswap_wb_stats_add(struct zswap_wb_result *res, int nid,
			enum zswap_wb_outcome outcome, u64 nr);
void zswap_wb_stats_released(struct zswap_wb_result *res, int nid, u64 bytes);
u64 zswap_wb_stats_commands(void);
void zswap_wb_stats_count(int nid, unsigned int counter, u64 nr);
u64 zswap_wb_stats_read(int nid, unsigned int counter);
u64 zswap_wb_stats_scanned(int nid);
u64 zswap_wb_result_scanned(const struct zswap_wb_result *res);
void zswap_wb_result_add(struct zswap_wb_result *sum,
			 const struct zswap_wb_result *res);

/* ---- scope.c: the cgroups that a command covers ---- */

/**
 * struct zswap_wb_scope - the cgroups that a command covers
 * @root:	topmost cgroup, with a reference; %NULL if there are no lists
 *		per cgroup, and all entries are on one list per node
 * @descend:	its descendants are covered, too
 */
struct zswap_wb_scope {
	struct mem_cgroup	*root;
	bool			descend;
};

/**
 * struct zswap_wb_scope_walk - a place among the cgroups of a scope
 * @scope:	the scope
 * @nid:	node of the entries, or NUMA_NO_NODE to visit all that have lists
 * @level:	level of the cgroups that are visited
 * @below:	highest level seen that is below that
 * @index:	where to go on
 */
struct zswap_wb_scope_walk {
	const struct zswap_wb_scope	*scope;
	int				nid;
	int				level;
	int				below;
	unsigned long			index;
};

int zswap_wb_scope_open(struct zswap_wb_scope *scope,
			const struct zswap_wb_command *cmd);
void zswap_wb_scope_close(struct zswap_wb_scope *scope);
void zswap_wb_scope_begin(struct zswap_wb_scope_walk *walk,
			  const struct zswap_wb_scope *scope, int nid);
struct mem_cgroup *zswap_wb_scope_next(struct zswap_wb_scope_walk *walk);
void zswap_wb_scope_put(struct mem_cgroup *memcg);
struct mem_cgroup *zswap_wb_scope_list(struct mem_cgroup *memcg);
bool zswap_wb_scope_dying(struct mem_cgroup *memcg);
const struct obj_cgroup *zswap_wb_scope_objcg(struct mem_cgroup *memcg,
					      int nid);
bool zswap_wb_scope_protected(struct mem_cgroup *memcg);
u64 zswap_wb_scope_id(struct mem_cgroup *memcg);
void zswap_wb_scope_path(struct mem_cgroup *memcg, char *buf, size_t size);

/* ---- glue.c: all that must see struct zswap_entry ---- */

/* Most entries to look at under one hold of an LRU lock */
#define ZSWAP_WB_SCAN_MAX	32

/* Seconds by which an entry can be older than one in front of it, see glue.c */
#define ZSWAP_WB_ORDER_SLACK	2

/**
 * struct zswap_wb_facts - what a list tells of an entry under its lock
 * @entry:	a token once the lock is gone: zswap_wb_entry_prepare() compares
 *		it, nobody else may follow it
 * @slot:	the entry's swap slot
 * @length:	compressed size in bytes
 * @stamp:	when it was stored, see zswap_wb_age_stamp()
 * @in_order:	what is behind it is older by ZSWAP_WB_ORDER_SLACK at most
 */
struct zswap_wb_facts {
	struct zswap_entry	*entry;
	swp_entry_t		slot;
	u32			length:31;
	u32			in_order:1;
	u32			stamp;
};

/**
 * zswap_wb_facts_count() - an entry as an amount
 * @facts:	the entry
 *
 * Return: one page, and its size
 */
static inline struct zswap_wb_count
zswap_wb_facts_count(const struct zswap_wb_facts *facts)
{
	return (struct zswap_wb_count) {
		.pages		= 1,
		.bytes		= facts->length,
		.incompressible	= facts->length == PAGE_SIZE,
	};
}

/**
 * enum zswap_wb_visit - what a scan has to do after an entry
 * @ZSWAP_WB_VISIT_NEXT:	go on
 * @ZSWAP_WB_VISIT_AGAIN:	end, and let the next scan begin with this entry
 * @ZSWAP_WB_VISIT_LAST:	end the walk
 */
enum zswap_wb_visit {
	ZSWAP_WB_VISIT_NEXT,
	ZSWAP_WB_VISIT_AGAIN,
	ZSWAP_WB_VISIT_LAST,
};

/**
 * typedef zswap_wb_visit_t - called for each entry of a scan
 * @facts:	the entry
 * @arg:	whatever the caller of the scan handed in
 *
 * Context: the list's LRU lock is held: must not sleep.
 * Return: how to go on
 */
typedef enum zswap_wb_visit (*zswap_wb_visit_t)(const struct zswap_wb_facts *facts,
						void *arg);

/**
 * struct zswap_wb_cursor - a place in one LRU list
 * @mark:	stands in the list before the entry to look at next
 * @memcg:	cgroup of the list, with a reference held by the caller
 * @nid:	node of the list
 * @left:	entries to look at before the walk is over; when it is, entries
 *		that it has not looked at
 */
struct zswap_wb_cursor {
	struct zswap_entry	*mark;
	struct mem_cgroup	*memcg;
	int			nid;
	unsigned long		left;
};

struct zswap_entry *zswap_wb_marks_alloc(unsigned int nr);
struct zswap_entry *zswap_wb_marks_get(struct zswap_entry *marks,
				       unsigned int i);
void zswap_wb_marks_free(struct zswap_entry *marks);
unsigned long zswap_wb_list_size(struct mem_cgroup *memcg, int nid);
bool zswap_wb_list_next(unsigned long *index, int nid, bool *empty);
void zswap_wb_cursor_open(struct zswap_wb_cursor *cursor,
			  struct zswap_entry *mark, struct mem_cgroup *memcg,
			  int nid);
bool zswap_wb_cursor_scan(struct zswap_wb_cursor *cursor,
			  zswap_wb_visit_t visit, void *arg);
void zswap_wb_cursor_close(struct zswap_wb_cursor *cursor);
struct folio *zswap_wb_entry_prepare(const struct zswap_wb_facts *facts,
				     bool may_reclaim);
struct mem_cgroup *zswap_wb_entry_memcg(struct zswap_entry *entry,
					struct folio *folio);
void zswap_wb_entry_abort(struct folio *folio);
bool zswap_wb_entry_restore(struct folio *folio);
void zswap_wb_entry_commit(struct zswap_entry *entry, struct folio *folio,
			   struct swap_io_ctx *ctx);

/* ---- survey.c: the entries of one list, by age ---- */

int zswap_wb_survey(struct mem_cgroup *memcg, int nid, u64 now,
		    const struct zswap_wb_edges *edges,
		    struct zswap_entry *mark,
		    struct zswap_wb_histogram *hist);

/* ---- writeback.c: selected entries on their way to the swap device ---- */

/*
 * Entries that are selected before the first of them is written, so that they
 * can be sorted by swap slot. Pages that were swapped out one after the other have
 * neighbouring slots, but are in the lists of their cgroups: the more, the more
 * of the neighbours meet again. It costs some 40 bytes for each.
 */
#define ZSWAP_WB_WINDOW_MAX	2048

/*
 * Entries that are written together: 2 MiB of memory, and twice that for the
 * time that one batch is being written and the next one is prepared; the cgroups
 * are charged for it. Block requests take 128 to 254 pages of 4 KiB, and each
 * batch ends with one that may not be full.
 */
#define ZSWAP_WB_BATCH_MAX	(SZ_2M / PAGE_SIZE)

/* Twice what a task can leave in an LRU batch by moving to another CPU */
#define ZSWAP_WB_STRAGGLERS_MAX	(2 * FOLIO_BATCH_SIZE)

/**
 * struct zswap_wb_item - a selected entry
 * @facts:	what the list told of it
 * @kind:	its node and bucket
 * @folio:	its folio in the swap cache, from preparation to completion
 */
struct zswap_wb_item {
	struct zswap_wb_facts	facts;
	struct zswap_wb_kind	kind;
	struct folio		*folio;
};

/**
 * struct zswap_wb_batch - entries that are written together
 * @taken:	entries that it was made of
 * @nr:		those of them that could be prepared
 * @item:	these
 * @res:	what has become of the entries so far
 */
struct zswap_wb_batch {
	unsigned int		taken;
	unsigned int		nr;
	struct zswap_wb_item	*item;
	struct zswap_wb_result	res;
};

/**
 * struct zswap_wb_window - entries that were selected, and those being written
 * @cmd:		the command
 * @task:		who gave it: a signal for that task ends it
 * @budget:		was charged for each entry; gets back what is not written
 * @res:		counts what becomes of the entries
 * @flight:		the batch that is being written
 * @landed:		room for the items of @flight
 * @nr_stragglers:	folios in use in @straggler
 * @straggler:		written folios that were still in the LRU batch of
 *			another CPU when they should have left the swap cache;
 *			each with a reference
 * @err:		-EIO once there was no place but memory for the page of
 *			a failed write
 * @max:		room for selected entries
 * @nr:			selected entries
 * @item:		these
 */
struct zswap_wb_window {
	const struct zswap_wb_command	*cmd;
	struct task_struct		*task;
	struct zswap_wb_budget		*budget;
	struct zswap_wb_result		*res;
	struct zswap_wb_batch		flight;
	struct zswap_wb_item		landed[ZSWAP_WB_BATCH_MAX];
	unsigned int			nr_stragglers;
	struct folio			*straggler[ZSWAP_WB_STRAGGLERS_MAX];
	int				err;
	unsigned int			max;
	unsigned int			nr;
	struct zswap_wb_item		item[];
};

struct zswap_wb_window *zswap_wb_window_alloc(unsigned int max);
void zswap_wb_window_free(struct zswap_wb_window *window);
void zswap_wb_window_add(struct zswap_wb_window *window,
			 const struct zswap_wb_facts *facts,
			 const struct zswap_wb_kind *kind);
int zswap_wb_window_write(struct zswap_wb_window *window);
int zswap_wb_window_land(struct zswap_wb_window *window);
void zswap_wb_window_settle(struct zswap_wb_window *window);

/* ---- gather.c: what a command takes from the lists of one node ---- */

/* Lists that entries are drawn from at the same time */
#define ZSWAP_WB_LANES		16

/**
 * struct zswap_wb_plan - what a command wants, as all of its nodes need it
 * @cmd:	the command
 * @task:	who gave it
 * @scope:	its cgroups
 * @edges:	the edges in force when it started
 * @generation:	their generation
 * @filter:	what the pass at hand looks for
 * @shared:	each list gives its share only; what is skipped is not counted
 */
struct zswap_wb_plan {
	const struct zswap_wb_command	*cmd;
	struct task_struct		*task;
	struct zswap_wb_scope		scope;
	struct zswap_wb_edges		edges;
	u32				generation;
	struct zswap_wb_filter		filter;
	bool				shared;
};

struct zswap_wb_gather;

struct zswap_wb_gather *zswap_wb_gather_open(const struct zswap_wb_plan *plan,
					     int nid, u64 max_pages);
void zswap_wb_gather_close(struct zswap_wb_gather *gather,
			   struct zswap_wb_result *res);
void zswap_wb_gather_start(struct zswap_wb_gather *gather,
			   const struct zswap_wb_budget *budget, bool elsewhere);
int zswap_wb_gather_wait(struct zswap_wb_gather *gather,
			 struct zswap_wb_budget *budget, s64 *later);
int zswap_wb_gather_weight(struct zswap_wb_gather *gather, u64 *weight,
			   unsigned int *nr_lists);
int zswap_wb_gather_dry_begin(struct zswap_wb_gather *gather);
void zswap_wb_gather_dry_end(struct zswap_wb_gather *gather);
int zswap_wb_gather_coldest(struct zswap_wb_gather *gather, s64 *coldest);
int zswap_wb_gather_skip(const struct zswap_wb_plan *plan, int nid,
			 struct zswap_wb_result *res);

/* ---- core.c: one command's life ---- */

bool zswap_wb_armed(void);
int zswap_wb_init(void);
int zswap_wb_run(const struct zswap_wb_command *cmd,
		 struct zswap_wb_result *res);

#endif /* _MM_ZSWAP_WB_INTERNAL_H */
