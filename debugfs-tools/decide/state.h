/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon remembers from tick to tick, and in a file from run to run: where the
 * policy of each cgroup stands, the last counters, and the wear budget.
 */
#ifndef STATE_H
#define STATE_H

#include <jansson.h>

#include "decide/policy.h"
#include "decide/sample.h"

#define STATE_VERSION	1

struct wear {
	num left;		/* bytes that may still be written; negative: not begun */
	num fraction;		/* of a byte more, by the milliseconds of a day */
};

struct state_cgroup {
	char *path;
	uint64_t id;
	bool begun;		/* it has had pages, so that @policy holds */
	struct policy_state policy;
	num refaulted, stalled_memory, stalled_io; /* as in struct sample_cgroup */
};

struct state {
	char *boot_id;		/* NULL: there was no sample yet */
	num uptime_ms;
	struct wear wear;
	int nr;
	struct state_cgroup *cgroup; /* sorted by path, each path once */
};

/*
 * What happened in a cgroup since the last sample: in itself, without its children.  But tasks
 * of several cgroups may stall at the same time, so that time cannot be subtracted: it is
 * that of the subtree.
 */
struct change {
	num elapsed_ms;		/* 0: there was no sample of it, or it cannot be compared */
	num resident;		/* bytes, now */
	num refaulted;		/* pages */
	num stalled_memory, stalled_io; /* microseconds */
};

void state_begin(struct state *state);
void state_free(struct state *state);

/*
 * From the last sample to @sample; @change has sample->nr elements, to be freed.  Returns
 * the time between the two in milliseconds, 0 if there is no last sample of this boot.
 */
num state_changes(const struct state *state, const struct sample *sample, struct change **change);
/*
 * Make @sample the last one.  state->cgroup then has the same cgroups, in the same order:
 * one that has vanished is forgotten, and so is one that was made anew in the same boot.
 */
void state_advance(struct state *state, const struct sample *sample);

/*
 * The wear budget @elapsed_ms later: it grows by @per_day bytes a day, and what is not used is
 * saved for a day at most.  It begins with what an hour brings.  @per_day 0: no limit,
 * INT64_MAX is returned.
 */
num wear_grow(struct wear *wear, num per_day, num elapsed_ms);
void wear_spend(struct wear *wear, num bytes);

json_t *state_to_json(const struct state *state);
/* -EINVAL: *@message, to be freed, says why; @state is empty then. */
int state_from_json(const json_t *json, struct state *state, char **message);

/*
 * The file at @path.  Returns 0 or a negative errno, -ENOENT if there is none; then @state is
 * empty.  *@message is to be freed; NULL unless what is in the file makes no sense.
 */
int state_load(const char *path, struct state *state, char **message);
/*
 * Keep others away from the file at @path, until the descriptor that is returned is closed.  A
 * negative errno: -EWOULDBLOCK if another has it.
 */
int state_lock(const char *path);
/* The old file or the new one is there at any time.  Returns 0 or a negative errno. */
int state_save(const char *path, const struct state *state);

#endif
