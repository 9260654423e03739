/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon remembers from tick to tick, and in a file from run to run: where the control
 * of each cgroup stands, the evidence of its like, the last counters, and the wear budget.
 */
#pragma once

#include "decide/config.h"
#include "ui/json.h"
#include "system/system.h"

#define STATE_VERSION	3
#define DAEMON_DIRECTORY	"/var/lib/zswapctl"
#define DAEMON_STATE		DAEMON_DIRECTORY "/state"

/* One look at all that decisions are made from. */
struct sample {
	num now_ms;		/* awake since boot */
	char *boot_id;
	num page_size;		/* bytes */
	num pool, limit, free, total; /* bytes; negative: not known */
	struct age_table bounds; /* the system's, with its counts */
	struct cgroups cgroups;	/* with details */
};

/* Returns 0 or a negative errno; then *@path is the file that is to blame. */
int sample_read(const struct source *source, struct sample *sample, const char **path);
void sample_free(struct sample *sample);
/* Make all paths UTF-8, and sort by them: some may be the same then. */
void sample_utf8_paths(struct cgroups *cgroups);
/* Ages stand still while the system sleeps, and so does this clock; or a negative errno. */
num sample_awake_ms(const struct source *source);

struct state_cgroup {
	char *path;
	uint64_t id;
	bool begun;		/* it has had pages, so that @control holds */
	struct control_state control;
	num refaulted, stalled_memory, stalled_io; /* the counters, as in struct cgroup */
	num loaded[AGE_BUCKETS_MAX];
	/* The last decision, for daemon --status and metrics */
	char *reason;
	num result;		/* of the last command: 0 or a negative errno */
	struct {
		double forecast, allowed, measured; /* pages a minute; negative: not known */
	} shown;
};

struct family {
	char *name;
	struct evidence evidence;
	struct happened happened; /* in this tick */
};

struct state {
	char *boot_id;		/* NULL: there was no sample yet */
	num now_ms;
	struct age_table bounds;
	double wear;		/* bytes that may still be written; negative: not limited */
	double shown_wear;	/* the same when it last was worth saving */
	int nr, nr_families;
	struct state_cgroup *cgroup; /* in the order of the sample */
	struct family *family;
	int first;		/* cgroup that was left out, and comes first; not saved */
	char *failing;		/* why the last look failed; NULL: it did not */
	bool changed;		/* something that is worth saving */
};

/* How long ago @state was saved: milliseconds awake; -ESTALE: in an earlier boot. */
num state_since_ms(const struct source *source, const struct state *state);
void state_begin(struct state *state);
void state_free(struct state *state);
void state_drop_cgroups(struct state *state);
void state_drop_families(struct state *state);
/* The cgroup at @path with this @id, 0: whatever it was in an earlier boot; or NULL. */
struct state_cgroup *state_find(const struct state *state, const char *path, uint64_t id);

/* As JSON, to be freed. */
char *state_text(const struct state *state);
/* -EINVAL, -EEXIST, as below: *@message, to be freed, says why; @state is empty then. */
int state_from_json(json_t *json, struct state *state, char **message);

/*
 * The file at @path.  Returns 0 or a negative errno, -ENOENT if there is none; then @state is
 * empty, and *@message, to be freed, says why.  -EINVAL: it is a state, but of no use.  -EEXIST:
 * it is not a state, or a newer version's, and not to be overwritten.
 */
int state_load(const char *path, struct state *state, char **message);
/*
 * Keep others away from the file at @path, until the descriptor that is returned is closed.  A
 * negative errno: -EWOULDBLOCK if another has it.
 */
int state_lock(const char *path);
/* If all is well, the next look has succeeded by then, on the clock of sample_awake_ms(). */
void state_look_due(int lock, num due_ms);
/* By how much that of another, a daemon, is late; negative: there is none.  This makes no file. */
num state_overdue_ms(const struct source *source, const char *path);
/* The old file or the new one is there at any time.  Returns 0 or a negative errno. */
int state_save(const char *path, const struct state *state);
