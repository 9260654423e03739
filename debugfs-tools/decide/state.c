// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's memory as JSON, and its file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "decide/state.h"
#include "json.h"

void state_begin(struct state *state)
{
	*state = (struct state){ .wear = -1 };
}

static void state_cgroup_free(struct state_cgroup *cgroup)
{
	free(cgroup->path);
	free(cgroup->reason);
}

void state_drop_cgroups(struct state *state)
{
	for (int i = 0; i < state->nr; i++)
		state_cgroup_free(&state->cgroup[i]);
	free(state->cgroup);
	state->cgroup = NULL;
	state->nr = 0;
}

void state_drop_families(struct state *state)
{
	for (int i = 0; i < state->nr_families; i++)
		free(state->family[i].name);
	free(state->family);
	state->family = NULL;
	state->nr_families = 0;
}

void state_free(struct state *state)
{
	state_drop_cgroups(state);
	state_drop_families(state);
	free(state->boot_id);
	state_begin(state);
}

/* ---- to JSON ---- */

static json_t *evidence_to_json(const struct evidence *evidence, int nr)
{
	return json_make("{s:f, s:f, s:o, s:o, s:f, s:f, s:f, s:f}",
			 "unit", evidence->unit,
			 "watched", evidence->watched,
			 "back", json_reals(evidence->back, nr),
			 "out", json_reals(evidence->out, nr),
			 "fresh", evidence->fresh,
			 "tried", evidence->tried,
			 "returned", evidence->returned,
			 "base", evidence->base);
}

static json_t *cgroup_to_json(const struct state_cgroup *cgroup, int nr)
{
	const struct control_state *control = &cgroup->control;
	json_t *json = json_make("{s:o, s:o, s:o, s:o, s:o, s:o}",
				 "path", json_text(cgroup->path),
				 "id", json_num(cgroup->id),
				 "refaulted", json_num(cgroup->refaulted),
				 "stalled_memory", json_num(cgroup->stalled_memory),
				 "stalled_io", json_num(cgroup->stalled_io),
				 "loaded", json_nums(cgroup->loaded, nr));

	if (!cgroup->begun)
		return json;
	/* What has just begun may have been watched, through others, since before the boot */
	json_put(json, "control", json_make(
		 "{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:f, s:f, s:o, s:s, s:f, s:f, s:f}",
		 "age", control->age,
		 "changed_ms", control->changed_ms,
		 "failed_age", control->failed_age,
		 "retry_ms", control->retry_ms,
		 "failures", control->failures,
		 "frozen_ms", control->frozen_ms,
		 "thawed_to_read", control->thawed_to_read,
		 "debt", control->debt,
		 "credit", control->credit,
		 "evidence", evidence_to_json(&control->evidence, nr),
		 "reason", cgroup->reason ? cgroup->reason : "",
		 "forecast", cgroup->forecast,
		 "allowed", cgroup->allowed,
		 "measured", cgroup->measured));
	return json;
}

/* One by one: a tree of all cgroups would take ten times the memory.  Takes the reference. */
static void put_item(FILE *out, bool first, json_t *json)
{
	char *line = json_line(json, 0);

	fprintf(out, "%s%s", first ? "" : ",", line);
	free(line);
	json_decref(json);
}

char *state_text(const struct state *state)
{
	num edges[AGE_BUCKETS_MAX];
	int nr = state->bounds.nr;
	json_t *head;
	size_t length;
	char *text;
	FILE *out = xchecked(open_memstream(&text, &length));

	for (int b = 0; b < nr; b++)
		edges[b] = state->bounds.bucket[b].min_age;
	head = json_make("{s:s, s:i, s:s?, s:I, s:f, s:o}", "zswapctl", "state",
			 "version", STATE_VERSION, "boot_id", state->boot_id, "now_ms", state->now_ms,
			 "wear", state->wear, "edges", json_nums(edges, nr));
	put_item(out, true, head);
	/* The lists go before its last brace */
	fseek(out, -1, SEEK_CUR);
	fputs(",\"families\":[", out);
	for (int i = 0; i < state->nr_families; i++) {
		const struct family *family = &state->family[i];

		put_item(out, !i, json_make("{s:o, s:o}", "name", json_text(family->name), "evidence",
					    evidence_to_json(&family->evidence, nr)));
	}
	fputs("],\"cgroups\":[", out);
	for (int i = 0; i < state->nr; i++)
		put_item(out, !i, cgroup_to_json(&state->cgroup[i], nr));
	fputs("]}", out);
	/* Memory is what it can fail with */
	xchecked(ferror(out) ? NULL : out);
	xchecked(fclose(out) ? NULL : text);
	return text;
}

/* ---- from JSON ---- */

static int evidence_from_json(const json_t *json, struct evidence *evidence, int nr)
{
	if (json_get_real(json, "unit", &evidence->unit) || evidence->unit < 1 ||
	    json_get_real(json, "watched", &evidence->watched) ||
	    json_get_reals(json, "back", evidence->back, AGE_BUCKETS_MAX) != nr ||
	    json_get_reals(json, "out", evidence->out, AGE_BUCKETS_MAX) != nr ||
	    json_get_real(json, "fresh", &evidence->fresh) ||
	    json_get_real(json, "tried", &evidence->tried) ||
	    json_get_real(json, "returned", &evidence->returned) ||
	    json_get_real(json, "base", &evidence->base))
		return -EINVAL;
	return 0;
}

static int control_from_json(json_t *json, struct state_cgroup *cgroup, int nr)
{
	struct control_state *control = &cgroup->control;
	json_t *evidence;
	const char *reason;
	json_int_t age, changed, failed, retry, failures, frozen;
	int thawed;

	if (json_unpack(json, "{s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o, s:s, s:F, s:F, s:F}",
			"age", &age, "changed_ms", &changed, "failed_age", &failed,
			"retry_ms", &retry, "failures", &failures, "frozen_ms", &frozen,
			"thawed_to_read", &thawed, "evidence", &evidence, "reason", &reason,
			"forecast", &cgroup->forecast, "allowed", &cgroup->allowed,
			"measured", &cgroup->measured) ||
	    json_get_real(json, "debt", &control->debt) ||
	    json_get_real(json, "credit", &control->credit) ||
	    age < 0 || failed < 0 || retry < 0 || failures < 0 || frozen < 0 ||
	    evidence_from_json(evidence, &control->evidence, nr))
		return -EINVAL;
	control->age = age;
	control->changed_ms = changed;
	control->failed_age = failed;
	control->retry_ms = retry;
	control->failures = failures;
	control->frozen_ms = frozen;
	control->thawed_to_read = thawed;
	cgroup->reason = xstrdup(reason);
	return 0;
}

static int cgroup_from_json(const json_t *json, struct state_cgroup *cgroup, int nr)
{
	const char *path = json_string_value(json_object_get(json, "path"));
	json_t *control = json_object_get(json, "control");
	num id;

	if (!path || path[0] != '/' || json_get_num(json, "id", &id) || id < 0 ||
	    json_get_num(json, "refaulted", &cgroup->refaulted) ||
	    json_get_num(json, "stalled_memory", &cgroup->stalled_memory) ||
	    json_get_num(json, "stalled_io", &cgroup->stalled_io) ||
	    json_get_nums(json, "loaded", cgroup->loaded, AGE_BUCKETS_MAX) != nr)
		return -EINVAL;
	cgroup->begun = control;
	if (control && control_from_json(control, cgroup, nr))
		return -EINVAL;
	cgroup->id = id;
	cgroup->path = xstrdup(path);
	return 0;
}

static int compare_cgroups(const void *a, const void *b)
{
	return cgroup_compare_paths(((const struct state_cgroup *)a)->path,
				    ((const struct state_cgroup *)b)->path);
}

static int lists_from_json(const json_t *json, struct state *state)
{
	const json_t *families = json_object_get(json, "families");
	const json_t *cgroups = json_object_get(json, "cgroups");
	int nr = state->bounds.nr;

	if (!json_is_array(families) || !json_is_array(cgroups))
		return -EINVAL;
	state->family = xcalloc(json_array_size(families), sizeof(*state->family));
	for (size_t i = 0; i < json_array_size(families); i++) {
		const json_t *family = json_array_get(families, i);
		const char *name = json_string_value(json_object_get(family, "name"));
		struct family *to = &state->family[i];

		/* They are searched by name */
		if (!name || (i && strcmp(to[-1].name, name) >= 0))
			return -EINVAL;
		to->name = xstrdup(name);
		state->nr_families++;
		if (evidence_from_json(json_object_get(family, "evidence"), &to->evidence, nr))
			return -EINVAL;
	}
	state->cgroup = xcalloc(json_array_size(cgroups), sizeof(*state->cgroup));
	for (size_t i = 0; i < json_array_size(cgroups); i++) {
		state->nr++;
		if (cgroup_from_json(json_array_get(cgroups, i), &state->cgroup[i], nr))
			return -EINVAL;
	}
	if (state->nr)
		qsort(state->cgroup, state->nr, sizeof(*state->cgroup), compare_cgroups);
	return 0;
}

int bounds_from_json(const json_t *json, struct age_table *bounds)
{
	num edges[AGE_BUCKETS_MAX];
	int nr = json_get_nums(json, "edges", edges, AGE_BUCKETS_MAX);

	for (int b = 0; b < nr; b++) {
		if (edges[b] < 0 || (b && edges[b] <= edges[b - 1]))
			return -EINVAL;
		bounds->bucket[b].min_age = edges[b];
		bounds->bucket[b].max_age = AGE_NO_BOUND;
		if (b)
			bounds->bucket[b - 1].max_age = edges[b];
	}
	bounds->nr = nr < 0 ? 0 : nr;
	return nr < 0 ? nr : 0;
}

int state_from_json(const json_t *json, struct state *state, char **message)
{
	const char *what = json_string_value(json_object_get(json, "zswapctl"));
	const json_t *boot_id = json_object_get(json, "boot_id");
	const json_t *wear = json_object_get(json, "wear");
	num version;

	state_begin(state);
	*message = NULL;
	if (json_get_num(json, "version", &version) ||
	    (version == STATE_VERSION && (!what || strcmp(what, "state")))) {
		*message = xstrdup("invalid: no state of zswapctl daemon");
		return -EEXIST;
	}
	if (version != STATE_VERSION) {
		*message = xasprintf("invalid: version %lld, not %d", version, STATE_VERSION);
		return -EINVAL;
	}
	if ((!json_is_null(boot_id) && !json_is_string(boot_id)) || !json_is_number(wear) ||
	    json_get_num(json, "now_ms", &state->now_ms) || state->now_ms < 0 ||
	    bounds_from_json(json, &state->bounds) || lists_from_json(json, state)) {
		state_free(state);
		*message = xstrdup("invalid content");
		return -EINVAL;
	}
	state->wear = json_number_value(wear);
	if (json_is_string(boot_id))
		state->boot_id = xstrdup(json_string_value(boot_id));
	return 0;
}

/* ---- the file ---- */

int state_load(const char *path, struct state *state, char **message)
{
	FILE *file = fopen(path, "re");
	json_error_t wrong;
	json_t *json;
	int error;

	state_begin(state);
	*message = NULL;
	if (!file)
		return -errno;
	json = json_loadf(file, JSON_REJECT_DUPLICATES, &wrong);
	fclose(file);
	if (!json) {
		char *why = json_why(&wrong);

		*message = xasprintf("invalid: line %d: %s", wrong.line, why);
		free(why);
		return -EEXIST;
	}
	error = state_from_json(json, state, message);
	json_decref(json);
	return error;
}

/* A file of its own: the state's is another one after each saving. */
int state_lock(const char *path)
{
	char *lock = xasprintf("%s.lock", path);
	int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = fd < 0 ? -errno : 0;

	free(lock);
	if (!error && flock(fd, LOCK_EX | LOCK_NB)) {
		error = -errno;
		close(fd);
	}
	return error ? error : fd;
}

int state_save(const char *path, const struct state *state)
{
	char *text = state_text(state);
	size_t length = strlen(text);
	int error;

	text[length] = '\n';
	error = replace_file(path, text, length + 1, 0600);
	free(text);
	return error;
}
