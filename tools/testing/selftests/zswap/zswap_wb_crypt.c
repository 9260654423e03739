// SPDX-License-Identifier: GPL-2.0
/*
 * Swap on dm-crypt, which needs memory for each page that it writes: with all the
 * memory that there is, and with hardly any.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_short.h"
#include "zswap_wb_util.h"

#define CRYPT_CONTROL		"/dev/mapper/control"
#define CRYPT_NAME		"zswap_wb"
/* of the swap disk, whose own header stays as it is */
#define CRYPT_SECTOR		2048
#define CRYPT_MEGABYTES		256
#define CRYPT_SECTORS_PER_MB	2048
#define CRYPT_SECTORS_PER_PAGE	(zwb_page_size / 512)
#define CRYPT_CIPHER		"aes-xts-plain64"
#define CRYPT_KEY		"000102030405060708090a0b0c0d0e0f" \
				"101112131415161718191a1b1c1d1e1f"

#define CRYPT_PAGES		1000

#define SHORT_PAGES		2000
/* what a command may have of its own, and as much as it has in flight for dm-crypt */
#define SHORT_OWN_KB		(4608 + 2048 + 512)

#define CHURN_LOADS		2
#define CHURN_PAGES		1500
#define CHURN_ROUNDS		2
/* enough for a part of what the loads read */
#define CHURN_ROOM_KB		(6 * 1024)

static int crypt_control = -1;
static bool crypt_is_made;

/* --- the device, as dmsetup(8) makes it --- */

/* One request about our device, with a table or not; returns 0 or -errno. */
static int crypt_ioctl(unsigned long request, const char *params, dev_t *dev)
{
	struct {
		struct dm_ioctl dm;
		struct dm_target_spec target;
		char params[256];
	} arg = {
		.dm = {
			.version = { DM_VERSION_MAJOR, 0, 0 },
			.data_size = sizeof(arg),
			.data_start = sizeof(arg.dm),
			.target_count = !!params,
			.name = CRYPT_NAME,
		},
		.target = {
			.length = CRYPT_MEGABYTES * CRYPT_SECTORS_PER_MB,
			.target_type = "crypt",
		},
	};

	if (params)
		snprintf(arg.params, sizeof(arg.params), "%s", params);
	if (ioctl(crypt_control, request, &arg))
		return -errno;
	if (dev)
		*dev = arg.dm.dev;
	return 0;
}

/* Make the device over the swap disk, which is off; says where it is. */
static bool crypt_make(char *path, size_t size)
{
	char params[256];
	dev_t dev;
	int err;

	err = crypt_ioctl(DM_DEV_CREATE, NULL, &dev);
	if (err) {
		zwb_fail("DM_DEV_CREATE: %s", strerror(-err));
		return false;
	}
	crypt_is_made = true;
	snprintf(params, sizeof(params), CRYPT_CIPHER " " CRYPT_KEY " 0 %s %d",
		 zwb_swap_path(), CRYPT_SECTOR);
	err = crypt_ioctl(DM_TABLE_LOAD, params, NULL);
	if (err == -EINVAL || err == -ENOENT) {
		zwb_skip("needs CONFIG_DM_CRYPT, CONFIG_CRYPTO_AES and CONFIG_CRYPTO_XTS");
		return false;
	}
	/* without a flag that says otherwise, this is to resume */
	if (!err)
		err = crypt_ioctl(DM_DEV_SUSPEND, NULL, NULL);
	if (err) {
		zwb_fail("making a device of dm-crypt: %s", strerror(-err));
		return false;
	}
	snprintf(path, size, "/dev/dm-%u", minor(dev));
	return true;
}

/* Swap to dm-crypt over the swap disk, and to nothing else. */
static bool crypt_on(void)
{
	char path[64];

	crypt_control = open(CRYPT_CONTROL, O_RDWR);
	if (crypt_control < 0) {
		zwb_skip("needs CONFIG_BLK_DEV_DM");
		return false;
	}
	return zwb_swap_disk(false) && crypt_make(path, sizeof(path)) &&
	       zwb_make_swap(path, CRYPT_MEGABYTES * 1024 * 1024 / zwb_page_size - 1) &&
	       zwb_swap_only_to(path, 0);
}

static void crypt_off(void)
{
	int err = 0;

	zwb_swap_own_off();
	if (crypt_is_made)
		err = crypt_ioctl(DM_DEV_REMOVE, NULL, NULL);
	if (err)
		zwb_fail("DM_DEV_REMOVE: %s", strerror(-err));
	crypt_is_made = false;
	if (crypt_control >= 0)
		close(crypt_control);
	crypt_control = -1;
	zwb_swap_disk_back();
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
	zwb_equal(delta.disk_sectors, delta.total.written * CRYPT_SECTORS_PER_PAGE);
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

/*
 * When memory is nearly at an end, dm-crypt has only its own reserve for what it is
 * to encrypt, and a command ends all the same, with every page written.
 *
 * Turns red when a command has more in flight than the reserve and waits, with its
 * own pages, for a page of somebody who waits for it, when it takes what dm-crypt
 * needs, or when a page fails for want of memory.
 */
static void command_writes_with_little_memory(void)
{
	if (crypt_on())
		zwb_check_short_of_memory(SHORT_PAGES, SHORT_OWN_KB);
	crypt_off();
}

static bool any_load_busy(struct zwb_load * const *load)
{
	int i;

	for (i = 0; i < CHURN_LOADS; i++) {
		if (zwb_load_busy(load[i]))
			return true;
	}
	return false;
}

/* Commands for as long as loads read all of their pages and page them out again. */
static void run_beside(struct zwb_load * const *load)
{
	struct zwb_snap before, delta;
	int err, i, commands = 0;

	zwb_snap(&before);
	for (i = 0; i < CHURN_LOADS; i++) {
		if (!zwb_load_churn(load[i], CHURN_ROUNDS))
			return;
	}
	do {
		err = zwb_run(NULL, ZWB_GLOBAL, "age=0");
		if (err && err != -EAGAIN)
			zwb_zero(err);
		commands++;
	} while (any_load_busy(load) && !zwb_failed());
	for (i = 0; i < CHURN_LOADS; i++)
		zwb_load_finish(load[i]);
	zwb_since(&delta, &before);
	ksft_print_msg("%d commands wrote %lld pages, %lld failed, %lld came back from disk\n",
		       commands, delta.total.written, delta.total.failed, delta.vm.pswpin);
	/* else this tested nothing */
	zwb_between(delta.total.written, CHURN_PAGES, LLONG_MAX);
	zwb_between(delta.vm.pswpin, CHURN_PAGES, LLONG_MAX);
}

static void check_reclaim(void)
{
	struct zwb_load *load[CHURN_LOADS];
	long long kills;
	pid_t pid;
	int i;

	for (i = 0; i < CHURN_LOADS; i++) {
		load[i] = zwb_load(NULL, ZWB_ANY_NODE, CHURN_PAGES, ZWB_TEXT);
		if (!load[i])
			return;
	}
	zwb_allow_other_swapout();
	kills = zwb_vmstat_key("oom_kill");
	pid = zwb_take_memory(CHURN_ROOM_KB);
	if (pid > 0 && !zwb_failed())
		run_beside(load);
	zwb_give_memory_back(pid);
	zwb_equal(zwb_vmstat_key("oom_kill"), kills);
	for (i = 0; i < CHURN_LOADS; i++)
		zwb_load_verify(load[i]);
}

/*
 * The same while others need memory, which reclaim can find only by way of the same
 * device and the same reserve.
 *
 * Turns red when a command and reclaim wait for each other, when somebody is killed
 * for memory that was on its way, or when a page is not what it was.
 */
static void reclaim_goes_on_beside_commands(void)
{
	if (crypt_on())
		check_reclaim();
	crypt_off();
}

static const struct zwb_test tests[] = {
	ZWB_TEST(swap_is_encrypted),
	ZWB_TEST(command_writes_with_little_memory),
	ZWB_TEST(reclaim_goes_on_beside_commands),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
	};

	return zwb_main(&suite);
}
