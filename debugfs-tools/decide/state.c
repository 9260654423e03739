// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's memory as JSON, and its file.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "decide/state.h"
#include "json.h"
#include "ui/format.h"

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

#define EVIDENCE(member)	offsetof(struct evidence, member)

static const struct json_field evidence_fields[] = {
	{ "", JSON_SPARSE },
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

static const struct json_field control_fields[] = {
	{ "", JSON_SPARSE },
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
	{ "result", JSON_SIGNED, CGROUP(result) },
	{ "forecast", JSON_RATE, CGROUP(shown.forecast) },
	{ "allowed", JSON_RATE, CGROUP(shown.allowed) },
	{ "measured", JSON_RATE, CGROUP(shown.measured) },
	{ }
};

static const struct json_field cgroup_fields[] = {
	{ "path", JSON_TEXT, CGROUP(path) },
	{ "id", JSON_COUNT, CGROUP(id) },
	{ "", JSON_SPARSE },
	{ "refaulted", JSON_NUM, CGROUP(refaulted) },
	{ "stalled_memory", JSON_NUM, CGROUP(stalled_memory) },
	{ "stalled_io", JSON_NUM, CGROUP(stalled_io) },
	{ "loaded", JSON_NUM, CGROUP(loaded), sizeof(num) },
	{ "control", JSON_MAYBE, 0, 0, control_fields, CGROUP(begun) },
	{ }
};

#define STATE(member)	offsetof(struct state, member)

const struct json_field state_fields[] = {
	{ "state", JSON_HEAD, STATE_VERSION },
	{ "boot_id", JSON_TEXT, STATE(boot_id) },
	{ "now_ms", JSON_COUNT, STATE(now_ms) },
	{ "wear", JSON_RATE, STATE(wear) },
	{ "edges", JSON_BOUNDS, STATE(bounds), sizeof(struct age_bucket) },
	{ "families", JSON_LIST, STATE(family), sizeof(struct family), family_fields,
	  STATE(nr_families) },
	{ "cgroups", JSON_LIST, STATE(cgroup), sizeof(struct state_cgroup), cgroup_fields,
	  STATE(nr) },
	{ "", JSON_SPARSE },
	{ "failing", JSON_TEXT, STATE(failing) },
	{ }
};

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

/* Families are searched by name. */
static bool is_valid(const struct state *state)
{
	for (int i = 0; i < state->nr_families; i++) {
		const struct family *family = &state->family[i];

		if (!family->name || (i && strcmp(family[-1].name, family->name) >= 0) ||
		    family->evidence.unit < 1)
			return false;
	}
	for (int i = 0; i < state->nr; i++) {
		const struct state_cgroup *cgroup = &state->cgroup[i];

		if (!cgroup->path || cgroup->path[0] != '/' ||
		    (cgroup->begun && cgroup->control.evidence.unit < 1))
			return false;
	}
	return true;
}

int state_from_json(const json_t *json, struct state *state, char **message)
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
	if (json_to_struct(json, state_fields, state) || !is_valid(state)) {
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
	struct stat st;
	bool begins = !fstat(fileno(file), &st) && S_ISREG(st.st_mode), zeros = begins;
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
	FILE *file = fopen(path, "re");
	json_error_t wrong;
	json_t *json;
	int error;

	state_begin(state);
	*message = NULL;
	if (!file) {
		error = -errno;
		*message = xstrdup(strerror(-error));
		return error;
	}
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
	int fd = open(name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
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
	autofree char *text = json_text(state_fields, state);

	xappend(&text, "\n");
	return replace_file(path, text, strlen(text), 0600);
}
