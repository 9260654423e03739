// SPDX-License-Identifier: GPL-2.0-or-later
/* What must hold between the runs, and after a command */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define STORED		DEBUGFS "/stored_pages"

const char *const counter_names[NR_COUNTERS] = {
	"commands", "scanned", "written", "skipped_young", "skipped_busy", "skipped_protected",
	"skipped_gone", "failed", "released_bytes", "refaulted", "dropped", "readback",
	"disk_bytes", "corrupted", "on_disk",
};

struct counters {
	long long value[MAX_NODES + 1][NR_COUNTERS];
};

struct file *counter_files[MAX_NODES + 1][NR_COUNTERS];
/* at the last check */
static struct counters counted;
static char content[FULL_MAX];
unsigned long commands_min, commands_max;

static void counters_read(struct counters *c)
{
	unsigned int n, i;
	char text[32];

	for (n = 0; n <= MAX_NODES; n++) {
		for (i = 0; i < NR_COUNTERS; i++) {
			ssize_t len;

			c->value[n][i] = 0;
			if (!counter_files[n][i])
				continue;
			len = pread(counter_files[n][i]->fd, text, sizeof(text) - 1, 0);
			if (len <= 0)
				die("reading %s: %s", counter_files[n][i]->path, strerror(errno));
			text[len] = '\0';
			c->value[n][i] = atoll(text);
		}
	}
}

void counters_start(void)
{
	counters_read(&counted);
	commands_min = 0;
	commands_max = 0;
}

long long counted_in_all(enum counter counter)
{
	return counted.value[MAX_NODES][counter];
}

/* All that has looked at an entry has one of these results. */
static long long sum_of_parts(const long long *v)
{
	return v[C_WRITTEN] + v[C_YOUNG] + v[C_BUSY] + v[C_PROTECTED] + v[C_GONE] + v[C_FAILED];
}

/* What must hold at any time when no command runs. */
void counters_check(void)
{
	struct counters c;
	long long *all = c.value[MAX_NODES], *before = counted.value[MAX_NODES];
	unsigned int n, i;
	long long sum;

	counters_read(&c);
	all[C_COMMANDS] += falsify("commands");
	c.value[0][C_WRITTEN] += falsify("node");
	if (!commands_max && falsify("still"))
		all[C_REFAULTED]++;

	sum = all[C_COMMANDS] - before[C_COMMANDS];
	if (sum < (long long)commands_min || sum > (long long)commands_max)
		wrong(NULL, "%lld commands were counted, not %lu to %lu", sum, commands_min,
		      commands_max);
	for (n = 0; n <= MAX_NODES; n++) {
		long long *v = c.value[n];

		sum = sum_of_parts(v);
		if (v[C_SCANNED] != sum)
			wrong(NULL, "node %u: scanned is %lld, its parts are %lld", n,
			      v[C_SCANNED], sum);
		if (v[C_REFAULTED] + v[C_DROPPED] + v[C_READBACK] + v[C_ON_DISK] != v[C_WRITTEN])
			wrong(NULL, "node %u: %lld were written, %lld refaulted, %lld dropped, %lld brought back, %lld on disk",
			      n, v[C_WRITTEN], v[C_REFAULTED], v[C_DROPPED], v[C_READBACK],
			      v[C_ON_DISK]);
		/* A page is sent once, and may have failed, or have come too late. */
		sum = v[C_WRITTEN] + v[C_BUSY] + v[C_GONE] + v[C_FAILED];
		if (v[C_DISK_BYTES] > sum * (long long)PAGE ||
		    (v[C_WRITTEN] && !v[C_DISK_BYTES]))
			wrong(NULL, "node %u: %lld pages were written, %lld bytes sent", n,
			      v[C_WRITTEN], v[C_DISK_BYTES]);
		for (i = 0; i < NR_COUNTERS; i++) {
			/* A level, and no counter */
			if (i != C_ON_DISK && v[i] < counted.value[n][i])
				wrong(NULL, "node %u: %s fell", n, counter_names[i]);
			if (!commands_max && v[i] != counted.value[n][i])
				wrong(NULL, "node %u: %s changed by %lld without a command", n,
				      counter_names[i], v[i] - counted.value[n][i]);
		}
	}
	for (i = C_COMMANDS + 1; i < NR_COUNTERS; i++) {
		for (n = 0, sum = 0; n < MAX_NODES; n++)
			sum += c.value[n][i];
		if (sum != all[i])
			wrong(NULL, "%s: the nodes have %lld, in total it is %lld",
			      counter_names[i], sum, all[i]);
	}
	counted = c;
	commands_min = 0;
	commands_max = 0;
}

/* All that is in zswap is in the tables: of the system, of the nodes, of the cgroups. */
void tables_check(void)
{
	unsigned long long pages, nodes = 0, all = 0, of_cgroups = 0;
	unsigned long long stored = get_number(STORED) + falsify("stored");
	unsigned int i;

	for (i = 0; i < nr_files; i++) {
		struct file *f = &files[i];
		size_t len;

		if (f->kind != TABLE && f->kind != CGROUP_TABLE)
			continue;
		if (f->kind == CGROUP_TABLE) {
			close(f->fd);
			f->fd = open(f->path, O_RDONLY);
			f->edges = edges;
		}
		len = read_full(f, content);
		check_format(NULL, f, content, len, &pages);
		if (f->kind == CGROUP_TABLE)
			of_cgroups = pages;
		else if (f->node < 0)
			all = pages;
		else
			nodes += pages;
	}
	if (all == stored && nodes == stored && of_cgroups == stored)
		return;
	wrong(NULL, "%llu pages in zswap, in the tables %llu, of nodes %llu, of cgroups %llu",
	      stored, all, nodes, of_cgroups);
}

static bool answer_key(const char **p, const char *key, long long *value)
{
	char *end;

	*p = literal(*p, key);
	if (!*p || *(*p)++ != ' ')
		return false;
	*value = strtoll(*p, &end, 10);
	if (end == *p || *end != '\n')
		return false;
	*p = end + 1;
	return true;
}

/* What the file says of a command that has just been written to it */
void check_answer(const struct input *in, const struct file *f, const struct meaning *m,
		  long result)
{
	static const char *const keys[] = {
		"status", "scanned", "written", "released_bytes", "skipped_young", "skipped_busy",
		"skipped_protected", "skipped_gone", "failed", "coldest_left", "elapsed_us",
	};
	enum {
		STATUS, SCANNED, WRITTEN, RELEASED, YOUNG, BUSY, PROTECTED, GONE, FAILED,
		COLDEST, ELAPSED, NR
	};
	long long v[NR], position;
	char text[600];
	const char *p = text;
	ssize_t len;
	int i;

	position = lseek(f->fd, 0, SEEK_CUR) + falsify("position");
	if (position)
		wrong(in, "after a command the answer does not begin at 0 but %lld", position);
	len = pread(f->fd, text, sizeof(text) - 1, 0);
	text[len > 0 ? len : 0] = '\0';
	for (i = 0; i < NR && answer_key(&p, keys[i], &v[i]); i++)
		;
	if (i < NR || *p) {
		wrong(in, "the answer does not look as it must: %s", text);
		return;
	}
	v[WRITTEN] += falsify("answer");
	if (v[STATUS] != (result < 0 ? result : 0))
		wrong(in, "the write returned %ld, its answer has status %lld", result, v[STATUS]);
	if (v[SCANNED] != v[WRITTEN] + v[YOUNG] + v[BUSY] + v[PROTECTED] + v[GONE] + v[FAILED])
		wrong(in, "scanned is not the sum of its parts: %s", text);
	if (v[SCANNED] < 0 || v[RELEASED] < 0 || v[COLDEST] < -1 || v[ELAPSED] < 0)
		wrong(in, "negative numbers: %s", text);
	if (v[RELEASED] > v[WRITTEN] * (long long)PAGE)
		wrong(in, "more bytes than pages: %s", text);
	if (result < 0 && (v[WRITTEN] || v[RELEASED]))
		wrong(in, "pages were written, but the result is %ld: %s", result, text);
	if (result < 0 && result != -EAGAIN && v[SCANNED])
		wrong(in, "a command that was refused has looked at pages: %s", text);
	if (m->err || result < 0)
		return;
	if (!m->cmd.dry_run && !v[WRITTEN])
		wrong(in, "nothing was written, but the result is %ld: %s", result, text);
	if (v[WRITTEN] > 0 && (uint64_t)v[WRITTEN] > m->cmd.max_pages)
		wrong(in, "more pages were written than asked for: %s", text);
	if (m->cmd.max_compressed < INT64_MAX &&
	    (uint64_t)v[RELEASED] >= m->cmd.max_compressed + PAGE)
		wrong(in, "more bytes have left than asked for: %s", text);
}
