// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fault injection: allocations, requests to the swap disk, decompression.
 *
 * All of it is filtered by task, and a task is armed only while it issues a
 * command, or has its pages stored: neither reads from swap, so that a request
 * that fails is a write.  A read that fails would kill whoever needs the page.
 *
 * Decompression can't be filtered so: the kernel's probe may be a breakpoint, and
 * then it does not run as part of the task.  It fails in the commands at the end,
 * when nobody reads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

#define FAULTS		"/sys/kernel/debug"
/* more than a run can use up: what is gone has been injected */
#define TIMES		1000000000L

static const struct injector {
	const char *name;
	enum kind kind;
	/* in percent of the chances while it is on */
	int probability;
} injectors[] = {
	{ "failslab", K_FAULTS_SLAB, 10 },
	{ "fail_page_alloc", K_FAULTS_PAGE, 20 },
	{ "fail_make_request", K_FAULTS_WRITE, 20 },
	{ "fail_function", K_FAULTS_DECOMPRESS, 20 },
};

static bool usable[ARRAY_SIZE(injectors)];

static int set(size_t i, const char *file, const char *value)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), FAULTS "/%s/%s", injectors[i].name, file);
	return put(path, "%s", value);
}

static long injected(size_t i)
{
	char path[PATH_SIZE];

	if (!usable[i])
		return 0;
	snprintf(path, sizeof(path), FAULTS "/%s/times", injectors[i].name);
	return TIMES - get_number(path);
}

static const char *prepare(size_t i)
{
	char times[24];

	snprintf(times, sizeof(times), "%ld", TIMES);
	/* first of all: nobody but armed tasks; and no call traces, which are no error here */
	if (set(i, "task-filter", "Y"))
		return "there is no such directory in debugfs";
	if (set(i, "probability", "0") || set(i, "verbose", "0") || set(i, "interval", "1") ||
	    set(i, "space", "0") || set(i, "times", times))
		return "it can't be set up";
	if (access("/proc/self/make-it-fail", W_OK))
		return "it can't be limited to single tasks";
	switch (injectors[i].kind) {
	case K_FAULTS_PAGE:
		set(i, "min-order", "0");
		set(i, "ignore-gfp-highmem", "N");
		/* fall through */
	case K_FAULTS_SLAB:
		if (set(i, "ignore-gfp-wait", "N"))
			return "it can't be set up";
		break;
	case K_FAULTS_DECOMPRESS:
		if (set(i, "task-filter", "N") || set(i, "inject", "zswap_wb_decompress"))
			return "the kernel does not let zswap_wb_decompress() fail";
		/* false, as after a decompression that failed */
		if (put(FAULTS "/fail_function/zswap_wb_decompress/retval", "0"))
			return "the function's result can't be set";
		/* that was to see whether it can be done; no probe while everything runs */
		set(i, "inject", " ");
		break;
	default:
		break;
	}
	return NULL;
}

void faults_prepare(void)
{
	const char *why;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		why = prepare(i);
		usable[i] = !why;
		if (why)
			missing(injectors[i].kind, why);
	}
}

/* Requests to a disk may fail from now on. */
void faults_disk(const char *disk)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "/sys/class/block/%s/make-it-fail", disk);
	put(path, "1");
}

long faults_injected(void)
{
	long sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		shared->kinds[injectors[i].kind] = injected(i);
		sum += injected(i);
	}
	return sum;
}

void faults_arm(bool on)
{
	static int fd = -1;
	static pid_t owner;

	/* the file is that of the process that opened it */
	if (fd >= 0 && owner != getpid()) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		fd = open("/proc/self/make-it-fail", O_WRONLY | O_CLOEXEC);
		owner = getpid();
	}
	if (fd >= 0 && pwrite(fd, on ? "1" : "0", 1, 0) != 1 && !on)
		problem("a task stays armed: %s", strerror(errno));
}

/*
 * Decompression fails from now on, a fifth of the times, or no more.  For everybody:
 * only while nobody reads what is in zswap.
 */
bool faults_decompress(bool on)
{
	size_t i = ARRAY_SIZE(injectors) - 1;

	if (!usable[i])
		return false;
	if (!on)
		return !set(i, "probability", "0") && !set(i, "inject", " ");
	return !set(i, "inject", "zswap_wb_decompress") &&
	       !put(FAULTS "/fail_function/zswap_wb_decompress/retval", "0") &&
	       !set(i, "probability", "20");
}

/* One at a time, several, none: as it comes. */
static void faults_task(int task, long arg)
{
	long step = 0;
	size_t i;

	(void)arg;
	while (running()) {
		struct rng rng = rng_step(task, step);

		shared->tasks[task].step = step++;
		for (i = 0; i < ARRAY_SIZE(injectors); i++) {
			bool on = rng_one_in(&rng, 2);
			char value[16];

			snprintf(value, sizeof(value), "%d",
				 on ? (int)rng_below(&rng, injectors[i].probability) + 1 : 0);
			if (usable[i] && injectors[i].kind != K_FAULTS_DECOMPRESS)
				set(i, "probability", value);
		}
		rest(500 + rng_below(&rng, 2000));
	}
}

void faults_start(void)
{
	task_start("faults", faults_task, 0);
}

void faults_undo(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(injectors); i++) {
		if (usable[i])
			set(i, "probability", "0");
	}
	faults_injected();
}
