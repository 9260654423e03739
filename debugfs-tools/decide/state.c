// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's memory: comparing with the last sample, the wear budget, the state file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "system/amount.h"
#include "ui/jsonnum.h"
#include "decide/state.h"

#define DAY_MS	86400000LL
#define HOURS	24

void state_begin(struct state *state)
{
	*state = (struct state){ .wear = { .left = -1 } };
}

static void free_cgroups(struct state_cgroup *cgroup, int nr)
{
	for (int i = 0; i < nr; i++)
		free(cgroup[i].path);
	free(cgroup);
}

void state_free(struct state *state)
{
	free_cgroups(state->cgroup, state->nr);
	free(state->boot_id);
	state_begin(state);
}

/* ---- from sample to sample ---- */

static int compare_path(const void *key, const void *element)
{
	return strcmp(key, ((const struct state_cgroup *)element)->path);
}

static struct state_cgroup *find(const struct state *state, const char *path)
{
	if (!state->nr)
		return NULL;
	return bsearch(path, state->cgroup, state->nr, sizeof(*state->cgroup), compare_path);
}

static bool same_boot(const struct state *state, const struct sample *sample)
{
	return state->boot_id && !strcmp(state->boot_id, sample->boot_id);
}

/* The cgroup of the last sample that @cgroup is; ids mean nothing in another boot. */
static struct state_cgroup *find_same(const struct state *state, const struct sample *sample,
				      const struct sample_cgroup *cgroup)
{
	struct state_cgroup *before = find(state, cgroup->path);

	if (before && same_boot(state, sample) && before->id != cgroup->id)
		return NULL;
	return before;
}

static bool went_back(num now, num before)
{
	return now >= 0 && before >= 0 && now < before;
}

/* Of the subtree. */
static void find_change(const struct state_cgroup *before, const struct sample_cgroup *now,
			num elapsed_ms, struct change *change)
{
	/* A cgroup that was made in the meantime has counted from 0. */
	static const struct state_cgroup none;

	*change = (struct change){ .resident = now->resident };
	if (before && (went_back(now->refaulted, before->refaulted) ||
		       went_back(now->stalled_memory, before->stalled_memory) ||
		       went_back(now->stalled_io, before->stalled_io))) {
		change->refaulted = -ENODATA;
		change->stalled_memory = -ENODATA;
		change->stalled_io = -ENODATA;
		return;
	}
	if (before)
		change->elapsed_ms = elapsed_ms;
	else
		before = &none;
	change->refaulted = amount_since(now->refaulted, before->refaulted);
	change->stalled_memory = amount_since(now->stalled_memory, before->stalled_memory);
	change->stalled_io = amount_since(now->stalled_io, before->stalled_io);
}

/* What is not known of a child stays with the parent: too much there is the careful error. */
static void take_off(num *parent, num child)
{
	if (*parent > 0 && child > 0)
		*parent = *parent > child ? *parent - child : 0;
}

num state_changes(const struct state *state, const struct sample *sample, struct change **change)
{
	struct change *list = xcalloc(sample->nr, sizeof(*list));
	num elapsed_ms = 0;

	*change = list;
	if (same_boot(state, sample) && sample->uptime_ms > state->uptime_ms)
		elapsed_ms = sample->uptime_ms - state->uptime_ms;
	for (int i = 0; i < sample->nr; i++) {
		const struct sample_cgroup *now = &sample->cgroup[i];

		if (elapsed_ms)
			find_change(find_same(state, sample, now), now, elapsed_ms, &list[i]);
		else
			list[i].resident = now->resident;
	}
	/* Parents come first: what is taken off one of them is still of a whole subtree. */
	for (int i = 0; i < sample->nr; i++) {
		int parent = sample->cgroup[i].parent;

		if (parent < 0)
			continue;
		take_off(&list[parent].resident, list[i].resident);
		take_off(&list[parent].refaulted, list[i].refaulted);
	}
	return elapsed_ms;
}

void state_advance(struct state *state, const struct sample *sample)
{
	struct state_cgroup *list = xcalloc(sample->nr, sizeof(*list));

	for (int i = 0; i < sample->nr; i++) {
		const struct sample_cgroup *now = &sample->cgroup[i];
		const struct state_cgroup *before = find_same(state, sample, now);

		list[i] = (struct state_cgroup){
			.path = xstrdup(now->path),
			.id = now->id,
			.begun = before && before->begun,
			.refaulted = now->refaulted,
			.stalled_memory = now->stalled_memory,
			.stalled_io = now->stalled_io,
		};
		if (list[i].begun)
			list[i].policy = before->policy;
	}
	free_cgroups(state->cgroup, state->nr);
	state->cgroup = list;
	state->nr = sample->nr;
	free(state->boot_id);
	state->boot_id = xstrdup(sample->boot_id);
	state->uptime_ms = sample->uptime_ms;
}

/* ---- wear ---- */

num wear_grow(struct wear *wear, num per_day, num elapsed_ms)
{
	__int128 grown;

	if (!per_day)
		return INT64_MAX;
	if (wear->left < 0)
		*wear = (struct wear){ .left = per_day / HOURS };
	grown = (__int128)per_day * elapsed_ms + wear->fraction;
	wear->fraction = grown % DAY_MS;
	grown = grown / DAY_MS + wear->left;
	wear->left = grown < per_day ? grown : per_day;
	return wear->left;
}

void wear_spend(struct wear *wear, num bytes)
{
	if (wear->left > 0 && bytes > 0)
		wear->left = wear->left > bytes ? wear->left - bytes : 0;
}

/* ---- JSON ---- */

static json_t *cgroup_to_json(const struct state_cgroup *cgroup)
{
	json_t *object = json_object();

	jsonnum_add(object, "path", json_string(cgroup->path));
	jsonnum_add_num(object, "id", cgroup->id);
	jsonnum_add_num(object, "refaulted", cgroup->refaulted);
	jsonnum_add_num(object, "stalled_memory", cgroup->stalled_memory);
	jsonnum_add_num(object, "stalled_io", cgroup->stalled_io);
	if (cgroup->begun) {
		jsonnum_add_num(object, "age", cgroup->policy.age);
		jsonnum_add_num(object, "step", cgroup->policy.step);
		jsonnum_add_num(object, "hold", cgroup->policy.hold);
		jsonnum_add_num(object, "quiet", cgroup->policy.quiet);
		jsonnum_add_num(object, "debt", cgroup->policy.debt);
	}
	return object;
}

json_t *state_to_json(const struct state *state)
{
	json_t *object = json_object(), *list = json_array();

	jsonnum_add_num(object, "version", STATE_VERSION);
	jsonnum_add(object, "boot_id", state->boot_id ? json_string(state->boot_id) : json_null());
	jsonnum_add_num(object, "uptime_ms", state->uptime_ms);
	jsonnum_add_num(object, "wear_left", state->wear.left);
	jsonnum_add_num(object, "wear_fraction", state->wear.fraction);
	for (int i = 0; i < state->nr; i++)
		jsonnum_append(list, cgroup_to_json(&state->cgroup[i]));
	jsonnum_add(object, "cgroups", list);
	return object;
}

/* A member that may be null; 0 or -EINVAL. */
static int get_num(const json_t *object, const char *key, num *value)
{
	return jsonnum_get(json_object_get(object, key), value);
}

/* One that may not, and is at most @max. */
static int get_known(const json_t *object, const char *key, num max, num *value)
{
	int error = get_num(object, key, value);

	return error || *value < 0 || *value > max ? -EINVAL : 0;
}

static int policy_from_json(const json_t *json, struct policy_state *policy)
{
	num hold, quiet;

	if (get_known(json, "age", INT64_MAX, &policy->age) ||
	    get_known(json, "step", INT64_MAX, &policy->step) ||
	    get_known(json, "hold", INT_MAX, &hold) ||
	    get_known(json, "quiet", INT_MAX, &quiet) ||
	    get_known(json, "debt", INT64_MAX, &policy->debt))
		return -EINVAL;
	policy->hold = hold;
	policy->quiet = quiet;
	return 0;
}

static int cgroup_from_json(const json_t *json, struct state_cgroup *cgroup)
{
	const char *path = json_string_value(json_object_get(json, "path"));
	num id;

	if (!path || path[0] != '/' || get_known(json, "id", INT64_MAX, &id) ||
	    get_num(json, "refaulted", &cgroup->refaulted) ||
	    get_num(json, "stalled_memory", &cgroup->stalled_memory) ||
	    get_num(json, "stalled_io", &cgroup->stalled_io))
		return -EINVAL;
	cgroup->begun = json_object_get(json, "age");
	if (cgroup->begun && policy_from_json(json, &cgroup->policy))
		return -EINVAL;
	cgroup->id = id;
	cgroup->path = xstrdup(path);
	return 0;
}

static int compare_cgroups(const void *a, const void *b)
{
	return strcmp(((const struct state_cgroup *)a)->path,
		      ((const struct state_cgroup *)b)->path);
}

static int cgroups_from_json(const json_t *list, struct state *state, char **message)
{
	if (!json_is_array(list)) {
		*message = xstrdup("there is no list of cgroups");
		return -EINVAL;
	}
	state->cgroup = xcalloc(json_array_size(list), sizeof(*state->cgroup));
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (cgroup_from_json(json_array_get(list, i), &state->cgroup[state->nr])) {
			*message = xasprintf("there is no sense in cgroup %zu", i + 1);
			return -EINVAL;
		}
		state->nr++;
	}
	if (state->nr)
		qsort(state->cgroup, state->nr, sizeof(*state->cgroup), compare_cgroups);
	for (int i = 1; i < state->nr; i++) {
		if (!compare_cgroups(&state->cgroup[i - 1], &state->cgroup[i])) {
			*message = xstrdup("a cgroup is there twice");
			return -EINVAL;
		}
	}
	return 0;
}

static int head_from_json(const json_t *json, struct state *state, char **message)
{
	const json_t *boot_id = json_object_get(json, "boot_id");
	num version;

	if (get_known(json, "version", INT64_MAX, &version)) {
		*message = xstrdup("it is no state of zswapctl daemon");
		return -EINVAL;
	}
	if (version != STATE_VERSION) {
		*message = xasprintf("its version is %lld, not %d", version, STATE_VERSION);
		return -EINVAL;
	}
	if ((!json_is_null(boot_id) && !json_is_string(boot_id)) ||
	    get_known(json, "uptime_ms", INT64_MAX, &state->uptime_ms) ||
	    get_num(json, "wear_left", &state->wear.left) ||
	    get_known(json, "wear_fraction", DAY_MS - 1, &state->wear.fraction)) {
		*message = xstrdup("something is missing in it, or makes no sense");
		return -EINVAL;
	}
	if (json_is_string(boot_id))
		state->boot_id = xstrdup(json_string_value(boot_id));
	return 0;
}

int state_from_json(const json_t *json, struct state *state, char **message)
{
	int error;

	state_begin(state);
	*message = NULL;
	error = head_from_json(json, state, message);
	if (!error)
		error = cgroups_from_json(json_object_get(json, "cgroups"), state, message);
	if (error)
		state_free(state);
	return error;
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
		char *why = jsonnum_error(&wrong);

		*message = xasprintf("line %d: %s", wrong.line, why);
		free(why);
		return -EINVAL;
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

/* Line and newline into a new file, and from memory onto the disk. */
static int write_file(const char *path, const char *line)
{
	FILE *file;
	int fd, error = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		error = -errno;
		close(fd);
		return error;
	}
	if (fprintf(file, "%s\n", line) < 0 || fflush(file) || fsync(fd))
		error = -errno;
	if (fclose(file) && !error)
		error = -errno;
	return error;
}

int state_save(const char *path, const struct state *state)
{
	char *next = xasprintf("%s.new", path);
	json_t *json = state_to_json(state);
	char *line = jsonnum_line(json);
	int error = write_file(next, line);

	if (!error && rename(next, path))
		error = -errno;
	if (error)
		unlink(next);
	json_decref(json);
	free(line);
	free(next);
	return error;
}
