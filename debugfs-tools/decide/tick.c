// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tick: what happened in each cgroup since the last sample, in itself without its children;
 * what its like have seen; decisions; and the parts of what may be written.
 *
 * Tasks of several cgroups may stall at the same time, so that pressure cannot be subtracted: it
 * is that of the subtree.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decide/tick.h"
#include "system/amount.h"

#define DAY_MS		86400000.0
#define HOURS		24
#define LEVELS		2	/* of families: parent and grandparent */
#define MS		1000.0
#define TICK_MAX_MS	600000LL	/* a tick that is later makes no more of a pace or a rate */

/* ---- the last sample ---- */

static bool went_back(num now, num before)
{
	return now >= 0 && before >= 0 && now < before;
}

/* Take @sample over, and find what happened: an elapsed_ms of 0 is a first look. */
static void advance(struct state *state, const struct sample *sample, struct look *looks)
{
	const struct cgroups *cgroups = &sample->cgroups;
	struct state_cgroup *list = xcalloc(cgroups->nr, sizeof(*list));
	bool same_boot = state->boot_id && !strcmp(state->boot_id, sample->boot_id);
	bool same = amount_same_bounds(&state->bounds, &sample->bounds);
	num elapsed = same_boot && sample->now_ms > state->now_ms ?
		      sample->now_ms - state->now_ms : 0;

	for (int i = 0; i < cgroups->nr; i++) {
		const struct cgroup *now = &cgroups->cgroup[i];
		const struct state_cgroup *before = now->removed ? NULL :
			state_find(state, now->path, same_boot ? now->id : 0);
		struct look *look = &looks[i];
		bool reset;

		list[i] = (struct state_cgroup){
			.path = xstrdup(now->path),
			.id = now->id,
			.refaulted = now->all.refaulted,
			.stalled_memory = now->pressure_memory,
			.stalled_io = now->pressure_io,
		};
		*look = (struct look){
			.now_ms = sample->now_ms,
			.page_size = sample->page_size,
			.ages = &now->ages,
			.off = now->off,
			.frozen = now->frozen > 0,
			.anon = now->own.anon,
		};
		for (int b = 0; b < now->ages.nr; b++)
			list[i].loaded[b] = now->ages.bucket[b].loaded;
		if (!before)
			continue;
		list[i].begun = before->begun && same;
		if (list[i].begun) {
			list[i].control = before->control;
			list[i].reason = before->reason ? xstrdup(before->reason) : NULL;
			list[i].result = before->result;
			list[i].shown = before->shown;
		}
		/* Ages of another boot's clock mean nothing; what was learned does */
		if (list[i].begun && !same_boot) {
			list[i].control.changed_ms = sample->now_ms;
			list[i].control.retry_ms = 0;
			list[i].control.frozen_ms = 0;
			list[i].control.thawed_to_read = false;
		}
		reset = went_back(now->all.refaulted, before->refaulted) ||
			went_back(now->pressure_io, before->stalled_io) ||
			went_back(now->pressure_memory, before->stalled_memory);
		look->elapsed_ms = reset ? 0 : elapsed;
		look->refaulted = amount_since(now->all.refaulted, before->refaulted);
		look->stalled_memory = amount_since(now->pressure_memory, before->stalled_memory);
		look->stalled_io = amount_since(now->pressure_io, before->stalled_io);
		for (int b = 0; b < now->ages.nr && same; b++) {
			num loaded = amount_since(list[i].loaded[b], before->loaded[b]);

			look->loaded[b] = loaded > 0 ? loaded : 0;
		}
	}
	/*
	 * What children had since then is not the parent's; parents come first.  It is not the
	 * counter of its own that is looked at: with a child that is removed, all of that one's
	 * history is in it.
	 */
	for (int i = 0; i < cgroups->nr; i++) {
		int parent = cgroups->cgroup[i].parent;

		if (parent >= 0 && looks[i].refaulted > 0 && looks[parent].refaulted > 0)
			looks[parent].refaulted = looks[parent].refaulted > looks[i].refaulted ?
				looks[parent].refaulted - looks[i].refaulted : 0;
	}
	state_drop_cgroups(state);
	state->cgroup = list;
	state->nr = cgroups->nr;
	if (!same) {
		state_drop_families(state);
		state->bounds = sample->bounds;
	}
	free(state->boot_id);
	state->boot_id = xstrdup(sample->boot_id);
	state->now_ms = sample->now_ms;
}

/* ---- families ---- */

/* Sorted by name. */
static struct family *family_find(struct state *state, const char *name, bool add)
{
	struct family *family;
	int low = 0, high = state->nr_families;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (strcmp(state->family[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < state->nr_families && !strcmp(state->family[low].name, name))
		return &state->family[low];
	if (!add)
		return NULL;
	state->family = xrealloc(state->family, (state->nr_families + 1) * sizeof(*family));
	family = &state->family[low];
	memmove(family + 1, family, (state->nr_families - low) * sizeof(*family));
	*family = (struct family){ .name = xstrdup(name) };
	state->nr_families++;
	return family;
}

/* The one that the cgroup at @path belongs to, or NULL. */
static struct family *family_of(struct state *state, const struct config *config, const char *path,
				int level, bool add)
{
	autofree char *name = config_family(config, path, level);

	return name ? family_find(state, name, add) : NULL;
}

static void family_add(struct family *family, const struct look *look, num age)
{
	struct happened *happened = &family->happened;

	if (look->elapsed_ms <= 0 || look->rests)
		return;
	happened->ages = look->ages;
	if (look->elapsed_ms / MS > happened->seconds)
		happened->seconds = look->elapsed_ms / MS;
	happened->refaulted += look->refaulted > 0 ? look->refaulted : 0;
	happened->allowed += look->allowed;
	for (int b = 0; b < look->ages->nr; b++)
		happened->loaded[b] += look->loaded[b];
	if (!happened->age || age < happened->age)
		happened->age = age;
}

/* Are there still cgroups of its kind?  Those of sections are few, and stay. */
static bool family_lives(const struct family *family, const struct cgroups *cgroups)
{
	autofree char *path = xstrdup(family->name);
	size_t length = strlen(path);

	path[length - 1] = '\0';
	return *path == '[' || length < 2 || cgroups_find(cgroups, path);
}

static void families_end(struct state *state, const struct cgroups *cgroups)
{
	int nr = 0;

	for (int i = 0; i < state->nr_families; i++) {
		struct family *family = &state->family[i];

		if (!family_lives(family, cgroups)) {
			free(family->name);
			continue;
		}
		if (family->happened.ages)
			evidence_update(&family->evidence, &family->happened);
		family->happened = (struct happened){ .seconds = 0 };
		state->family[nr++] = *family;
	}
	state->nr_families = nr;
}

/* ---- decisions ---- */

/*
 * Nothing to decide about: one without a directory cannot be named to the kernel, and one
 * without a memory.stat has no memory controller, or has just been removed.
 */
static bool is_out(const struct cgroup *cgroup)
{
	return cgroup->removed || !cgroup->id || cgroup->all.anon == -ENOENT ||
	       cgroup->all.anon == -ENODEV;
}

static void decide(struct state *state, const struct config *config, const struct policy *policy,
		   struct choice *choice)
{
	struct state_cgroup *cgroup = &state->cgroup[choice->cgroup];
	const struct evidence *known = NULL;
	struct look *look = &choice->look;

	look->allowed = model_allowed(policy->target, look->anon,
				      amount_colder(look->ages, 0).pages, look->page_size);
	if (!cgroup->begun) {
		for (int level = 0; level < LEVELS && !known; level++) {
			struct family *family = family_of(state, config, cgroup->path, level,
							  false);

			if (family && family->evidence.watched > 0)
				known = &family->evidence;
		}
		control_begin(policy, &cgroup->control, known, look);
		state->changed = true;
	}
	cgroup->begun = true;
	choice->was_age = cgroup->control.age;
	look->rests = look->frozen && cgroup->control.frozen_ms;
	control_decide(policy, &cgroup->control, look, &choice->decision);
	for (int level = 0; level < LEVELS; level++) {
		struct family *family = family_of(state, config, cgroup->path, level, true);

		if (family) {
			family->evidence.unit = control_unit(policy);
			family_add(family, look, cgroup->control.age);
		}
	}
}

/* What is left of the wear budget: bytes. */
static num budget_of(struct state *state, const struct config *config, num elapsed_ms)
{
	num budget = INT64_MAX;

	if (config->wear) {
		/* It begins with what an hour brings; what is not used is saved for a day. */
		if (state->wear < 0)
			state->wear = (double)config->wear / HOURS;
		state->wear += config->wear * (elapsed_ms / DAY_MS);
		if (state->wear > config->wear)
			state->wear = config->wear;
		budget = (num)state->wear;
	} else {
		state->wear = -1;
	}
	/* More than any device can do, and less than what doubles add up exactly */
	return budget < 1LL << 50 ? budget : 1LL << 50;
}

/* What is shown stays within a tenth of what is: not every look is worth saving. */
static void show(struct state *state, double *shown, double value)
{
	if (fabs(value - *shown) <= *shown / 10 + 0.1)
		return;
	*shown = value;
	state->changed = true;
}

static void keep_decision(struct state *state, struct choice *choice)
{
	const struct decision *decision = &choice->decision;
	struct state_cgroup *cgroup = &state->cgroup[choice->cgroup];
	bool other = !cgroup->reason || strcmp(cgroup->reason, decision->reason);

	/* What is so for all of them is not told of each */
	choice->changed = decision->age != choice->was_age ||
			  (other && strcmp(decision->reason, REASON_NOT_NEEDED) &&
			   strcmp(cgroup->reason ?: "", REASON_NOT_NEEDED));
	state->changed |= other || choice->changed;
	show(state, &cgroup->shown.forecast, decision->forecast);
	show(state, &cgroup->shown.allowed, decision->allowed);
	show(state, &cgroup->shown.measured, decision->measured);
	if (other) {
		free(cgroup->reason);
		cgroup->reason = xstrdup(decision->reason);
	}
}

int tick_decide(struct state *state, const struct config *config, const struct sample *sample,
		struct choice **choices)
{
	const struct cgroups *cgroups = &sample->cgroups;
	struct look *looks = xcalloc(cgroups->nr, sizeof(*looks));
	struct choice *list = xcalloc(cgroups->nr, sizeof(*list));
	bool needed = config_needed(config, sample->pool, sample->limit, sample->free,
				    sample->total);
	num late = config->interval * 1000 > TICK_MAX_MS ? config->interval * 1000 : TICK_MAX_MS;
	num last = state->now_ms, elapsed_ms, paced_ms;
	int nr = 0;

	if (!state->boot_id || strcmp(state->boot_id, sample->boot_id) || last > sample->now_ms)
		last = sample->now_ms;
	elapsed_ms = sample->now_ms - last;
	paced_ms = elapsed_ms < late ? elapsed_ms : late;
	advance(state, sample, looks);
	for (int i = 0; i < cgroups->nr; i++) {
		struct policy policy;

		if (is_out(&cgroups->cgroup[i]) ||
		    (!state->cgroup[i].begun && !amount_colder(&cgroups->cgroup[i].ages, 0).pages))
			continue;
		if (!config_policy(config, cgroups->cgroup[i].path, &policy)) {
			state->cgroup[i].begun = false;
			continue;
		}
		list[nr] = (struct choice){ .cgroup = i, .look = looks[i] };
		list[nr].look.needed = needed;
		list[nr].look.paced_ms = paced_ms;
		decide(state, config, &policy, &list[nr]);
		list[nr++].state = &state->cgroup[i].control;
	}
	families_end(state, cgroups);
	control_share(list, nr, budget_of(state, config, elapsed_ms), config->rate ?
		      amount_times(config->rate, paced_ms) / 1000 : INT64_MAX, sample->page_size);
	for (int i = 0; i < nr; i++)
		keep_decision(state, &list[i]);
	show(state, &state->shown_wear, state->wear);
	free(looks);
	*choices = list;
	return nr;
}

/* What came of a write: if it is not known, it is all that was asked for. */
static void written(struct state *state, const struct config *config, const struct choice *choice)
{
	num pages = choice->carried_out ? choice->result.count.written : -1;
	struct state_cgroup *cgroup = &state->cgroup[choice->cgroup];

	cgroup->result = choice->result.status;
	if (pages < 0)
		pages = choice->decision.max / choice->look.page_size;
	if (!pages)
		return;
	if (choice->look.frozen)
		choice->state->thawed_to_read = true;
	else
		evidence_written(&choice->state->evidence, choice->look.ages, pages);
	for (int level = 0; level < LEVELS && !choice->look.frozen; level++) {
		struct family *family = family_of(state, config, cgroup->path, level, false);

		if (family)
			evidence_written(&family->evidence, choice->look.ages, pages);
	}
	if (config->wear)
		state->wear -= (double)pages * choice->look.page_size;
	if (state->wear < 0 && config->wear)
		state->wear = 0;
	state->changed = true;
}

void tick_carry_out(struct state *state, const struct config *config, struct choice *choice, int nr,
		    const struct tick_hands *hands)
{
	bool go = true;
	int first = 0;

	while (first < nr && choice[first].cgroup < state->first)
		first++;
	/* What is read back is waited for */
	for (int i = 0; i < 2 * nr; i++) {
		struct choice *next = &choice[(first + i) % nr];
		bool reads = next->decision.action == ACTION_READ;
		bool acts = reads || next->decision.action == ACTION_WRITE;

		if (reads == (i >= nr))
			continue;
		if (acts && go) {
			go = hands->carry_out(hands->data, next);
			state->first = next->cgroup;
		}
		if (acts && go) {
			if (!reads)
				written(state, config, next);
			control_result(next);
		} else if (acts) {
			next->decision.reason = "left out";
		}
		if (acts)
			keep_decision(state, next);
		if (acts || next->changed)
			hands->print(hands->data, next);
	}
	if (go)
		state->first = 0;
}
