// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes and reads recordings of the daemon.
 *
 * A recording may come from anywhere: whatever is in it is checked before it is used, and
 * the first invalid line ends the reading, with its number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decide/record.h"
#include "json.h"

/* A path of the kernel's is shorter; the longest line is a sample, as long as any file. */
#define PATH_LENGTH	4096
#define LINE_LENGTH	SOURCE_MAX
#define PAGE_SIZE_MAX	(1 << 20)

/* ---- members ---- */

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
	{ }
};

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

/* What the answer to a command counts: members of struct counters. */
static const struct json_field *answer_fields(void)
{
	static struct json_field fields[NR_STATS + 1];
	int nr = 0;

	for (int i = 0; i < NR_STATS; i++) {
		const struct counter *counter = &stats_counters[i];

		if (counter->flags & COUNTER_ANSWER)
			fields[nr++] = (struct json_field){ counter->name, JSON_NUM, counter->where };
	}
	return fields;
}

static const struct json_field result_fields[] = {
	{ "coldest_left", JSON_NUM, offsetof(struct result, coldest_left) },
	{ "elapsed_us", JSON_NUM, offsetof(struct result, elapsed_us) },
	{ }
};

json_t *record_answer(json_t *object, const struct result *result)
{
	json_from_struct(object, answer_fields(), &result->count, 0);
	return json_from_struct(object, result_fields, result, 0);
}

/* ---- writing ---- */

/* A line, in three parts: out before anything else happens. */
static int write_text(FILE *file, const char *before, const char *json, const char *behind)
{
	errno = 0;
	if (file && (fprintf(file, "%s%s%s\n", before, json, behind) < 0 || fflush(file)))
		return errno ? -errno : -EIO;
	return 0;
}

/* Takes the reference of @object. */
static int write_line(FILE *file, json_t *object)
{
	char *line = json_line(object, 0);
	int error = write_text(file, "", line, "");

	free(line);
	return error;
}

int record_begin(FILE *file, const char *config, const struct state *state)
{
	json_t *head = json_head("recording", RECORD_VERSION);
	char *text = state_text(state);
	int error;

	json_put(head, "config", json_text(config));
	error = write_line(file, head);
	if (!error)
		error = write_text(file, "{\"state\":", text, "}");
	free(text);
	return error;
}

int record_sample(FILE *file, const struct sample *sample)
{
	int nr = sample->bounds.nr;
	json_t *json, *cgroups;

	if (!file)
		return 0;
	json = json_from_struct(json_object(), sample_fields, sample, nr);
	cgroups = json_array();
	for (int i = 0; i < sample->cgroups.nr; i++)
		json_add(cgroups, json_from_struct(json_object(), cgroup_fields,
						   &sample->cgroups.cgroup[i], nr));
	json_put(json, "cgroups", cgroups);
	return write_line(file, json_make("{s:o}", "sample", json));
}

int record_result(FILE *file, uint64_t id, const struct result *result)
{
	json_t *json = json_make("{s:I, s:I}", "id", (json_int_t)id, "status", result->status);

	return write_line(file, json_make("{s:o}", "result", record_answer(json, result)));
}

int record_interrupted(FILE *file)
{
	return write_line(file, json_make("{s:b}", "interrupted", 1));
}

/* ---- reading ---- */

struct recording {
	FILE *file;
	char *name;
	int line;		/* the number of the last line */
	char *buf;
	size_t size;
	json_t *ahead;		/* a line that was read and is the next tick's */
};

/* -EINVAL, with a message that tells the line. */
static int broken(const struct recording *recording, char **message, const char *what)
{
	*message = xasprintf("%s:%d: %s", recording->name, recording->line, what);
	return -EINVAL;
}

/* The next line as an object, NULL at the end.  Returns 0 or -EINVAL. */
static int next_object(struct recording *recording, json_t **object, char **message)
{
	json_error_t wrong;
	ssize_t length;

	*object = recording->ahead;
	recording->ahead = NULL;
	if (*object)
		return 0;
	recording->line++;
	errno = 0;
	length = getline(&recording->buf, &recording->size, recording->file);
	if (length < 0 && ferror(recording->file))
		return broken(recording, message, errno ? strerror(errno) : "read error");
	if (length < 0)
		return 0;
	if (length > LINE_LENGTH)
		return broken(recording, message, "invalid: the line is too long");
	if (recording->buf[length - 1] != '\n')
		return broken(recording, message, "invalid: the file ends in the middle of a line");
	*object = json_loadb(recording->buf, length, JSON_REJECT_DUPLICATES, &wrong);
	if (!*object) {
		char *why = json_why(&wrong), *what = xasprintf("invalid: %s", why);

		broken(recording, message, what);
		free(what);
		free(why);
		return -EINVAL;
	}
	if (json_is_object(*object))
		return 0;
	json_decref(*object);
	*object = NULL;
	return broken(recording, message, "invalid: no object");
}

static int read_head(struct recording *recording, char **config, char **message)
{
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
	else
		*config = xstrdup(text);
	json_decref(object);
	return error;
}

static int read_state(struct recording *recording, struct state *state, char **message)
{
	json_t *object;
	char *why = NULL;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	if (state_from_json(json_object_get(object, "state"), state, &why)) {
		*message = xasprintf("%s:%d: state: %s", recording->name, recording->line, why);
		error = -EINVAL;
	}
	free(why);
	json_decref(object);
	return error;
}

int recording_open(const char *path, struct recording **recording, struct state *state,
		   char **config, char **message)
{
	FILE *file = fopen(path, "re");
	int error;

	*recording = NULL;
	*message = NULL;
	*config = NULL;
	state_begin(state);
	if (!file) {
		error = -errno;
		*message = xasprintf("%s: %s", path, strerror(-error));
		return error;
	}
	*recording = xcalloc(1, sizeof(**recording));
	(*recording)->file = file;
	(*recording)->name = xstrdup(path);
	error = read_head(*recording, config, message);
	if (!error)
		error = read_state(*recording, state, message);
	if (error) {
		free(*config);
		*config = NULL;
		recording_close(*recording);
		*recording = NULL;
	}
	return error;
}

/* What is divided by and compared must be there. */
static int sample_from_json(const json_t *json, struct sample *sample)
{
	const json_t *list = json_object_get(json, "cgroups");
	struct cgroups *cgroups = &sample->cgroups;

	*sample = (struct sample){ .now_ms = 0 };
	if (!json_is_array(list) || bounds_from_json(json, &sample->bounds) ||
	    json_to_struct(json, sample_fields, sample, sample->bounds.nr) || !sample->boot_id ||
	    sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX)
		goto broken;
	cgroups->cgroup = xcalloc(json_array_size(list), sizeof(*cgroups->cgroup));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct cgroup *cgroup = &cgroups->cgroup[cgroups->nr++];

		cgroup->ages = sample->bounds;
		if (json_to_struct(json_array_get(list, i), cgroup_fields, cgroup,
				   sample->bounds.nr) ||
		    !cgroup->path || cgroup->path[0] != '/' || strlen(cgroup->path) > PATH_LENGTH)
			goto broken;
		cgroup->all.anon = cgroup->own.anon;
	}
	cgroups_set_parents(cgroups);
	return 0;
broken:
	sample_free(sample);
	return -EINVAL;
}

static int result_from_json(const json_t *json, struct record_result *result)
{
	const json_t *id = json_object_get(json, "id"), *status = json_object_get(json, "status");

	*result = (struct record_result){ .id = json_integer_value(id) };
	result->result.status = json_integer_value(status);
	if (!json_is_integer(id) || json_integer_value(id) < 1 || !json_is_integer(status) ||
	    json_to_struct(json, answer_fields(), &result->result.count, 0))
		return -EINVAL;
	return json_to_struct(json, result_fields, &result->result, 0);
}

/* A line behind the sample.  Returns 0, 1 if it begins the next tick, or -EINVAL. */
static int add_to_tick(const struct recording *recording, const json_t *object,
		       struct record_tick *tick, char **message)
{
	const json_t *result = json_object_get(object, "result");

	if (json_object_get(object, "sample"))
		return 1;
	if (json_is_true(json_object_get(object, "interrupted")))
		tick->interrupted = true;
	if (!result)
		return 0;
	tick->result = xrealloc(tick->result, (tick->nr + 1) * sizeof(*tick->result));
	if (result_from_json(result, &tick->result[tick->nr]))
		return broken(recording, message, "invalid result");
	tick->nr++;
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
	if (sample_from_json(json_object_get(object, "sample"), &tick->sample))
		error = broken(recording, message, "invalid or missing sample");
	json_decref(object);
	while (!error) {
		error = next_object(recording, &object, message);
		if (error || !object)
			break;
		error = add_to_tick(recording, object, tick, message);
		if (error == 1)
			recording->ahead = object;
		else
			json_decref(object);
	}
	if (error < 0) {
		record_tick_free(tick);
		return error;
	}
	return 1;
}

const struct result *record_find(const struct record_tick *tick, uint64_t id)
{
	for (int i = 0; i < tick->nr; i++) {
		if (tick->result[i].id == id)
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

void recording_close(struct recording *recording)
{
	if (!recording)
		return;
	json_decref(recording->ahead);
	fclose(recording->file);
	free(recording->name);
	free(recording->buf);
	free(recording);
}
