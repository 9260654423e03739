// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that are compressed on the disk: that they are, that they come back right, from
 * there and however often, and that a damaged one is given to nobody.
 *
 * What is on the disk is read past the kernel's swap code, from the device itself.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_image.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_table.h"
#include "zswap_wb_util.h"

#define LOG			"/dev/kmsg"
#define IMAGE_PAGES		700
/* a compressor that is not built into the kernel */
#define MODULE			"lz4hc"
#define DEVICE_PAGES		2048
#define CHOICE_COMMANDS		40
#define CHOICE_PAGES		100
#define FILE_PAGES		64
#define TRACE_CHUNK		65536
/* that decompress at a time, see mm/zswap_wb/reads.c */
#define WORKERS			16
/* of an image: as many as a page has sectors */
#define LENGTHS			8
/* so many, and which */
#define DAMAGED			10
#define DAMAGED_PAGE(nr)	((nr) * 61)

static const struct zwb_disk_spec disk = { .pages = 16384 };

/* --- blocks of the disk --- */

/* The block of a slot, as pagemap names slots: behind the number of the device. */
static bool block_io(unsigned long long slot, struct zwb_image *image, bool write)
{
	return zwb_small_swap_block(ZWB_SLOT_OFFSET(slot), image, write);
}

/* CRC-32C of some bytes, with the bits of each byte the other way round, as all have it. */
static uint32_t crc32c(const unsigned char *bytes, size_t length)
{
	uint32_t crc = ~0U;
	int bit;

	while (length--) {
		crc ^= *bytes++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return crc;
}

/* As Documentation/mm/zswap_wb.rst describes it, to the byte */
static bool is_image(const struct zwb_image *image, unsigned long long slot, const char *compressor)
{
	const size_t from = offsetof(struct zwb_image, version);
	size_t length = zwb_image_length(image, ZWB_SLOT_TYPE(slot), ZWB_SLOT_OFFSET(slot),
					 zwb_page_size);
	char name[sizeof(image->compressor)] = "";

	snprintf(name, sizeof(name), "%s", compressor);
	return length && !memcmp(image->compressor, name, sizeof(name)) &&
	       le32toh(image->checksum) == crc32c((const unsigned char *)image + from,
						  ZWB_IMAGE_HEADER - from + length);
}

/* How many of the slots have an image of their own, by the compressor that zswap has now. */
static long long count_images(const unsigned long long *slots, long long nr)
{
	struct zwb_image *image = malloc(zwb_page_size);
	long long i = 0, images = 0;
	char compressor[64];

	if (!zwb_param_get("compressor", compressor, sizeof(compressor)))
		nr = 0;
	for (; image && i < nr && block_io(slots[i], image, false); i++)
		images += is_image(image, slots[i], compressor);
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
static bool begin_with(struct zwb_pages *pages, int node, long long nr)
{
	return zwb_need_compressed() && zwb_need_small_swap() && zwb_setting(ZWB_COMPRESSED, "1") &&
	       zwb_small_swap_on(DEVICE_PAGES) && zwb_pages_map(pages, node, nr);
}

static bool begin(struct zwb_pages *pages)
{
	return begin_with(pages, ZWB_ANY_NODE, IMAGE_PAGES);
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

/* What the device writes at least, in bytes. */
static long long block_bytes(const char *device)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), "/sys/block/%.32s/queue/physical_block_size", device);
	return zwb_read_number(path);
}

/* A page of one byte, and some noise that makes its image that much longer. */
static void fill_with_noise(struct zwb_pages *page, long long noise)
{
	long long i;

	memset(page->mem, 1, zwb_page_size);
	for (i = 0; i < noise; i++)
		page->mem[i] = random();
}

/* Write an image, which is a request of its own. Bytes that the device got, or -1 */
static long long write_one(struct zwb_pages *page, const char *device, long long noise)
{
	struct zwb_image *image = malloc(zwb_page_size);
	long long block = block_bytes(device), sectors, bytes = -1, want;
	struct zwb_snap before, delta;
	unsigned long long slot;

	fill_with_noise(page, noise);
	zwb_snap(&before);
	if (image && zwb_pages_out(page) && zwb_pages_slots(page, &slot)) {
		sectors = zwb_disk_number(device, ZWB_DISK_SECTORS_WRITTEN);
		if (zwb_write_all(1) && block_io(slot, image, false)) {
			bytes = (zwb_disk_number(device, ZWB_DISK_SECTORS_WRITTEN) - sectors) * 512;
			want = ZWB_IMAGE_HEADER + le16toh(image->length);
			want = (want + block - 1) / block * block;
			zwb_since(&delta, &before);
			ksft_print_msg("%d bytes of data, %lld written in blocks of %lld\n",
				       le16toh(image->length), bytes, block);
			zwb_equal(count_images(&slot, 1), 1);
			zwb_equal(bytes, want);
			zwb_equal(delta.total.disk_bytes, want);
		}
	}
	free(image);
	return bytes;
}

/*
 * Turns red when more is written of an image than the blocks that it is in, which is what
 * makes it worth while where a disk is slow, or when fewer bytes are counted than written.
 */
static void request_ends_with_the_image(void)
{
	struct zwb_pages page = { 0 };
	long long first = 0, last = 0;
	const char *device;
	int i;

	if (zwb_need_compressed() && zwb_need_small_swap() && zwb_setting(ZWB_COMPRESSED, "1") &&
	    zwb_small_swap_on(DEVICE_PAGES) && zwb_pages_map(&page, ZWB_ANY_NODE, 1)) {
		device = strrchr(zwb_small_swap_path(), '/') + 1;
		for (i = 0; i < LENGTHS && !zwb_failed(); i++) {
			last = write_one(&page, device, i * zwb_page_size / LENGTHS);
			if (!i)
				first = last;
		}
		/* else this tested nothing */
		if (block_bytes(device) < zwb_page_size)
			zwb_between(last - first, 1, zwb_page_size);
	}
	end(&page);
}

/* Write a page of noise, and look what is on the disk. */
static void check_noise(struct zwb_pages *page)
{
	struct zwb_image *block = malloc(zwb_page_size);
	unsigned char *noise = malloc(zwb_page_size);
	struct zwb_snap before, delta;
	unsigned long long slot;

	fill_with_noise(page, zwb_page_size);
	zwb_snap(&before);
	if (block && noise) {
		memcpy(noise, page->mem, zwb_page_size);
		if (zwb_pages_out(page) && zwb_pages_slots(page, &slot) && zwb_write_all(1) &&
		    block_io(slot, block, false)) {
			zwb_since(&delta, &before);
			zwb_equal(delta.total.disk_bytes, zwb_page_size);
			zwb_zero(memcmp(block, noise, zwb_page_size));
			zwb_zero(memcmp(page->mem, noise, zwb_page_size));
		}
	}
	free(noise);
	free(block);
}

/*
 * A page that does not get smaller is on the disk as it is, and whole.
 *
 * Turns red when it is written as an image that has lost its end.
 */
static void incompressible_page_is_an_ordinary_one(void)
{
	struct zwb_pages page = { 0 };

	if (zwb_need_compressed() && zwb_need_incompressible() && zwb_need_small_swap() &&
	    zwb_setting(ZWB_COMPRESSED, "1") && zwb_small_swap_on(DEVICE_PAGES) &&
	    zwb_pages_map(&page, ZWB_ANY_NODE, 1))
		check_noise(&page);
	end(&page);
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

/* Nothing but the two is a choice, and what is refused changes nothing. */
static void only_0_and_1_are_a_choice(void)
{
	static const char * const good[] = { "0", "1\n", "0\n", "1" };
	static const char * const bad[] = { "", "2", "-1", "y", "N", "01", "1 0", "1x", " 1" };
	size_t i, j;

	if (!zwb_need_compressed() || !zwb_setting(ZWB_COMPRESSED, "0"))
		return;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		zwb_write_string(ZWB_COMPRESSED, good[i]);
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			if (zwb_write(ZWB_COMPRESSED, bad[j], strlen(bad[j])) !=
			    (bad[j][0] ? -EINVAL : 0))
				zwb_fail("'%s' is not refused", bad[j]);
			zwb_equal(zwb_read_number(ZWB_COMPRESSED), good[i][0] - '0');
		}
	}
}

/* A command that is slow enough for the choice to be made anew meanwhile. */
static void check_choice(struct zwb_pages *pages, const char *first, const char *then,
			 unsigned int version)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_async command;
	struct zwb_snap before;
	long long left;

	zwb_write_string(ZWB_COMPRESSED, first);
	if (!zwb_pages_store(pages, version) || !zwb_pages_slots(pages, slots) ||
	    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0 rate=1M"))
		return;
	zwb_snap(&before);
	zwb_go(&command);
	zwb_wait_for_writeback(before.vm.zswpwb);
	zwb_write_string(ZWB_COMPRESSED, then);
	left = zwb_stored();
	zwb_zero(zwb_wait(&command));
	ksft_print_msg("%lld of %d pages were to be written when %s became %s\n", left,
		       IMAGE_PAGES, first, then);
	zwb_between(left, 1, IMAGE_PAGES - 1);
	zwb_equal(count_images(slots, IMAGE_PAGES), first[0] == '1' ? IMAGE_PAGES : 0);
	zwb_pages_are(pages, version);
}

/*
 * The choice is made anew while a command is at work: that goes on with what it began with,
 * and the next one has the new choice.
 *
 * Turns red when each page, or each batch, is written as it is said at that moment.
 */
static void choice_is_for_the_next_command(void)
{
	struct zwb_pages pages = { 0 };

	if (begin(&pages)) {
		check_choice(&pages, "0", "1", 1);
		if (!zwb_failed())
			check_choice(&pages, "1", "0", 2);
	}
	end(&pages);
}

/* A process that changes its mind all the time, on a CPU of its own; or -1. */
static pid_t start_choosing(void)
{
	pid_t pid = zwb_fork();
	int fd, i;

	if (pid)
		return pid;
	if (!zwb_run_on_cpu(0, 1))
		_exit(1);
	fd = open(ZWB_COMPRESSED, O_WRONLY);
	for (i = 0; pwrite(fd, i % 2 ? "1" : "0", 1, 0) == 1; i++)
		;
	_exit(1);
}

static void check_one_choice(struct zwb_pages *pages)
{
	static unsigned long long slots[CHOICE_PAGES];
	long long images, commands[3] = { 0 };
	int i;

	for (i = 0; i < CHOICE_COMMANDS && !zwb_failed(); i++) {
		if (!write_pages(pages, i, slots))
			return;
		images = count_images(slots, CHOICE_PAGES);
		commands[images ? 1 + (images < CHOICE_PAGES) : 0]++;
	}
	ksft_print_msg("%lld commands wrote pages, %lld images, %lld of both\n", commands[0],
		       commands[1], commands[2]);
	zwb_zero(commands[2]);
	/* else this tested nothing */
	zwb_between(commands[0], 1, CHOICE_COMMANDS - 1);
}

/*
 * The choice is made anew just when a command begins: that has the one or the other.
 *
 * Turns red when a command looks at it twice.
 */
static void command_has_one_choice(void)
{
	struct zwb_pages pages = { 0 };
	pid_t pid;

	if (!zwb_need_two_cpus())
		return;
	if (begin_with(&pages, ZWB_ANY_NODE, CHOICE_PAGES)) {
		pid = start_choosing();
		if (pid > 0) {
			check_one_choice(&pages);
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
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

/* Requests of the device for all pages, with their neighbours, or -1. */
static long long count_reads(struct zwb_pages *pages, unsigned int version, const char *compressed)
{
	static unsigned long long slots[IMAGE_PAGES];
	const char *device = strrchr(zwb_small_swap_path(), '/') + 1;
	long long reads;

	zwb_write_string(ZWB_COMPRESSED, compressed);
	if (!write_pages(pages, version, slots))
		return -1;
	reads = zwb_disk_number(device, ZWB_DISK_READS);
	zwb_pages_read(pages);
	reads = zwb_disk_number(device, ZWB_DISK_READS) - reads;
	return zwb_pages_are(pages, version) ? reads : -1;
}

/*
 * Who reads pages one after the other gets their neighbours with them, in one request, whether
 * they are images or not.
 *
 * Turns red when images are read one by one.
 */
static void images_are_read_with_their_neighbours(void)
{
	struct zwb_pages pages = { 0 };
	long long ordinary, images;

	if (begin(&pages) && zwb_setting("/proc/sys/vm/page-cluster", "3")) {
		ordinary = count_reads(&pages, 1, "0");
		images = ordinary < 0 ? -1 : count_reads(&pages, 2, "1");
		ksft_print_msg("%lld requests for %d ordinary pages, %lld for images\n", ordinary,
			       IMAGE_PAGES, images);
		/* else there was nothing to merge */
		zwb_between(ordinary, 1, IMAGE_PAGES / 4);
		zwb_between(images, 1, ordinary * 11 / 10);
	}
	end(&pages);
}

/* How many pieces of work the reads that were traced were spread over, at most @max; or -1. */
static long long count_workers(long long max)
{
	static const char work[] = "work struct=";
	unsigned long long seen[WORKERS], item;
	char *text, *line, *save;
	long long nr = 0, i;
	size_t length;

	text = zwb_read_file(ZWB_TRACE_DIR "/trace", TRACE_CHUNK, &length);
	if (!text)
		return -1;
	for (line = strtok_r(text, "\n", &save); line && nr < max;
	     line = strtok_r(NULL, "\n", &save)) {
		const char *field = strstr(line, work);

		if (!field || !strstr(line, "function=zswap_wb_reads_work"))
			continue;
		item = strtoull(field + strlen(work), NULL, 16);
		for (i = 0; i < nr && seen[i] != item; i++)
			;
		if (i == nr)
			seen[nr++] = item;
	}
	free(text);
	return nr;
}

/*
 * What many read from one CPU is decompressed by many workers, where there are CPUs for them.
 *
 * Turns red when reads that end on the same CPU wait for each other.
 */
static void reads_are_spread_over_workers(void)
{
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages = { 0 };

	if (zwb_need_trace() && begin(&pages) && write_pages(&pages, 1, slots) &&
	    zwb_setting("/proc/sys/vm/page-cluster", "0") &&
	    zwb_trace_start("workqueue/workqueue_queue_work")) {
		zwb_pages_are(&pages, 1);
		zwb_equal(count_workers(WORKERS), WORKERS);
	}
	zwb_trace_stop();
	end(&pages);
}

/* Images of several compressors are read, or brought back and loaded: that of none is in use. */
static void check_compressors(bool readback)
{
	static const char * const compressors[] = { "lz4", "zstd", "deflate", "lzo" };
	static unsigned long long slots[IMAGE_PAGES];
	struct zwb_pages pages[ARRAY_SIZE(compressors)] = { { 0 } };
	struct zwb_snap delta;
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
	if (readback && !zwb_failed()) {
		zwb_readback(&delta, "max=1G");
		zwb_equal(delta.total.readback, ARRAY_SIZE(compressors) * IMAGE_PAGES);
	}
	for (i = 0; i < ARRAY_SIZE(compressors); i++) {
		if (pages[i].mem && !zwb_failed())
			zwb_pages_are(&pages[i], i);
		zwb_pages_unmap(&pages[i]);
	}
}

/*
 * The compressor changes while images are out, and there are entries of both.
 *
 * Turns red when an image's compressor is not kept for it.
 */
static void compressor_may_change(void)
{
	check_compressors(false);
}

/*
 * The same, and then the images are entries again.
 *
 * Turns red when an image becomes an entry of the compressor that is in use now, which
 * makes something else of it, or stays on the disk because that is another one.
 */
static void compressor_may_change_before_a_readback(void)
{
	if (zwb_need_readback())
		check_compressors(true);
}

/* Unload a compressor, if nobody uses it. Returns 0 or -errno. */
static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* Unloads the compressor that was in use, in a while: the pool of the last page goes later. */
static void expect_unload(void)
{
	long long deadline;
	int err;

	deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
	do {
		zwb_pause();
		err = unload(MODULE);
	} while (err && zwb_now() < deadline);
	zwb_zero(err);
}

/* With images on the disk, or, if not @compressed, with ordinary pages. */
static void check_module(struct zwb_pages *pages, const char *compressor, bool compressed)
{
	static unsigned long long slots[IMAGE_PAGES];

	if (!zwb_param_set("compressor", MODULE) ||
	    !zwb_setting(ZWB_COMPRESSED, compressed ? "1" : "0") || !write_pages(pages, 1, slots))
		return;
	zwb_zero(zwb_stored());
	if (!zwb_param_set("compressor", compressor))
		return;
	/* zswap has no entry of it, and no use for it but for what is on the disk */
	if (compressed)
		zwb_equal(unload(MODULE), -EAGAIN);
	else
		expect_unload();
	if (!zwb_pages_are(pages, 1))
		return;
	/* the slots are freed with the pages */
	zwb_pages_unmap(pages);
	if (compressed)
		expect_unload();
}

/*
 * The compressor is a module, and zswap has been told to use another one since: it cannot
 * be unloaded as long as something on the disk needs it, and then it can. Ordinary pages do not
 * need it.
 *
 * Turns red when images do not keep it, and if something does when there are none.
 */
static void compressor_is_a_module(void)
{
	struct zwb_pages pages = { 0 };
	char compressor[64];

	if (!zwb_need_compressed() || !zwb_setting(ZWB_COMPRESSED, "1") || !zwb_disk_on(&disk) ||
	    !zwb_param_get("compressor", compressor, sizeof(compressor)))
		return;
	if (system("modprobe " MODULE " 2>/dev/null") || access("/sys/module/" MODULE, F_OK) ||
	    unload(MODULE) || system("modprobe " MODULE)) {
		zwb_skip("needs CONFIG_CRYPTO_LZ4HC=m, and modprobe(8)");
		return;
	}
	if (zwb_pages_map(&pages, ZWB_ANY_NODE, IMAGE_PAGES))
		check_module(&pages, compressor, true);
	zwb_pages_unmap(&pages);
	if (!zwb_failed() && zwb_zero(system("modprobe " MODULE)) &&
	    zwb_pages_map(&pages, ZWB_ANY_NODE, IMAGE_PAGES))
		check_module(&pages, compressor, false);
	zwb_pages_unmap(&pages);
}

/* Changes two bits of what is in a slot: a length of that byte does not fit into a page. */
static bool damage_byte(unsigned long long slot, size_t byte)
{
	unsigned char *page = malloc(zwb_page_size);
	bool good = page && block_io(slot, (struct zwb_image *)page, false);

	if (good) {
		page[byte] ^= 0x81;
		good = block_io(slot, (struct zwb_image *)page, true);
	}
	free(page);
	return good;
}

/* Each part of a header, and the data; the last one is good, but that of its neighbour. */
static bool damage(const unsigned long long *slots)
{
	static const size_t byte[DAMAGED - 1] = {
		offsetof(struct zwb_image, magic), offsetof(struct zwb_image, checksum),
		offsetof(struct zwb_image, version), offsetof(struct zwb_image, length),
		offsetof(struct zwb_image, length) + 1, offsetof(struct zwb_image, type),
		offsetof(struct zwb_image, offset), offsetof(struct zwb_image, compressor),
		ZWB_IMAGE_HEADER + 10,
	};
	struct zwb_image *image = malloc(zwb_page_size);
	bool good = image;
	int i;

	for (i = 0; i < DAMAGED - 1 && good; i++)
		good = damage_byte(slots[DAMAGED_PAGE(i)], byte[i]);
	good = good && block_io(slots[DAMAGED_PAGE(i) + 1], image, false) &&
	       block_io(slots[DAMAGED_PAGE(i)], image, true);
	free(image);
	return good;
}

/* Images on the disk, of which some are damaged; @node as for zwb_pages_map(). */
static bool begin_damaged(struct zwb_pages *pages, int node)
{
	static unsigned long long slots[IMAGE_PAGES];

	return begin_with(pages, node, IMAGE_PAGES) && write_pages(pages, 1, slots) &&
	       damage(slots);
}

static bool is_damaged(long long index)
{
	return index % DAMAGED_PAGE(1) == 0 && index / DAMAGED_PAGE(1) < DAMAGED;
}

static void check_damaged_ones(struct zwb_pages *pages)
{
	long long i;

	for (i = 0; i < DAMAGED; i++) {
		if (zwb_pages_signal(pages, DAMAGED_PAGE(i)) != SIGBUS)
			zwb_fail("who reads damaged page %lld gets no SIGBUS", i);
	}
}

static void check_good_ones(struct zwb_pages *pages)
{
	long long i;

	for (i = 0; i < pages->nr; i++) {
		if (!is_damaged(i) && !zwb_page_is(pages->mem + i * zwb_page_size, i, 1)) {
			zwb_fail("page %lld is not right", i);
			break;
		}
	}
}

static void check_damaged(struct zwb_pages *pages)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	check_damaged_ones(pages);
	check_good_ones(pages);
	zwb_since(&delta, &before);
	zwb_between(delta.total.corrupted, DAMAGED, LLONG_MAX);
}

/*
 * Turns red when a damaged image is decompressed all the same, when that of another slot
 * is taken for this one's, or when the pages beside it suffer.
 */
static void damaged_image_is_given_to_nobody(void)
{
	struct zwb_pages pages = { 0 };

	if (begin_damaged(&pages, ZWB_ANY_NODE))
		check_damaged(&pages);
	end(&pages);
}

/*
 * Turns red when a damaged image goes back into zswap, where it could not be told any
 * more, or keeps others from coming back.
 */
static void damaged_image_is_not_brought_back(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap delta;

	if (begin_damaged(&pages, ZWB_ANY_NODE)) {
		zwb_readback(&delta, "max=1G");
		zwb_equal(delta.total.readback, IMAGE_PAGES - DAMAGED);
		/* whoever needs one is to know */
		zwb_zero(delta.total.corrupted);
		zwb_readback(&delta, "max=1G");
		zwb_zero(delta.total.readback);
		check_damaged(&pages);
	}
	end(&pages);
}

/*
 * Damaged images are read because somebody wants a good one beside them, and are found in the
 * swap cache by who wants them.
 *
 * Turns red when these are taken for good, or when the good ones suffer.
 */
static void damaged_image_is_read_ahead(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;

	if (begin_damaged(&pages, ZWB_ANY_NODE) &&
	    zwb_setting("/proc/sys/vm/page-cluster", "3")) {
		zwb_snap(&before);
		check_good_ones(&pages);
		zwb_since(&delta, &before);
		zwb_between(delta.total.corrupted, 1, LLONG_MAX);
		check_damaged_ones(&pages);
	}
	end(&pages);
}

/*
 * swapoff goes to the end, and who reads a damaged page after it gets SIGBUS as before.
 *
 * Turns red when swapoff gives damaged pages to their processes, ends at one, or never
 * gets past it.
 */
static void damaged_image_at_swapoff(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;

	if (begin_damaged(&pages, ZWB_ANY_NODE)) {
		zwb_snap(&before);
		zwb_small_swap_off();
		zwb_since(&delta, &before);
		zwb_between(delta.total.corrupted, DAMAGED, LLONG_MAX);
		zwb_equal(delta.total.on_disk, -IMAGE_PAGES);
		check_damaged_ones(&pages);
		check_good_ones(&pages);
	}
	end(&pages);
}

/* One bit of the data of all images that are on the device; how many. */
static int damage_all(void)
{
	struct zwb_image *image = malloc(zwb_page_size);
	unsigned long long slot;
	int damaged = 0;
	long long i;

	for (i = 1; image && i <= DEVICE_PAGES && block_io(ZWB_SLOT(0, i), image, false); i++) {
		/* nobody has said which number the device has */
		slot = ZWB_SLOT(le32toh(image->type), i);
		if (count_images(&slot, 1) == 1)
			damaged += damage_byte(slot, ZWB_IMAGE_HEADER + 10);
	}
	free(image);
	return damaged;
}

static void check_damaged_file(int file, struct zwb_pages *pages)
{
	struct zwb_snap before, delta;
	char byte;
	int i;

	zwb_pages_fill(pages, 1);
	if (!zwb_pages_out_whole(pages) || !zwb_write_all(pages->nr) ||
	    !zwb_equal(damage_all(), pages->nr))
		return;
	zwb_snap(&before);
	for (i = 0; i < pages->nr && !zwb_failed(); i++) {
		zwb_equal(pread(file, &byte, 1, i * zwb_page_size), -1);
		zwb_equal(errno, EIO);
		zwb_equal(zwb_pages_signal(pages, i), SIGBUS);
	}
	zwb_since(&delta, &before);
	zwb_between(delta.total.corrupted, pages->nr, LLONG_MAX);
}

/*
 * Pages of a file in memory, whose readers need not have them mapped.
 *
 * Turns red when read(2) gives what is damaged.
 */
static void damaged_image_of_a_file(void)
{
	struct zwb_pages pages = { .nr = FILE_PAGES };
	int file;

	if (!zwb_need_compressed() || !zwb_need_small_swap() ||
	    !zwb_setting(ZWB_COMPRESSED, "1") || !zwb_small_swap_on(DEVICE_PAGES))
		return;
	file = memfd_create("zswap_wb_damaged", 0);
	if (file < 0 || ftruncate(file, pages.nr * zwb_page_size)) {
		zwb_fail("making a file: %s", strerror(errno));
	} else {
		pages.mem = mmap(NULL, pages.nr * zwb_page_size, PROT_READ | PROT_WRITE,
				 MAP_SHARED, file, 0);
		if (pages.mem == MAP_FAILED) {
			zwb_fail("mmap: %s", strerror(errno));
			pages.mem = NULL;
		} else {
			check_damaged_file(file, &pages);
		}
	}
	zwb_pages_unmap(&pages);
	if (file >= 0)
		close(file);
}

/* Turns red when a damaged image counts on a node that it was not written from. */
static void damaged_image_counts_on_its_node(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_snap before, delta;
	int i, node[2];

	if (!zwb_need_two_nodes(&node[0], &node[1]))
		return;
	for (i = 0; i < 2 && !zwb_failed(); i++) {
		zwb_snap(&before);
		if (begin_damaged(&pages, node[i])) {
			check_damaged(&pages);
			zwb_since(&delta, &before);
			zwb_equal(delta.node[node[i]].written, IMAGE_PAGES);
			zwb_equal(delta.node[node[i]].corrupted, delta.total.corrupted);
			zwb_zero(delta.node[node[!i]].corrupted);
		}
		end(&pages);
	}
}

/* The log from now on, or -1. */
static int open_log(void)
{
	int log = open(LOG, O_RDONLY | O_NONBLOCK);

	if (log < 0) {
		zwb_skip("needs CONFIG_PRINTK");
	} else if (lseek(log, 0, SEEK_END) < 0) {
		zwb_fail(LOG ": %s", strerror(errno));
		close(log);
		log = -1;
	}
	return log;
}

/* How many lines have come into the log that say of this device that it is damaged. */
static int read_log(int log, const char *device)
{
	char record[2048];
	ssize_t length;
	int told = 0;

	/* what was overwritten before it was read is EPIPE */
	while ((length = read(log, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		record[length > 0 ? length : 0] = '\0';
		told += strstr(record, "is damaged") && strstr(record, device);
	}
	return told;
}

/* All that comes across damaged images of a device: who reads one, and before that a readback. */
static void check_log(bool readback)
{
	struct zwb_pages pages = { 0 };
	int log = open_log(), told;
	struct zwb_snap delta;
	struct stat status;
	char device[64];

	if (log >= 0 && begin_damaged(&pages, ZWB_ANY_NODE) &&
	    zwb_zero(stat(zwb_small_swap_path(), &status))) {
		snprintf(device, sizeof(device), "swap-device (%u:%u)", major(status.st_rdev),
			 minor(status.st_rdev));
		zwb_zero(read_log(log, device));
		if (readback) {
			zwb_readback(&delta, "max=1G");
			zwb_equal(delta.total.readback, IMAGE_PAGES - DAMAGED);
		}
		told = read_log(log, device);
		zwb_equal(told, readback);
		check_damaged(&pages);
		zwb_equal(told + read_log(log, device), 1);
	}
	end(&pages);
	if (log >= 0)
		close(log);
}

/*
 * The kernel log names a device that does not have what was written, whoever finds that out:
 * once, however many of its images are damaged. A device that another one was damaged in place
 * of is named as well.
 *
 * Turns red when each damaged image is a line of the log, when a readback finds one and says
 * nothing, or when only the first of two devices is named.
 */
static void log_names_a_damaged_device_once(void)
{
	char path[32];
	int file, loop;

	if (!zwb_need_small_swap())
		return;
	/* one that no test has damaged, because the first one is taken */
	file = memfd_create("zswap_wb_taken", 0);
	loop = file < 0 ? -1 : zwb_loop_attach(file, path, sizeof(path));
	if (loop < 0) {
		zwb_fail("taking a loop device: %s", strerror(errno));
	} else {
		check_log(false);
		zwb_loop_detach(loop);
	}
	if (file >= 0)
		close(file);
	if (!zwb_failed())
		check_log(true);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(pages_are_compressed_on_the_disk),
	ZWB_TEST(request_ends_with_the_image),
	ZWB_TEST(incompressible_page_is_an_ordinary_one),
	ZWB_TEST(both_kinds_take_turns),
	ZWB_TEST(only_0_and_1_are_a_choice),
	ZWB_TEST(choice_is_for_the_next_command),
	ZWB_TEST(command_has_one_choice),
	ZWB_TEST(image_is_read_again),
	ZWB_TEST(images_are_read_with_their_neighbours),
	ZWB_TEST(reads_are_spread_over_workers),
	ZWB_TEST(compressor_may_change),
	ZWB_TEST(compressor_may_change_before_a_readback),
	ZWB_TEST(compressor_is_a_module),
	ZWB_TEST(damaged_image_is_given_to_nobody),
	ZWB_TEST(damaged_image_is_not_brought_back),
	ZWB_TEST(damaged_image_is_read_ahead),
	ZWB_TEST(damaged_image_at_swapoff),
	ZWB_TEST(damaged_image_of_a_file),
	ZWB_TEST(damaged_image_counts_on_its_node),
	ZWB_TEST(log_names_a_damaged_device_once),
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
