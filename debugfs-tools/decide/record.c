// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes and reads recordings of the daemon.
 *
 * A recording may come from anywhere: whatever is in it is checked before it is used, and
 * the first invalid line ends the reading, with its number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decide/record.h"

/* A path of the kernel's is shorter. */
#define PATH_LENGTH	4096
#define PAGE_SIZE_MAX	(1 << 20)

/* ---- members ---- */

#define CGROUP(member)	offsetof(struct cgroup, member)
#define COLUMN(member)	CGROUP(ages.bucket[0].member), sizeof(struct age_bucket)

static const struct json_field cgroup_fields[] = {
	{ "path", JSON_TEXT, CGROUP(path) },
	{ "id", JSON_COUNT, CGROUP(id) },
	{ "removed", JSON_BOOL, CGROUP(removed) },
	{ "off", JSON_BOOL, CGROUP(off) },
	{ "frozen", JSON_NUM, CGROUP(frozen) },
	{ "anon", JSON_NUM, CGROUP(own.anon) },
	{ "refaulted", JSON_NUM, CGROUP(all.refaulted) },
	{ "stalled_memory", JSON_NUM, CGROUP(pressure_memory) },
	{ "stalled_io", JSON_NUM, CGROUP(pressure_io) },
	{ "pages", JSON_NUM, COLUMN(pages) },
	{ "bytes", JSON_NUM, COLUMN(bytes) },
	{ "loaded", JSON_NUM, COLUMN(loaded) },
	{ }
};

#define SAMPLE(member)	offsetof(struct sample, member)

static const struct json_field sample_fields[] = {
	{ "boot_id", JSON_TEXT, SAMPLE(boot_id) },
	{ "now_ms", JSON_COUNT, SAMPLE(now_ms) },
	{ "page_size", JSON_COUNT, SAMPLE(page_size) },
	{ "pool", JSON_NUM, SAMPLE(pool) },
	{ "limit", JSON_NUM, SAMPLE(limit) },
	{ "free", JSON_NUM, SAMPLE(free) },
	{ "total", JSON_NUM, SAMPLE(total) },
	{ "edges", JSON_COUNT, SAMPLE(bounds.bucket[0].min_age), sizeof(struct age_bucket) },
	{ "cgroups", JSON_LIST, SAMPLE(cgroups.cgroup), sizeof(struct cgroup), cgroup_fields,
	  SAMPLE(cgroups.nr) },
	{ }
};

const struct json_field *record_answer(void)
{
	static struct json_field fields[NR_STATS + 3];
	int nr = 0;

	for (int i = 0; i < NR_STATS; i++) {
		if (stats_counters[i].flags & COUNTER_ANSWER)
			fields[nr++] = (struct json_field){
				stats_counters[i].name, JSON_NUM,
				offsetof(struct result, count) + stats_counters[i].where,
			};
	}
	fields[nr++] = (struct json_field){
		"coldest_left", JSON_NUM, offsetof(struct result, coldest_left),
	};
	fields[nr] = (struct json_field){
		"elapsed_us", JSON_NUM, offsetof(struct result, elapsed_us),
	};
	return fields;
}

/* All of a result: the list is made at run time, since that of the counters is. */
static const struct json_field *results_fields(void)
{
	static struct json_field result_fields[] = {
		{ "id", JSON_COUNT, offsetof(struct record_result, id) },
		{ "status", JSON_SIGNED, offsetof(struct record_result, result.status) },
		{ "answer", JSON_STRUCT, offsetof(struct record_result, result) },
		{ }
	};
	static const struct json_field fields[] = {
		{ "results", JSON_LIST, offsetof(struct record_tick, result),
		  sizeof(struct record_result), result_fields, offsetof(struct record_tick, nr) },
		{ "interrupted", JSON_BOOL, offsetof(struct record_tick, interrupted) },
		{ }
	};

	result_fields[2].fields = record_answer();
	return fields;
}

/* ---- writing ---- */

/* Whoever begins a line sets errno to 0: what failed first may be any part of it. */
static int end_line(FILE *file)
{
	putc('\n', file);
	return fflush(file) || ferror(file) ? (errno ? -errno : -EIO) : 0;
}

int record_begin(FILE *file, const char *config, const struct state *state)
{
	static const struct json_field field[] = { { "config", JSON_TEXT }, { } };

	errno = 0;
	json_head(file, "recording", RECORD_VERSION);
	json_members(file, ",", field, &config, 0);
	fputs(",\"state\":", file);
	state_write(file, state);
	putc('}', file);
	return end_line(file);
}

int record_sample(FILE *file, const struct sample *sample)
{
	if (!file)
		return 0;
	errno = 0;
	json_write(file, sample_fields, sample, sample->bounds.nr);
	return end_line(file);
}

int record_results(FILE *file, const struct record_tick *tick)
{
	if (!file)
		return 0;
	errno = 0;
	json_write(file, results_fields(), tick, 0);
	return end_line(file);
}

/* ---- reading ---- */

/* -EINVAL, with a message that tells the line. */
static int broken(const struct recording *recording, char **message, const char *what)
{
	*message = xasprintf("%s:%d: %s", recording->name, recording->line, what);
	return -EINVAL;
}

/* The next object, a line that is not blank; NULL at the end.  Returns 0 or -EINVAL. */
static int next_object(struct recording *recording, json_t **object, char **message)
{
	autofree char *line = NULL, *why = NULL, *what = NULL;
	json_error_t wrong;
	size_t room = 0;
	ssize_t length;

	*object = NULL;
	errno = 0;
	do {
		recording->line++;
		length = getline(&line, &room, recording->file);
	} while (length >= 0 && (size_t)length == strspn(line, " \t\r\n"));
	if (length < 0)
		return feof(recording->file) ? 0 :
		       broken(recording, message, errno ? strerror(errno) : "read error");
	*object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &wrong);
	if (*object)
		return 0;
	why = json_reason(&wrong);
	what = xasprintf("invalid: %s", why);
	return broken(recording, message, what);
}

static int read_head(struct recording *recording, struct state *state, char **config,
		     char **message)
{
	autofree char *why = NULL, *what = NULL;
	const char *text;
	json_t *object;
	num version;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	version = json_version(object, "recording");
	text = json_string_value(json_object_get(object, "config"));
	if (version < 0)
		error = broken(recording, message, "invalid: no recording of zswapctl daemon");
	else if (version != RECORD_VERSION || !text)
		error = broken(recording, message, "invalid: another version has recorded this");
	else if (state_from_json(json_object_get(object, "state"), state, &why))
		error = broken(recording, message, what = xasprintf("state: %s", why));
	else
		*config = xstrdup(text);
	json_decref(object);
	return error;
}

int recording_open(const char *path, struct recording *recording, struct state *state,
		   char **config, char **message)
{
	int error;

	*recording = (struct recording){ .file = fopen(path, "re"), .name = path };
	*message = NULL;
	*config = NULL;
	state_begin(state);
	if (!recording->file) {
		error = -errno;
		*message = xasprintf("%s: %s", path, strerror(-error));
		return error;
	}
	error = read_head(recording, state, config, message);
	if (error)
		recording_close(recording);
	return error;
}

/* What is divided by and compared must be there. */
static int sample_from_json(const json_t *json, struct sample *sample)
{
	if (bounds_from_json(json, &sample->bounds) ||
	    json_to_struct(json, sample_fields, sample, sample->bounds.nr) || !sample->boot_id ||
	    sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX)
		return -EINVAL;
	for (int i = 0; i < sample->cgroups.nr; i++) {
		struct cgroup *cgroup = &sample->cgroups.cgroup[i];

		if (!cgroup->path || cgroup->path[0] != '/' || strlen(cgroup->path) > PATH_LENGTH)
			return -EINVAL;
		cgroup->all.anon = cgroup->own.anon;
		cgroup->ages.nr = sample->bounds.nr;
		for (int b = 0; b < sample->bounds.nr; b++) {
			cgroup->ages.bucket[b].min_age = sample->bounds.bucket[b].min_age;
			cgroup->ages.bucket[b].max_age = sample->bounds.bucket[b].max_age;
		}
	}
	cgroups_set_parents(&sample->cgroups);
	return 0;
}

int recording_next(struct recording *recording, struct record_tick *tick, char **message)
{
	json_t *object;
	int error;

	*tick = (struct record_tick){ .nr = 0 };
	*message = NULL;
	error = next_object(recording, &object, message);
	if (error || !object)
		return error;
	if (sample_from_json(object, &tick->sample))
		error = broken(recording, message, "invalid or missing sample");
	json_decref(object);
	object = NULL;
	if (!error)
		error = next_object(recording, &object, message);
	if (!error && !object)
		tick->interrupted = true;
	else if (!error && json_to_struct(object, results_fields(), tick, 0))
		error = broken(recording, message, "invalid result");
	json_decref(object);
	if (error)
		record_tick_free(tick);
	return error ? error : 1;
}

void recording_close(struct recording *recording)
{
	if (recording->file)
		fclose(recording->file);
	recording->file = NULL;
}

/* ---- ticks ---- */

void record_add(struct record_tick *tick, uint64_t id, const struct result *result)
{
	tick->result = xrealloc(tick->result, (tick->nr + 1) * sizeof(*tick->result));
	tick->result[tick->nr++] = (struct record_result){ id, *result };
}

const struct result *record_find(const struct record_tick *tick, uint64_t id)
{
	for (int i = 0; i < tick->nr; i++) {
		if ((uint64_t)tick->result[i].id == id)
			return &tick->result[i].result;
	}
	return NULL;
}

void record_tick_free(struct record_tick *tick)
{
	sample_free(&tick->sample);
	free(tick->result);
	*tick = (struct record_tick){ .nr = 0 };
}
