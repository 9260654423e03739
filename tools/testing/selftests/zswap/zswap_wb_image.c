// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are compressed on the disk: that they are, that they come back right, from
 * there and however often, and that a damaged one is given to nobody.
 *
 * What is on the disk is read past the kernel's swap code, from the device itself.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define CORRUPTED		"/sys/kernel/mm/zswap/stats/corrupted"
#define IMAGE_PAGES		700
#define DEVICE_PAGES		2048
/* of a swap entry in /proc/PID/pagemap */
#define PAGEMAP_TYPE_BITS	5
/* so many, and which */
#define DAMAGED			10
#define DAMAGED_PAGE(nr)	((nr) * 61)
#define HEADER_BYTES		48

/* As Documentation/mm/zswap_wb.rst describes it */
struct image {
	uint32_t magic;
	uint32_t checksum;
	uint16_t version;
	uint16_t length;
	uint32_t type;
	uint64_t offset;
	char compressor[24];
	unsigned char data[];
};

static const struct zwb_disk_spec disk = { .megabytes = 64 };

/* --- blocks of the disk --- */

/* The block of a slot, as pagemap names slots: behind the number of the device. */
static bool block_io(unsigned long long slot, struct image *image, bool write)
{
	return zwb_small_swap_block(slot >> PAGEMAP_TYPE_BITS, image, write);
}

/* How many of the slots have an image of their own. */
static long long count_images(const unsigned long long *slots, long long nr)
{
	struct image *image = malloc(zwb_page_size);
	long long i, images = 0;

	for (i = 0; image && i < nr && block_io(slots[i], image, false); i++)
		images += !memcmp(image, "WZBI", 4) && image->version == 1 &&
			  image->offset == slots[i] >> PAGEMAP_TYPE_BITS &&
			  image->length + HEADER_BYTES <= zwb_page_size;
	free(image);
	return i == nr ? images : -1;
}

/* --- the pages --- */

static bool write_pages(struct zwb_pages *pages, unsigned int version,
			unsigned long long *slots)
{
	return zwb_pages_store(pages, version) && zwb_pages_slots(pages, slots) &&
	       zwb_write_all(pages->nr);
}

/* On a device whose blocks can be looked at. */
static bool begin(struct zwb_pages *pages)
{
	return zwb_need_compressed() && zwb_need_small_swap() && zwb_setting(ZWB_COMPRESSED, "1") &&
	       zwb_small_swap_on(DEVICE_PAGES) &&
	       zwb_pages_map(pages, ZWB_ANY_NODE, IMAGE_PAGES);
}

static void end(struct zwb_pages *pages)
{
	zwb_pages_unmap(pages);
	zwb_small_swap_off();
}

/*
 * Turns red when pages are decompressed on their way to the disk, when a header is not
 * what the manual says, or when what comes back is not what went out.
 */
static void pages_are_compressed_on_the_disk(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (begin(&pages) && write_pages(&pages, 1, slots)) {
		zwb_equal(count_images(slots, IMAGE_PAGES), IMAGE_PAGES);
		zwb_pages_are(&pages, 1);
		zwb_since(&delta, &before);
		zwb_equal(delta.vm.pswpin, IMAGE_PAGES);
		zwb_equal(delta.total.written, IMAGE_PAGES);
	}
	end(&pages);
}

/*
 * Off, pages are ordinary ones; the same slots have the one kind and then the other.
 *
 * Turns red when a slot is taken for an image that has none any more, or the other way
 * round.
 */
static void both_kinds_take_turns(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };
	unsigned int version;

	if (begin(&pages)) {
		for (version = 1; version <= 4 && !zwb_failed(); version++) {
			zwb_write_string(ZWB_COMPRESSED, version % 2 ? "1" : "0");
			if (!write_pages(&pages, version, slots))
				break;
			zwb_equal(count_images(slots, IMAGE_PAGES), version % 2 * IMAGE_PAGES);
			zwb_pages_are(&pages, version);
		}
	}
	end(&pages);
}

/*
 * A page that has come back and is not changed is dropped, and read once more.
 *
 * Turns red when the slot is no image any more after the first time: then compressed
 * data is what the process finds in its page.
 */
static void image_is_read_again(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;
	int i;

	if (begin(&pages) && write_pages(&pages, 1, slots)) {
		zwb_snap(&before);
		for (i = 0; i < 3 && !zwb_failed(); i++) {
			zwb_pages_are(&pages, 1);
			zwb_pages_out(&pages);
		}
		zwb_pages_are(&pages, 1);
		zwb_since(&delta, &before);
		ksft_print_msg("%lld pages read, %lld stored meanwhile\n", delta.vm.pswpin,
			       delta.vm.zswpout);
		zwb_between(delta.vm.pswpin, IMAGE_PAGES + 1, 4 * IMAGE_PAGES);
	}
	end(&pages);
}

/*
 * The compressor changes while images are out, and there are entries of both.
 *
 * Turns red when an image's compressor is not kept for it.
 */
static void compressor_may_change(void)
{
	static const char * const compressors[] = { "lz4", "zstd", "deflate", "lzo" };
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages[ARRAY_SIZE(compressors)] = { { 0 } };
	char compressor[64];
	size_t i;

	if (!zwb_need_compressed() || !zwb_setting(ZWB_COMPRESSED, "1") || !zwb_disk_on(&disk) ||
	    !zwb_param_get("compressor", compressor, sizeof(compressor)))
		return;
	for (i = 0; i < ARRAY_SIZE(compressors) && !zwb_failed(); i++) {
		if (!zwb_param_set("compressor", compressors[i]) ||
		    !zwb_pages_map(&pages[i], ZWB_ANY_NODE, IMAGE_PAGES))
			break;
		write_pages(&pages[i], i, slots);
	}
	zwb_param_set("compressor", compressor);
	for (i = 0; i < ARRAY_SIZE(compressors); i++) {
		if (pages[i].mem && !zwb_failed())
			zwb_pages_are(&pages[i], i);
		zwb_pages_unmap(&pages[i]);
	}
}

/* What a process that reads a page gets: 0, or the number of a signal. */
static int signal_of_reader(struct zwb_pages *pages, long long index)
{
	int status = -1;
	pid_t pid;

	madvise(pages->mem, pages->nr * zwb_page_size, MADV_DOFORK);
	pid = fork();
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		_exit(!zwb_page_is(pages->mem + index * zwb_page_size, index, 1));
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		zwb_fail("page %lld has come back wrong", index);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Changes one bit of what is in a slot. */
static bool damage_byte(unsigned long long slot, size_t byte)
{
	unsigned char *page = malloc(zwb_page_size);
	bool good = page && block_io(slot, (struct image *)page, false);

	if (good) {
		page[byte] ^= 1;
		good = block_io(slot, (struct image *)page, true);
	}
	free(page);
	return good;
}

/* Each part of a header, and the data; the last one is good, but that of its neighbour. */
static bool damage(const unsigned long long *slots)
{
	static const size_t byte[DAMAGED - 1] = {
		offsetof(struct image, magic), offsetof(struct image, checksum),
		offsetof(struct image, version), offsetof(struct image, length),
		offsetof(struct image, length) + 1, offsetof(struct image, type),
		offsetof(struct image, offset), offsetof(struct image, compressor),
		HEADER_BYTES + 10,
	};
	struct image *image = malloc(zwb_page_size);
	bool good = image;
	int i;

	for (i = 0; i < DAMAGED - 1 && good; i++)
		good = damage_byte(slots[DAMAGED_PAGE(i)], byte[i]);
	good = good && block_io(slots[DAMAGED_PAGE(i) + 1], image, false) &&
	       block_io(slots[DAMAGED_PAGE(i)], image, true);
	free(image);
	return good;
}

static bool is_damaged(long long index)
{
	return index % DAMAGED_PAGE(1) == 0 && index / DAMAGED_PAGE(1) < DAMAGED;
}

static void check_damaged(struct zwb_pages *pages)
{
	long long i, before = zwb_read_number(CORRUPTED);

	for (i = 0; i < DAMAGED; i++) {
		if (signal_of_reader(pages, DAMAGED_PAGE(i)) != SIGBUS)
			zwb_fail("who reads damaged page %lld gets no SIGBUS", i);
	}
	for (i = 0; i < pages->nr; i++) {
		if (!is_damaged(i) && !zwb_page_is(pages->mem + i * zwb_page_size, i, 1)) {
			zwb_fail("page %lld is not right", i);
			break;
		}
	}
	zwb_between(zwb_read_number(CORRUPTED) - before, DAMAGED, LLONG_MAX);
}

/*
 * Turns red when a damaged image is decompressed all the same, when that of another slot
 * is taken for this one's, or when the pages beside it suffer.
 */
static void damaged_image_is_given_to_nobody(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };

	if (begin(&pages) && write_pages(&pages, 1, slots) && damage(slots))
		check_damaged(&pages);
	end(&pages);
}

/*
 * Turns red when a damaged image goes back into zswap, where it could not be told any
 * more, or keeps others from coming back.
 */
static void damaged_image_is_not_brought_back(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };
	long long before = zwb_read_number(CORRUPTED);
	struct zwb_snap delta;

	if (begin(&pages) && write_pages(&pages, 1, slots) && damage(slots)) {
		zwb_readback(&delta, "max=1G");
		zwb_equal(delta.total.readback, IMAGE_PAGES - DAMAGED);
		/* whoever needs one is to know */
		zwb_equal(zwb_read_number(CORRUPTED), before);
		zwb_readback(&delta, "max=1G");
		zwb_zero(delta.total.readback);
		check_damaged(&pages);
	}
	end(&pages);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(pages_are_compressed_on_the_disk),
	ZWB_TEST(both_kinds_take_turns),
	ZWB_TEST(image_is_read_again),
	ZWB_TEST(compressor_may_change),
	ZWB_TEST(damaged_image_is_given_to_nobody),
	ZWB_TEST(damaged_image_is_not_brought_back),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* pages that wait to be added to a list wait on the CPU that has filled them */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
