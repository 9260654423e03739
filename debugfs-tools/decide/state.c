// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's memory as JSON, and its file.
 */
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

#include "decide/state.h"
#include "ui/format.h"
#include "ui/json.h"

#define TIME_MAX	1000000000000000 /* milliseconds, and failures in a row */

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
	free(state->failing);
	state_begin(state);
}

/* ---- JSON ---- */

static bool is_zero(const json_t *json)
{
	return json_is_false(json) || (json_is_number(json) && !json_number_value(json));
}

/* Most is 0 in most cgroups: that is left out, and so are the zeros that an array ends with. */
static json_t *sparse(json_t *object)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, key, value) {
		size_t nr = json_array_size(value);

		while (nr && is_zero(json_array_get(value, nr - 1)))
			json_array_remove(value, --nr);
		if (is_zero(value) || (json_is_array(value) && !nr))
			json_object_del(object, key);
	}
	return object;
}

static json_t *pack_rates(const double *value)
{
	json_t *array = json_array();

	for (int i = 0; i < AGE_BUCKETS_MAX; i++)
		json_array_append_new(array, json_rate(value[i]));
	return array;
}

static json_t *pack_evidence(const struct evidence *evidence)
{
	return sparse(json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"unit", json_rate(evidence->unit), "watched", json_rate(evidence->watched),
		"back", pack_rates(evidence->back), "out", pack_rates(evidence->out),
		"fresh", json_rate(evidence->fresh), "tried", json_rate(evidence->tried),
		"returned", json_rate(evidence->returned), "base", json_rate(evidence->base)));
}

static json_t *pack_control(const struct state_cgroup *cgroup)
{
	const struct control_state *control = &cgroup->control;

	return sparse(json_pack("{s:I s:I s:I s:I s:I s:I s:b s:o s:o s:o s:s* s:I s:o s:o s:o}",
		"age", control->age, "changed_ms", control->changed_ms,
		"failed_age", control->failed_age, "retry_ms", control->retry_ms,
		"failures", control->failures, "frozen_ms", control->frozen_ms,
		"thawed_to_read", control->thawed_to_read, "debt", json_rate(control->debt),
		"credit", json_rate(control->credit), "evidence", pack_evidence(&control->evidence),
		"reason", cgroup->reason, "result", cgroup->result,
		"forecast", json_rate(cgroup->shown.forecast),
		"allowed", json_rate(cgroup->shown.allowed),
		"measured", json_rate(cgroup->shown.measured)));
}

static json_t *pack_cgroup(const struct state_cgroup *cgroup)
{
	return sparse(json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o*}",
		"path", json_text(cgroup->path), "id", (num)cgroup->id,
		"refaulted", json_known(cgroup->refaulted),
		"stalled_memory", json_known(cgroup->stalled_memory),
		"stalled_io", json_known(cgroup->stalled_io),
		"loaded", json_nums(cgroup->loaded, sizeof(num), AGE_BUCKETS_MAX),
		"control", cgroup->begun ? pack_control(cgroup) : NULL));
}

/* One cgroup after the other: a tree of all would take ten times the memory of the text. */
char *state_text(const struct state *state)
{
	char *text = NULL;
	size_t length;
	FILE *out = xchecked(open_memstream(&text, &length));

	putc('{', out);
	json_put(out, json_pack("{s:s, s:i, s:o, s:I, s:o, s:o, s:s*}",
				"zswapctl", "state", "version", STATE_VERSION,
				"boot_id", json_text(state->boot_id), "now_ms", state->now_ms,
				"wear", json_rate(state->wear),
				"edges", json_bounds(&state->bounds),
				"failing", state->failing), JSON_EMBED);
	fputs(",\"families\":[", out);
	for (int i = 0; i < state->nr_families; i++) {
		fputs(i ? "," : "", out);
		json_put(out, json_pack("{s:o, s:o}", "name", json_text(state->family[i].name),
					"evidence", pack_evidence(&state->family[i].evidence)), 0);
	}
	fputs("],\"cgroups\":[", out);
	for (int i = 0; i < state->nr; i++) {
		fputs(i ? "," : "", out);
		json_put(out, pack_cgroup(&state->cgroup[i]), 0);
	}
	fputs("]}\n", out);
	/* Memory is what it can fail with */
	return xchecked(fclose(out) ? NULL : text);
}

static bool is_within(double value, double max)
{
	return value >= 0 && value <= max;
}

static int unpack_evidence(json_t *json, struct evidence *evidence, int nr)
{
	json_t *back = NULL, *out = NULL;

	if (json_unpack(json, "{s?F, s?F, s?o, s?o, s?F, s?F, s?F, s?F}",
			"unit", &evidence->unit, "watched", &evidence->watched,
			"back", &back, "out", &out, "fresh", &evidence->fresh,
			"tried", &evidence->tried, "returned", &evidence->returned,
			"base", &evidence->base) ||
	    json_to_array(back, evidence->back, sizeof(double), nr, json_to_rate) < 0 ||
	    json_to_array(out, evidence->out, sizeof(double), nr, json_to_rate) < 0)
		return -EINVAL;
	/* It is made of such numbers only */
	for (double *at = (double *)evidence; at < (double *)(evidence + 1); at++) {
		if (!is_within(*at, JSON_RATE_MAX))
			return -EINVAL;
	}
	return evidence->unit < 1 ? -EINVAL : 0;
}

static int unpack_control(json_t *json, struct state_cgroup *cgroup, int nr)
{
	json_t *evidence, *forecast = NULL, *allowed = NULL, *measured = NULL;
	struct control_state *control = &cgroup->control;
	const char *reason = NULL;
	int thawed = 0;

	if (json_unpack(json, "{s?I s?I s?I s?I s?I s?I s?b s?F s?F s:o s?s s?I s?o s?o s?o}",
			"age", &control->age, "changed_ms", &control->changed_ms,
			"failed_age", &control->failed_age, "retry_ms", &control->retry_ms,
			"failures", &control->failures, "frozen_ms", &control->frozen_ms,
			"thawed_to_read", &thawed, "debt", &control->debt,
			"credit", &control->credit, "evidence", &evidence, "reason", &reason,
			"result", &cgroup->result, "forecast", &forecast, "allowed", &allowed,
			"measured", &measured))
		return -EINVAL;
	control->thawed_to_read = thawed;
	cgroup->reason = reason ? xstrdup(reason) : NULL;
	/*
	 * Not so changed_ms: what has just begun may have been watched, through others, since
	 * before the boot
	 */
	if (!is_within(control->age, AGE_MAX) || !is_within(control->failed_age, AGE_MAX) ||
	    !is_within(fabs((double)control->changed_ms), TIME_MAX) ||
	    !is_within(control->retry_ms, TIME_MAX) || !is_within(control->failures, TIME_MAX) ||
	    !is_within(control->frozen_ms, TIME_MAX) || !is_within(control->debt, JSON_RATE_MAX) ||
	    !is_within(control->credit, JSON_RATE_MAX))
		return -EINVAL;
	return json_to_rate(forecast, &cgroup->shown.forecast) ?:
	       json_to_rate(allowed, &cgroup->shown.allowed) ?:
	       json_to_rate(measured, &cgroup->shown.measured) ?:
	       unpack_evidence(evidence, &control->evidence, nr);
}

static int unpack_cgroup(json_t *json, struct state_cgroup *cgroup, int nr)
{
	json_t *refaulted = NULL, *memory = NULL, *io = NULL, *loaded = NULL, *control = NULL;
	const char *path;

	if (json_unpack(json, "{s:s, s?I, s?o, s?o, s?o, s?o, s?o}",
			"path", &path, "id", &cgroup->id, "refaulted", &refaulted,
			"stalled_memory", &memory, "stalled_io", &io, "loaded", &loaded,
			"control", &control) || *path != '/')
		return -EINVAL;
	cgroup->path = xstrdup(path);
	cgroup->begun = control;
	if ((num)cgroup->id < 0 || json_to_num(refaulted, &cgroup->refaulted) ||
	    json_to_num(memory, &cgroup->stalled_memory) || json_to_num(io, &cgroup->stalled_io) ||
	    json_to_array(loaded, cgroup->loaded, sizeof(num), nr, json_to_num) < 0)
		return -EINVAL;
	return control ? unpack_control(control, cgroup, nr) : 0;
}

/* Families are searched by name. */
static int unpack_family(json_t *json, struct state *state, int i)
{
	struct family *family = &state->family[i];
	const char *name;
	json_t *evidence;

	if (json_unpack(json, "{s:s, s:o}", "name", &name, "evidence", &evidence) ||
	    (i && strcmp(family[-1].name, name) >= 0))
		return -EINVAL;
	family->name = xstrdup(name);
	return unpack_evidence(evidence, &family->evidence, state->bounds.nr);
}

static int unpack_state(json_t *json, struct state *state)
{
	json_t *boot_id, *wear, *edges, *families, *cgroups;
	const char *failing = NULL;
	int error;

	if (json_unpack(json, "{s:o, s:I, s:o, s:o, s:o, s:o, s?s}", "boot_id", &boot_id,
			"now_ms", &state->now_ms, "wear", &wear, "edges", &edges,
			"families", &families, "cgroups", &cgroups, "failing", &failing) ||
	    (!json_is_string(boot_id) && !json_is_null(boot_id)) ||
	    !is_within(state->now_ms, TIME_MAX) || !json_is_array(families) ||
	    !json_is_array(cgroups))
		return -EINVAL;
	state->boot_id = json_is_string(boot_id) ? xstrdup(json_string_value(boot_id)) : NULL;
	state->failing = failing ? xstrdup(failing) : NULL;
	state->nr_families = json_array_size(families);
	state->family = xcalloc(state->nr_families, sizeof(*state->family));
	state->nr = json_array_size(cgroups);
	state->cgroup = xcalloc(state->nr, sizeof(*state->cgroup));
	error = json_to_rate(wear, &state->wear) ?: json_to_bounds(edges, &state->bounds);
	for (int i = 0; i < state->nr_families && !error; i++)
		error = unpack_family(json_array_get(families, i), state, i);
	for (int i = 0; i < state->nr && !error; i++)
		error = unpack_cgroup(json_array_get(cgroups, i), &state->cgroup[i],
				      state->bounds.nr);
	return error;
}

static int compare_cgroups(const void *a, const void *b)
{
	return cgroup_compare_paths(((const struct state_cgroup *)a)->path,
				    ((const struct state_cgroup *)b)->path);
}

struct state_cgroup *state_find(const struct state *state, const char *path, uint64_t id)
{
	const struct state_cgroup key = { .path = (char *)path };
	struct state_cgroup *at = state->nr ?
		bsearch(&key, state->cgroup, state->nr, sizeof(key), compare_cgroups) : NULL;

	/* Others of the same path were removed: they come first */
	while (at && at + 1 < state->cgroup + state->nr && !strcmp(at[1].path, path))
		at++;
	while (at && id && at->id != id)
		at = at > state->cgroup && !strcmp(at[-1].path, path) ? at - 1 : NULL;
	return at;
}

int state_from_json(json_t *json, struct state *state, char **message)
{
	num version = json_version(json, "state");

	state_begin(state);
	*message = NULL;
	if (version != STATE_VERSION) {
		*message = version < 0 ? xstrdup("invalid: no state of zswapctl daemon") :
			   xasprintf("invalid: version %lld, not %d", version, STATE_VERSION);
		/* What a newer one remembers is not for this one to throw away */
		return version < 0 || version > STATE_VERSION ? -EEXIST : -EINVAL;
	}
	if (unpack_state(json, state)) {
		state_free(state);
		*message = xstrdup("invalid content");
		return -EINVAL;
	}
	if (state->nr)
		qsort(state->cgroup, state->nr, sizeof(*state->cgroup), compare_cgroups);
	return 0;
}

/* ---- the file ---- */

/* Is it what a crash, or a full disk, can leave of a state: less than all of it, or NULs? */
static bool is_damaged(FILE *file)
{
	static const char head[] = "{\"zswapctl\":\"state\"";
	bool begins = true, zeros = true;
	int c;

	rewind(file);
	for (size_t i = 0; (begins || zeros) && (c = getc(file)) != EOF; i++) {
		begins &= i >= strlen(head) || c == head[i];
		zeros &= !c;
	}
	return !ferror(file) && (begins || zeros);
}

int state_load(const char *path, struct state *state, char **message)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int error = fd < 0 ? -errno : 0;
	json_error_t wrong;
	struct stat st;
	json_t *json;
	FILE *file;

	state_begin(state);
	*message = NULL;
	if (!error && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
		close(fd);
		error = -EEXIST;
	}
	if (error) {
		*message = xasprintf("%s%s", error == -EEXIST ? "invalid: no regular file" :
				     strerror(-error),
				     error == -ENOENT ? ": the daemon has not run yet" : "");
		return error;
	}
	file = xchecked(fdopen(fd, "r"));
	json = json_loadf(file, JSON_REJECT_DUPLICATES, &wrong);
	if (json) {
		error = state_from_json(json, state, message);
		json_decref(json);
	} else {
		/* It quotes the text, but nothing changes a terminal */
		autofree char *why = utf8_printable(wrong.text, false);

		*message = xasprintf("invalid: line %d: %s", wrong.line, why);
		error = is_damaged(file) ? -EINVAL : -EEXIST;
	}
	fclose(file);
	return error;
}

/*
 * A file of its own: the state's is another one after each saving.  Nobody reads or writes it, so
 * that the length of the lock can tell of each look what is not worth saving: when one is due.
 */
static int lock_file(const char *path, int flags, int command, struct flock *lock)
{
	autofree char *name = xasprintf("%s.lock", path);
	int fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	int error = fd < 0 ? -errno : 0;

	*lock = (struct flock){ .l_type = F_WRLCK, .l_len = 1 };
	if (!error && fcntl(fd, command, lock)) {
		error = -errno;
		close(fd);
	}
	return error ? error : fd;
}

int state_lock(const char *path)
{
	struct flock lock;

	return lock_file(path, O_RDWR | O_CREAT, F_OFD_SETLK, &lock);
}

void state_look_due(int lock, num due_ms)
{
	struct flock longer = { .l_type = F_WRLCK, .l_len = due_ms };

	fcntl(lock, F_OFD_SETLK, &longer);
}

num state_overdue_ms(const struct source *source, const char *path)
{
	num now_ms = sample_awake_ms(source);
	struct flock lock;
	int fd = lock_file(path, O_RDONLY, F_OFD_GETLK, &lock);

	if (fd >= 0)
		close(fd);
	if (fd < 0 || lock.l_type == F_UNLCK)
		return -ENOENT;
	/* A length of 1: it has not looked yet */
	return lock.l_len > 1 && now_ms > lock.l_len ? now_ms - lock.l_len : 0;
}

int state_save(const char *path, const struct state *state)
{
	autofree char *text = state_text(state);

	return replace_file(path, text, strlen(text), 0600);
}
