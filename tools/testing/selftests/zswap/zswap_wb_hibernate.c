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
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define HIB_STATE		"/sys/power/state"
#define HIB_MODE		"/sys/power/disk"
#define HIB_RESUME		"/sys/power/resume"
#define HIB_IMAGE_SIZE		"/sys/power/image_size"
#define HIB_PM_TEST		"/sys/power/pm_test"
#define HIB_SNAPSHOT		"/dev/snapshot"
#define HIB_TEST_DELAY		"/sys/module/hibernate/parameters/pm_test_delay"
/* the end of a swap disk's first page, struct swsusp_header in the kernel */
#define HIB_SIGNATURE		"SWAPSPACE2"
#define HIB_SIGNATURE_LENGTH	10
#define HIB_TRACE_LENGTH	(4 + 8 + 4 + 2 * HIB_SIGNATURE_LENGTH)
/* of these: where the signature is kept while there is an image */
#define HIB_TRACE_SIGNATURE	(HIB_TRACE_LENGTH - 2 * HIB_SIGNATURE_LENGTH)
/* of a device that has to have room for an image, as it is compressed */
#define HIB_MEGABYTES		512
#define HIB_SECTOR_BYTES	512
#define HIB_PAGES		600
#define HIB_NOISE_PAGES		100
/* of ages, in seconds: a system that was away for less has no more to say */
#define HIB_AGE_SLACK		2

/* how long nothing gets to the disk; the system waits for that when it hibernates */
#define AIR_SECONDS		2
#define AIR_PAGES		2000
#define AIR_SETTLE_MS		300
/* when so many pages are written, batches have more than one */
#define AIR_FIRST		8

/* of a disk that gets a few pages at a time */
#define SLOW_LATENCY_US		1000000
#define SLOW_PAGES		200
#define SLOW_SENT_MS		200

/* after which a device has had its time, and what else that may take */
#define DEAF_MS			10000
#define DEAF_SLACK_MS		4000

#define SUSPEND_SECONDS		1
#define SUSPEND_MS		8000
/* a command ends within that, however slow the disk */
#define EINTR_SECONDS		2
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
 * What the kernel has left of the last image in the first page of a swap device, which begins
 * somewhere on the swap disk: its checksum, where it began, its flags, and the signature that
 * had to make room for the image's. Nobody may write to a disk that is swapped to, so all
 * there is to see is whether it changes.
 */
static bool read_trace(long long begin, unsigned char trace[HIB_TRACE_LENGTH])
{
	int fd = open(zwb_swap_path(), O_RDONLY | O_DIRECT);
	bool good = false;
	void *page;

	if (!posix_memalign(&page, zwb_page_size, zwb_page_size)) {
		/* past the page cache, which does not know of the image */
		good = fd >= 0 && pread(fd, page, zwb_page_size, begin) == zwb_page_size;
		if (good)
			memcpy(trace, page + zwb_page_size - HIB_TRACE_LENGTH, HIB_TRACE_LENGTH);
		free(page);
	}
	if (!good)
		zwb_fail("%s at %lld: %s", zwb_swap_path(), begin, strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

static long long boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / ZWB_NS_PER_MS;
}

/*
 * Say that this device has an image, which it has not yet. The image may have all of memory,
 * so that nobody is asked to give some up.
 */
static bool hibernate_to(const char *device)
{
	long long memory = (long long)sysconf(_SC_PHYS_PAGES) * zwb_page_size;
	char size[32];

	snprintf(size, sizeof(size), "%lld", memory);
	return (access(HIB_PM_TEST, W_OK) || zwb_setting(HIB_PM_TEST, "none")) &&
	       zwb_setting(HIB_IMAGE_SIZE, size) && zwb_setting(HIB_MODE, "test_resume") &&
	       zwb_write_string(HIB_RESUME, device);
}

/*
 * Hibernate to that device, and resume from there; there must be an image afterwards that was
 * not there before.
 */
static bool hibernate(long long begin)
{
	unsigned char before[HIB_TRACE_LENGTH], after[HIB_TRACE_LENGTH];
	long long start = boot_ms();
	int err;

	if (!read_trace(begin, before))
		return false;
	err = zwb_write(HIB_STATE, "disk", strlen("disk"));
	if (err) {
		zwb_fail("hibernation: %s", strerror(-err));
		return false;
	}
	/* memory is as it was when the image was made: it cannot know of one on the disk */
	if (!read_trace(begin, after))
		return false;
	ksft_print_msg("back after %lld ms\n", boot_ms() - start);
	if (!memcmp(before, after, sizeof(before)) ||
	    memcmp(after + HIB_TRACE_SIGNATURE, HIB_SIGNATURE, HIB_SIGNATURE_LENGTH)) {
		zwb_fail("there was no image on the disk");
		return false;
	}
	return true;
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
	if (!hibernate_to(zwb_swap_path()) || !hibernate(0))
		return false;
	zwb_since(&delta, &before);
	return zwb_check_unchanged(&delta) & zwb_equal(free_slots(), slots);
}

/*
 * Hibernation after a command and before another one: the image is next to what the first
 * one wrote, and in the slots that are free. What was in zswap still is, with its data,
 * and is written by the second. Then slots with the image in them are used.
 *
 * Turns red when a page that a command wrote is in a slot that the kernel takes for
 * free, or when something that a command goes by is not as it was when the image was made.
 */
static void between_two_commands(void)
{
	struct zwb_load *on_disk, *text, *noise, *next;

	if (!need_hibernation())
		return;
	on_disk = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!on_disk || !zwb_write_all(HIB_PAGES))
		return;
	text = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	noise = text ? zwb_load(NULL, ZWB_ANY_NODE, HIB_NOISE_PAGES, ZWB_NOISE) : NULL;
	if (!noise || !hibernate_in_peace() || !zwb_write_all(HIB_PAGES + HIB_NOISE_PAGES))
		return;
	next = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!next || !zwb_write_all(HIB_PAGES))
		return;
	zwb_expect_read(on_disk, HIB_PAGES, 0);
	zwb_expect_read(text, HIB_PAGES, 0);
	zwb_expect_read(noise, HIB_NOISE_PAGES, 0);
	zwb_expect_read(next, HIB_PAGES, 0);
}

/* Seconds that the machine was not awake, since it was booted. */
static long long away_seconds(void)
{
	return (boot_ms() - zwb_now() / ZWB_NS_PER_MS) / 1000;
}

/*
 * While the system is away, nothing gets older: neither while the image is written and loaded
 * nor in between, of which this has nothing.
 *
 * Turns red when ages are taken from a clock that runs on: then all that is in zswap is
 * cold in the morning.
 */
static void hibernation_makes_nothing_cold(void)
{
	long long away = away_seconds(), awake;
	struct zwb_load *load;
	struct zwb_snap delta;

	if (!need_hibernation())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT);
	if (!load || !hibernate_in_peace())
		return;
	away = away_seconds() - away;
	awake = (zwb_now() - load->first_ns) / ZWB_NS_PER_SEC;
	ksft_print_msg("away for %lld s, awake for %lld s\n", away, awake);
	if (away <= HIB_AGE_SLACK) {
		zwb_skip("the machine does not know that it was away");
		return;
	}
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=%lld", awake + HIB_AGE_SLACK), -EAGAIN);
	if (!zwb_still_younger(load, awake + HIB_AGE_SLACK))
		return;
	zwb_equal(delta.total.skipped_young, HIB_PAGES);
	/* and they go on from there */
	zwb_wait_age(load, awake + HIB_AGE_SLACK);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=%lld", awake + HIB_AGE_SLACK));
	zwb_equal(delta.total.written, HIB_PAGES);
}

/* --- a command meanwhile --- */

/*
 * Give a command, and keep back all that gets to the disk as soon as it has written more
 * than its first batches, which are single pages: what it sends then stays in the air, and
 * it waits.
 */
static bool stop_in_the_air(struct zwb_async *command, struct zwb_snap *before,
			    struct zwb_snap *stopped)
{
	const struct timespec settle = { .tv_nsec = AIR_SETTLE_MS * ZWB_NS_PER_MS };
	long long deadline;

	if (!zwb_start(command, ZWB_GLOBAL, 0, "age=0"))
		return false;
	zwb_snap(before);
	zwb_go(command);
	if (zwb_wait_for_writeback(before->vm.zswpwb + AIR_FIRST) && zwb_mapped_hold(true)) {
		deadline = zwb_now() + ZWB_WAIT_MS * ZWB_NS_PER_MS;
		/* what the disk has done lands first */
		while (!zwb_async_done(command, 0) && !zwb_async_waits(command) &&
		       zwb_now() < deadline)
			zwb_pause();
		nanosleep(&settle, NULL);
		if (!zwb_async_done(command, 0)) {
			zwb_snap(stopped);
			return true;
		}
		zwb_late("the command had written all before it could be stopped");
	}
	zwb_mapped_hold(false);
	zwb_wait(command);
	return false;
}

/*
 * What was in the air when the command ended lands, and is counted, some time after nothing
 * is kept back any more.
 */
static void wait_for_landing(const struct zwb_snap *stopped)
{
	const struct timespec settle = { .tv_nsec = AIR_SETTLE_MS * ZWB_NS_PER_MS };
	long long deadline = zwb_now() + LAND_MS * ZWB_NS_PER_MS;
	long long before, now = stopped->total.scanned;

	do {
		before = now;
		nanosleep(&settle, NULL);
		now = zwb_read_number(ZWB_SYSFS "/stats/scanned");
	} while ((now == stopped->total.scanned || now != before) && zwb_now() < deadline);
	zwb_between(now - stopped->total.scanned, 1, AIR_PAGES);
}

/* Then the rest is written; each page once. */
static void write_rest(const struct zwb_snap *stopped)
{
	struct zwb_snap delta;

	wait_for_landing(stopped);
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_zero(delta.total.failed);
	zwb_zero(zwb_stored());
}

/* A process that lets requests through in a while; -1 with a failure recorded. */
static pid_t let_go_soon(void)
{
	const struct timespec soon = { .tv_sec = AIR_SECONDS };
	pid_t pid = fork();

	if (pid < 0)
		zwb_fail("fork: %s", strerror(errno));
	if (pid)
		return pid;
	nanosleep(&soon, NULL);
	_exit(zwb_mapped_hold(false) ? KSFT_PASS : KSFT_FAIL);
}

/* Give up every second page, wherever it is, and hibernate with what is in the air. */
static bool hibernate_over(struct zwb_pages *pages)
{
	int status = -1;
	long long i;
	pid_t pid;
	bool good;

	for (i = 0; i < pages->nr; i += 2)
		madvise(pages->mem + i * zwb_page_size, zwb_page_size, MADV_DONTNEED);
	pid = let_go_soon();
	if (pid < 0) {
		zwb_mapped_hold(false);
		return false;
	}
	good = hibernate(ZWB_MAPPED_SECTOR * HIB_SECTOR_BYTES);
	return waitpid(pid, &status, 0) == pid && zwb_zero(status) && good;
}

/* The pages that were not given up: all from the disk, and right. */
static void check_kept(struct zwb_pages *pages)
{
	struct zwb_snap before, delta;
	long long i, wrong = 0;

	zwb_snap(&before);
	for (i = 1; i < pages->nr; i += 2)
		wrong += !zwb_page_is(pages->mem + i * zwb_page_size, i, 1);
	zwb_no_wrong_pages(wrong);
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.pswpin, pages->nr / 2);
	zwb_equal(delta.total.refaulted, pages->nr / 2);
}

static void check_hibernation_during(struct zwb_pages *pages)
{
	struct zwb_snap before, stopped, delta;
	struct zwb_async command;
	bool good;

	/* the kernel looks for an image at once, which it could not when nothing gets through */
	if (!hibernate_to(zwb_mapped_path()) || !zwb_pages_map(pages, ZWB_ANY_NODE, AIR_PAGES) ||
	    !zwb_pages_store(pages, 1) || !stop_in_the_air(&command, &before, &stopped))
		return;
	good = hibernate_over(pages);
	zwb_equal(zwb_wait(&command), -EINTR);
	if (!good)
		return;
	zwb_since(&delta, &stopped);
	ksft_print_msg("of those in the air %lld pages were written, %lld were gone\n",
		       delta.total.written, delta.total.skipped_gone);
	/* bytes are counted when they are sent: the system was going to sleep, nothing more was */
	zwb_zero(delta.total.disk_bytes);
	/* about half each; the command was some way from its end */
	zwb_between(delta.total.written, 1, AIR_PAGES / 2 - 1);
	zwb_between(delta.total.skipped_gone, 1, AIR_PAGES / 2 - 1);
	zwb_zero(delta.total.failed);
	zwb_between(zwb_stored(), 1, AIR_PAGES / 2);

	write_rest(&stopped);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.on_disk, AIR_PAGES / 2);
	zwb_zero(delta.total.failed);
	check_kept(pages);
}

/*
 * Hibernation during a command that waits for the disk, with pages in the air, some of
 * which have just been freed, so that their slots are as good as any for the image.
 *
 * Turns red when the system does not hibernate because of the command, when the command
 * goes on to write, or when what is in the air is lost, lands twice, or lands in the image.
 */
static void during_a_command(void)
{
	struct zwb_pages pages = { 0 };

	if (!need_hibernation())
		return;
	if (zwb_mapped_on("linear", "", HIB_MEGABYTES))
		check_hibernation_during(&pages);
	zwb_pages_unmap(&pages);
	zwb_mapped_off();
}

static void check_deaf_disk(void)
{
	struct zwb_snap before, stopped, delta;
	struct zwb_async command;
	struct zwb_load *load;
	long long took;

	/* the kernel looks for an image at once, which it could not when nothing gets through */
	if (!hibernate_to(zwb_mapped_path()))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, AIR_PAGES, ZWB_TEXT);
	if (!load || !stop_in_the_air(&command, &before, &stopped))
		return;
	took = zwb_now();
	zwb_equal(zwb_write(HIB_STATE, "disk", strlen("disk")), -EBUSY);
	took = (zwb_now() - took) / ZWB_NS_PER_MS;
	ksft_print_msg("given up after %lld ms\n", took);
	zwb_between(took, DEAF_MS, DEAF_MS + DEAF_SLACK_MS);
	zwb_since(&delta, &stopped);
	zwb_check_unchanged(&delta);
	zwb_mapped_hold(false);
	/* it has sent nothing meanwhile, so nobody has told it to end */
	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, load->pages);
	zwb_expect_read(load, load->pages, 0);
}

/*
 * A device that does not do what a command has sent: the system waits for some time, and then
 * goes on as if nobody had wanted it to sleep; and so does the command.
 *
 * Turns red when the system hibernates with something in the air, waits for ever, or lets
 * no command write any more after that.
 */
static void deaf_disk_keeps_the_system_awake(void)
{
	if (!need_hibernation())
		return;
	if (zwb_mapped_on("linear", "", HIB_MEGABYTES))
		check_deaf_disk();
	zwb_mapped_off();
}

/*
 * A command on a slow disk, which is told that the system goes to sleep when the next pages
 * have just been sent: they land, and nothing is sent after them. Tasks are frozen and
 * go on; no image is made.
 *
 * Turns red when the command goes on until its task is frozen: then a page is in the air when
 * the image is made.
 */
static void nothing_is_sent_to_a_slow_disk(void)
{
	static const struct zwb_disk_spec slow = {
		.pages = 16384,
		.latency_us = SLOW_LATENCY_US,
	};
	const struct timespec sent = { .tv_nsec = SLOW_SENT_MS * ZWB_NS_PER_MS };
	struct zwb_snap before, delta;
	struct zwb_async command;
	long long written;

	if (!need_hibernation() || !zwb_need_suspend() || !zwb_disk_on(&slow) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, SLOW_PAGES, ZWB_TEXT) ||
	    !zwb_setting(HIB_PM_TEST, "freezer") ||
	    (!access(HIB_TEST_DELAY, W_OK) && !zwb_setting(HIB_TEST_DELAY, "1")) ||
	    !zwb_start(&command, ZWB_GLOBAL, 0, "age=0"))
		return;
	written = zwb_vmstat_key("zswpwb");
	zwb_go(&command);
	zwb_wait_for_writeback(written + 2);
	nanosleep(&sent, NULL);
	zwb_snap(&before);
	zwb_zero(zwb_write(HIB_STATE, "disk", strlen("disk")));
	zwb_equal(zwb_wait(&command), -EINTR);
	zwb_since(&delta, &before);
	ksft_print_msg("%lld bytes were sent, %lld pages landed\n", delta.total.disk_bytes,
		       delta.total.written);
	zwb_zero(delta.total.disk_bytes);
	zwb_between(delta.total.written, 1, SLOW_PAGES / 10);
}

/* --- suspend --- */

static void check_suspend_during(const char *level)
{
	struct zwb_snap before, stopped, delta;
	struct zwb_async command;
	struct zwb_load *load;
	long long took, end;

	load = zwb_load(NULL, ZWB_ANY_NODE, AIR_PAGES, ZWB_TEXT);
	if (!load || !stop_in_the_air(&command, &before, &stopped))
		return;
	zwb_zero(zwb_suspend(level, SUSPEND_SECONDS, &took));
	end = zwb_now();
	zwb_equal(zwb_wait(&command), -EINTR);
	end = zwb_now() - end;
	ksft_print_msg("%d s of sleep took %lld ms, the command ended %lld ms later\n",
		       SUSPEND_SECONDS, took, end / ZWB_NS_PER_MS);
	zwb_between(took, SUSPEND_SECONDS * 1000, SUSPEND_MS);
	/* it does not wait for the disk, which has not taken another page yet */
	zwb_between(end, 0, EINTR_SECONDS * ZWB_NS_PER_SEC);
	zwb_since(&delta, &stopped);
	zwb_zero(delta.total.written);
	zwb_zero(delta.stored);
	if (!zwb_mapped_hold(false))
		return;
	write_rest(&stopped);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, load->pages);
	zwb_zero(delta.total.failed);
	zwb_expect_read(load, load->pages, 0);
}

static void suspend_during(const char *level)
{
	if (!zwb_need_suspend())
		return;
	if (zwb_mapped_on("linear", "", HIB_MEGABYTES))
		check_suspend_during(level);
	zwb_mapped_off();
}

/*
 * All tasks are frozen while a command waits for the disk.
 *
 * Turns red when the command cannot be frozen, goes on as if nothing had happened, waits for
 * the disk after that, or when pages are lost that are in the air meanwhile.
 */
static void freezer_during_a_command(void)
{
	suspend_during("freezer");
}

/*
 * And the devices are suspended.
 *
 * Turns red as above.
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

/*
 * A program has opened /dev/snapshot, to write the image itself, when somebody suspends the
 * system: what wakes up is still about to hibernate.
 *
 * Turns red when a command may write again after the first of the two has ended.
 */
static void suspended_while_about_to_hibernate(void)
{
	long long took;
	int fd;

	if (!zwb_need_suspend() || !zwb_load(NULL, ZWB_ANY_NODE, HIB_PAGES, ZWB_TEXT))
		return;
	fd = open(HIB_SNAPSHOT, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		zwb_skip("needs CONFIG_HIBERNATION_SNAPSHOT_DEV, without lockdown");
		return;
	}
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0"), -EINTR);
	zwb_zero(zwb_suspend("freezer", SUSPEND_SECONDS, &took));
	zwb_equal(zwb_run(NULL, ZWB_GLOBAL, "age=0"), -EINTR);
	close(fd);
	zwb_write_all(HIB_PAGES);
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(between_two_commands),
	ZWB_TEST_IMAGES(between_two_commands),
	ZWB_TEST(hibernation_makes_nothing_cold),
	ZWB_TEST_PAGES(during_a_command),
	ZWB_TEST_IMAGES(during_a_command),
	ZWB_TEST(deaf_disk_keeps_the_system_awake),
	ZWB_TEST(nothing_is_sent_to_a_slow_disk),
	ZWB_TEST(freezer_during_a_command),
	ZWB_TEST(devices_during_a_command),
	ZWB_TEST(platform_during_a_command),
	ZWB_TEST(suspended_while_about_to_hibernate),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be paged out */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
