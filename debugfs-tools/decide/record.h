/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of what the daemon has seen: lines of JSON, one object each.  From one the same
 * decisions follow, byte for byte.
 *
 *	{"zswapctl":"recording","version":4,"config":"...","state":{...}}
 *	{"boot_id":...}							a tick: the sample
 *	{"results":[{"id":20,...},...],"interrupted":false}		what came of it
 *
 * The state is what it remembered at the start; results are of commands, by the cgroup's id; after an
 * interruption no more commands were given in this tick.  A daemon that is killed in a tick leaves
 * a sample without results.  Numbers that were not known are null; members that this program does
 * not know are passed over.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdio.h>

#include "decide/state.h"
#include "json.h"

#define RECORD_VERSION	4

/* What happened in a tick. */
struct record_tick {
	struct sample sample;
	int nr;
	struct record_result {
		num id;
		struct result result;
	} *result;
	bool interrupted;
};

/*
 * Write a line of a recording: it is out before anything else happens.  Each returns 0 or a
 * negative errno.  There may be no @file to write a tick to.
 */
int record_begin(FILE *file, const char *config, const struct state *state);
int record_sample(FILE *file, const struct sample *sample);
int record_results(FILE *file, const struct record_tick *tick);
/* What the kernel answered, but for the status: of a struct result. */
const struct json_field *record_answer(void);

struct recording {
	FILE *file;		/* NULL: none */
	const char *name;
	int line;		/* the last one that was read, from 1 on */
};

/*
 * Open a recording.  Returns 0 or a negative errno; *@message, to be freed, then says where
 * and why.  @state gets what was remembered, *@config the configuration, to be freed.
 */
int recording_open(const char *path, struct recording *recording, struct state *state,
		   char **config, char **message);
/* The next tick: 1, 0 at the end, or a negative errno with a *@message; then @tick is empty. */
int recording_next(struct recording *recording, struct record_tick *tick, char **message);
void recording_close(struct recording *recording);

void record_add(struct record_tick *tick, uint64_t id, const struct result *result);
/* The result of the command for cgroup @id, or NULL. */
const struct result *record_find(const struct record_tick *tick, uint64_t id);
void record_tick_free(struct record_tick *tick);

#endif
