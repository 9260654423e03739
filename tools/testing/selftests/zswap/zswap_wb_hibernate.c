// SPDX-License-Identifier: GPL-2.0
/*
 * The system hibernates, or is suspended, before, during and after a command.
 *
 * Hibernation is real but for the power: the image is written to the swap disk, loaded
 * again, and takes the place of the system that has written it (test_resume).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_util.h"

#define HIB_STATE		"/sys/power/state"
#define HIB_MODE		"/sys/power/disk"
#define HIB_RESUME		"/sys/power/resume"
#define HIB_IMAGE_SIZE		"/sys/power/image_size"
#define HIB_PM_TEST		"/sys/power/pm_test"
/* of a swap disk's first page: where the signature is, and where it is kept meanwhile */
#define HIB_SIGNATURE		"SWAPSPACE2"
#define HIB_SIGNATURE_LENGTH	10
#define HIB_PAGES		600
#define HIB_NOISE_PAGES		100

/* of the cgroup that is written slowly: pages in a second */
#define SLOW_RATE		50
/* the same, so slow that each batch is a page, and is in the air for so long */
#define AIR_SECONDS		2
#define AIR_REQUESTS		2
#define AIR_MS			20000

#define SUSPEND_SECONDS		1
#define SUSPEND_MS		8000
#define LAND_MS			20000

/* --- hibernation --- */

static bool need_hibernation(void)
{
	char modes[256] = "";
	FILE *file = fopen(HIB_MODE, "r");

	if (file && !fgets(modes, sizeof(modes), file))
		modes[0] = '\0';
	if (file)
		fclose(file);
	if (strstr(modes, "test_resume"))
		return true;
	zwb_skip("needs CONFIG_HIBERNATION, and a kernel that is not locked down");
	return false;
}

/*
 * The first page of the swap disk, past the page cache. Where the kernel keeps the signature
 * while there is an image: wipe that, or tell whether there was an image since.
 */
static bool image_trace(bool wipe, bool *found)
{
	const size_t kept = zwb_page_size - 2 * HIB_SIGNATURE_LENGTH;
	bool good = false;
	void *page;
	int fd;

	if (posix_memalign(&page, zwb_page_size, zwb_page_size))
		return false;
	fd = open(zwb_swap_path(), (wipe ? O_RDWR : O_RDONLY) | O_DIRECT);
	if (fd >= 0 && pread(fd, page, zwb_page_size, 0) == zwb_page_size) {
		*found = !memcmp(page + kept, HIB_SIGNATURE, HIB_SIGNATURE_LENGTH);
		memset(page + kept, 0, HIB_SIGNATURE_LENGTH);
		good = !wipe || pwrite(fd, page, zwb_page_size, 0) == zwb_page_size;
	}
	if (!good)
		zwb_fail("%s: first page: %s", zwb_swap_path(), strerror(errno));
	if (fd >= 0)
		close(fd);
	free(page);
	return good;
}

static long long boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / ZWB_NS_PER_MS;
}

/* Everything is set; there must be an image afterwards that was not there before. */
static bool hibernate_now(void)
{
	long long start = boot_ms();
	bool found = false;
	int err;

	if (!image_trace(true, &found))
		return false;
	err = zwb_write(HIB_STATE, "disk", strlen("disk"));
	if (err) {
		zwb_fail("hibernation: %s", strerror(-err));
		return false;
	}
	/* memory is as it was when the image was made: it cannot know of one on the disk */
	if (!image_trace(false, &found))
		return false;
	ksft_print_msg("back after %lld ms\n", boot_ms() - start);
	return zwb_between(found, true, true);
}

/*
 * Hibernate to the swap disk, and resume from there. The image may have all of memory, so
 * that nobody is asked to give some up.
 */
static bool hibernate(void)
{
	long long memory = (long long)sysconf(_SC_PHYS_PAGES) * zwb_page_size;
	char size[32];

	snprintf(size, sizeof(size), "%lld", memory);
	return (access(HIB_PM_TEST, W_OK) || zwb_setting(HIB_PM_TEST, "none")) &&
	       zwb_setting(HIB_IMAGE_SIZE, size) && zwb_setting(HIB_MODE, "test_resume") &&
	       zwb_write_string(HIB_RESUME, zwb_swap_path()) && hibernate_now();
}

/* Slots that are free; those of an image do not stay taken. */
static long long free_slots(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? -1 : (long long)info.freeswap * info.mem_unit / zwb_page_size;
}

/* Hibernate with no command about: nothing has changed. */
static bool hibernate_in_peace(void)
{
	long long slots = free_slots();
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!hibernate())
		return false;
	zwb_since(&delta, &before);
	return zwb_check_unchanged(&delta) & zwb_equal(free_slots(), slots);
}

/*
 * Hibernation before a command: what was in zswap still is, with its data, and a command
 * writes it.
 *
 * Turns red when something that a command goes by is not as it was when the image
 * was made.
 */
static void before_a_command(void)
{
	struct zwb_load *text, *noise;

	if (!need_hibernation())
		return;
	text = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	noise = zwb_load(NULL, ZWB_ANY_NODE, HIB_NOISE_PAGES, ZWB_NOISE);
	if (!text || !noise || !hibernate_in_peace() ||
	    !zwb_write_all(HIB_PAGES + HIB_NOISE_PAGES))
		return;
	zwb_expect_read(text, HIB_PAGES, 0);
	zwb_expect_read(noise, HIB_NOISE_PAGES, 0);
}

/*
 * Hibernation after a command: the image is next to what the command wrote, and in the
 * slots that are free. Then these slots, with the image in them, are used.
 *
 * Turns red when a page that a command wrote is in a slot that the kernel takes for
 * free.
 */
static void after_a_command(void)
{
	struct zwb_load *load, *next;

	if (!need_hibernation())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!load || !zwb_write_all(HIB_PAGES) || !hibernate_in_peace())
		return;
	next = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!next || !zwb_write_all(HIB_PAGES))
		return;
	zwb_expect_read(load, HIB_PAGES, 0);
	zwb_expect_read(next, HIB_PAGES, 0);
}

/* --- a command meanwhile --- */

/* Have so many bytes of a cgroup written in a second, 0: any number. Its I/O, nobody else's. */
static bool write_slowly(const char *cgroup, long long bytes)
{
	char limit[128], rate[32] = "max";
	struct stat disk;

	if (stat(zwb_swap_path(), &disk)) {
		zwb_fail("stat %s: %s", zwb_swap_path(), strerror(errno));
		return false;
	}
	if (bytes)
		snprintf(rate, sizeof(rate), "%lld", bytes);
	snprintf(limit, sizeof(limit), "%u:%u wbps=%s", major(disk.st_rdev), minor(disk.st_rdev),
		 rate);
	return zwb_cgroup_set(cgroup, "io.max", limit);
}

static bool need_slow_writes(const char *cgroup)
{
	char path[ZWB_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/io.max", cgroup);
	if (!access(path, W_OK))
		return true;
	zwb_skip("needs the io controller and CONFIG_BLK_DEV_THROTTLING");
	return false;
}

/* A load that is written slowly, and a command that is about to do that. */
static struct zwb_load *slow_load(struct zwb_async *command, const char *cgroup, long long bytes)
{
	struct zwb_load *load;

	if (!cgroup || !need_slow_writes(cgroup))
		return NULL;
	load = zwb_load(cgroup, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!load || !write_slowly(cgroup, bytes) ||
	    !zwb_start(command, ZWB_GLOBAL, 0, "age=0"))
		return NULL;
	return load;
}

/* What was in the air when the command ended lands, and the rest is written; each page once. */
static void write_rest(const char *cgroup)
{
	long long deadline = zwb_now() + LAND_MS * ZWB_NS_PER_MS;

	if (!write_slowly(cgroup, 0))
		return;
	while (zwb_stored() && zwb_now() < deadline) {
		struct zwb_snap delta;
		int err = zwb_run(&delta, ZWB_GLOBAL, "age=0");

		if (err != -EAGAIN)
			zwb_zero(err);
		zwb_zero(delta.total.failed);
		zwb_pause();
	}
	zwb_zero(zwb_stored());
}

/* Wait until requests of a command are on their way. */
static bool wait_for_requests(long long before, long long nr)
{
	long long deadline = zwb_now() + AIR_MS * ZWB_NS_PER_MS;

	do {
		if (zwb_vmstat_key("nrswpout") - before >= nr)
			return true;
		zwb_pause();
	} while (zwb_now() < deadline);
	zwb_fail("the command sent no %lld requests", nr);
	return false;
}

static void check_hibernation_during(struct zwb_async *command, struct zwb_load *load)
{
	long long requests = zwb_vmstat_key("nrswpout"), kept = load->pages / 2;
	struct zwb_snap before, delta;

	zwb_snap(&before);
	zwb_go(command);
	if (!wait_for_requests(requests, AIR_REQUESTS))
		return;
	/* slots are written in their order: what is in the air is at one of the ends */
	if (!zwb_load_touch(load, 0, kept / 2) ||
	    !zwb_load_touch(load, load->pages - kept / 2, kept / 2))
		return;
	if (!hibernate())
		return;
	zwb_equal(zwb_wait(command), -EINTR);
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages were written, %lld gone\n", delta.total.written,
		       delta.total.skipped_gone);
	zwb_between(delta.total.written, 1, AIR_REQUESTS);
	zwb_between(delta.total.skipped_gone, 1, AIR_REQUESTS);
	zwb_zero(delta.total.failed);

	write_rest(load->cgroup);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.on_disk, kept);
	zwb_zero(delta.total.failed);
	zwb_expect_read(load, kept, 0);
}

/*
 * Hibernation during a command that waits for the disk, with pages in the air, some of
 * which have just been freed, so that their slots are as good as any for the image.
 *
 * Turns red when the system does not hibernate because of the command, or when what is in
 * the air is lost, lands twice, or lands in the image.
 */
static void during_a_command(void)
{
	const char *cgroup = zwb_cgroup(NULL, "slow");
	struct zwb_async command;
	struct zwb_load *load;

	if (!need_hibernation())
		return;
	load = slow_load(&command, cgroup, zwb_page_size / AIR_SECONDS);
	if (load)
		check_hibernation_during(&command, load);
}

/* --- suspend --- */

static void check_suspend_during(struct zwb_async *command, struct zwb_load *load,
				 const char *level)
{
	struct zwb_snap before, delta;
	long long took;

	zwb_snap(&before);
	zwb_go(command);
	if (!zwb_wait_for_writeback(before.vm.zswpwb))
		return;
	zwb_zero(zwb_suspend(level, SUSPEND_SECONDS, &took));
	ksft_print_msg("%d s of sleep took %lld ms\n", SUSPEND_SECONDS, took);
	zwb_between(took, SUSPEND_SECONDS * 1000, SUSPEND_MS);
	zwb_equal(zwb_wait(command), -EINTR);
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages were written\n", delta.total.written);
	/* the rest has stayed */
	zwb_between(delta.total.written, 1, load->pages - 1);
	zwb_equal(delta.total.scanned, delta.total.written);
	zwb_between(delta.stored, -load->pages + 1, -1);

	write_rest(load->cgroup);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, load->pages);
	zwb_zero(delta.total.failed);
	zwb_expect_read(load, load->pages, 0);
}

static void suspend_during(const char *level)
{
	const char *cgroup = zwb_cgroup(NULL, "slow");
	struct zwb_async command;
	struct zwb_load *load;

	if (!zwb_need_suspend())
		return;
	load = slow_load(&command, cgroup, SLOW_RATE * zwb_page_size);
	if (load)
		check_suspend_during(&command, load, level);
}

/*
 * All tasks are frozen while a command waits for the disk.
 *
 * Turns red when the command cannot be frozen, goes on as if nothing had happened, or
 * when pages are lost that are in the air meanwhile.
 */
static void freezer_during_a_command(void)
{
	suspend_during("freezer");
}

/*
 * And the disk is suspended, with requests on their way to it.
 *
 * Turns red as above, and when the disk cannot be suspended.
 */
static void devices_during_a_command(void)
{
	suspend_during("devices");
}

/*
 * And the platform is made ready to sleep, with interrupts off.
 *
 * Turns red as above.
 */
static void platform_during_a_command(void)
{
	suspend_during("platform");
}

static const struct zwb_test tests[] = {
	ZWB_TEST(before_a_command),
	ZWB_TEST(after_a_command),
	ZWB_TEST(during_a_command),
	ZWB_TEST(freezer_during_a_command),
	ZWB_TEST(devices_during_a_command),
	ZWB_TEST(platform_during_a_command),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
