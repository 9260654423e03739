// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tick: what happened in each cgroup since the last sample, in itself without its children;
 * what its like have seen; decisions; and the parts of what may be written.
 *
 * Tasks of several cgroups may stall at the same time, so that pressure cannot be subtracted: it
 * is that of the subtree.
 */
#include <math.h>

#include "decide/tick.h"
#include "system/amount.h"

#define DAY_MS		86400000.0
#define HOURS		24
#define LEVELS		2	/* of families: parent and grandparent */
#define MS		1000.0
/* More than any device can do in a tick, and less than what doubles add up exactly */
#define BUDGET_MAX	(1LL << 50)
#define TICK_MAX_MS	600000LL	/* a tick that is later makes no more of a pace or a rate */

/* ---- the last sample ---- */

/* What came of a cgroup since the sample before. */
static void look_back(struct look *look, const struct state_cgroup *now,
		      const struct state_cgroup *before, num elapsed_ms, bool same_bounds)
{
	look->since.refaulted = amount_since(now->refaulted, before->refaulted);
	look->stalled_memory = amount_since(now->stalled_memory, before->stalled_memory);
	look->stalled_io = amount_since(now->stalled_io, before->stalled_io);
	/* Counters that were set back are a first look */
	if (look->since.refaulted != -ESTALE && look->stalled_memory != -ESTALE &&
	    look->stalled_io != -ESTALE)
		look->since.seconds = elapsed_ms / MS;
	for (int b = 0; b < look->since.ages->nr && same_bounds; b++) {
		num loaded = amount_since(now->loaded[b], before->loaded[b]);

		look->since.loaded[b] = loaded > 0 ? loaded : 0;
	}
}

/* Take over what is remembered of a cgroup. */
static void carry_over(struct state_cgroup *now, struct state_cgroup *before, bool same_boot,
		       num now_ms)
{
	now->begun = true;
	now->control = before->control;
	now->reason = before->reason;
	now->result = before->result;
	now->shown = before->shown;
	before->reason = NULL;
	if (same_boot)
		return;
	/* Ages of another boot's clock mean nothing; what was learned does */
	now->control.changed_ms = now_ms;
	now->control.retry_ms = 0;
	now->control.frozen_ms = 0;
	now->control.thawed_to_read = false;
}

/*
 * Take @sample over, and find what happened since the one before: a choice for each cgroup, still
 * without a decision.  Returns the time that has gone by.
 */
static num advance(struct state *state, const struct sample *sample, struct choice *choice)
{
	const struct cgroups *cgroups = &sample->cgroups;
	struct state_cgroup *list = xcalloc(cgroups->nr, sizeof(*list));
	bool same_boot = state->boot_id && !strcmp(state->boot_id, sample->boot_id);
	bool same_bounds = amount_same_bounds(&state->bounds, &sample->bounds);
	num elapsed_ms = same_boot && sample->now_ms > state->now_ms ?
			 sample->now_ms - state->now_ms : 0;

	for (int i = 0; i < cgroups->nr; i++) {
		const struct cgroup *now = &cgroups->cgroup[i];
		struct state_cgroup *before = now->removed ? NULL :
			state_find(state, now->path, same_boot ? now->id : 0);

		list[i] = (struct state_cgroup){
			.path = xstrdup(now->path),
			.id = now->id,
			.refaulted = now->all.refaulted,
			.stalled_memory = now->pressure_memory,
			.stalled_io = now->pressure_io,
		};
		choice[i].cgroup = i;
		choice[i].state = &list[i].control;
		choice[i].look = (struct look){
			.now_ms = sample->now_ms,
			.since.ages = &now->ages,
			.page_size = sample->page_size,
			.off = now->off,
			.frozen = now->frozen > 0,
		};
		for (int b = 0; b < now->ages.nr; b++)
			list[i].loaded[b] = now->ages.bucket[b].loaded;
		if (before)
			look_back(&choice[i].look, &list[i], before, elapsed_ms, same_bounds);
		if (before && before->begun && same_bounds)
			carry_over(&list[i], before, same_boot, sample->now_ms);
	}
	/*
	 * What children had since then is not the parent's.  It is not the counter of its own that
	 * is looked at: with a child that is removed, all of that one's history is in it.
	 */
	cgroups_own(cgroups, &choice->look.since.refaulted, sizeof(*choice));
	state_drop_cgroups(state);
	state->cgroup = list;
	state->nr = cgroups->nr;
	if (!same_bounds) {
		state_drop_families(state);
		state->bounds = sample->bounds;
	}
	free(state->boot_id);
	state->boot_id = xstrdup(sample->boot_id);
	state->now_ms = sample->now_ms;
	return elapsed_ms;
}

/* ---- families ---- */

/* The one that the cgroup at @path belongs to, or NULL.  They are sorted by name. */
static struct family *family_of(struct state *state, const struct config *config, const char *path,
				int level, bool add)
{
	autofree char *name = config_family(config, path, level);
	int low = 0, high = name ? state->nr_families : 0;
	struct family *family;

	while (low < high) {
		int middle = low + (high - low) / 2;

		if (strcmp(state->family[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (name && low < state->nr_families && !strcmp(state->family[low].name, name))
		return &state->family[low];
	if (!name || !add)
		return NULL;
	state->family = xrealloc(state->family, (state->nr_families + 1) * sizeof(*family));
	family = &state->family[low];
	memmove(family + 1, family, (state->nr_families++ - low) * sizeof(*family));
	*family = (struct family){ .name = xstrdup(name) };
	return family;
}

static void family_add(struct family *family, const struct happened *more)
{
	struct happened *happened = &family->happened;

	happened->ages = more->ages;
	happened->seconds = fmax(happened->seconds, more->seconds);
	if (more->refaulted > 0)
		happened->refaulted = amount_add(happened->refaulted, more->refaulted);
	happened->allowed += more->allowed;
	for (int b = 0; b < more->ages->nr; b++)
		happened->loaded[b] += more->loaded[b];
	if (!happened->age || more->age < happened->age)
		happened->age = more->age;
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
		   num anon, struct choice *choice)
{
	struct state_cgroup *cgroup = &state->cgroup[choice->cgroup];
	const struct evidence *known = NULL;
	struct look *look = &choice->look;

	look->since.allowed = model_allowed(policy->target, anon,
					    amount_colder(look->since.ages, 0).pages,
					    look->page_size);
	for (int level = 0; level < LEVELS && !known && !cgroup->begun; level++) {
		struct family *family = family_of(state, config, cgroup->path, level, false);

		if (family && family->evidence.watched > 0)
			known = &family->evidence;
	}
	if (!cgroup->begun) {
		control_begin(policy, &cgroup->control, known, look);
		state->changed = true;
	}
	cgroup->begun = true;
	choice->was_age = cgroup->control.age;
	look->rests = look->frozen && cgroup->control.frozen_ms;
	look->since.age = cgroup->control.age;
	control_decide(policy, &cgroup->control, look, &choice->decision);
	look->since.age = cgroup->control.age;
	for (int level = 0; level < LEVELS; level++) {
		struct family *family = family_of(state, config, cgroup->path, level, true);

		if (!family)
			continue;
		family->evidence.unit = control_unit(policy);
		if (look->since.seconds && !look->rests)
			family_add(family, &look->since);
	}
}

/* What is left of the wear budget: bytes. */
static num budget_of(struct state *state, const struct config *config, num elapsed_ms)
{
	if (!config->wear) {
		state->wear = -1;
		return BUDGET_MAX;
	}
	/* It begins with what an hour brings; what is not used is saved for a day. */
	if (state->wear < 0)
		state->wear = (double)config->wear / HOURS;
	state->wear = fmin(state->wear + config->wear * (elapsed_ms / DAY_MS), config->wear);
	return (num)fmin(state->wear, BUDGET_MAX);
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
	struct choice *choice = xcalloc(cgroups->nr, sizeof(*choice));
	bool needed = config_needed(config, sample->pool, sample->limit, sample->free,
				    sample->total);
	num elapsed_ms = advance(state, sample, choice);
	num paced_ms = fmin(elapsed_ms, fmax(config->interval * 1000, TICK_MAX_MS));
	int nr = 0;

	for (int i = 0; i < cgroups->nr; i++) {
		const struct cgroup *cgroup = &cgroups->cgroup[i];
		struct policy policy;

		if (is_out(cgroup) ||
		    (!state->cgroup[i].begun && !amount_colder(&cgroup->ages, 0).pages))
			continue;
		if (!config_policy(config, cgroup->path, &policy)) {
			state->cgroup[i].begun = false;
			continue;
		}
		choice[nr] = choice[i];
		choice[nr].look.needed = needed;
		choice[nr].look.paced = paced_ms / MS;
		decide(state, config, &policy, cgroup->own.anon, &choice[nr++]);
	}
	families_end(state, cgroups);
	control_share(choice, nr, budget_of(state, config, elapsed_ms), config->rate ?
		      amount_times(config->rate, paced_ms) / 1000 : INT64_MAX, sample->page_size);
	for (int i = 0; i < nr; i++)
		keep_decision(state, &choice[i]);
	show(state, &state->shown_wear, state->wear);
	*choices = choice;
	return nr;
}

/* What came of a write: if it is not known, it is all that was asked for. */
static void written(struct state *state, const struct config *config, const struct choice *choice)
{
	num pages = choice->carried_out ? choice->result.count.written : -1;
	struct state_cgroup *cgroup = &state->cgroup[choice->cgroup];

	if (pages < 0)
		pages = choice->decision.max / choice->look.page_size;
	if (!pages)
		return;
	if (choice->look.frozen)
		choice->state->thawed_to_read = true;
	else
		evidence_written(&choice->state->evidence, choice->look.since.ages, pages,
				 choice->decision.limited);
	for (int level = 0; level < LEVELS && !choice->look.frozen; level++) {
		struct family *family = family_of(state, config, cgroup->path, level, false);

		if (family)
			evidence_written(&family->evidence, choice->look.since.ages, pages,
					 choice->decision.limited);
	}
	if (config->wear)
		state->wear = fmax(state->wear - (double)pages * choice->look.page_size, 0);
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
			state->cgroup[next->cgroup].result = next->result.status;
			if (!reads)
				written(state, config, next);
			control_result(next);
		} else if (acts) {
			next->decision.reason = hands->left_out ?: "left out";
		}
		if (acts)
			keep_decision(state, next);
		if (acts || next->changed)
			hands->print(hands->data, next);
	}
	if (go)
		state->first = 0;
}
