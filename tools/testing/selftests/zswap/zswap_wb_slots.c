// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of swap slots takes memory only for as long as there is
 * something to remember.
 *
 * Needs a kernel that was booted with slab_nomerge, which keeps the objects of one
 * cache apart from those of others.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define SLOTS_PAGES		12000
/* slots that one object is for, at most */
#define SLOTS_PER_OBJECT	1024
#define SLOTS_ROUNDS		3

/*
 * Pages that commands wrote come back, are thrown away, or go with their process: then
 * no memory is needed for them any more, whatever their slots are used for later.
 *
 * Turns red when an object stays because nobody notices that it is empty, until
 * swapoff.
 */
static void memory_for_slots_is_given_back(void)
{
	long long before, most;
	struct zwb_load *load;
	int i;

	if (!zwb_need_slot_objects())
		return;
	before = zwb_slot_objects();
	for (i = 0; i < SLOTS_ROUNDS && !zwb_failed(); i++) {
		load = zwb_load(NULL, ZWB_ANY_NODE, SLOTS_PAGES, ZWB_TEXT);
		if (!load || !zwb_write_all(load->pages))
			return;
		most = zwb_slot_objects();
		/* a quarter comes back with a write, the rest is read */
		if (!zwb_load_touch(load, 0, SLOTS_PAGES / 4) || !zwb_load_verify(load))
			return;
		ksft_print_msg("%lld objects, %lld with pages on the disk, %lld after reading\n",
			       before, most, zwb_slot_objects());
		zwb_between(most - before, SLOTS_PAGES / SLOTS_PER_OBJECT, LLONG_MAX);
		zwb_load_stop(load);
		zwb_slot_objects_come_to(before);
	}
}

/*
 * The same without a single read: pages are freed on the disk.
 *
 * Turns red when only reads are noticed.
 */
static void memory_for_slots_goes_with_the_process(void)
{
	struct zwb_load *load;
	long long before;

	if (!zwb_need_slot_objects())
		return;
	before = zwb_slot_objects();
	load = zwb_load(NULL, ZWB_ANY_NODE, SLOTS_PAGES, ZWB_TEXT);
	if (!load || !zwb_write_all(load->pages))
		return;
	zwb_load_stop(load);
	zwb_slot_objects_come_to(before);
}

/*
 * A command that writes nothing leaves nothing behind.
 *
 * Turns red when what it took for pages that it only looked at stays.
 */
static void command_without_effect_takes_no_memory(void)
{
	struct zwb_load *load;
	long long before;

	if (!zwb_need_slot_objects())
		return;
	before = zwb_slot_objects();
	load = zwb_load(NULL, ZWB_ANY_NODE, SLOTS_PAGES, ZWB_TEXT);
	if (!load)
		return;
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=1h"), -EAGAIN);
	zwb_slot_objects_come_to(before);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(memory_for_slots_is_given_back),
	ZWB_TEST(memory_for_slots_goes_with_the_process),
	ZWB_TEST(command_without_effect_takes_no_memory),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
