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

void state_drop_cgroups(struct state *state)
{
	for (int i = 0; i < state->nr; i++) {
		free(state->cgroup[i].path);
		free(state->cgroup[i].reason);
	}
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

/* ---- JSON ---- */

#define EVIDENCE(member)	offsetof(struct evidence, member)

static const struct json_field evidence_fields[] = {
	{ "unit", JSON_POSITIVE, EVIDENCE(unit) },
	{ "watched", JSON_POSITIVE, EVIDENCE(watched) },
	{ "back", JSON_POSITIVE, EVIDENCE(back), sizeof(double) },
	{ "out", JSON_POSITIVE, EVIDENCE(out), sizeof(double) },
	{ "fresh", JSON_POSITIVE, EVIDENCE(fresh) },
	{ "tried", JSON_POSITIVE, EVIDENCE(tried) },
	{ "returned", JSON_POSITIVE, EVIDENCE(returned) },
	{ "base", JSON_POSITIVE, EVIDENCE(base) },
	{ }
};

static const struct json_field family_fields[] = {
	{ "name", JSON_TEXT, offsetof(struct family, name) },
	{ "evidence", JSON_STRUCT, offsetof(struct family, evidence), 0, evidence_fields },
	{ }
};

#define CGROUP(member)	offsetof(struct state_cgroup, member)

static const struct json_field cgroup_fields[] = {
	{ "path", JSON_TEXT, CGROUP(path) },
	{ "id", JSON_COUNT, CGROUP(id) },
	{ "refaulted", JSON_NUM, CGROUP(refaulted) },
	{ "stalled_memory", JSON_NUM, CGROUP(stalled_memory) },
	{ "stalled_io", JSON_NUM, CGROUP(stalled_io) },
	{ "loaded", JSON_NUM, CGROUP(loaded), sizeof(num) },
	{ }
};

/* "control", which is there when it has begun. */
static const struct json_field control_fields[] = {
	{ "age", JSON_COUNT, CGROUP(control.age) },
	/* What has just begun may have been watched, through others, since before the boot */
	{ "changed_ms", JSON_SIGNED, CGROUP(control.changed_ms) },
	{ "failed_age", JSON_COUNT, CGROUP(control.failed_age) },
	{ "retry_ms", JSON_COUNT, CGROUP(control.retry_ms) },
	{ "failures", JSON_COUNT, CGROUP(control.failures) },
	{ "frozen_ms", JSON_COUNT, CGROUP(control.frozen_ms) },
	{ "thawed_to_read", JSON_BOOL, CGROUP(control.thawed_to_read) },
	{ "debt", JSON_POSITIVE, CGROUP(control.debt) },
	{ "credit", JSON_POSITIVE, CGROUP(control.credit) },
	{ "evidence", JSON_STRUCT, CGROUP(control.evidence), 0, evidence_fields },
	{ "reason", JSON_TEXT, CGROUP(reason) },
	{ "forecast", JSON_ANY, CGROUP(forecast) },
	{ "allowed", JSON_ANY, CGROUP(allowed) },
	{ "measured", JSON_ANY, CGROUP(measured) },
	{ }
};

static const struct json_field state_fields[] = {
	{ "boot_id", JSON_TEXT, offsetof(struct state, boot_id) },
	{ "now_ms", JSON_COUNT, offsetof(struct state, now_ms) },
	{ "wear", JSON_ANY, offsetof(struct state, wear) },
	{ "edges", JSON_COUNT, offsetof(struct state, bounds.bucket[0].min_age),
	  sizeof(struct age_bucket) },
	{ }
};

/* One by one: a tree of all cgroups would take ten times the memory.  Takes the reference. */
static void put_item(FILE *out, bool first, json_t *json)
{
	char *line = json_line(json, 0);

	fprintf(out, "%s%s", first ? "" : ",", line);
	free(line);
}

char *state_text(const struct state *state)
{
	int nr = state->bounds.nr;
	size_t length;
	char *text;
	FILE *out = xchecked(open_memstream(&text, &length));

	put_item(out, true, json_from_struct(json_head("state", STATE_VERSION), state_fields, state,
					     nr));
	/* The lists go before its last brace */
	fseek(out, -1, SEEK_CUR);
	fputs(",\"families\":[", out);
	for (int i = 0; i < state->nr_families; i++)
		put_item(out, !i, json_from_struct(json_object(), family_fields, &state->family[i],
						   nr));
	fputs("],\"cgroups\":[", out);
	for (int i = 0; i < state->nr; i++) {
		const struct state_cgroup *cgroup = &state->cgroup[i];
		json_t *json = json_from_struct(json_object(), cgroup_fields, cgroup, nr);

		if (cgroup->begun)
			json_put(json, "control", json_from_struct(json_object(), control_fields,
								   cgroup, nr));
		put_item(out, !i, json);
	}
	fputs("]}", out);
	/* Memory is what it can fail with */
	xchecked(ferror(out) ? NULL : out);
	xchecked(fclose(out) ? NULL : text);
	return text;
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
		struct family *to = &state->family[state->nr_families++];

		/* They are searched by name */
		if (json_to_struct(json_array_get(families, i), family_fields, to, nr) || !to->name ||
		    (i && strcmp(to[-1].name, to->name) >= 0) || to->evidence.unit < 1)
			return -EINVAL;
	}
	state->cgroup = xcalloc(json_array_size(cgroups), sizeof(*state->cgroup));
	for (size_t i = 0; i < json_array_size(cgroups); i++) {
		const json_t *from = json_array_get(cgroups, i);
		const json_t *control = json_object_get(from, "control");
		struct state_cgroup *to = &state->cgroup[state->nr++];

		to->begun = control;
		if (json_to_struct(from, cgroup_fields, to, nr) || !to->path || to->path[0] != '/')
			return -EINVAL;
		if (control && (json_to_struct(control, control_fields, to, nr) ||
				to->control.evidence.unit < 1))
			return -EINVAL;
	}
	if (state->nr)
		qsort(state->cgroup, state->nr, sizeof(*state->cgroup), compare_cgroups);
	return 0;
}

int bounds_from_json(const json_t *json, struct age_table *bounds)
{
	const json_t *edges = json_object_get(json, "edges");
	size_t nr = json_array_size(edges);

	bounds->nr = 0;
	if (!json_is_array(edges) || nr > AGE_BUCKETS_MAX)
		return -EINVAL;
	for (size_t b = 0; b < nr; b++) {
		const json_t *edge = json_array_get(edges, b);
		struct age_bucket *bucket = &bounds->bucket[b];

		bucket->min_age = json_integer_value(edge);
		bucket->max_age = AGE_NO_BOUND;
		if (!json_is_integer(edge) || (b ? bucket->min_age <= bucket[-1].min_age : bucket->min_age < 0))
			return -EINVAL;
		if (b)
			bucket[-1].max_age = bucket->min_age;
	}
	bounds->nr = nr;
	return 0;
}

int state_from_json(const json_t *json, struct state *state, char **message)
{
	const json_t *said = json_object_get(json, "version");
	num version = json_integer_value(said);

	state_begin(state);
	*message = NULL;
	if (!json_is_integer(said) ||
	    (version == STATE_VERSION && json_version(json, "state") < 0)) {
		*message = xstrdup("invalid: no state of zswapctl daemon");
		return -EEXIST;
	}
	if (version != STATE_VERSION) {
		*message = xasprintf("invalid: version %lld, not %d", version, STATE_VERSION);
		return -EINVAL;
	}
	if (bounds_from_json(json, &state->bounds) ||
	    json_to_struct(json, state_fields, state, state->bounds.nr) ||
	    lists_from_json(json, state)) {
		state_free(state);
		*message = xstrdup("invalid content");
		return -EINVAL;
	}
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
