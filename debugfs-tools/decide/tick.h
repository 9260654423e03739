/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tick of the daemon: from a sample and what is remembered to a decision for each cgroup.
 * Pure, but for memory.
 */
#pragma once

#include "decide/state.h"

/*
 * Makes @sample the last one of @state, and decides.  Returns how many *@choices there are; to
 * be freed.  Cgroups in both have the same index afterwards.
 */
int tick_decide(struct state *state, const struct config *config, const struct sample *sample,
		struct choice **choices);
/*
 * Carry all out, what is to be read back first.  When @carry_out returns false the command must
 * not be given: then no other is in this tick, and the next one begins with it.  What acts, or is
 * another decision than before, is printed.
 */
struct tick_hands {
	void *data;
	bool (*carry_out)(void *data, struct choice *choice);
	void (*print)(void *data, const struct choice *choice);
	const char *left_out;	/* why the others are not; NULL: "left out" says enough */
};

void tick_carry_out(struct state *state, const struct config *config, struct choice *choice, int nr,
		    const struct tick_hands *hands);

/*
 * A line of JSON with a decision, and what came of it, for people and programs; @budget negative: no
 * limit.
 */
void choice_print(FILE *out, num tick, const struct sample *sample, num budget,
		  const struct choice *choice);
/* What is known of a command that no file would take. */
void result_unknown(struct result *result);
