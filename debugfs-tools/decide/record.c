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
	json_decref(object);
	return error;
}

int record_begin(FILE *file, const char *config, const struct state *state)
{
	int error = write_line(file, json_make("{s:s, s:i, s:o}", "zswapctl", "recording",
					       "version", RECORD_VERSION,
					       "config", json_text(config)));
	char *text = state_text(state);

	if (!error)
		error = write_text(file, "{\"state\":", text, "}");
	free(text);
	return error;
}

/* A column of a table of ages. */
static json_t *column(const struct age_table *ages, size_t where)
{
	json_t *list = json_make("[]");

	for (int b = 0; b < ages->nr; b++)
		json_add(list, json_num(*(const num *)((const char *)&ages->bucket[b] + where)));
	return list;
}

static json_t *cgroup_to_json(const struct cgroup *cgroup)
{
	return json_make("{s:o, s:o, s:i, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "path", json_text(cgroup->path),
			 "id", json_num(cgroup->id),
			 "parent", cgroup->parent,
			 "removed", cgroup->removed,
			 "off", cgroup->off,
			 "frozen", json_num(cgroup->frozen),
			 "anon", json_num(cgroup->own.anon),
			 "refaulted", json_num(cgroup->all.refaulted),
			 "stalled_memory", json_num(cgroup->pressure_memory),
			 "stalled_io", json_num(cgroup->pressure_io),
			 "pages", column(&cgroup->ages, offsetof(struct age_bucket, pages)),
			 "bytes", column(&cgroup->ages, offsetof(struct age_bucket, bytes)),
			 "loaded", column(&cgroup->ages, offsetof(struct age_bucket, loaded)));
}

int record_sample(FILE *file, const struct sample *sample)
{
	json_t *cgroups = json_make("[]");

	for (int i = 0; i < sample->cgroups.nr; i++)
		json_add(cgroups, cgroup_to_json(&sample->cgroups.cgroup[i]));
	return write_line(file, json_make("{s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}}", "sample",
					  "boot_id", json_text(sample->boot_id),
					  "now_ms", json_num(sample->now_ms),
					  "page_size", json_num(sample->page_size),
					  "pool", json_num(sample->pool),
					  "limit", json_num(sample->limit),
					  "free", json_num(sample->free),
					  "total", json_num(sample->total),
					  "edges", column(&sample->bounds,
							  offsetof(struct age_bucket, min_age)),
					  "cgroups", cgroups));
}

int record_result(FILE *file, uint64_t id, const struct result *result)
{
	json_t *object = json_make("{s:I, s:I, s:o, s:o}", "id", (json_int_t)id,
				   "status", result->status,
				   "coldest_left", json_num(result->coldest_left),
				   "elapsed_us", json_num(result->elapsed_us));

	for (int i = 0; i < NR_STATS; i++) {
		if (stats_counters[i].flags & COUNTER_ANSWER)
			json_put(object, stats_counters[i].name,
				 json_num(counter_value(&result->count, &stats_counters[i])));
	}
	return write_line(file, json_make("{s:o}", "result", object));
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
	const char *what, *text;
	json_t *object;
	num version = -1;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	what = json_string_value(json_object_get(object, "zswapctl"));
	text = json_string_value(json_object_get(object, "config"));
	if (!what || strcmp(what, "recording") || json_get_num(object, "version", &version))
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

/* A column of a table, which has as many numbers as buckets. */
static int column_from_json(const json_t *json, const char *key, size_t where,
			    struct age_table *ages)
{
	num value[AGE_BUCKETS_MAX];

	if (json_get_nums(json, key, value, AGE_BUCKETS_MAX) != ages->nr)
		return -EINVAL;
	for (int b = 0; b < ages->nr; b++)
		*(num *)((char *)&ages->bucket[b] + where) = value[b];
	return 0;
}

static int cgroup_from_json(const json_t *json, const struct age_table *bounds, int nr,
			    struct cgroup *cgroup)
{
	const char *path = json_string_value(json_object_get(json, "path"));
	const json_t *parent = json_object_get(json, "parent");
	num id;

	*cgroup = (struct cgroup){ .ages = *bounds };
	if (!path || path[0] != '/' || strlen(path) > PATH_LENGTH || !json_is_integer(parent) ||
	    json_integer_value(parent) < -1 || json_integer_value(parent) >= nr ||
	    json_get_num(json, "id", &id) ||
	    json_get_num(json, "frozen", &cgroup->frozen) ||
	    json_get_num(json, "anon", &cgroup->own.anon) ||
	    json_get_num(json, "refaulted", &cgroup->all.refaulted) ||
	    json_get_num(json, "stalled_memory", &cgroup->pressure_memory) ||
	    json_get_num(json, "stalled_io", &cgroup->pressure_io) ||
	    column_from_json(json, "pages", offsetof(struct age_bucket, pages), &cgroup->ages) ||
	    column_from_json(json, "bytes", offsetof(struct age_bucket, bytes), &cgroup->ages) ||
	    column_from_json(json, "loaded", offsetof(struct age_bucket, loaded), &cgroup->ages))
		return -EINVAL;
	cgroup->all.anon = cgroup->own.anon;
	cgroup->removed = json_is_true(json_object_get(json, "removed"));
	cgroup->off = json_is_true(json_object_get(json, "off"));
	cgroup->parent = json_integer_value(parent);
	cgroup->id = id < 0 ? 0 : id;
	cgroup->path = xstrdup(path);
	return 0;
}

/* What is divided by and compared must be there. */
static int sample_from_json(const json_t *json, struct sample *sample)
{
	const char *boot_id = json_string_value(json_object_get(json, "boot_id"));
	const json_t *list = json_object_get(json, "cgroups");
	struct cgroups *cgroups = &sample->cgroups;

	*sample = (struct sample){ .now_ms = 0 };
	if (!boot_id || !json_is_array(list) ||
	    json_get_num(json, "now_ms", &sample->now_ms) || sample->now_ms < 0 ||
	    json_get_num(json, "page_size", &sample->page_size) ||
	    sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX ||
	    json_get_num(json, "pool", &sample->pool) ||
	    json_get_num(json, "limit", &sample->limit) ||
	    json_get_num(json, "free", &sample->free) ||
	    json_get_num(json, "total", &sample->total) ||
	    bounds_from_json(json, &sample->bounds))
		return -EINVAL;
	cgroups->cgroup = xcalloc(json_array_size(list), sizeof(*cgroups->cgroup));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct cgroup *cgroup = &cgroups->cgroup[i];

		if (cgroup_from_json(json_array_get(list, i), &sample->bounds, i, cgroup)) {
			sample_free(sample);
			return -EINVAL;
		}
		cgroups->nr++;
	}
	sample->boot_id = xstrdup(boot_id);
	return 0;
}

static int result_from_json(const json_t *json, struct record_result *result)
{
	const json_t *status = json_object_get(json, "status");
	num id;

	*result = (struct record_result){ .id = 0 };
	if (json_get_num(json, "id", &id) || id < 1 || !json_is_integer(status) ||
	    json_get_num(json, "coldest_left", &result->result.coldest_left) ||
	    json_get_num(json, "elapsed_us", &result->result.elapsed_us))
		return -EINVAL;
	for (int i = 0; i < NR_STATS; i++) {
		if (stats_counters[i].flags & COUNTER_ANSWER &&
		    json_get_num(json, stats_counters[i].name,
				 counter_at(&result->result.count, &stats_counters[i])))
			return -EINVAL;
	}
	result->id = id;
	result->result.status = json_integer_value(status);
	return 0;
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
