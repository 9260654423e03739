// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writes and reads recordings of the daemon.
 *
 * A recording may come from anywhere: whatever is in it is checked before it is used, and
 * the first line that makes no sense ends the reading, with its number.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/jsonnum.h"
#include "decide/record.h"

/* A path of the kernel's is shorter; the longest line is a sample, as long as any file. */
#define PATH_LENGTH	4096
#define LINE_LENGTH	SOURCE_MAX
#define PAGE_SIZE_MAX	65536

/* ---- writing ---- */

struct recorder {
	FILE *file;
};

/* Takes the reference of @object.  Each line is out before anything else happens. */
static int write_line(struct recorder *recorder, json_t *object)
{
	char *line = jsonnum_line(object);
	int error = 0;

	json_decref(object);
	errno = 0;
	if (fprintf(recorder->file, "%s\n", line) < 0 || fflush(recorder->file))
		error = errno ? -errno : -EIO;
	free(line);
	return error;
}

/* {"key": value} */
static json_t *single(const char *key, json_t *value)
{
	json_t *object = json_object();

	jsonnum_add(object, key, value);
	return object;
}

int recorder_open(const char *path, const struct state *state, struct recorder **recorder)
{
	FILE *file = fopen(path, "we");
	json_t *head;
	int error;

	*recorder = NULL;
	if (!file)
		return -errno;
	*recorder = xcalloc(1, sizeof(**recorder));
	(*recorder)->file = file;
	head = single("zswapctl", json_string("recording"));
	jsonnum_add_num(head, "version", RECORD_VERSION);
	error = write_line(*recorder, head);
	if (!error)
		error = write_line(*recorder, single("state", state_to_json(state)));
	if (error) {
		recorder_close(*recorder);
		*recorder = NULL;
	}
	return error;
}

static json_t *nums_to_json(const num *value, int nr)
{
	json_t *list = json_array();

	for (int i = 0; i < nr; i++)
		jsonnum_append(list, jsonnum_new(value[i]));
	return list;
}

static json_t *cgroup_to_json(const struct sample_cgroup *cgroup, int nr_buckets)
{
	json_t *object = single("path", json_string(cgroup->path));

	jsonnum_add_num(object, "id", cgroup->id);
	jsonnum_add_num(object, "writeback", cgroup->writeback);
	jsonnum_add_num(object, "resident", cgroup->resident);
	jsonnum_add_num(object, "refaulted", cgroup->refaulted);
	jsonnum_add_num(object, "stalled_memory", cgroup->stalled_memory);
	jsonnum_add_num(object, "stalled_io", cgroup->stalled_io);
	jsonnum_add(object, "pages", nums_to_json(cgroup->pages, nr_buckets));
	return object;
}

int recorder_sample(struct recorder *recorder, const struct sample *sample)
{
	json_t *object = single("boot_id", json_string(sample->boot_id)), *list = json_array();

	jsonnum_add_num(object, "uptime_ms", sample->uptime_ms);
	jsonnum_add_num(object, "page_size", sample->page_size);
	jsonnum_add(object, "edges", nums_to_json(sample->edge, sample->nr_edges));
	for (int i = 0; i < sample->nr; i++)
		jsonnum_append(list, cgroup_to_json(&sample->cgroup[i], sample->nr_edges));
	jsonnum_add(object, "cgroups", list);
	return write_line(recorder, single("sample", object));
}

int recorder_result(struct recorder *recorder, uint64_t id, const struct result *result)
{
	json_t *object = json_object();

	jsonnum_add_num(object, "id", id);
	jsonnum_add(object, "status", json_integer(result->status));
	for (int i = 0; i < NR_STATS; i++) {
		if (stats_counters[i].flags & COUNTER_ANSWER)
			jsonnum_add_num(object, stats_counters[i].name,
					counter_value(&result->count, &stats_counters[i]));
	}
	jsonnum_add_num(object, "coldest_left", result->coldest_left);
	jsonnum_add_num(object, "elapsed_us", result->elapsed_us);
	return write_line(recorder, single("result", object));
}

int recorder_interrupted(struct recorder *recorder)
{
	return write_line(recorder, single("interrupted", json_true()));
}

int recorder_close(struct recorder *recorder)
{
	int error = 0;

	if (!recorder)
		return 0;
	if (fclose(recorder->file))
		error = -errno;
	free(recorder);
	return error;
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

/* Returns the length of the line that is now in the buffer, 0 at the end, or -EINVAL. */
static long read_line(struct recording *recording, char **message)
{
	size_t length = 0;
	int c;

	recording->line++;
	for (;;) {
		c = getc_unlocked(recording->file);
		if (c == EOF || c == '\n')
			break;
		if (length == LINE_LENGTH)
			return broken(recording, message, "the line is too long");
		if (length + 1 >= recording->size) {
			recording->size = recording->size ? 2 * recording->size : 4096;
			recording->buf = xrealloc(recording->buf, recording->size);
		}
		recording->buf[length++] = c;
	}
	if (ferror(recording->file))
		return broken(recording, message, "the file cannot be read");
	if (c == EOF && !length)
		return 0;
	if (c == EOF)
		return broken(recording, message, "the file ends in the middle of a line");
	if (!length)
		return broken(recording, message, "the line is empty");
	return length;
}

/* The next line as an object, NULL at the end.  Returns 0 or -EINVAL. */
static int next_object(struct recording *recording, json_t **object, char **message)
{
	json_error_t wrong;
	char *why;
	long length;

	*object = recording->ahead;
	recording->ahead = NULL;
	if (*object)
		return 0;
	length = read_line(recording, message);
	if (length <= 0)
		return length;
	*object = json_loadb(recording->buf, length, JSON_REJECT_DUPLICATES, &wrong);
	if (!*object) {
		why = jsonnum_error(&wrong);
		broken(recording, message, why);
		free(why);
		return -EINVAL;
	}
	if (!json_is_object(*object)) {
		json_decref(*object);
		*object = NULL;
		return broken(recording, message, "this is no object");
	}
	return 0;
}

static int read_head(struct recording *recording, char **message)
{
	const char *what;
	json_t *object;
	num version = -1;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	if (!object)
		return broken(recording, message, "the file is empty");
	what = json_string_value(json_object_get(object, "zswapctl"));
	if (!what || strcmp(what, "recording") ||
	    jsonnum_get(json_object_get(object, "version"), &version) || version < 1)
		error = broken(recording, message, "this is no recording of zswapctl daemon");
	else if (version > RECORD_VERSION)
		error = broken(recording, message, "a newer zswapctl has recorded this");
	json_decref(object);
	return error;
}

static int read_state(struct recording *recording, struct state *state, char **message)
{
	json_t *object, *json;
	char *why = NULL;
	int error = next_object(recording, &object, message);

	if (error)
		return error;
	if (!object)
		return broken(recording, message, "the file ends after the first line");
	json = json_object_get(object, "state");
	if (!json) {
		error = broken(recording, message, "the state is missing");
	} else if (state_from_json(json, state, &why)) {
		*message = xasprintf("%s:%d: state: %s", recording->name, recording->line, why);
		error = -EINVAL;
	}
	free(why);
	json_decref(object);
	return error;
}

int recording_open(const char *path, struct recording **recording, struct state *state,
		   char **message)
{
	FILE *file = fopen(path, "re");
	int error;

	*recording = NULL;
	*message = NULL;
	state_begin(state);
	if (!file) {
		error = -errno;
		*message = xasprintf("%s: %s", path, strerror(-error));
		return error;
	}
	*recording = xcalloc(1, sizeof(**recording));
	(*recording)->file = file;
	(*recording)->name = xstrdup(path);
	error = read_head(*recording, message);
	if (!error)
		error = read_state(*recording, state, message);
	if (error) {
		recording_close(*recording);
		*recording = NULL;
	}
	return error;
}

/* A list of numbers that may be unknown; returns how many, or -EINVAL. */
static int nums_from_json(const json_t *list, num *value, int max)
{
	int nr = json_array_size(list);

	if (!json_is_array(list) || json_array_size(list) > (size_t)max)
		return -EINVAL;
	for (int i = 0; i < nr; i++) {
		if (jsonnum_get(json_array_get(list, i), &value[i]))
			return -EINVAL;
	}
	return nr;
}

static int id_from_json(const json_t *object, uint64_t *id)
{
	num value;

	if (jsonnum_get(json_object_get(object, "id"), &value) || value < 1)
		return -EINVAL;
	*id = value;
	return 0;
}

static int cgroup_from_json(const json_t *json, int nr_edges, struct sample_cgroup *cgroup)
{
	const char *path = json_string_value(json_object_get(json, "path"));

	if (!path || path[0] != '/' || strlen(path) > PATH_LENGTH ||
	    id_from_json(json, &cgroup->id) ||
	    jsonnum_get(json_object_get(json, "writeback"), &cgroup->writeback) ||
	    jsonnum_get(json_object_get(json, "resident"), &cgroup->resident) ||
	    jsonnum_get(json_object_get(json, "refaulted"), &cgroup->refaulted) ||
	    jsonnum_get(json_object_get(json, "stalled_memory"), &cgroup->stalled_memory) ||
	    jsonnum_get(json_object_get(json, "stalled_io"), &cgroup->stalled_io) ||
	    nums_from_json(json_object_get(json, "pages"), cgroup->pages,
			   AGE_BUCKETS_MAX) != nr_edges)
		return -EINVAL;
	cgroup->path = xstrdup(path);
	return 0;
}

static int edges_from_json(const json_t *json, struct sample *sample)
{
	sample->nr_edges = nums_from_json(json_object_get(json, "edges"), sample->edge,
					  AGE_BUCKETS_MAX);
	if (sample->nr_edges < 0)
		return -EINVAL;
	for (int i = 0; i < sample->nr_edges; i++) {
		if (sample->edge[i] < 0 || (i && sample->edge[i] <= sample->edge[i - 1]))
			return -EINVAL;
	}
	return 0;
}

/* What the policy divides by and compares must be there. */
static int sample_from_json(const json_t *json, struct sample *sample)
{
	const char *boot_id = json_string_value(json_object_get(json, "boot_id"));
	const json_t *list = json_object_get(json, "cgroups");

	*sample = (struct sample){ .nr = 0 };
	if (!boot_id || !json_is_array(list) ||
	    jsonnum_get(json_object_get(json, "uptime_ms"), &sample->uptime_ms) ||
	    sample->uptime_ms < 0 ||
	    jsonnum_get(json_object_get(json, "page_size"), &sample->page_size) ||
	    sample->page_size < 1 || sample->page_size > PAGE_SIZE_MAX ||
	    edges_from_json(json, sample))
		return -EINVAL;
	sample->cgroup = xcalloc(json_array_size(list), sizeof(*sample->cgroup));
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (cgroup_from_json(json_array_get(list, i), sample->nr_edges,
				     &sample->cgroup[sample->nr])) {
			sample_free(sample);
			return -EINVAL;
		}
		sample->nr++;
	}
	sample->boot_id = xstrdup(boot_id);
	sample_link(sample);
	return 0;
}

static int result_from_json(const json_t *json, struct record_result *result)
{
	const json_t *status = json_object_get(json, "status");

	if (id_from_json(json, &result->id) || !json_is_integer(status))
		return -EINVAL;
	result->result.status = json_integer_value(status);
	for (int i = 0; i < NR_STATS; i++) {
		if (!(stats_counters[i].flags & COUNTER_ANSWER))
			continue;
		if (jsonnum_get(json_object_get(json, stats_counters[i].name),
				counter_at(&result->result.count, &stats_counters[i])))
			return -EINVAL;
	}
	if (jsonnum_get(json_object_get(json, "coldest_left"), &result->result.coldest_left) ||
	    jsonnum_get(json_object_get(json, "elapsed_us"), &result->result.elapsed_us))
		return -EINVAL;
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
		return broken(recording, message, "there is no sense in this result");
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
		error = broken(recording, message, "a sample is missing, or makes no sense");
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
