// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes samples for the daemon.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decide/sample.h"
#include "system/amount.h"
#include "system/system.h"
#include "ui/utf8.h"

#define UPTIME	"/proc/uptime"
#define BOOT_ID	"/proc/sys/kernel/random/boot_id"

/* "12.34 56.78": seconds since boot, and something else. */
static int parse_uptime(char *line, num *ms)
{
	char *point = strchr(line, '.');
	num seconds, hundredths;
	int error;

	if (!point || strlen(point) < strlen(".00"))
		return -EINVAL;
	*point++ = '\0';
	point[2] = '\0';
	error = parse_number(line, &seconds);
	if (!error)
		error = parse_number(point, &hundredths);
	if (!error && seconds > INT64_MAX / 1000 - 1)
		error = -ERANGE;
	if (!error)
		*ms = seconds * 1000 + hundredths * 10;
	return error;
}

static int read_clock(const struct source *source, struct sample *sample, const char **path)
{
	char *text;
	long length;
	int error;

	*path = UPTIME;
	length = source_read(source, UPTIME, &text);
	if (length < 0)
		return length;
	error = parse_uptime(text, &sample->uptime_ms);
	free(text);
	if (error)
		return error;

	*path = BOOT_ID;
	length = source_read(source, BOOT_ID, &text);
	if (length < 0)
		return length;
	text[strcspn(text, "\n")] = '\0';
	sample->boot_id = utf8_copy(text);
	free(text);
	return 0;
}

/*
 * Nothing to decide about: a cgroup without a directory cannot be named to the kernel, and
 * one without a memory.stat has no memory controller, or has just been removed.
 */
static bool is_out(const struct cgroup *cgroup)
{
	return cgroup->removed || !cgroup->id || cgroup->id > INT64_MAX ||
	       cgroup->all.resident == -ENOENT || cgroup->all.resident == -ENODEV;
}

static void add_cgroup(struct sample *sample, const struct cgroup *cgroup)
{
	struct sample_cgroup *to = &sample->cgroup[sample->nr++];

	*to = (struct sample_cgroup){
		.path = utf8_copy(cgroup->path),
		.id = cgroup->id,
		.writeback = cgroup->writeback,
		.resident = cgroup->all.resident,
		.refaulted = cgroup->all.refaulted,
		.stalled_memory = cgroup->pressure_memory,
		.stalled_io = cgroup->pressure_io,
	};
	for (int i = 0; i < cgroup->ages.nr; i++)
		to->pages[i] = cgroup->ages.bucket[i].pages;
}

/* All cgroups, since what children did is taken off their parents' counters. */
static int read_cgroups(const struct source *source, struct sample *sample, const char **path)
{
	struct cgroups cgroups;
	int error;

	*path = SYS_DEBUGFS "/age_buckets_cgroup";
	error = cgroups_read(source, UINT64_MAX, true, &cgroups);
	if (error)
		return error;
	cgroups_read_details(source, &cgroups);
	if (cgroups.nr) {
		const struct age_table *ages = &cgroups.cgroup[0].ages;

		sample->nr_edges = ages->nr;
		for (int i = 0; i < ages->nr; i++)
			sample->edge[i] = ages->bucket[i].min_age;
	}
	sample->cgroup = xcalloc(cgroups.nr, sizeof(*sample->cgroup));
	for (int i = 0; i < cgroups.nr; i++) {
		if (!is_out(&cgroups.cgroup[i]))
			add_cgroup(sample, &cgroups.cgroup[i]);
	}
	cgroups_free(&cgroups);
	return 0;
}

int sample_read(const struct source *source, struct sample *sample, const char **path)
{
	int error;

	*sample = (struct sample){ .page_size = amount_page_size() };
	error = read_clock(source, sample, path);
	if (!error)
		error = read_cgroups(source, sample, path);
	if (error)
		sample_free(sample);
	else
		sample_link(sample);
	return error;
}

static int compare_cgroups(const void *a, const void *b)
{
	const struct sample_cgroup *left = a, *right = b;
	int order = strcmp(left->path, right->path);

	return order ? order : (left->id > right->id) - (left->id < right->id);
}

static int compare_path(const void *key, const void *element)
{
	return strcmp(key, ((const struct sample_cgroup *)element)->path);
}

/* The nearest ancestor that is in the sample, or -1. */
static int find_parent(const struct sample *sample, const char *path)
{
	char *ancestor = xstrdup(path);
	const struct sample_cgroup *found = NULL;

	while (!found && strcmp(ancestor, "/")) {
		char *slash = strrchr(ancestor, '/');

		if (!slash)
			break;
		/* Above "/a" is "/". */
		slash[slash == ancestor] = '\0';
		found = bsearch(ancestor, sample->cgroup, sample->nr, sizeof(*found), compare_path);
	}
	free(ancestor);
	return found ? found - sample->cgroup : -1;
}

void sample_link(struct sample *sample)
{
	struct sample_cgroup *cgroup = sample->cgroup;
	int nr = 0;

	if (sample->nr)
		qsort(cgroup, sample->nr, sizeof(*cgroup), compare_cgroups);
	/* Names that are not UTF-8 may have become the same. */
	for (int i = 0; i < sample->nr; i++) {
		if (nr && !strcmp(cgroup[nr - 1].path, cgroup[i].path))
			free(cgroup[i].path);
		else
			cgroup[nr++] = cgroup[i];
	}
	sample->nr = nr;
	/* An ancestor is a prefix, so it comes first. */
	for (int i = 0; i < nr; i++) {
		int parent = find_parent(sample, cgroup[i].path);

		cgroup[i].parent = parent;
		cgroup[i].off = !cgroup[i].writeback || (parent >= 0 && cgroup[parent].off);
	}
}

void sample_ages(const struct sample *sample, int i, struct age_table *ages)
{
	*ages = (struct age_table){ .nr = sample->nr_edges };
	for (int b = 0; b < sample->nr_edges; b++) {
		ages->bucket[b].min_age = sample->edge[b];
		ages->bucket[b].max_age = b + 1 < sample->nr_edges ? sample->edge[b + 1] :
					  AGE_NO_BOUND;
		ages->bucket[b].pages = sample->cgroup[i].pages[b];
	}
}

int sample_oldest(const struct sample *sample, int i)
{
	for (int b = sample->nr_edges - 1; b >= 0; b--) {
		if (sample->cgroup[i].pages[b] > 0)
			return b;
	}
	return -1;
}

void sample_free(struct sample *sample)
{
	for (int i = 0; i < sample->nr; i++)
		free(sample->cgroup[i].path);
	free(sample->cgroup);
	free(sample->boot_id);
	*sample = (struct sample){ .nr = 0 };
}
