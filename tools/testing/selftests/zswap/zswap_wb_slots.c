// SPDX-License-Identifier: GPL-2.0
/*
 * What is remembered of swap slots takes memory only for as long as there is
 * something to remember; pages are brought back in the order of their slots; and a slot of which
 * the kernel knows that it is all zeroes is nothing to write.
 *
 * The first needs a kernel that was booted with slab_nomerge, which keeps the objects of one
 * cache apart from those of others.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define SLOTS_PAGES		4000
/* slots that one object is for, at most */
#define SLOTS_PER_OBJECT	1024
#define SLOTS_ROUNDS		2
/* of each of two loads, which get slots in turn */
#define ORDER_PAGES		600
#define ORDER_READS		4
#define ZERO_PAGES		512
#define ZERO_ROUNDS		40
#define ZERO_DELAYS		32
#define ZERO_DELAY_NS		10000

/*
 * Pages that commands wrote come back, are thrown away, or go with their process: then
 * no memory is needed for them any more, whatever their slots are used for later.
 *
 * Turns red when an object stays because nobody notices that it is empty, until
 * swapoff, or until the slots are freed.
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
		/* who has read a page keeps its slot, and an image is one until that is freed */
		if (!zwb_read_number(ZWB_COMPRESSED))
			zwb_slot_objects_come_to(before);
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

/*
 * How many reads of a disk were traced, each of which must be from behind the one before; or
 * -1. A line is `...: block_bio_queue: MAJOR,MINOR FLAGS SECTOR + SECTORS [TASK]`.
 */
static long long ascending_reads(const char *disk)
{
	unsigned long long sector, sectors, next = 0;
	long long reads = 0;
	char line[512], flags[16], *event;
	unsigned int dev[2];
	struct stat status;
	FILE *file;

	snprintf(line, sizeof(line), "/dev/%s", disk);
	if (stat(line, &status)) {
		zwb_fail("%s: %s", line, strerror(errno));
		return -1;
	}
	file = fopen(ZWB_TRACE_DIR "/trace", "r");
	while (file && fgets(line, sizeof(line), file)) {
		event = strstr(line, "block_bio_queue: ");
		if (!event || sscanf(event, "block_bio_queue: %u,%u %15s %llu + %llu", &dev[0],
				     &dev[1], flags, &sector, &sectors) != 5 ||
		    makedev(dev[0], dev[1]) != status.st_rdev || !strchr(flags, 'R'))
			continue;
		if (sector < next) {
			zwb_fail("sector %llu is read after %llu", sector, next - 1);
			break;
		}
		next = sector + sectors;
		reads++;
	}
	if (file)
		fclose(file);
	return reads;
}

static void check_order(void)
{
	struct zwb_load *turns[2];
	struct zwb_snap delta;
	long long reads;
	int i;

	for (i = 0; i < 2; i++) {
		turns[i] = zwb_load_resident(NULL, ORDER_PAGES, false);
		if (!turns[i])
			return;
	}
	if (!zwb_loads_in_turn(turns, 2) || !zwb_write_all(2 * ORDER_PAGES) ||
	    !zwb_trace_start("block/block_bio_queue"))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, 2 * ORDER_PAGES);
	reads = ascending_reads(zwb_disk_name());
	ksft_print_msg("%lld reads for %d pages\n", reads, 2 * ORDER_PAGES);
	zwb_between(reads, ORDER_READS, 2 * ORDER_PAGES);
}

/*
 * A disk with heads gets along it once.
 *
 * Turns red when pages are read in the order of lists, cgroups or ages.
 */
static void pages_come_back_in_the_order_of_slots(void)
{
	static const struct zwb_disk_spec disk = { .pages = 16384 };

	if (zwb_need_readback() && zwb_need_trace() && zwb_setting(ZWB_COMPRESSED, "0") &&
	    zwb_disk_on(&disk))
		check_order();
	zwb_trace_stop();
}

/*
 * Pages that a thread of its own fills with zeroes, each while it is being stored: some time
 * after it is not mapped any more, and that time differs. Read before, it keeps its slot.
 */
struct zeroing {
	struct zwb_pages *pages;
	int pagemap;
	atomic_bool stop;
	unsigned int seen;
};

static bool is_present(const struct zeroing *zeroing, unsigned char *page)
{
	uint64_t entry = 0;

	pread(zeroing->pagemap, &entry, sizeof(entry),
	      (uintptr_t)page / zwb_page_size * sizeof(entry));
	return entry >> 63;
}

static void *zero_pages(void *arg)
{
	struct zeroing *zeroing = arg;
	unsigned char *page = zeroing->pages->mem;
	long long i, until;

	for (i = 0; i < zeroing->pages->nr; i++, page += zwb_page_size) {
		while (is_present(zeroing, page) && !zeroing->stop)
			;
		until = zwb_now() + i % ZERO_DELAYS * ZERO_DELAY_NS;
		while (zwb_now() < until)
			;
		zeroing->seen += *page;
		memset(page, 0, zwb_page_size);
	}
	return NULL;
}

/*
 * Page all out while they become zeroes, and then once more. Who comes for a page that is being
 * paged out keeps it in memory, and its slot with an entry of what it was; of zeroes there is
 * none. Returns how many entries there are all the same, or -1 with a failure recorded.
 */
static long long zero_while_paged_out(struct zwb_pages *pages)
{
	struct zeroing zeroing = { .pages = pages };
	pthread_t thread;
	int err;

	zeroing.pagemap = open("/proc/self/pagemap", O_RDONLY);
	zwb_pages_fill(pages, 1);
	err = zeroing.pagemap < 0 ? errno : pthread_create(&thread, NULL, zero_pages, &zeroing);
	if (err) {
		zwb_fail("/proc/self/pagemap, or a thread: %s", strerror(err));
		return -1;
	}
	if (madvise(pages->mem, pages->nr * zwb_page_size, MADV_PAGEOUT))
		zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
	zeroing.stop = true;
	pthread_join(thread, NULL);
	close(zeroing.pagemap);
	return zwb_pages_out(pages) ? zwb_stored() : -1;
}

static void check_zeroes(struct zwb_pages *pages)
{
	struct zwb_snap delta;
	long long stale = 0, i;
	int round;

	for (round = 0; round < ZERO_ROUNDS && !stale; round++)
		stale = zero_while_paged_out(pages);
	if (!stale)
		zwb_late("no page was filled with zeroes while it was paged out");
	if (stale <= 0)
		return;
	ksft_print_msg("%lld entries of pages that are zeroes, after %d rounds\n", stale, round);
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_zero(delta.total.written);
	zwb_equal(delta.total.skipped_gone, stale);
	for (i = 0; i < pages->nr * zwb_page_size && !zwb_failed(); i++)
		zwb_zero(pages->mem[i]);
}

/*
 * A page is filled with zeroes while it is being paged out: zswap has an entry of what it was
 * before, in a slot that is marked as zeroes.
 *
 * Turns red when that is written: brought back it could be given to who expects zeroes.
 */
static void zeroes_are_not_what_was_there_before(void)
{
	struct zwb_pages pages = { 0 };

	if (zwb_pages_map(&pages, ZWB_ANY_NODE, ZERO_PAGES))
		check_zeroes(&pages);
	zwb_pages_unmap(&pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(memory_for_slots_is_given_back),
	ZWB_TEST_IMAGES(memory_for_slots_is_given_back),
	ZWB_TEST(memory_for_slots_goes_with_the_process),
	ZWB_TEST(command_without_effect_takes_no_memory),
	ZWB_TEST(pages_come_back_in_the_order_of_slots),
	ZWB_TEST(zeroes_are_not_what_was_there_before),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
