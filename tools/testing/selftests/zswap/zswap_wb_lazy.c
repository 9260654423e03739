// SPDX-License-Identifier: GPL-2.0
/*
 * What a command looks at: where lists are in order, hardly more than it writes;
 * where they are not, all that it takes to find what is old.
 *
 * Pages are stored in three rounds, seconds apart, once for all tests: each goes
 * over a family of cgroups of its own.  As ages grow from test to test, a test
 * sets the ages that it asks for, and the edges of buckets, by the clock.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

/*
 * Seconds between two rounds, and what comes on top of it in zwb_wait_age(): more
 * than twice the kernel's ZSWAP_WB_ORDER_SLACK, so that an age can be chosen
 * between two rounds that is further than that from the younger one.
 */
#define GAP			6

#define LISTS			4
/* of each round in each list, of the cold ones on average */
#define PART_OTHERS		60
/* a scan ends with the last of them: it sees nothing of what follows */
#define PART_COLD		64
#define PART_WARM		50
#define PAGES			100
/* how many warm ones are written when all cold ones are: less than a list has */
#define SOME_WARM		50
/* looks that a list may cost in each bucket on top of the pages that it gives */
#define LOOKS			5

/* more than a block request, the warm ones more than the cold ones */
#define UNEVEN_COLD		200
#define UNEVEN_WARM		250

/* the oldest come first */
enum round {
	COLD,
	WARM,
	FRESH,
	NR_ROUNDS,
};

/**
 * struct family - cgroups whose lists have entries of all rounds
 * @name: of the top cgroup
 * @content: of all pages
 * @top: the cgroup that is the scope; it has no entries of its own
 * @cgroup: its children
 * @load: of each round in each list; list I is that of cgroup I / 2 on node I % 2
 */
struct family {
	const char *name;
	enum zwb_content content;
	const char *top;
	const char *cgroup[LISTS / 2];
	struct zwb_load *load[NR_ROUNDS][LISTS];
};

static struct family in_order = { .name = "order" };
static struct family rotated = { .name = "rotated" };
static struct family settled = { .name = "settled" };
static struct family buckets = { .name = "buckets" };
static struct family rotated_buckets = { .name = "rbuckets" };
static struct family by_bytes = { .name = "bytes", .content = ZWB_NOISE };

static struct family * const families[] = {
	&in_order, &rotated, &settled, &buckets, &rotated_buckets, &by_bytes,
};

/**
 * struct heir - a cgroup that gets the entries of its children
 * @cgroup: the cgroup
 * @old_child: a child with COLD entries, if any
 * @young_child: a child with FRESH entries, if any
 * @cold: the cgroup's own entries of that round, if any
 * @fresh: likewise
 * @from_old: those of @old_child
 * @from_young: those of @young_child
 */
struct heir {
	const char *cgroup;
	const char *old_child;
	const char *young_child;
	struct zwb_load *cold;
	struct zwb_load *fresh;
	struct zwb_load *from_old;
	struct zwb_load *from_young;
};

static struct heir heir_of_both, heir_of_old;

/**
 * struct uneven - entries of one cgroup that are of other ages on each node
 * @cgroup: the cgroup
 * @cold: all of the first node
 * @warm: on the second node, behind @fresh
 * @fresh: on the second node
 */
struct uneven {
	const char *cgroup;
	struct zwb_load *cold;
	struct zwb_load *warm;
	struct zwb_load *fresh;
};

static struct uneven uneven;

static int node[2];

/*
 * LISTS * PAGES in all.  Some lists have more cold entries than their part of a limit
 * and others less, so that it shows when cold and warm ones are taken for the same.
 */
static const long long cold_pages[LISTS] = { 10, 190, 50, 150 };

/* --- the setup --- */

static bool family_cgroups(struct family *family)
{
	family->top = zwb_cgroup(NULL, family->name);
	family->cgroup[0] = family->top ? zwb_cgroup(family->top, "a") : NULL;
	family->cgroup[1] = family->cgroup[0] ? zwb_cgroup(family->top, "b") : NULL;
	return family->cgroup[1];
}

static bool family_store(struct family *family, enum round round)
{
	int i;

	for (i = 0; i < LISTS; i++) {
		family->load[round][i] = zwb_load(family->cgroup[i / 2], node[i % 2],
						  round == COLD ? cold_pages[i] : PAGES,
						  family->content);
		if (!family->load[round][i])
			return false;
	}
	return true;
}

/* Let the shrinker move the first entries of a list to its end. */
static bool family_rotate(struct family *family, int list, long long entries)
{
	return zwb_shrinker_scan(family->cgroup[list / 2], node[list % 2], entries);
}

static bool heir_cgroup(struct heir *heir, const char *name, bool cold)
{
	heir->cgroup = zwb_cgroup(NULL, name);
	if (!heir->cgroup)
		return false;
	/* a cgroup with children has no process, but it may have pages of its own */
	heir->fresh = zwb_load_resident(heir->cgroup, PAGES, false);
	if (!heir->fresh || !zwb_load_move(heir->fresh, zwb_cgroup_root()))
		return false;
	if (!cold)
		return true;
	heir->cold = zwb_load(heir->cgroup, ZWB_ANY_NODE, PAGES, ZWB_TEXT);
	return heir->cold && zwb_load_move(heir->cold, zwb_cgroup_root());
}

static struct zwb_load *heir_child(struct heir *heir, const char *name, const char **child)
{
	struct zwb_load *load;

	*child = zwb_cgroup(heir->cgroup, name);
	load = *child ? zwb_load(*child, ZWB_ANY_NODE, PAGES, ZWB_TEXT) : NULL;
	return load && zwb_load_move(load, zwb_cgroup_root()) ? load : NULL;
}

static bool heirs_store(enum round round)
{
	switch (round) {
	case COLD:
		if (!heir_cgroup(&heir_of_both, "both", true) ||
		    !heir_cgroup(&heir_of_old, "old", false))
			return false;
		heir_of_both.from_old = heir_child(&heir_of_both, "old", &heir_of_both.old_child);
		heir_of_old.from_old = heir_child(&heir_of_old, "old", &heir_of_old.old_child);
		return heir_of_both.from_old && heir_of_old.from_old;
	case FRESH:
		heir_of_both.from_young = heir_child(&heir_of_both, "young",
						     &heir_of_both.young_child);
		return heir_of_both.from_young && zwb_load_pageout(heir_of_both.fresh) &&
		       zwb_load_pageout(heir_of_old.fresh);
	default:
		return true;
	}
}

static bool uneven_store(enum round round)
{
	switch (round) {
	case COLD:
		uneven.cgroup = zwb_cgroup(NULL, "uneven");
		if (uneven.cgroup)
			uneven.cold = zwb_load(uneven.cgroup, node[0], UNEVEN_COLD, ZWB_TEXT);
		return uneven.cold;
	case WARM:
		uneven.warm = zwb_load(uneven.cgroup, node[1], UNEVEN_WARM, ZWB_TEXT);
		return uneven.warm;
	default:
		uneven.fresh = zwb_load(uneven.cgroup, node[1], PAGES, ZWB_TEXT);
		return uneven.fresh && zwb_shrinker_scan(uneven.cgroup, node[1], UNEVEN_WARM);
	}
}

static bool store(enum round round)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if (!family_store(families[i], round))
			return false;
	}
	return heirs_store(round) && uneven_store(round);
}

static void setup(void)
{
	const struct zwb_load *last = NULL;
	enum round round;
	size_t i;

	if (!zwb_need_watch() || !zwb_need_tables() || !zwb_need_shrinker_debugfs() ||
	    !zwb_need_two_nodes(&node[0], &node[1]))
		return;
	for (i = 0; i < ARRAY_SIZE(families); i++) {
		if (!family_cgroups(families[i]))
			return;
	}
	ksft_print_msg("letting pages grow old for %d s\n", 2 * (GAP + 1));
	for (round = COLD; round < NR_ROUNDS; round++) {
		if (last)
			zwb_wait_age(last, GAP);
		if (!store(round))
			return;
		last = families[ARRAY_SIZE(families) - 1]->load[round][LISTS - 1];
		for (i = 0; round == WARM && i < LISTS; i++) {
			if (!family_rotate(&settled, i, cold_pages[i]))
				return;
		}
	}
}

/* --- ages --- */

/* An age that all pages of a load have; the clock by which ages go may be a tick behind. */
static int age_of(const struct zwb_load *load)
{
	return (zwb_now() - load->last_ns) / ZWB_NS_PER_SEC - 1;
}

/* The same for those of a round. */
static int round_age(const struct family *family, enum round round)
{
	return age_of(family->load[round][LISTS - 1]);
}

/* Make each round a bucket. */
static bool set_edges(const struct zwb_load *cold, const struct zwb_load *warm)
{
	char edges[64];

	snprintf(edges, sizeof(edges), "0 %d %d", age_of(warm), age_of(cold));
	return zwb_edges_write(edges);
}

static bool still_younger(const struct family *family, enum round round, int age)
{
	int i;

	for (i = 0; i < LISTS; i++) {
		if (!zwb_still_younger(family->load[round][i], age))
			return false;
	}
	return true;
}

/* The coldest that is left is one of those that were that old, or older, before the command. */
static void expect_coldest(const struct zwb_watch *watch, const struct zwb_load *oldest, int age)
{
	zwb_between(watch->answer.coldest_left, age,
		    (zwb_now() - oldest->first_ns) / ZWB_NS_PER_SEC + 1);
}

static void expect_coldest_round(const struct zwb_watch *watch, const struct family *family,
				 enum round round, int age)
{
	expect_coldest(watch, family->load[round][0], age);
}

/*
 * Look where the pages of a round are: all on the disk, or each list has given as
 * many, or one more or less.
 */
static void expect_round(const struct family *family, enum round round, long long written)
{
	long long disk, zswap, sum = 0;
	int i;

	for (i = 0; i < LISTS; i++) {
		const struct zwb_load *load = family->load[round][i];
		bool all = written == LISTS * PAGES;

		if (!zwb_load_where(family->load[round][i], &disk, &zswap))
			return;
		if (!zwb_near(disk, all ? load->pages : written / LISTS, all || !written ? 0 : 1) ||
		    !zwb_equal(disk + zswap, load->pages))
			ksft_print_msg("round %d, list %d\n", round, i);
		sum += disk;
	}
	zwb_equal(sum, written);
}

static void expect_written(const struct family *family, long long cold, long long warm)
{
	expect_round(family, COLD, cold);
	expect_round(family, WARM, warm);
	expect_round(family, FRESH, 0);
}

/* --- by age --- */

static void check_hardly_more(void)
{
	const unsigned long long id = zwb_cgroup_id(in_order.top);
	const long long pages = LISTS * PAGES;
	struct zwb_watch watch;
	int age;

	age = round_age(&in_order, COLD);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d max=%lld", id, age,
			   pages / 2 * zwb_page_size));
	zwb_equal(watch.answer.written, pages / 2);
	zwb_equal(watch.answer.scanned, pages / 2);
	zwb_between(watch.looked, pages / 2, pages / 2 * 6 / 5);
	expect_coldest_round(&watch, &in_order, COLD, age);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", id, age));
	zwb_equal(watch.answer.written, pages / 2);
	zwb_equal(watch.answer.skipped_young, 2 * pages);
	zwb_between(watch.looked, pages / 2, pages / 2 + LISTS * LOOKS);
	zwb_equal(watch.answer.coldest_left, -1);
	if (!still_younger(&in_order, WARM, age))
		return;

	age = round_age(&in_order, WARM);
	zwb_zero(zwb_watch(&watch, "age=%d cgroup=%llu", age, id));
	zwb_equal(watch.answer.written, pages);
	zwb_equal(watch.answer.skipped_young, pages);
	zwb_between(watch.looked, pages, pages + LISTS * LOOKS);
	zwb_equal(watch.answer.coldest_left, -1);
	if (still_younger(&in_order, FRESH, age))
		expect_written(&in_order, pages, pages);
}

/*
 * Lists in order, cold entries first: with a limit that the cold ones are enough
 * for, a command looks at little more than it writes; without one at that, and
 * one young entry in each list.  It counts all young ones.
 *
 * Turns red when a list is walked to its end (ZSWAP_WB_VISIT_LAST is never said),
 * when a limited command looks at all before it begins, when what is behind the
 * end of a walk is not counted, or when coldest_left is of something that is too
 * young.
 */
static void hardly_more_than_is_written(void)
{
	/* all are in the same bucket, however slow the machine is: an edge costs looks */
	if (zwb_edges_write("0 1000000"))
		check_hardly_more();
	zwb_edges_restore();
}

/*
 * The cold entries of each list are behind all others, where the shrinker has
 * put them when it gave them their second chance: a command by age writes them,
 * each of them, and no other.
 *
 * Turns red when rotations are not noted (zswap_wb_is_mark_or_note_rotation() does not), so
 * that a walk ends at the first warm entry.
 */
static void rotated_entries_are_found(void)
{
	const unsigned long long id = zwb_cgroup_id(rotated.top);
	const long long pages = LISTS * PAGES;
	struct zwb_watch watch;
	int i, age;

	for (i = 0; i < LISTS; i++) {
		if (!family_rotate(&rotated, i, cold_pages[i]))
			return;
	}
	age = round_age(&rotated, COLD);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d max=%lld", id, age,
			   pages / 2 * zwb_page_size));
	zwb_equal(watch.answer.written, pages / 2);
	expect_coldest_round(&watch, &rotated, COLD, age);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", id, age));
	zwb_equal(watch.answer.written, pages / 2);
	zwb_equal(watch.answer.skipped_young, 2 * pages);
	zwb_between(watch.looked, pages / 2, 3 * pages);
	zwb_equal(watch.answer.coldest_left, -1);
	if (still_younger(&rotated, WARM, age))
		expect_written(&rotated, pages, 0);
}

/*
 * What was stored seconds after a rotation is in order again: the cold entries
 * are behind the warm ones, and the fresh ones, which came later, are not looked
 * at.
 *
 * Turns red when a list that was rotated once is walked to its end for ever
 * (zswap_wb_cursor_scan() asks whether there was a rotation, and not when).
 */
static void order_returns_after_a_rotation(void)
{
	const long long pages = LISTS * PAGES;
	struct zwb_watch watch;
	int age;

	age = round_age(&settled, COLD);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", zwb_cgroup_id(settled.top), age));
	zwb_equal(watch.answer.written, pages);
	zwb_equal(watch.answer.skipped_young, 2 * pages);
	zwb_between(watch.looked, 2 * pages, 2 * pages + LISTS * LOOKS);
	zwb_equal(watch.answer.coldest_left, -1);
	if (still_younger(&settled, WARM, age))
		expect_written(&settled, pages, 0);
}

/* --- removed cgroups --- */

/* Remove a child, and wait until the parent's list has so many entries. */
static bool inherit(const struct heir *heir, const char *child, long long want)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	struct zwb_answer answer;

	if (!zwb_cgroup_remove(child))
		return false;
	do {
		zwb_zero(zwb_ask(&answer, "cgroup=%llu age=0 descend=0 dry_run=1",
				 zwb_cgroup_id(heir->cgroup)));
		if (answer.written == want)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	return zwb_equal(answer.written, want);
}

/*
 * A child with young entries was removed, and before it one with old ones: their
 * entries are now in front of the parent's own, old ones again, then young ones.
 * A command by age finds all that is old, behind what is young, and stops at the
 * parent's own young ones.
 *
 * Turns red when inherited entries are taken for the list's own order
 * (zswap_wb_cursor_scan() without a look at the objcg), or when a list with
 * inherited entries is walked to its end for ever.
 */
static void old_entries_behind_inherited_young_ones(void)
{
	const struct heir *heir = &heir_of_both;
	struct zwb_watch watch;
	int age;

	if (!inherit(heir, heir->old_child, 3 * PAGES) ||
	    !inherit(heir, heir->young_child, 4 * PAGES))
		return;
	age = age_of(heir->from_old);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d max=%lld", zwb_cgroup_id(heir->cgroup), age,
			   PAGES * (long long)zwb_page_size));
	zwb_equal(watch.answer.written, PAGES);
	expect_coldest(&watch, heir->cold, age);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", zwb_cgroup_id(heir->cgroup), age));
	zwb_equal(watch.answer.written, PAGES);
	zwb_equal(watch.answer.skipped_young, 2 * PAGES);
	zwb_between(watch.looked, 2 * PAGES, 2 * PAGES + LOOKS);
	zwb_equal(watch.answer.coldest_left, -1);
	if (!zwb_still_younger(heir->from_young, age))
		return;
	zwb_expect_read(heir->from_young, 0, PAGES);
	zwb_expect_read(heir->from_old, PAGES, 0);
	zwb_expect_read(heir->cold, PAGES, 0);
	zwb_expect_read(heir->fresh, 0, PAGES);
}

/*
 * A child with old entries was removed, and the parent has young ones only: a
 * command by age writes the inherited ones, and stops at the parent's first.
 *
 * Turns red when a cgroup whose own entries are all too young is left out.
 */
static void inherited_old_entries_are_found(void)
{
	const struct heir *heir = &heir_of_old;
	struct zwb_watch watch;
	int age;

	if (!inherit(heir, heir->old_child, 2 * PAGES))
		return;
	age = age_of(heir->from_old);
	zwb_zero(zwb_watch(&watch, "cgroup=%llu age=%d", zwb_cgroup_id(heir->cgroup), age));
	zwb_equal(watch.answer.written, PAGES);
	zwb_equal(watch.answer.skipped_young, PAGES);
	zwb_between(watch.looked, PAGES, PAGES + LOOKS);
	zwb_equal(watch.answer.coldest_left, -1);
	if (!zwb_still_younger(heir->fresh, age))
		return;
	zwb_expect_read(heir->from_old, PAGES, 0);
	zwb_expect_read(heir->fresh, 0, PAGES);
}

/* --- buckets --- */

/*
 * A limit that is reached within the warm bucket: all cold ones are written, and
 * so many of the warm ones, the same from each list.
 */
static void check_buckets(const struct family *family, const char *command, long long warm,
			  long long most_looks)
{
	const long long cold = LISTS * PAGES;
	int age = round_age(family, COLD), warm_age = round_age(family, WARM);
	struct zwb_watch watch;

	zwb_zero(zwb_watch(&watch, "%s", command));
	zwb_equal(watch.answer.written, cold + warm);
	zwb_equal(watch.answer.scanned, cold + warm);
	zwb_near(watch.delta.node[node[0]].written, cold_pages[0] + cold_pages[2] + warm / 2, 2);
	zwb_near(watch.delta.node[node[1]].written, cold_pages[1] + cold_pages[3] + warm / 2, 2);
	ksft_print_msg("%lld written, looked %lld times\n", watch.answer.written, watch.looked);
	zwb_between(watch.looked, cold + warm, most_looks);
	expect_coldest_round(&watch, family, WARM, warm_age);
	if (still_younger(family, WARM, age))
		expect_written(family, cold, warm);
}

/* @in_order: hardly more is looked at than written, and not all there is in each pass */
static void check_limit(const struct family *family, const char *limit, long long warm,
			bool in_order)
{
	const long long pages = LISTS * PAGES + warm;
	char command[128];

	if (!set_edges(family->load[COLD][LISTS - 1], family->load[WARM][LISTS - 1]))
		return;
	snprintf(command, sizeof(command), "cgroup=%llu %s=%lld", zwb_cgroup_id(family->top), limit,
		 pages * zwb_page_size);
	check_buckets(family, command, warm,
		      in_order ? pages * 6 / 5 : 4 * NR_ROUNDS * LISTS * PAGES);
	zwb_edges_restore();
}

/*
 * Over two cgroups and two nodes, the coldest bucket goes first, and hardly more
 * is looked at than written.
 *
 * Turns red when cold and warm ones are taken in the same pass (the floor is one
 * bucket too low), when all is looked at in each pass, or when one list gives more
 * than another.
 */
static void coldest_bucket_first_in_order(void)
{
	check_limit(&buckets, "max", SOME_WARM, true);
}

/*
 * The same with the order of each list upside down, in two ways; the number of
 * looks is still linear in that of the entries.
 *
 * Turns red when rotations are not noted, so that a pass for the cold bucket
 * ends at the first fresh entry (zswap_wb_is_mark_or_note_rotation() does not), or when
 * the head of a list that is not in order decides what the list has to give.
 */
static void coldest_bucket_first_in_spite_of_rotations(void)
{
	int i;

	for (i = 0; i < LISTS; i++) {
		/* warm, fresh, cold; or fresh, cold, warm */
		if (!family_rotate(&rotated_buckets, i, cold_pages[i] + (i / 2 ? 0 : PAGES)))
			return;
	}
	check_limit(&rotated_buckets, "max", SOME_WARM, false);
}

/*
 * The same in order, with a limit of compressed bytes.
 *
 * Turns red when a pass ends by pages only, or when lists are not given their part
 * of the bytes.
 */
static void coldest_bucket_first_by_compressed_bytes(void)
{
	/* so many bytes are so many pages */
	if (zwb_need_incompressible())
		check_limit(&by_bytes, "max_compressed", SOME_WARM, true);
}

static void stop_family(struct family *family)
{
	enum round round;
	int i;

	for (round = COLD; round < NR_ROUNDS; round++) {
		for (i = 0; i < LISTS; i++)
			zwb_load_stop(family->load[round][i]);
	}
}

static void stop_heir(struct heir *heir)
{
	zwb_load_stop(heir->fresh);
	zwb_load_stop(heir->from_old);
	if (heir->cold)
		zwb_load_stop(heir->cold);
	if (heir->from_young)
		zwb_load_stop(heir->from_young);
}

/* Leave nothing in zswap that a test without a scope of its own is not about. */
static void stop_others(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(families); i++)
		stop_family(families[i]);
	stop_heir(&heir_of_both);
	stop_heir(&heir_of_old);
}

/*
 * A command for the whole system.  One node has the cold entries and no others, and
 * the limit is as many: that is all for one pass.  But a cold page cannot be written,
 * and what it gives back of the limit is for a warm one of the other node, which is
 * behind fresh ones in its list.  The coldest that is left is the one that failed.
 *
 * Turns red when a pass ends before what is in the air has landed, and so without
 * the budget that comes back, when a list that gave nothing in a pass is left out
 * when it comes to what the next one looks for (its entries are not in @later), when
 * a page that failed is tried again by the same command, or when it is young.
 */
static void coldest_bucket_first_when_a_cold_page_fails(void)
{
	struct zwb_watch watch;
	int err, age, cold_age;

	if (!zwb_need_write_errors())
		return;
	stop_others();
	if (!zwb_equal(zwb_stored(), UNEVEN_COLD + UNEVEN_WARM + PAGES) ||
	    !zwb_write_errors(1) || !set_edges(uneven.cold, uneven.warm))
		return;
	age = age_of(uneven.warm);
	cold_age = age_of(uneven.cold);
	err = zwb_watch(&watch, "max=%lld", UNEVEN_COLD * (long long)zwb_page_size);
	zwb_edges_restore();
	if (!zwb_write_errors(0))
		return;
	zwb_zero(err);
	zwb_equal(watch.answer.written, UNEVEN_COLD);
	/* the first batch is one page */
	zwb_equal(watch.answer.failed, 1);
	zwb_equal(watch.answer.scanned, UNEVEN_COLD + 1);
	expect_coldest(&watch, uneven.cold, cold_age);
	if (!zwb_still_younger(uneven.fresh, age))
		return;
	zwb_expect_read(uneven.cold, UNEVEN_COLD - 1, 1);
	zwb_expect_read(uneven.warm, 1, UNEVEN_WARM - 1);
	zwb_expect_read(uneven.fresh, 0, PAGES);
}

/*
 * A command for a cgroup with a list of fresh entries only and, on the other node, one
 * of cold and warm ones: the warm ones come before the fresh ones, which other lists
 * had for the next pass.
 *
 * Turns red when the bucket of the next pass is not the coldest of all lists (@later is
 * that of the last list, or of the first).
 */
static void coldest_bucket_first_in_lists_with_other_buckets(void)
{
	const char *parent, *fresh_one, *warm_one, *other;
	struct zwb_load *cold, *warm, *fresh;
	struct zwb_watch watch;
	int err, age;

	stop_others();
	parent = zwb_cgroup(NULL, "part");
	fresh_one = parent ? zwb_cgroup(parent, "fresh") : NULL;
	warm_one = fresh_one ? zwb_cgroup(parent, "warm") : NULL;
	other = warm_one ? zwb_cgroup(NULL, "part_of_another") : NULL;
	if (!other || !zwb_load(other, node[0], PART_OTHERS, ZWB_TEXT))
		return;
	cold = zwb_load(warm_one, node[1], PART_COLD, ZWB_TEXT);
	if (!cold)
		return;
	zwb_wait_age(cold, GAP);
	warm = zwb_load(warm_one, node[1], PART_WARM, ZWB_TEXT);
	if (!warm)
		return;
	zwb_wait_age(warm, GAP);
	fresh = zwb_load(fresh_one, node[0], PAGES, ZWB_TEXT);
	if (!fresh || !set_edges(cold, warm))
		return;
	age = age_of(warm);
	err = zwb_watch(&watch, "cgroup=%llu max=%lld", zwb_cgroup_id(parent),
			(PART_OTHERS + PART_COLD) * (long long)zwb_page_size);
	zwb_edges_restore();
	if (!zwb_still_younger(fresh, age))
		return;
	zwb_zero(err);
	zwb_equal(watch.answer.written, PART_OTHERS + PART_COLD);
	zwb_expect_read(cold, PART_COLD, 0);
	zwb_expect_read(warm, PART_WARM, 0);
	zwb_expect_read(fresh, PART_OTHERS - PART_WARM, PAGES - PART_OTHERS + PART_WARM);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(hardly_more_than_is_written),
	ZWB_TEST(rotated_entries_are_found),
	ZWB_TEST(order_returns_after_a_rotation),
	ZWB_TEST(old_entries_behind_inherited_young_ones),
	ZWB_TEST(inherited_old_entries_are_found),
	ZWB_TEST(coldest_bucket_first_in_order),
	ZWB_TEST(coldest_bucket_first_in_spite_of_rotations),
	ZWB_TEST(coldest_bucket_first_by_compressed_bytes),
	ZWB_TEST(coldest_bucket_first_when_a_cold_page_fails),
	ZWB_TEST(coldest_bucket_first_in_lists_with_other_buckets),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.setup = setup,
	};

	return zwb_main(&suite);
}
