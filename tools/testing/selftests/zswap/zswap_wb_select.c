// SPDX-License-Identifier: GPL-2.0
/*
 * Which entries a command takes: by age, size, node, cgroup and type, exactly.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

static void expect_where(struct zwb_load *load, long long want_disk, long long want_zswap)
{
	long long disk, zswap;

	if (!zwb_load_where(load, &disk, &zswap))
		return;
	zwb_equal(disk, want_disk);
	zwb_equal(zswap, want_zswap);
}

/*
 * Of two loads, age=5 takes every page of the one that is 5 s old and no page
 * of the other.
 *
 * Turns red when the age is not that of the store, when a walk stops early,
 * when the young ones are not counted.
 */
static void age_takes_the_older_of_two_loads(void)
{
	struct zwb_load *older, *younger;
	struct zwb_snap delta;
	int err;

	older = zwb_load(NULL, ZWB_ANY_NODE, 3000, ZWB_TEXT);
	if (!older)
		return;
	zwb_wait_age(older, 5);
	younger = zwb_load(NULL, ZWB_ANY_NODE, 2000, ZWB_TEXT);
	if (!younger)
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=5");
	if (!zwb_still_younger(younger, 5))
		return;
	zwb_zero(err);
	zwb_equal(delta.total.written, older->pages);
	zwb_equal(delta.total.skipped_young, younger->pages);
	zwb_equal(delta.total.scanned, older->pages + younger->pages);
	zwb_equal(delta.stored, -older->pages);
	expect_where(older, older->pages, 0);
	expect_where(younger, 0, younger->pages);
}

/*
 * The age clock: commands for age=2 in a row take the first page not before it
 * is 2 s old, and have taken the last one once that is 3 s old.
 *
 * Turns red when ages are rounded up, when the clock runs in other units, or
 * when it is more than a second off.
 */
static void age_is_never_rounded_up(void)
{
	struct zwb_load *load;
	long long now;
	int err;

	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load)
		return;
	do {
		err = zwb_run(NULL, ZWB_GLOBAL, "age=2");
		now = zwb_now();
		if (!err && now < load->first_ns + 2 * ZWB_NS_PER_SEC)
			zwb_fail("a page was written %lld ms after it was stored",
				 (now - load->first_ns) / ZWB_NS_PER_MS);
		if (err && err != -EAGAIN)
			zwb_zero(err);
		zwb_pause();
	} while (!zwb_failed() && zwb_stored() && now < load->last_ns + 5 * ZWB_NS_PER_SEC);
	zwb_zero(zwb_stored());

	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!load)
		return;
	zwb_wait_age(load, 2);
	zwb_zero(zwb_run(NULL, ZWB_GLOBAL, "age=2"));
	zwb_zero(zwb_stored());
}

/*
 * All ways to spell an age mean what they should: a bare number, each suffix.
 *
 * Turns red when a suffix is ignored (minutes taken for seconds write a load
 * that is seconds old), or when a bare number is no age.
 */
static void age_spellings(void)
{
	static const char * const too_old[] = { "1m", "age=1m", "1h", "age=1h", "1d", "age=1d",
						"60", "age=60s", "3600s" };
	static const char * const old_enough[] = { "2", "2s", "age=2s", "0m", "age=0h", "0d" };
	struct zwb_load *loads[ARRAY_SIZE(old_enough)];
	const char *cgroups[ARRAY_SIZE(old_enough)];
	struct zwb_snap delta;
	char name[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(old_enough); i++) {
		snprintf(name, sizeof(name), "age%zu", i);
		cgroups[i] = zwb_cgroup(NULL, name);
		if (!cgroups[i])
			return;
		loads[i] = zwb_load(cgroups[i], ZWB_ANY_NODE, 100 + i, ZWB_TEXT);
		if (!loads[i])
			return;
	}
	zwb_wait_age(loads[ARRAY_SIZE(old_enough) - 1], 2);
	for (i = 0; i < ARRAY_SIZE(too_old); i++) {
		if (!zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "%s", too_old[i]), -EAGAIN))
			ksft_print_msg("the command was '%s'\n", too_old[i]);
	}
	for (i = 0; i < ARRAY_SIZE(old_enough); i++) {
		int err = zwb_run(&delta, ZWB_GLOBAL, "%s cgroup=%llu", old_enough[i],
				  zwb_cgroup_id(cgroups[i]));

		if (!zwb_zero(err) || !zwb_equal(delta.total.written, loads[i]->pages))
			ksft_print_msg("the command was '%s'\n", old_enough[i]);
	}
}

/*
 * `max` is kept to the page, and rounded down to whole pages.
 *
 * Turns red when a batch is always finished, or when a part of a page counts as
 * one.
 */
static void max_to_the_page(void)
{
	static const struct {
		const char *text;
		long long bytes;
	} limits[] = {
		{ "4096", 4096 },
		{ "8191", 8191 },
		{ "8192", 8192 },
		{ "12287", 12287 },
		{ "64K", 64 << 10 },
		{ "65537", 65537 },
		{ "1000000", 1000000 },
		{ "1M", 1 << 20 },
		{ "1052671", 1052671 },
	};
	long long written = 0, want;
	struct zwb_load *load;
	struct zwb_snap delta;
	size_t i;

	load = zwb_load(NULL, ZWB_ANY_NODE, 2000, ZWB_TEXT);
	if (!load)
		return;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		want = limits[i].bytes / zwb_page_size;
		if (!want)
			continue;
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%s", limits[i].text));
		if (!zwb_equal(delta.total.written, want) ||
		    !zwb_equal(delta.total.scanned, want) || !zwb_equal(delta.stored, -want))
			ksft_print_msg("the command was 'max=%s'\n", limits[i].text);
		written += delta.total.written;
	}
	expect_where(load, written, load->pages - written);
}

/*
 * Under a limit, nothing is scanned but what is written, as long as the limit is
 * reached and the list is in order: neither what is beyond the limit, nor what is
 * too young.  A limit that is not reached says that all was looked for, and what
 * is too young is counted then.  The limit says nothing about young pages: they
 * are not written in place of old ones.
 *
 * Turns red when the limit is charged for skipped entries, when it is filled up
 * with young ones, when a command goes on after its limit was reached (say, a
 * pass that counts comes first), or when one that did not reach its limit leaves
 * young ones out of the count, or has them in it once for each bucket.
 */
static void max_with_age(void)
{
	struct zwb_load *older, *younger;
	struct zwb_snap delta;
	int err;

	older = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!older)
		return;
	zwb_wait_age(older, 3);
	younger = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!younger)
		return;
	err = zwb_run(&delta, ZWB_GLOBAL, "age=3 max=%lld", 100LL * zwb_page_size);
	if (!zwb_still_younger(younger, 3))
		return;
	zwb_zero(err);
	zwb_equal(delta.total.written, 100);
	zwb_zero(delta.total.skipped_young);
	zwb_equal(delta.total.scanned, 100);
	err = zwb_run(&delta, ZWB_GLOBAL, "max=%lld age=3", 5000LL * zwb_page_size);
	if (!zwb_still_younger(younger, 3))
		return;
	zwb_zero(err);
	zwb_equal(delta.total.written, older->pages - 100);
	zwb_equal(delta.total.skipped_young, younger->pages);
	zwb_equal(delta.total.scanned, older->pages - 100 + younger->pages);
	expect_where(younger, 0, younger->pages);
}

/*
 * `max_compressed` ends a command with the entry that reaches it.  Entries that
 * do not compress have a known size: one page.
 *
 * Turns red when uncompressed bytes are counted, when a batch is always
 * finished, when the limit is taken for one that must not be reached.
 */
static void max_compressed_to_the_entry(void)
{
	const struct {
		long long bytes;
		long long pages;
	} limits[] = {
		{ 1, 1 },
		{ zwb_page_size, 1 },
		{ zwb_page_size + 1, 2 },
		{ 50 * zwb_page_size - 1, 50 },
		{ 50 * zwb_page_size, 50 },
		{ 50 * zwb_page_size + 1, 51 },
	};
	struct zwb_load *load;
	struct zwb_snap delta;
	size_t i;

	if (!zwb_need_incompressible())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_NOISE);
	if (!load)
		return;
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=%lld", limits[i].bytes));
		if (!zwb_equal(delta.total.written, limits[i].pages) ||
		    !zwb_equal(delta.total.released_bytes, limits[i].pages * zwb_page_size))
			ksft_print_msg("the command was 'max_compressed=%lld'\n", limits[i].bytes);
	}
	/* both limits: the one that is reached first */
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=%lld max=1G", 10LL * zwb_page_size));
	zwb_equal(delta.total.written, 10);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=1G max=%lld", 11LL * zwb_page_size));
	zwb_equal(delta.total.written, 11);
}

/*
 * `max_compressed` with entries that do compress: more pages than bytes would
 * allow uncompressed, and less than one entry too much.
 *
 * Turns red like the test before, and when released_bytes is not what left the
 * pool.
 */
static void max_compressed_overshoots_by_less_than_an_entry(void)
{
	const long long limit = 200000;
	struct zwb_load *load;
	struct zwb_snap delta;
	long long average;

	load = zwb_load(NULL, ZWB_ANY_NODE, 1000, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max_compressed=%lld", limit));
	if (!delta.total.written)
		return;
	average = delta.total.released_bytes / delta.total.written;
	/* a quarter is noise, so that all entries are of nearly the same size */
	zwb_between(average, zwb_page_size / 4, zwb_page_size / 2);
	zwb_between(delta.total.released_bytes, limit, limit + average + average / 8);
	zwb_between(delta.total.written, limit / average - 1, limit / average + 2);
}

/*
 * Entries are taken from the nodes that a command names, be it by file or by
 * key, and from no other.
 *
 * Turns red when `node` is ignored, off by one, or when a node's file goes over
 * all nodes.
 */
static void nodes(void)
{
	struct zwb_load *on_first, *on_second;
	struct zwb_snap delta;
	int first, second;

	if (!zwb_need_two_nodes(&first, &second))
		return;

	/* by file, then by key, what the file left */
	on_first = zwb_load(NULL, first, 700, ZWB_TEXT);
	on_second = on_first ? zwb_load(NULL, second, 1100, ZWB_TEXT) : NULL;
	if (!on_second)
		return;
	zwb_zero(zwb_run(&delta, first, "age=0"));
	zwb_equal(delta.total.written, on_first->pages);
	zwb_equal(delta.node[first].written, on_first->pages);
	zwb_zero(delta.node[second].scanned);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "node=%d age=0", first), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "node=%d age=0", second));
	zwb_equal(delta.node[second].written, on_second->pages);
	zwb_zero(delta.node[first].scanned);
	expect_where(on_first, on_first->pages, 0);
	expect_where(on_second, on_second->pages, 0);

	/* both, as a list, as a range, and without a word about nodes */
	if (!zwb_load_touch(on_first, 0, on_first->pages) || !zwb_load_pageout(on_first) ||
	    !zwb_load_touch(on_second, 0, on_second->pages) || !zwb_load_pageout(on_second))
		return;
	zwb_zero(zwb_run(&delta, second, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(delta.node[second].written, 100);
	zwb_zero(delta.node[first].scanned);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0 node=%d,%d", second, first));
	zwb_equal(delta.node[first].written, on_first->pages);
	zwb_equal(delta.node[second].written, on_second->pages - 100);

	if (!zwb_load_touch(on_first, 0, on_first->pages) || !zwb_load_pageout(on_first) ||
	    !zwb_load_touch(on_second, 0, on_second->pages) || !zwb_load_pageout(on_second))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_equal(delta.node[first].written, on_first->pages);
	zwb_equal(delta.node[second].written, on_second->pages);
}

/*
 * `cgroup` takes the entries of the cgroup and of everything below it; with
 * descend=0 only its own.
 *
 * Turns red when the walk leaves out the cgroup itself or a level below, when
 * descend=0 descends, when it reaches a sibling or the parent.
 */
static void cgroup_subtree(void)
{
	const long long top_pages = 300, left_pages = 400, leaf_pages = 500, right_pages = 600;
	const long long cousin_pages = 250;
	const char *top, *left, *right, *leaf, *cousin, *other;
	struct zwb_load *load;
	struct zwb_snap delta;

	/* a cgroup with children has no process, but it may have pages of its own */
	other = zwb_cgroup(NULL, "other");
	top = other ? zwb_cgroup(NULL, "top") : NULL;
	load = top ? zwb_load(top, ZWB_ANY_NODE, top_pages, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	left = zwb_cgroup(top, "left");
	load = left ? zwb_load(left, ZWB_ANY_NODE, left_pages, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	leaf = zwb_cgroup(left, "leaf");
	right = leaf ? zwb_cgroup(top, "right") : NULL;
	load = right ? zwb_load(right, ZWB_ANY_NODE, right_pages, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	/* as far down as the leaf, but not below the same cgroup */
	cousin = zwb_cgroup(right, "cousin");
	if (!cousin || !zwb_load(leaf, ZWB_ANY_NODE, leaf_pages, ZWB_TEXT) ||
	    !zwb_load(cousin, ZWB_ANY_NODE, cousin_pages, ZWB_TEXT) ||
	    !zwb_load(other, ZWB_ANY_NODE, 200, ZWB_TEXT))
		return;

	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu descend=0 age=0", zwb_cgroup_id(top)));
	zwb_equal(delta.total.written, top_pages);
	zwb_equal(delta.total.scanned, top_pages);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", zwb_cgroup_id(left)));
	zwb_equal(delta.total.written, left_pages + leaf_pages);
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0 descend=0 cgroup=%llu", zwb_cgroup_id(top)),
		  -EAGAIN);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "descend=1 type=all cgroup=%llu", zwb_cgroup_id(top)));
	zwb_equal(delta.total.written, right_pages + cousin_pages);
	zwb_equal(delta.total.scanned, right_pages + cousin_pages);
	zwb_equal(zwb_stored(), 200);
}

/*
 * Cgroup and node together: only what is in both.
 *
 * Turns red when one of the two replaces the other.
 */
static void cgroup_and_node(void)
{
	const char *mine, *other;
	unsigned long long id;
	struct zwb_snap delta;
	int first, second;

	if (!zwb_need_two_nodes(&first, &second))
		return;
	mine = zwb_cgroup(NULL, "mine");
	other = mine ? zwb_cgroup(NULL, "other") : NULL;
	if (!other || !zwb_load(mine, first, 300, ZWB_TEXT) ||
	    !zwb_load(mine, second, 400, ZWB_TEXT) || !zwb_load(other, first, 500, ZWB_TEXT) ||
	    !zwb_load(other, second, 600, ZWB_TEXT))
		return;
	id = zwb_cgroup_id(mine);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu node=%d age=0", id, second));
	zwb_equal(delta.total.scanned, 400);
	zwb_equal(delta.node[second].written, 400);
	zwb_zero(zwb_run(&delta, first, "cgroup=%llu age=0", id));
	zwb_equal(delta.total.scanned, 300);
	zwb_equal(delta.node[first].written, 300);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0", id), -EAGAIN);
	zwb_zero(delta.total.scanned);
	zwb_equal(zwb_stored(), 1100);
}

/*
 * type=incompressible takes exactly the entries of one page; the others are out
 * of scope, not skipped.
 *
 * Turns red when the type is ignored, or when entries of other types are
 * counted.
 */
static void type_incompressible(void)
{
	struct zwb_load *text, *noise;
	struct zwb_snap delta;

	if (!zwb_need_incompressible())
		return;
	text = zwb_load(NULL, ZWB_ANY_NODE, 600, ZWB_TEXT);
	noise = text ? zwb_load(NULL, ZWB_ANY_NODE, 400, ZWB_NOISE) : NULL;
	if (!noise)
		return;
	zwb_equal(zwb_read_number(ZWB_DEBUGFS "/stored_incompressible_pages"), noise->pages);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "type=incompressible max=%lld", 50LL * zwb_page_size));
	zwb_equal(delta.total.written, 50);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "type=incompressible"));
	zwb_equal(delta.total.written, noise->pages - 50);
	zwb_equal(delta.total.scanned, noise->pages - 50);
	zwb_equal(delta.total.released_bytes, (noise->pages - 50) * zwb_page_size);
	zwb_zero(zwb_read_number(ZWB_DEBUGFS "/stored_incompressible_pages"));
	expect_where(noise, noise->pages, 0);
	expect_where(text, 0, text->pages);
}

/*
 * The entries of a cgroup that was removed belong to its parent: there they are
 * found.
 *
 * Turns red when the walk looks at online cgroups' own lists before the kernel
 * moved the entries up, or leaves out what was moved.
 */
static void removed_cgroup_leaves_entries_to_its_parent(void)
{
	long long deadline, written = 0;
	const char *parent, *child;
	unsigned long long child_id;
	struct zwb_load *load;
	struct zwb_snap delta;
	int err;

	parent = zwb_cgroup(NULL, "parent");
	child = parent ? zwb_cgroup(parent, "child") : NULL;
	load = child ? zwb_load(child, ZWB_ANY_NODE, 800, ZWB_TEXT) : NULL;
	if (!load || !zwb_load_move(load, zwb_cgroup_root()))
		return;
	child_id = zwb_cgroup_id(child);
	if (!zwb_cgroup_remove(child))
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "cgroup=%llu age=0", child_id), -ENOENT);

	/* the kernel moves the entries up in its own time */
	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	do {
		err = zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=0 descend=0",
			      zwb_cgroup_id(parent));
		if (err && err != -EAGAIN)
			zwb_zero(err);
		written += delta.total.written;
		zwb_pause();
	} while (zwb_stored() && zwb_now() < deadline);
	zwb_equal(written, load->pages);
	expect_where(load, load->pages, 0);
}

/*
 * A command lets go of the cgroup it was for, and of those it came across, so
 * that they go for good once they are removed.
 *
 * Turns red when a reference to a cgroup is not dropped.
 */
static void commands_let_go_of_cgroups(void)
{
	long long deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	const char *root = zwb_cgroup_root();
	long long before, dying;
	struct zwb_snap delta;
	struct zwb_load *load;
	const char *cgroup;

	before = zwb_cgroup_key(root, "cgroup.stat", "nr_dying_descendants");
	cgroup = zwb_cgroup(NULL, "cgroup");
	load = cgroup ? zwb_load(cgroup, ZWB_ANY_NODE, 300, ZWB_TEXT) : NULL;
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu max=%lld", zwb_cgroup_id(cgroup),
			 100LL * zwb_page_size));
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 100LL * zwb_page_size));
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "cgroup=%llu age=1d", zwb_cgroup_id(cgroup)),
		  -EAGAIN);
	if (!zwb_load_verify(load))
		return;
	zwb_load_stop(load);
	if (!zwb_cgroup_remove(cgroup))
		return;
	do {
		dying = zwb_cgroup_key(root, "cgroup.stat", "nr_dying_descendants");
		if (dying <= before)
			return;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("%lld removed cgroups are held, %lld before", dying, before);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(age_takes_the_older_of_two_loads),
	ZWB_TEST(age_is_never_rounded_up),
	ZWB_TEST(age_spellings),
	ZWB_TEST(max_to_the_page),
	ZWB_TEST(max_with_age),
	ZWB_TEST(max_compressed_to_the_entry),
	ZWB_TEST(max_compressed_overshoots_by_less_than_an_entry),
	ZWB_TEST(nodes),
	ZWB_TEST(cgroup_subtree),
	ZWB_TEST(cgroup_and_node),
	ZWB_TEST(type_incompressible),
	ZWB_TEST(removed_cgroup_leaves_entries_to_its_parent),
	ZWB_TEST(commands_let_go_of_cgroups),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
