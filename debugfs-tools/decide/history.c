// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The file that record writes and ages --history reads.  One that may come from anywhere: what is
 * in it is checked, and a sample that was half written is left out.
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "decide/history.h"
#include "decide/state.h"
#include "json.h"

#define SLOT		1024	/* bytes: 16 edges and counts of 19 digits have room */
#define TIME_MAX	(1LL << 36)
#define PAGE_SIZE_MAX	(1 << 20)

_Static_assert(SLOT > AGE_BUCKETS_MAX * 2 * sizeof("9223372036854775807,") + 200, "a sample fits");

#define SAMPLE(member)	offsetof(struct history_sample, member)

static const struct json_field fields[] = {
	{ "nr", JSON_COUNT, SAMPLE(nr) },
	{ "time", JSON_COUNT, SAMPLE(time) },
	{ "awake_ms", JSON_NUM, SAMPLE(awake_ms) },
	{ "page_size", JSON_COUNT, SAMPLE(page_size) },
	{ "edges", JSON_BOUNDS, SAMPLE(ages), sizeof(struct age_bucket) },
	{ "pages", JSON_NUM, SAMPLE(ages.bucket[0].pages), sizeof(struct age_bucket) },
	{ }
};

static const struct json_field head_fields[] = {
	{ "ages", JSON_HEAD, HISTORY_VERSION }, { "keep", JSON_COUNT, offsetof(struct history, keep) },
	{ }
};

static json_t *read_slot(int fd, num slot)
{
	char text[SLOT];

	if (pread(fd, text, SLOT, slot * SLOT) != SLOT)
		return NULL;
	return json_loadb(text, SLOT, JSON_REJECT_DUPLICATES, NULL);
}

static int write_slot(int fd, num slot, const char *text)
{
	autofree char *line = xasprintf("%-*s\n", SLOT - 1, text);

	errno = 0;
	if (pwrite(fd, line, SLOT, slot * SLOT) != SLOT)
		return errno ? -errno : -EIO;
	return 0;
}

static int sample_from_json(const json_t *json, struct history_sample *sample)
{
	if (json_to_struct(json, fields, sample) || !sample->ages.nr ||
	    sample->nr >= INT64_MAX || sample->time > TIME_MAX || sample->page_size < 1 ||
	    sample->page_size > PAGE_SIZE_MAX)
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
	if (fd >= 0)
		close(fd);
	return error;
}

/* One sample behind the last, in an open file. */
static int add(int fd, num keep, struct history_sample *sample, char **message)
{
	struct history history = { .keep = keep };
	autofree char *head = json_text(head_fields, &history), *text = NULL;
	struct stat st;
	int error;

	/* One at a time: each goes behind the last */
	if (flock(fd, LOCK_EX) || fstat(fd, &st))
		return -errno;
	if (st.st_size || !S_ISREG(st.st_mode))
		error = load(fd, &history, message);
	else
		error = write_slot(fd, 0, head);
	sample->nr = 0;
	for (int i = 0; i < history.nr; i++) {
		if (history.sample[i].nr >= sample->nr)
			sample->nr = history.sample[i].nr + 1;
	}
	text = json_text(fields, sample);
	if (!error)
		error = write_slot(fd, 1 + sample->nr % history.keep, text);
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
