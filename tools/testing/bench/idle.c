// SPDX-License-Identifier: GPL-2.0-or-later
/* Scenarios in which a command has nothing or hardly anything to do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "methods.h"
#include "scenario.h"

/* An age that no page reaches while all are stored, and that the system has. */
#define IDLE_AGE	"age=1000"
#define IDLE_UPTIME	1200
/* In which the first pages are stored. */
#define IDLE_SECONDS	100
/* A kernel that walks over all entries may take too long to do it so often. */
#define IDLE_SLOW	(50 * 1000 * 1000)

/* The median of what the write of a command took, which has to end in @status. */
static uint64_t time_command(const char *path, const char *command, unsigned long rounds, int status)
{
	uint64_t *took = calloc(rounds, sizeof(*took)), start, median;
	ssize_t len = strlen(command), done;
	int fd = open(path, O_WRONLY), err;
	unsigned long i;

	if (!took)
		die("no memory");
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	for (i = 0; i < rounds; i++) {
		start = ticks();
		done = pwrite(fd, command, len, 0);
		took[i] = ticks() - start;
		err = done == len ? 0 : errno;
		if (err != status)
			die("'%s' to %s: %s", command, path, strerror(err));
		if (took[i] > IDLE_SLOW) {
			i++;
			break;
		}
	}
	close(fd);
	sort_numbers(took, i);
	median = took[i / 2];
	free(took);
	return median / TICKS_PER_INSN;
}

static void begin_locks(const struct options *o)
{
	if (o->locks)
		locks_begin();
}

/* What the locks of the results before it were. */
static void end_locks(const struct options *o, const char *of, unsigned long nr)
{
	if (!o->locks)
		return;
	locks_end();
	printf("result scenario=locks label=%s of=%s_%lu\n", o->label, of, nr);
}

static void time_all(const struct options *o, unsigned long entries, bool rotated)
{
	static const struct {
		const char *name, *path, *command;
	} commands[] = {
		{ "global", COMMAND, IDLE_AGE },
		{ "global_limit", COMMAND, IDLE_AGE " max=1M" },
		{ "node", COMMAND, IDLE_AGE " node=0" },
		{ "node_file", "/sys/kernel/mm/zswap/node0/proactive_writeback", IDLE_AGE },
	};
	size_t i;

	progress("timing commands with %lu entries%s", entries, rotated ? ", out of order" : "");
	begin_locks(o);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		printf("result scenario=idle label=%s command=%s entries=%lu rotated=%d instructions=%llu\n",
		       o->label, commands[i].name, entries, rotated,
		       (unsigned long long)time_command(commands[i].path, commands[i].command,
							o->rounds, EAGAIN));
	end_locks(o, rotated ? "idle_rotated" : "idle", entries);
	fflush(stdout);
}

void scenario_idle(const struct options *o)
{
	struct pool pool;
	unsigned long i;

	wait_seconds(IDLE_UPTIME);
	pool_map(&pool, 1, o->pages + o->more, 0);
	pool.small = true;
	/* Of as many ages as the many that follow: it is their number that is to differ. */
	for (i = 0; i < IDLE_SECONDS; i++) {
		pool_store(&pool, i * (o->pages / IDLE_SECONDS), o->pages / IDLE_SECONDS);
		wait_seconds(1);
	}
	must_store(o->pages);
	time_all(o, o->pages, false);
	pool_store(&pool, o->pages, o->more);
	must_store(o->pages + o->more);
	time_all(o, o->pages + o->more, false);
	shrinker_scan(&pool, (o->pages + o->more) / 2);
	time_all(o, o->pages + o->more, true);
	pool_unmap(&pool);
	must_store(0);
}

/* -------------------------------------------------------- empty cgroups */

static void time_among(const struct options *o, const char *others, unsigned long cgroups)
{
	char command[64];

	progress("timing commands with %lu %s cgroups", cgroups, others);
	begin_locks(o);
	/* Each writes one page. */
	printf("result scenario=empty label=%s command=global others=%s cgroups=%lu instructions=%llu\n",
	       o->label, others, cgroups,
	       (unsigned long long)time_command(COMMAND, "max=4K", o->rounds, 0));
	snprintf(command, sizeof(command), "cgroup=%lu max=4K", cgroup_id(BENCH_CGROUP));
	printf("result scenario=empty label=%s command=cgroup others=%s cgroups=%lu instructions=%llu\n",
	       o->label, others, cgroups,
	       (unsigned long long)time_command(COMMAND, command, o->rounds, 0));
	end_locks(o, others, cgroups);
	fflush(stdout);
}

/*
 * Those that were never used have no list in the kernel, those that once had
 * pages have an empty one.
 */
void scenario_empty(const struct options *o)
{
	struct pool pool;
	unsigned long i;
	char *page;

	pool_map(&pool, o->cgroups, o->pages / o->cgroups, 0);
	pool_store(&pool, 0, pool.pages);
	must_store(pool.pages * o->cgroups);
	time_among(o, "no", 0);
	for (i = 0; i < o->more; i++)
		make_cgroup(o->cgroups + i);
	time_among(o, "unused", o->more);

	page = map_pages(o->more, 0);
	for (i = 0; i < o->more; i++) {
		enter_cgroup(o->cgroups + i);
		fill(page + i * PAGE, i);
	}
	leave_cgroup();
	page_out(page, o->more);
	/* To memory again, and out of zswap: the reading alone does that. */
	for (i = 0; i < o->more; i++)
		load_page(page + i * PAGE);
	time_among(o, "emptied", o->more);
	page_out(page, o->more);
	time_among(o, "filled", o->more);
}
