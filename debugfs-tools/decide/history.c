// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file that record writes and ages --history reads.  One that may come from anywhere: what is
 * in it is checked, and a sample that was half written is left out.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "decide/history.h"
#include "ui/json.h"

#define SLOT		1024	/* bytes: 16 edges and counts of 19 digits have room */
#define TIME_MAX	(1LL << 36)
#define PAGE_SIZE_MAX	(1 << 20)

_Static_assert(SLOT > AGE_BUCKETS_MAX * 2 * sizeof("9223372036854775807,") + 200, "a sample fits");

static json_t *read_slot(int fd, num slot)
{
	char text[SLOT];

	if (pread(fd, text, SLOT, slot * SLOT) != SLOT)
		return NULL;
	return json_loadb(text, SLOT, JSON_REJECT_DUPLICATES, NULL);
}

/* Takes @json over. */
static int write_slot(int fd, num slot, json_t *json)
{
	autofree char *text = xchecked(json_dumps(json, JSON_COMPACT)), *line = NULL;

	json_decref(json);
	line = xasprintf("%-*s\n", SLOT - 1, text);
	errno = 0;
	if (pwrite(fd, line, SLOT, slot * SLOT) != SLOT)
		return errno ? -errno : -EIO;
	return 0;
}

static json_t *sample_to_json(const struct history_sample *sample)
{
	const struct age_table *ages = &sample->ages;

	return json_pack("{s:I, s:I, s:o, s:I, s:o, s:o}", "nr", sample->nr, "time", sample->time,
			 "awake_ms", json_known(sample->awake_ms), "page_size", sample->page_size,
			 "edges", json_bounds(ages), "pages",
			 json_nums(&ages->bucket->pages, sizeof(*ages->bucket), ages->nr));
}

static int sample_from_json(json_t *json, struct history_sample *sample)
{
	struct age_table *ages = &sample->ages;
	size_t stride = sizeof(*ages->bucket);
	json_t *awake_ms, *edges, *pages;

	if (json_unpack(json, "{s:I, s:I, s:o, s:I, s:o, s:o}", "nr", &sample->nr, "time",
			&sample->time, "awake_ms", &awake_ms, "page_size", &sample->page_size,
			"edges", &edges, "pages", &pages) ||
	    json_to_num(awake_ms, &sample->awake_ms) || json_to_bounds(edges, ages) || !ages->nr ||
	    json_to_array(pages, &ages->bucket->pages, stride, ages->nr, json_to_num) != ages->nr ||
	    sample->nr < 0 || sample->nr >= INT64_MAX || sample->time < 0 ||
	    sample->time > TIME_MAX || sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX)
		return -EINVAL;
	return 0;
}

/* Two of the same second, as they came. */
static int compare_samples(const void *a, const void *b)
{
	const struct history_sample *left = a, *right = b;

	if (left->time != right->time)
		return left->time < right->time ? -1 : 1;
	return (left->nr > right->nr) - (left->nr < right->nr);
}

static int load(int fd, struct history *history, char **message)
{
	json_t *json = read_slot(fd, 0);
	num version = json_version(json, "ages"), last;
	struct stat st;

	history->keep = json_integer_value(json_object_get(json, "keep"));
	json_decref(json);
	if (version >= 0 && version != HISTORY_VERSION)
		*message = xasprintf("invalid: version %lld, not %d", version, HISTORY_VERSION);
	else if (fstat(fd, &st) || !S_ISREG(st.st_mode) || version < 0 || history->keep < 1 ||
		 history->keep > HISTORY_MAX)
		*message = xstrdup("invalid: not written by zswapctl record");
	if (*message)
		return -EEXIST;
	last = st.st_size / SLOT - 1 < history->keep ? st.st_size / SLOT - 1 : history->keep;
	history->sample = xcalloc(last, sizeof(*history->sample));
	for (num slot = 1; slot <= last; slot++) {
		json = read_slot(fd, slot);
		if (sample_from_json(json, &history->sample[history->nr]))
			history->broken++;
		else
			history->nr++;
		json_decref(json);
	}
	qsort(history->sample, history->nr, sizeof(*history->sample), compare_samples);
	return 0;
}

int history_read(const char *path, struct history *history, char **message)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error;

	*history = (struct history){ .nr = 0 };
	*message = NULL;
	error = fd < 0 ? -errno : load(fd, history, message);
	if (error == -ENOENT)
		*message = xasprintf("%s: record has not run yet", strerror(-error));
	if (fd >= 0)
		close(fd);
	return error;
}

/* One sample behind the last, in an open file. */
static int add(int fd, num keep, struct history_sample *sample, char **message)
{
	struct history history = { .keep = keep ?: HISTORY_KEEP };
	struct stat st;
	int error;

	/* One at a time: each goes behind the last */
	if (flock(fd, LOCK_EX) || fstat(fd, &st))
		return -errno;
	if (st.st_size || !S_ISREG(st.st_mode))
		error = load(fd, &history, message);
	else
		error = write_slot(fd, 0, json_pack("{s:s, s:i, s:I}", "zswapctl", "ages",
						    "version", HISTORY_VERSION, "keep",
						    history.keep));
	sample->nr = 0;
	for (int i = 0; i < history.nr; i++) {
		if (history.sample[i].nr >= sample->nr)
			sample->nr = history.sample[i].nr + 1;
	}
	if (!error)
		error = write_slot(fd, 1 + sample->nr % history.keep, sample_to_json(sample));
	if (!error && keep && keep != history.keep)
		*message = xasprintf("stays one for %lld samples", history.keep);
	history_free(&history);
	return error;
}

int history_add(const char *path, num keep, struct history_sample *sample, char **message)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
	int error;

	*message = NULL;
	error = fd < 0 ? -errno : add(fd, keep, sample, message);
	if (fd >= 0 && close(fd) && !error)
		error = -errno;
	return error;
}

void history_free(struct history *history)
{
	free(history->sample);
	*history = (struct history){ .nr = 0 };
}
