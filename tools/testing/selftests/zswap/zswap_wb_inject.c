// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on purpose, one at a time and at every point where one can be: no
 * memory for any single allocation of a command, pages that cannot be
 * decompressed, swap devices that are full, read-only, or fail from some moment
 * on, and a shrinker that has come to an entry before the command.
 *
 * zswap_wb_fault and zswap_wb_state have the faults that come in numbers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_table.h"

#define STEP_PAGES		8
#define STEP_LIMIT		5
#define STEP_SEALED		3
/* one chunk of slots */
#define STEP_SWAP_PAGES		400
/* far more than any command allocates */
#define STEP_MAX		2000

#define SEALED_PAGES		1500
#define MOMENT_PAGES		4000
/* at this rate they take two seconds: the disk dies in the midst of it */
#define MOMENT_COMMAND		"age=0 rate=8M"
/* a batch that is under way, the next one, both of 70 ms at most, and then small ones */
#define MOMENT_FAILED		(2 * MOMENT_BATCH + ZWB_ERRORS_MAX * ZWB_ERRORS_BATCH)
#define MOMENT_BATCH		((8 << 20) / 1000 * 70 / zwb_page_size)
#define DECOMPRESS_PAGES	2000
#define DECOMPRESS_TIMES	37

#define FAULTS			"/sys/kernel/debug"
#define FAIL_SLAB		FAULTS "/failslab"
#define FAIL_PAGES		FAULTS "/fail_page_alloc"
#define FAIL_FUNCTION		FAULTS "/fail_function"
#define FAIL_NTH		"/proc/thread-self/fail-nth"
#define DECOMPRESS		"zswap_wb_decompress"
#define UNLIST			"zswap_wb_entry_unlist"

/* in flight for longer than the shrinker takes to come by */
#define FLIGHT_US		1000000

/* --- the allocation number n fails --- */

enum memory {
	SLAB,
	PAGES,
};

static bool set_fault(const char *dir, const char *file, const char *value)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return zwb_write_string(path, value);
}

/*
 * Which allocations count, and can fail.  With a probability of 0, which is how
 * it is, these files affect nobody but who has written to fail-nth.
 */
static bool choose_memory(enum memory memory)
{
	if (access(FAIL_NTH, W_OK) || access(FAIL_SLAB "/ignore-gfp-wait", W_OK) ||
	    access(FAIL_PAGES "/min-order", W_OK)) {
		zwb_skip("needs CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC and their debugfs files");
		return false;
	}
	/* verbose prints call traces, which are no error here */
	return set_fault(FAIL_SLAB, "verbose", "0") && set_fault(FAIL_PAGES, "verbose", "0") &&
	       set_fault(FAIL_SLAB, "ignore-gfp-wait", memory == SLAB ? "N" : "Y") &&
	       set_fault(FAIL_PAGES, "ignore-gfp-wait", "N") &&
	       set_fault(FAIL_PAGES, "ignore-gfp-highmem", "N") &&
	       set_fault(FAIL_PAGES, "min-order", memory == PAGES ? "0" : "20");
}

/**
 * struct step - something during which one allocation fails
 * @nth: number of the allocation, from 1
 * @failed: it came to that, and so the allocation failed
 */
struct step {
	unsigned int nth;
	bool failed;
};

/* Returns what @call returns, 0 or -errno. */
static int run_step(struct step *step, int (*call)(const void *arg), const void *arg)
{
	char text[16] = "";
	int fd, err;

	fd = open(FAIL_NTH, O_RDWR);
	if (fd < 0) {
		zwb_fail("open " FAIL_NTH ": %s", strerror(errno));
		return -ECHILD;
	}
	snprintf(text, sizeof(text), "%u", step->nth);
	if (pwrite(fd, text, strlen(text), 0) < 0)
		zwb_fail("writing " FAIL_NTH ": %s", strerror(errno));
	err = call(arg);
	if (pread(fd, text, sizeof(text) - 1, 0) < 1)
		zwb_fail("reading " FAIL_NTH ": %s", strerror(errno));
	step->failed = !strcmp(text, "0\n");
	if (pwrite(fd, "0", 1, 0) != 1)
		zwb_fail("writing " FAIL_NTH ": %s", strerror(errno));
	close(fd);
	return err;
}

/**
 * struct command - a command to be written to a file
 * @path: the file
 * @text: the command
 */
struct command {
	const char *path;
	char text[64];
};

static int give_command(const void *arg)
{
	const struct command *command = arg;

	return zwb_write(command->path, command->text, strlen(command->text));
}

/* Pages in zswap, and no slot on their device has been written to yet. */
static struct zwb_load *load_for_steps(long long pages)
{
	if (!zwb_need_small_swap() || !zwb_small_swap_on(STEP_SWAP_PAGES))
		return NULL;
	return zwb_load(NULL, ZWB_ANY_NODE, pages, ZWB_TEXT);
}

/* Nothing is lost, and nothing has remained but what was written. */
static bool read_back(struct zwb_load *load)
{
	return zwb_load_verify(load) && zwb_load_touch(load, 0, load->pages) &&
	       zwb_zero(zwb_stored()) && !zwb_failed();
}

/* As load_for_steps(), with a load that has been read back. */
static bool renew_swap(struct zwb_load *load)
{
	return zwb_small_swap_off() && zwb_small_swap_on(STEP_SWAP_PAGES) &&
	       zwb_load_pageout(load);
}

/*
 * One command, with the allocation that @step tells failing.  Returns its result.
 *
 * If that was for a page, the page has failed; under a limit, of pages or of bytes,
 * another one is written in its place.
 */
static int check_command(struct step *step, const struct command *command, long long want)
{
	struct zwb_snap before, delta;
	int err;

	zwb_snap(&before);
	err = run_step(step, give_command, command);
	zwb_since(&delta, &before);
	if (err) {
		if (!step->failed)
			zwb_fail("%s, but no allocation failed", strerror(-err));
		zwb_equal(err, -ENOMEM);
		zwb_check_unchanged(&delta);
		return err;
	}
	zwb_equal(delta.commands, 1);
	zwb_between(delta.total.failed, 0, step->failed);
	if (want == STEP_PAGES)
		want -= delta.total.failed;
	zwb_equal(delta.total.written, want);
	zwb_equal(delta.total.scanned, want + delta.total.failed);
	zwb_equal(delta.stored, -want);
	return 0;
}

/* The same command again and again, and each time another allocation of it fails. */
static void step_through(enum memory memory, const char *path, const char *text, long long want)
{
	struct step step = { .nth = 0 };
	struct command command = { .path = path };
	long long refused = 0;
	struct zwb_snap before, delta;
	struct zwb_load *load;

	if (!choose_memory(memory))
		return;
	load = load_for_steps(STEP_PAGES);
	if (!load)
		return;
	snprintf(command.text, sizeof(command.text), "%s", text);
	do {
		step.nth++;
		zwb_snap(&before);
		if (check_command(&step, &command, want)) {
			/* all is as it was, and the next one finds it so */
			refused++;
			continue;
		}
		/* what is left can be written: nothing of the failed command is in the way */
		if (zwb_stored())
			zwb_write_all(zwb_stored());
		read_back(load);
		renew_swap(load);
		/*
		 * What is written is remembered, or else it would not have been written.
		 * What was still in memory has not been read back, but is gone by now.
		 */
		zwb_since(&delta, &before);
		zwb_equal(delta.total.refaulted + delta.total.dropped, delta.total.written);
		if (zwb_failed())
			zwb_fail("that was with allocation %u failing", step.nth);
	} while (step.failed && step.nth < STEP_MAX && !zwb_failed());
	zwb_zero(step.failed);
	ksft_print_msg("'%s': %u failed in turn, %lld times it was refused\n", text, step.nth - 1,
		       refused);
	/* otherwise this tested nothing */
	zwb_between(step.nth - 1, memory == SLAB ? 5 : STEP_LIMIT, STEP_MAX);
	if (memory == SLAB)
		zwb_between(refused, 3, step.nth - 2);
}

/*
 * Any single allocation of memory from the slabs fails: the command is refused
 * and has changed nothing, or goes on and writes every page.
 *
 * Turns red when an error path forgets to free, to unlock, to close or to count,
 * when a page that it had in hand is lost, when more fails than the page that
 * memory was for, or when the next command stumbles over what is left.
 */
static void each_slab_allocation_fails(void)
{
	step_through(SLAB, ZWB_SYSFS "/proactive_writeback", "age=0", STEP_PAGES);
}

/* The same with a limit, whose passes over the lists are others. */
static void each_slab_allocation_under_a_limit_fails(void)
{
	char text[64];

	snprintf(text, sizeof(text), "max=%lld", STEP_LIMIT * (long long)zwb_page_size);
	step_through(SLAB, ZWB_SYSFS "/proactive_writeback", text, STEP_LIMIT);
}

/*
 * The same with a single page.
 *
 * Turns red when the page is written although there is no memory to remember it in:
 * with more of them, the next one finds some.
 */
static void each_slab_allocation_for_one_page_fails(void)
{
	char text[64];

	snprintf(text, sizeof(text), "max=%ld", zwb_page_size);
	step_through(SLAB, ZWB_SYSFS "/proactive_writeback", text, 1);
}

/* The same through debugfs, which has an answer to get memory for. */
static void each_slab_allocation_of_an_answer_fails(void)
{
	if (zwb_need_answers())
		step_through(SLAB, ZWB_ANSWER_FILE, "bucket=0-12", STEP_PAGES);
}

/*
 * Any single allocation of pages fails.
 *
 * Turns red as above, and when a command is refused that could have worked page by
 * page, or counts more as failed than it has no memory for.
 */
static void each_page_allocation_fails(void)
{
	step_through(PAGES, ZWB_SYSFS "/proactive_writeback", "age=0", STEP_PAGES);
}

/* The same with a limit. */
static void each_page_allocation_under_a_limit_fails(void)
{
	char text[64];

	snprintf(text, sizeof(text), "max=%lld", STEP_LIMIT * (long long)zwb_page_size);
	step_through(PAGES, ZWB_SYSFS "/proactive_writeback", text, STEP_LIMIT);
}

/*
 * The disk takes no pages, and any single allocation fails: no page is written, each is
 * counted once as failed, and all are in zswap.
 *
 * Turns red when it takes memory to leave a page in zswap, or when a page is counted
 * both for want of memory and for its write.
 */
static void each_slab_allocation_fails_and_all_writes(void)
{
	struct command command = {
		.path = ZWB_SYSFS "/proactive_writeback",
		.text = "age=0",
	};
	struct step step = { .nth = 0 };
	struct zwb_snap before, delta;
	struct zwb_load *load;
	long long refused = 0;
	int err;

	if (!choose_memory(SLAB))
		return;
	load = load_for_steps(STEP_SEALED);
	if (!load || !zwb_small_swap_seal())
		return;
	do {
		step.nth++;
		zwb_snap(&before);
		err = run_step(&step, give_command, &command);
		zwb_since(&delta, &before);
		if (err == -ENOMEM) {
			refused++;
			zwb_check_unchanged(&delta);
			continue;
		}
		zwb_equal(err, -EAGAIN);
		zwb_zero(delta.total.written);
		zwb_equal(delta.total.scanned, STEP_SEALED);
		zwb_equal(delta.total.failed, STEP_SEALED);
		zwb_zero(delta.stored);
		if (!read_back(load) || !zwb_load_pageout(load))
			zwb_fail("that was with allocation %u failing", step.nth);
	} while (step.failed && step.nth < STEP_MAX && !zwb_failed());
	zwb_zero(step.failed);
	ksft_print_msg("%u failed in turn, %lld times it was refused\n", step.nth - 1, refused);
	zwb_between(refused, 3, step.nth - 2);
}

/* --- what writes nothing --- */

/* what read_whole() has read */
static long long length_read;

static int read_whole(const void *path)
{
	char text[512];
	ssize_t got;
	int fd, err;

	length_read = 0;
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -errno;
	while ((got = read(fd, text, sizeof(text))) > 0)
		length_read += got;
	err = got < 0 ? -errno : 0;
	close(fd);
	return err;
}

static int change_edges(const void *text)
{
	return zwb_write(ZWB_EDGES_FILE, text, strlen(text));
}

/*
 * Until none fails; each time the result is 0 or -ENOMEM, what is read without
 * an error is all there is, and no counter has changed.
 */
static void step_quietly(const char *what, int (*call)(const void *arg), const void *arg)
{
	struct step step = { .nth = 0 };
	struct zwb_snap before, delta;
	int err, refused = 0;
	long long length;

	zwb_snap(&before);
	zwb_zero(call(arg));
	length = length_read;
	do {
		step.nth++;
		err = run_step(&step, call, arg);
		if (!err && call == read_whole)
			zwb_equal(length_read, length);
		if (err && (err != -ENOMEM || !step.failed))
			zwb_fail("%s: %s with allocation %u failing", what, strerror(-err),
				 step.nth);
		refused += !!err;
	} while (step.failed && step.nth < STEP_MAX && !zwb_failed());
	zwb_since(&delta, &before);
	zwb_check_unchanged(&delta);
	ksft_print_msg("%s: %u allocations failed in turn, %d times it was refused\n", what,
		       step.nth - 1, refused);
	/* otherwise this tested nothing */
	zwb_between(refused, 1, STEP_MAX - 1);
}

static void step_edges(void)
{
	static const char first[] = "0 5 10", second[] = "0 6 12 18";
	struct zwb_edges edges;
	struct step step = { .nth = 0 };
	int err, refused = 0;

	do {
		step.nth++;
		if (!zwb_edges_write(first))
			break;
		err = run_step(&step, change_edges, second);
		if (!zwb_edges_read(&edges))
			break;
		if (err)
			zwb_equal(err, -ENOMEM);
		refused += !!err;
		/* all of the one or all of the other */
		zwb_equal(edges.nr, err ? 3 : 4);
		zwb_equal(edges.edge[1], err ? 5 : 6);
		zwb_equal(edges.edge[2], err ? 10 : 12);
	} while (step.failed && step.nth < STEP_MAX && !zwb_failed());
	ksft_print_msg("edges: %u allocations failed in turn, %d times they were refused\n",
		       step.nth - 1, refused);
	zwb_between(refused, 1, STEP_MAX - 1);
	zwb_edges_restore();
}

/*
 * Dry runs, tables and edges, with any single allocation failing.
 *
 * Turns red when one of them leaves something behind, a table is cut short
 * without an error, or edges are half changed.
 */
static void each_slab_allocation_of_what_writes_nothing_fails(void)
{
	struct command dry = { .path = ZWB_ANSWER_FILE, .text = "age=0 dry_run=1" };
	const char *cgroup;

	if (!zwb_need_tables() || !choose_memory(SLAB))
		return;
	cgroup = zwb_cgroup(NULL, "cgroup");
	if (!cgroup || !zwb_load(cgroup, ZWB_ANY_NODE, STEP_PAGES, ZWB_TEXT) ||
	    !zwb_load(NULL, ZWB_ANY_NODE, STEP_PAGES, ZWB_TEXT))
		return;
	/* no page changes its row here */
	if (!zwb_edges_write("0 1000000"))
		return;
	step_quietly("a dry run", give_command, &dry);
	snprintf(dry.text, sizeof(dry.text), "max=%lld dry_run=1",
		 STEP_LIMIT * (long long)zwb_page_size);
	step_quietly("a dry run with a limit", give_command, &dry);
	step_quietly("age_buckets", read_whole, ZWB_TABLE_FILE);
	step_quietly("age_buckets_cgroup", read_whole, ZWB_CGROUP_TABLE_FILE);
	step_quietly("stats", read_whole, ZWB_SYSFS "/stats/written");
	step_edges();
	zwb_write_all(2 * STEP_PAGES);
}

/* --- decompression --- */

static bool need_errors_in(const char *function)
{
	int err;

	if (access(FAIL_FUNCTION "/inject", W_OK)) {
		zwb_skip("needs CONFIG_FAIL_FUNCTION and CONFIG_FAULT_INJECTION_DEBUG_FS");
		return false;
	}
	err = zwb_write(FAIL_FUNCTION "/inject", function, strlen(function));
	if (!err)
		return true;
	/* it exists, but has no ALLOW_ERROR_INJECTION() */
	if (err == -ERANGE)
		zwb_skip("%s() is not among the functions that may be made to fail", function);
	else
		zwb_fail("writing %s to " FAIL_FUNCTION "/inject: %s", function, strerror(-err));
	return false;
}

/*
 * So many of the next calls of a function in the whole system fail, -1 for all.  There is
 * nobody else who calls it.
 */
static bool errors_in(const char *function, long long times)
{
	char text[32], retval[64];

	snprintf(retval, sizeof(retval), "%s/retval", function);
	snprintf(text, sizeof(text), "%lld", times);
	return set_fault(FAIL_FUNCTION, "verbose", "0") &&
	       set_fault(FAIL_FUNCTION, "task-filter", "N") &&
	       set_fault(FAIL_FUNCTION, "interval", "1") &&
	       set_fault(FAIL_FUNCTION, "space", "0") &&
	       set_fault(FAIL_FUNCTION, retval, "0") &&
	       set_fault(FAIL_FUNCTION, "times", text) &&
	       set_fault(FAIL_FUNCTION, "probability", "100");
}

static void no_errors_in(const char *function)
{
	char text[64];

	snprintf(text, sizeof(text), "!%s", function);
	set_fault(FAIL_FUNCTION, "probability", "0");
	zwb_write_string(FAIL_FUNCTION "/inject", text);
}

/* In pages; what lies about in per-CPU lists does not count. */
static long long swap_cache(void)
{
	zwb_fold_vmstat();
	return zwb_vmstat_key("nr_swapcached");
}

static void check_decompress_errors(const char *text, long long times, long long want)
{
	struct zwb_snap delta, rest;
	struct zwb_load *load;
	long long cached;
	int err;

	if (!need_errors_in(DECOMPRESS))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, DECOMPRESS_PAGES, ZWB_TEXT);
	cached = swap_cache();
	if (!load || !errors_in(DECOMPRESS, times)) {
		no_errors_in(DECOMPRESS);
		return;
	}
	err = zwb_run(&delta, ZWB_GLOBAL, "%s", text);
	zwb_equal(swap_cache(), cached);
	if (times > 0)
		zwb_zero(zwb_read_number(FAIL_FUNCTION "/times"));
	no_errors_in(DECOMPRESS);
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_equal(err, want ? 0 : -EAGAIN);
	zwb_equal(delta.total.written, want);
	/* each once */
	zwb_equal(delta.total.failed, times > 0 ? times : load->pages);
	zwb_equal(delta.total.scanned, want + delta.total.failed);
	zwb_equal(delta.stored, -want);
	zwb_equal(delta.vm.zswpwb, want);

	/* as good as ever: the first half is read from where it is, the rest written before */
	zwb_zero(zwb_run(&rest, ZWB_GLOBAL, "age=0"));
	zwb_equal(rest.total.written, load->pages - want);
	zwb_zero(rest.total.failed);
	zwb_zero(zwb_stored());
	zwb_load_verify(load);
}

/*
 * Some pages can't be decompressed: so many have failed, all others are
 * written, and those can be when it goes again.
 *
 * Turns red when a page is written that nobody has decompressed, when a failure
 * ends the command, counts as something else or more than once, or when the slot
 * stays claimed.
 */
static void some_decompressions_fail(void)
{
	check_decompress_errors("age=0", DECOMPRESS_TIMES, DECOMPRESS_PAGES - DECOMPRESS_TIMES);
}

/*
 * The same under a limit: other pages are written in place of those.
 *
 * Turns red when the limit is charged for pages that can't be decompressed.
 */
static void max_is_reached_in_spite_of_failed_decompressions(void)
{
	char text[64];

	snprintf(text, sizeof(text), "max=%lld", DECOMPRESS_PAGES / 2 * (long long)zwb_page_size);
	check_decompress_errors(text, DECOMPRESS_TIMES, DECOMPRESS_PAGES / 2);
}

/*
 * None can be decompressed: nothing is written, and the command comes to an
 * end.
 *
 * Turns red when it tries for ever, or calls it a success.
 */
static void no_decompression_succeeds(void)
{
	check_decompress_errors("age=0", -1, 0);
}

/* The same with a limit, which can't be reached. */
static void no_decompression_succeeds_under_a_limit(void)
{
	char text[64];

	snprintf(text, sizeof(text), "max=%lld", DECOMPRESS_PAGES / 2 * (long long)zwb_page_size);
	check_decompress_errors(text, -1, 0);
}

/*
 * Pages that could not be decompressed are where they were, and are read from
 * there.
 *
 * Turns red when a failed entry is freed or replaced.
 */
static void what_was_not_decompressed_is_read_from_zswap(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!need_errors_in(DECOMPRESS))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, DECOMPRESS_PAGES, ZWB_TEXT);
	if (load && errors_in(DECOMPRESS, DECOMPRESS_TIMES))
		zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	no_errors_in(DECOMPRESS);
	if (load)
		zwb_expect_read(load, DECOMPRESS_PAGES - DECOMPRESS_TIMES, DECOMPRESS_TIMES);
}

/* --- devices --- */

/* In pages. */
static long long swap_free(void)
{
	long long free = -1;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "SwapFree: %lld kB", &free);
	if (file)
		fclose(file);
	return free * 1024 / zwb_page_size;
}

/*
 * Every slot of every swap device is taken, by pages that are in zswap: they
 * have their slots, and writing them needs no other.
 *
 * Turns red when a command allocates a slot, or takes a full device for a reason
 * not to write.
 */
static void swap_is_full(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(SEALED_PAGES) || !zwb_swap_disk(false))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SEALED_PAGES, ZWB_TEXT);
	if (!load || !zwb_zero(swap_free()))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld",
			 SEALED_PAGES / 3 * (long long)zwb_page_size));
	zwb_equal(delta.total.written, SEALED_PAGES / 3);
	zwb_zero(swap_free());
	zwb_write_all(SEALED_PAGES - SEALED_PAGES / 3);
	zwb_zero(swap_free());
	zwb_zero(zwb_stored());
	zwb_expect_read(load, SEALED_PAGES, 0);
}

/*
 * A full device that takes no writes: the pages keep their slots, and are in zswap.
 *
 * Turns red when a failed page gives its slot back, or needs another one.
 */
static void full_and_takes_no_writes(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(SEALED_PAGES) || !zwb_swap_disk(false))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SEALED_PAGES, ZWB_TEXT);
	if (!load || !zwb_small_swap_seal())
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
	zwb_equal(delta.total.scanned, delta.total.failed);
	zwb_equal(zwb_stored(), SEALED_PAGES);
	zwb_zero(swap_free());
	zwb_expect_read(load, 0, SEALED_PAGES);
}

/*
 * A device that takes no writes any more, but gives what is on it: what was
 * written before is read from there, the rest stays in zswap and is read from
 * there, however often it was tried.
 *
 * Turns red when a page counts as written although its write failed, when it
 * is in neither place, or when failed pages get lost in a second try.
 */
static void takes_no_writes(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;
	int i;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(2 * SEALED_PAGES))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SEALED_PAGES, ZWB_TEXT);
	if (!load)
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "max=%lld", 500LL * zwb_page_size));
	zwb_equal(delta.total.written, 500);
	if (!zwb_small_swap_seal())
		return;
	for (i = 0; i < 3; i++) {
		zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
		zwb_zero(delta.total.written);
		/* each command finds out for itself */
		zwb_equal(delta.total.failed, ZWB_ERRORS_MAX);
		zwb_equal(delta.total.scanned, delta.total.failed);
		zwb_zero(delta.stored);
	}
	zwb_expect_read(load, 500, SEALED_PAGES - 500);
}

/*
 * What blockdev --setro does to a swap device in use: the kernel warns once in
 * its log and writes all the same, for any swap-out as for commands.
 *
 * Turns red when the kernel begins to refuse them: then pages have to fail as
 * above, and the documentation to say so.
 */
static void marked_read_only(void)
{
	struct zwb_snap delta;
	struct zwb_load *load;

	if (!zwb_need_small_swap() || !zwb_small_swap_on(2 * SEALED_PAGES))
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, SEALED_PAGES, ZWB_TEXT);
	if (!load || !zwb_small_swap_read_only(true))
		return;
	zwb_zero(zwb_run(&delta, ZWB_GLOBAL, "age=0"));
	zwb_small_swap_read_only(false);
	zwb_equal(delta.total.written, SEALED_PAGES);
	zwb_zero(delta.total.failed);
	zwb_expect_read(load, SEALED_PAGES, 0);
}

/*
 * A disk that dies in the midst of a command, for writes and for reads: what it
 * had taken is written, the rest is in zswap, and can be read from there while
 * the disk is dead.
 *
 * Turns red when pages in flight are lost, when reading a failed page goes to
 * the disk, or when the command never ends.
 */
static void disk_dies_meanwhile(void)
{
	struct zwb_load *load, *other;
	struct zwb_async command;
	struct zwb_snap before, delta;
	bool dead;

	if (!zwb_need_write_errors())
		return;
	load = zwb_load(NULL, ZWB_ANY_NODE, MOMENT_PAGES, ZWB_NOISE);
	if (!load || !zwb_start(&command, ZWB_GLOBAL, 0, MOMENT_COMMAND))
		return;
	zwb_snap(&before);
	zwb_go(&command);
	dead = zwb_wait_for_writeback(before.vm.zswpwb) && zwb_write_errors(-1);
	zwb_zero(zwb_wait(&command));
	if (!dead)
		return;
	zwb_since(&delta, &before);
	ksft_print_msg("%lld pages written, %lld failed\n", delta.total.written,
		       delta.total.failed);
	zwb_between(delta.total.written, 1, MOMENT_PAGES - 1);
	/* it is left alone then */
	zwb_between(delta.total.failed, ZWB_ERRORS_MAX, MOMENT_FAILED);
	zwb_equal(delta.total.scanned, delta.total.written + delta.total.failed);
	zwb_equal(delta.stored, -delta.total.written);

	/* all of these fail, and are read while nothing can be read from the disk */
	other = zwb_load(NULL, ZWB_ANY_NODE, 500, ZWB_TEXT);
	if (!other)
		return;
	zwb_equal(zwb_run(&delta, ZWB_GLOBAL, "age=0"), -EAGAIN);
	zwb_zero(delta.total.written);
	zwb_expect_read(other, 0, 500);
	zwb_load_stop(other);

	if (!zwb_write_errors(0))
		return;
	zwb_write_all(zwb_stored());
	zwb_expect_read(load, MOMENT_PAGES, 0);
}

/* The shrinker over all lists: the first time each entry gets its second chance. */
static bool shrink_all(void)
{
	int nodes[ZWB_MAX_NODES], nr = zwb_nodes(nodes, ZWB_MAX_NODES), i;

	for (i = 0; i < nr; i++) {
		if (!zwb_shrinker_scan(zwb_cgroup_root(), nodes[i], STEP_PAGES))
			return false;
	}
	return nr;
}

static void check_shrinker_in_flight(struct zwb_pages *page)
{
	long long rejected = zwb_read_number(ZWB_REJECTED);
	struct zwb_snap before, delta;
	struct zwb_async command;
	bool in_time;

	if (!zwb_pages_store(page, 1) || !shrink_all() || !errors_in(UNLIST, -1))
		return;
	zwb_snap(&before);
	if (!zwb_start_in_flight(&command))
		return;
	shrink_all();
	rejected = zwb_read_number(ZWB_REJECTED) - rejected;
	zwb_since(&delta, &before);
	in_time = zwb_disk_in_flight() > 0;
	if (in_time) {
		/* it has come to the page, and has left it alone */
		zwb_between(rejected, 1, STEP_PAGES);
		zwb_zero(delta.vm.zswpwb);
		zwb_zero(delta.stored);
	}

	zwb_zero(zwb_wait(&command));
	zwb_since(&delta, &before);
	zwb_equal(delta.total.written, 1);
	zwb_equal(delta.vm.zswpwb, 1);
	zwb_equal(delta.stored, -1);
	zwb_pages_are(page, 1);
	if (!in_time && !zwb_failed())
		zwb_late("the page had landed before the shrinker had been there");
}

/*
 * The shrinker has come to an entry before a command launches it, and then finds that it is
 * in flight: it leaves it alone, and the command has it on the disk.
 *
 * Turns red when the shrinker writes it as well: it erases the entry, the landing frees
 * what it no longer has, or takes no notice of an image that has been written.
 */
static void shrinker_leaves_alone_what_is_in_flight(void)
{
	static const struct zwb_disk_spec slow = {
		.pages = 16384,
		.latency_us = FLIGHT_US,
		.sectors = true,
	};
	struct zwb_pages page = { 0 };

	if (!zwb_need_shrinker_debugfs() || !need_errors_in(UNLIST))
		return;
	zwb_allow_other_writeback();
	if (zwb_disk_on(&slow) && zwb_pages_map(&page, ZWB_ANY_NODE, 1))
		check_shrinker_in_flight(&page);
	no_errors_in(UNLIST);
	zwb_pages_unmap(&page);
}

static const struct zwb_test tests[] = {
	ZWB_TEST(each_slab_allocation_fails),
	ZWB_TEST(each_slab_allocation_under_a_limit_fails),
	ZWB_TEST(each_slab_allocation_for_one_page_fails),
	ZWB_TEST(each_slab_allocation_of_an_answer_fails),
	ZWB_TEST(each_page_allocation_fails),
	ZWB_TEST(each_page_allocation_under_a_limit_fails),
	ZWB_TEST(each_slab_allocation_fails_and_all_writes),
	ZWB_TEST(each_slab_allocation_of_what_writes_nothing_fails),
	ZWB_TEST(some_decompressions_fail),
	ZWB_TEST(max_is_reached_in_spite_of_failed_decompressions),
	ZWB_TEST(no_decompression_succeeds),
	ZWB_TEST(no_decompression_succeeds_under_a_limit),
	ZWB_TEST(what_was_not_decompressed_is_read_from_zswap),
	ZWB_TEST(swap_is_full),
	ZWB_TEST(full_and_takes_no_writes),
	ZWB_TEST(takes_no_writes),
	ZWB_TEST(marked_read_only),
	ZWB_TEST(disk_dies_meanwhile),
	ZWB_TEST_PAGES(shrinker_leaves_alone_what_is_in_flight),
	ZWB_TEST_IMAGES(shrinker_leaves_alone_what_is_in_flight),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
