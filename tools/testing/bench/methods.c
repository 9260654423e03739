// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/aio_abi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "figures.h"
#include "methods.h"

#define SHRINKER	"/sys/module/zswap/parameters/shrinker_enabled"
#define ZRAM		"/sys/block/zram0/"
#define COMPRESSED	"/sys/kernel/mm/zswap/compressed_writeback"

/* Of one write to the raw disk, and how many are under way. */
#define RAW_SIZE	(1UL << 20)
#define RAW_DEPTH	4

/* One store over the limit has upstream look at this many entries of each node. */
#define PRESSURE_WALK	32
/* Stores between two looks at how far it has come. */
#define PRESSURE_STEP	50

enum method method_named(const char *name)
{
	static const char *const names[METHODS] = {
		[METHOD_OURS] = "ours",
		[METHOD_COMPRESSED] = "compressed",
		[METHOD_SHRINKER] = "shrinker",
		[METHOD_PRESSURE] = "pressure",
		[METHOD_ZRAM] = "zram",
		[METHOD_ZRAM_COMPRESSED] = "zram-compressed",
		[METHOD_RAW] = "raw",
	};
	int i;

	for (i = 0; i < METHODS; i++)
		if (!strcmp(name, names[i]))
			return i;
	die("there is no method %s", name);
}

/* --------------------------------------------------------------- shrinker */

long shrinker_scan(struct pool *pool, unsigned long pages)
{
	char request[64], path[256];
	unsigned int c;
	glob_t found;

	if (glob("/sys/kernel/debug/shrinker/mm-zswap-*/scan", 0, NULL, &found))
		die("zswap's shrinker is not in debugfs");
	snprintf(path, sizeof(path), "%s", found.gl_pathv[0]);
	globfree(&found);
	write_text(SHRINKER, "Y");
	for (c = 0; c < pool->cgroups; c++) {
		snprintf(request, sizeof(request), "%lu 0 %lu", cgroup_id(cgroup_file(c, "")), pages);
		write_text(path, request);
	}
	write_text(SHRINKER, "N");
	return pages * pool->cgroups;
}

/* --------------------------------------------------------------- pressure */

static struct pool more;

/* The first stores clear the referenced bits, the others write. */
static void pressure_prepare(struct pool *pool)
{
	if (pool->cgroups != 1)
		die("pressure is for one cgroup");
	pool_map(&more, 1, 3 * pool->pages / PRESSURE_WALK, 0);
	more.base = pool->pages;
	pool_fill(&more, 0, more.pages);
}

static void pressure_run(struct pool *pool)
{
	long start = read_key("/proc/vmstat", "zswpwb");
	unsigned long i, n;
	char limit[32];

	snprintf(limit, sizeof(limit), "%ld", read_number(cgroup_file(0, "memory.zswap.current")) / 20);
	write_text(cgroup_file(0, "memory.zswap.max"), limit);
	for (i = 0; i < more.pages; i += n) {
		n = more.pages - i < PRESSURE_STEP ? more.pages - i : PRESSURE_STEP;
		page_out(more.memory + i * PAGE, n);
		if (read_key("/proc/vmstat", "zswpwb") - start >= (long)(pool->pages * 9 / 10))
			break;
	}
	write_text(cgroup_file(0, "memory.zswap.max"), "max");
}

/* -------------------------------------------------------------------- raw */

static void raw_run(unsigned long pages)
{
	unsigned long size = pages * PAGE, at = 0, writes = (size + RAW_SIZE - 1) / RAW_SIZE, i;
	struct iocb cb[RAW_DEPTH], *next;
	struct io_event event;
	aio_context_t context = 0;
	unsigned long under_way = 0;
	char *data = map_pages(RAW_SIZE / PAGE, 1);
	int fd = open("/dev/" DISK, O_WRONLY | O_DIRECT);

	if (fd < 0)
		die("/dev/" DISK ": %s", strerror(errno));
	if (syscall(SYS_io_setup, RAW_DEPTH, &context))
		die("io_setup: %s", strerror(errno));
	memset(data, 1, RAW_SIZE);
	for (i = 0; i < writes || under_way; ) {
		if (i < writes && under_way < RAW_DEPTH) {
			/* In the beginning those that were never used, then the one that came back. */
			next = &cb[i < RAW_DEPTH ? i : (unsigned long)event.data];
			memset(next, 0, sizeof(*next));
			next->aio_data = next - cb;
			next->aio_lio_opcode = IOCB_CMD_PWRITE;
			next->aio_fildes = fd;
			next->aio_buf = (unsigned long)data;
			next->aio_nbytes = size - at < RAW_SIZE ? size - at : RAW_SIZE;
			next->aio_offset = at;
			if (syscall(SYS_io_submit, context, 1, &next) != 1)
				die("io_submit: %s", strerror(errno));
			at += RAW_SIZE;
			i++;
			under_way++;
			continue;
		}
		if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) != 1)
			die("io_getevents: %s", strerror(errno));
		if (event.res != (long long)cb[event.data].aio_nbytes)
			die("a write to the raw disk ended with %lld", (long long)event.res);
		under_way--;
	}
	close(fd);
	munmap(data, RAW_SIZE);
}

/* ------------------------------------------------------------------- all */

bool method_uses_zswap(enum method method)
{
	return method != METHOD_ZRAM && method != METHOD_ZRAM_COMPRESSED && method != METHOD_RAW;
}

void method_prepare(enum method method, struct pool *pool)
{
	write_text(COMPRESSED, method == METHOD_COMPRESSED ? "1" : "0");
	if (method == METHOD_PRESSURE)
		pressure_prepare(pool);
}

long method_run(enum method method, struct pool *pool, const char *command)
{
	long asked = -1;

	switch (method) {
	case METHOD_OURS:
	case METHOD_COMPRESSED:
		write_text(COMMAND, command);
		break;
	case METHOD_SHRINKER:
		/* The first round does no more than to clear the referenced bits. */
		asked = shrinker_scan(pool, pool->pages);
		asked += shrinker_scan(pool, pool->pages);
		break;
	case METHOD_PRESSURE:
		pressure_run(pool);
		break;
	case METHOD_ZRAM:
	case METHOD_ZRAM_COMPRESSED:
		write_text(ZRAM "idle", "all");
		write_text(ZRAM "writeback", "idle");
		break;
	case METHOD_RAW:
		raw_run(pool->pages * pool->cgroups);
		break;
	default:
		die("no method");
	}
	return asked;
}
