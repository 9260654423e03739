// SPDX-License-Identifier: GPL-2.0
/*
 * Swap on dm-crypt, which needs memory for each page that it writes: with all the
 * memory that there is, and with hardly any.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_short.h"
#include "zswap_wb_util.h"

#define CRYPT_MEGABYTES		256
#define CRYPT_CIPHER		"aes-xts-plain64"
#define CRYPT_KEY		"000102030405060708090a0b0c0d0e0f" \
				"101112131415161718191a1b1c1d1e1f"

#define CRYPT_PAGES		1000

/* of each of two loads, which together have more than twice what a command has in flight */
#define SHORT_PAGES		600
/* what a command may have of its own, and as much as it has in flight for dm-crypt */
#define SHORT_OWN_KB		(4608 + 2048 + 512)

#define CHURN_ROUNDS		1
#define CHURN_COMMANDS		10
#define CHURN_COMMAND		"max=1M"

/* Swap to dm-crypt over the swap disk, and to nothing else. */
static bool crypt_on(void)
{
	return zwb_mapped_on("crypt", CRYPT_CIPHER " " CRYPT_KEY " 0 ", CRYPT_MEGABYTES);
}

/* What others have on the device comes back, too: not page by page. */
static void crypt_off(void)
{
	zwb_write_string("/proc/sys/vm/page-cluster", "5");
	zwb_mapped_off();
}

/* --- with memory --- */

static void check_crypt(void)
{
	struct zwb_load *text, *noise;
	struct zwb_snap delta;

	text = zwb_load(NULL, ZWB_ANY_NODE, CRYPT_PAGES, ZWB_TEXT);
	noise = text ? zwb_load(NULL, ZWB_ANY_NODE, CRYPT_PAGES, ZWB_NOISE) : NULL;
	if (!noise || !zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0")))
		return;
	zwb_equal(delta.total.written, text->pages + noise->pages);
	zwb_zero(delta.total.failed);
	/* all of it has come through to the disk below */
	zwb_sectors_are_pages(delta.disk_sectors, delta.total.written);
	zwb_expect_read(text, text->pages, 0);
	zwb_expect_read(noise, noise->pages, 0);
	/* the same pages once more, to the same slots */
	if (!zwb_load_touch(text, 0, text->pages) || !zwb_load_pageout(text) ||
	    !zwb_write_all(text->pages))
		return;
	zwb_expect_read(text, text->pages, 0);
}

/*
 * A command writes to an encrypted device as to any other.
 *
 * Turns red when the pages that a command lends to its requests are not what a
 * driver may expect of a page, so that the wrong data is encrypted, or when the write
 * is taken for done before the device below has it.
 */
static void swap_is_encrypted(void)
{
	if (crypt_on())
		check_crypt();
	crypt_off();
}

/* --- with hardly any --- */

static bool any_load_busy(struct zwb_load * const load[2])
{
	return zwb_load_busy(load[0]) || zwb_load_busy(load[1]);
}

/*
 * Commands for as long as loads read all of their pages and page them out again, one of them
 * after it has written to them.
 */
static void run_beside(struct zwb_load * const load[2])
{
	long long kills = zwb_vmstat_key("oom_kill");
	struct zwb_snap before, delta;
	int err, i, commands = 0;

	zwb_snap(&before);
	if (!zwb_load_touch(load[0], 0, load[0]->pages))
		return;
	for (i = 0; i < 2; i++) {
		if (!zwb_load_churn(load[i], CHURN_ROUNDS))
			return;
	}
	do {
		/* what others have in zswap, too, but not all of it */
		err = zwb_run(NULL, ZWB_GLOBAL, CHURN_COMMAND);
		if (err && err != -EAGAIN)
			zwb_zero(err);
		commands++;
	} while ((any_load_busy(load) || commands < CHURN_COMMANDS) && !zwb_failed());
	for (i = 0; i < 2; i++)
		zwb_load_finish(load[i]);
	zwb_since(&delta, &before);
	ksft_print_msg("%d commands wrote %lld pages, %lld failed, %lld came back from disk\n",
		       commands, delta.total.written, delta.total.failed, delta.vm.pswpin);
	/* else this tested nothing */
	zwb_between(delta.total.written, SHORT_PAGES / 4, LLONG_MAX);
	zwb_between(delta.vm.pswpin, 2 * SHORT_PAGES, LLONG_MAX);
	zwb_equal(zwb_vmstat_key("oom_kill"), kills);
}

/*
 * When memory is nearly at an end, dm-crypt has only its own reserve for what it is
 * to encrypt, and a command ends all the same, with every page written. Then others need
 * memory, which reclaim can find only by way of the same device and the same reserve,
 * while commands go on.
 *
 * Turns red when a command has more in flight than the reserve and waits, with its
 * own pages, for a page of somebody who waits for it, when it takes what dm-crypt
 * needs, when a page fails for want of memory, when a command and reclaim wait for each
 * other, when somebody is killed for memory that was on its way, or when a page is not
 * what it was.
 */
static void command_and_reclaim_with_little_memory(void)
{
	const char *cgroup = zwb_cgroup(NULL, "short");

	if (cgroup && crypt_on())
		zwb_check_short_of_memory_and(cgroup, SHORT_PAGES, SHORT_OWN_KB, run_beside);
	crypt_off();
}

static const struct zwb_test tests[] = {
	ZWB_TEST_PAGES(swap_is_encrypted),
	ZWB_TEST_IMAGES(swap_is_encrypted),
	ZWB_TEST_PAGES(command_and_reclaim_with_little_memory),
	ZWB_TEST_IMAGES(command_and_reclaim_with_little_memory),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
