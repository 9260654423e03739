/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tick of the daemon: from a sample and what is remembered to a decision for each cgroup.
 * Pure, but for memory.
 */
#ifndef TICK_H
#define TICK_H

#include "decide/state.h"

/*
 * Makes @sample the last one of @state, and decides.  Returns how many *@choices there are; to
 * be freed.  Cgroups in both have the same index afterwards.
 */
int tick_decide(struct state *state, const struct config *config, const struct sample *sample,
		struct choice **choices);
/* What came of a write: pages; negative: not known, then it is all that was asked for. */
void tick_written(struct state *state, const struct config *config, const struct choice *choice,
		  num pages);

#endif
