/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of what the daemon has seen: lines of JSON, one object each.  From one the same
 * decisions follow, byte for byte.
 *
 *	{"zswapctl":"recording","version":2,"config":"..."}
 *	{"state":{...}}			what it remembered at the start
 *	{"sample":{...}}		a tick begins
 *	{"result":{"id":20,...}}	of a command in this tick, by the cgroup's id
 *	{"interrupted":true}		no more commands were given in this tick
 *
 * Numbers that were not known are null; members that this program does not know are passed
 * over.
 */
#ifndef RECORD_H
#define RECORD_H

#include "decide/state.h"

#define RECORD_VERSION	2

/* Write a line of a recording.  Each returns 0 or a negative errno; @file may be NULL. */
int record_begin(FILE *file, const char *config, const struct state *state);
int record_sample(FILE *file, const struct sample *sample);
int record_result(FILE *file, uint64_t id, const struct result *result);
int record_interrupted(FILE *file);

/* Add what the kernel answered, but for the status.  Returns @object. */
json_t *record_answer(json_t *object, const struct result *result);

struct record_result {
	uint64_t id;
	struct result result;
};

/* What happened in a tick. */
struct record_tick {
	struct sample sample;
	int nr;
	struct record_result *result;
	bool interrupted;
};

struct recording;

/*
 * Open a recording.  Returns 0 or a negative errno; *@message, to be freed, then says where
 * and why.  @state gets what was remembered, *@config the configuration, to be freed.
 */
int recording_open(const char *path, struct recording **recording, struct state *state,
		   char **config, char **message);
/* The next tick: 1, 0 at the end, or a negative errno with a *@message; then @tick is empty. */
int recording_next(struct recording *recording, struct record_tick *tick, char **message);
/* The result of the command for cgroup @id, or NULL. */
const struct result *record_find(const struct record_tick *tick, uint64_t id);
void record_tick_free(struct record_tick *tick);
/* @recording may be NULL. */
void recording_close(struct recording *recording);

#endif
