/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Recordings of what the daemon has seen: lines of JSON, one object each.  From one the same
 * decisions follow, byte for byte: tests/replay.h reads it.
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

/* What a sample and a struct record_tick are made of. */
extern const struct json_field record_sample_fields[];
const struct json_field *record_results_fields(void);
/*
 * Write a line of a recording: it is out before anything else happens.  Each returns 0 or a
 * negative errno.  There may be no @file to write a tick to.
 */
int record_begin(FILE *file, const char *config, const struct state *state);
int record_line(FILE *file, const struct json_field *fields, const void *base);
/* A decision, and what came of it, for people and programs; @budget negative: no limit. */
void record_choice(FILE *out, num tick, const struct sample *sample, num budget,
		   const struct choice *choice);
/* What is known of a command that no file would take. */
void record_unknown(struct result *result);

void record_add(struct record_tick *tick, uint64_t id, const struct result *result);
void record_tick_free(struct record_tick *tick);

#endif
