// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl plan - propose an age for each cgroup, and show why; decide/model.h has the reasoning,
 * and is what the daemon goes by.
 *
 * Each cgroup is looked at by itself, without those below it.  The evidence is the daemon's, where
 * there is one; otherwise what the kernel has counted since boot.
 */
#include "commands/commands.h"
#include "system/amount.h"
#include "ui/format.h"

struct plan {			/* the command line */
	num target;		/* ppm a minute */
	num bytes;		/* compressed; negative: not given */
	num min_age;		/* seconds; negative: not given */
	const char *cgroup, *state;

	struct sample sample;
	struct state daemon;	/* what it remembers; empty: there is none */
	int nr;
	struct item *items;
};

/* A cgroup that has pages in zswap, and its line. */
struct item {
	const struct cgroup *cgroup;
	const char *obstacle;	/* why nothing can be written, or NULL */
	char *path;
	const char *basis, *reason, *command;
	struct evidence evidence;
	double allowed, forecast; /* pages a minute */
	num id, pace;
	num age;		/* proposed; negative: none */
	struct age_bucket sum;	/* from the age on */
};

#define ROW(member)	offsetof(struct item, member)

static const struct column columns[] = {
	{ "CGROUP", COLUMN_PATH, true, "path of the cgroup: without those below", ROW(path) },
	{ "ID", COLUMN_COUNT, false, "its id", ROW(id) },
	{ "AGE", COLUMN_AGE, true, "proposed age; - if there is none, for the REASON", ROW(age) },
	{ "PAGES", COLUMN_COUNT, false, "pages that are as old", ROW(sum.pages) },
	{ "SIZE", COLUMN_PAGES, true, "the same in bytes: what would be written", ROW(sum.pages) },
	{ "FREES", COLUMN_SIZE, true, "their compressed bytes: what would leave the pool",
	  ROW(sum.bytes) },
	{ "FORECAST", COLUMN_RATE, true, "pages a minute that are expected to come back",
	  ROW(forecast) },
	{ "ALLOWED", COLUMN_RATE, true, "pages a minute that may come back", ROW(allowed) },
	{ "PACE", COLUMN_SIZE, false, "page data a minute that the daemon would write at most",
	  ROW(pace) },
	{ "BASIS", COLUMN_TEXT, true,
	  "what the forecast goes by: daemon, kernel (counts since boot), or nothing", ROW(basis) },
	{ "REASON", COLUMN_TEXT, true,
	  "why nothing younger: over target, not watched, min-age, enough; or protected, removed",
	  ROW(reason) },
	{ "COMMAND", COLUMN_TEXT, false, "what writes them", ROW(command) },
};

#define WHERE(member)	offsetof(struct plan, member)

static const struct option_spec options[] = {
	{ "target-refault", 'T', OPTION_REFAULTS, WHERE(target),
	  "refaults to accept, of anonymous and shared memory (0.2%/min)" },
	{ "target-bytes", 0, OPTION_SIZE, WHERE(bytes),
	  "or: compressed bytes to free, by one age for all", .excludes = { "target-refault" } },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(cgroup),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "min-age", 0, OPTION_AGE, WHERE(min_age),
	  "propose nothing younger (5m; with --target-bytes 0)" },
	{ "state", 0, OPTION_FILE, WHERE(state),
	  "the daemon's state, for its evidence (" DAEMON_STATE ", if it is there)" },
	{ }
};

static struct plan given = { .target = 2000, .bytes = -1, .min_age = -1 };

/* ---- evidence ---- */

static const struct state_cgroup *find_state(const struct plan *plan, const struct cgroup *cgroup)
{
	const struct state *state = &plan->daemon;
	const struct state_cgroup *known = NULL;

	if (state->boot_id && !strcmp(state->boot_id, plan->sample.boot_id) &&
	    amount_same_bounds(&state->bounds, &plan->sample.bounds))
		known = state_find(state, cgroup->path, cgroup->id);
	return known && known->begun ? known : NULL;
}

/* What the kernel counted since boot; how old the cgroup is, it does not tell. */
static void count_evidence(const struct plan *plan, struct item *item)
{
	const struct age_table *system = &plan->sample.bounds;
	const struct cgroup *cgroup = item->cgroup;
	struct happened happened = {
		.seconds = plan->sample.now_ms / 1000.0,
		.ages = &plan->sample.bounds,
		.refaulted = cgroup->own.refaulted > 0 ? cgroup->own.refaulted : 0,
		.allowed = item->allowed,
	};
	bool loaded = false;

	item->evidence.unit = plan->min_age > 1 ? plan->min_age : 1;
	/* Which ages came back is known of the system only */
	for (int b = 0; b < system->nr && b < cgroup->ages.nr; b++) {
		if (system->bucket[b].refaulted > 0)
			item->evidence.out[b] = system->bucket[b].refaulted;
		if (cgroup->ages.bucket[b].loaded >= 0)
			loaded = true;
		if (cgroup->ages.bucket[b].loaded > 0)
			happened.loaded[b] = cgroup->ages.bucket[b].loaded;
	}
	evidence_update_mean(&item->evidence, &happened);
	if (cgroup->own.written > item->evidence.tried)
		item->evidence.tried = cgroup->own.written;
	item->basis = loaded || cgroup->own.written > 0 ? "kernel" : "nothing";
}

/* The sample's is UTF-8; one that was not has to be what can be typed.  To be freed. */
static char *path_of(const struct source *source, const struct cgroup *cgroup)
{
	autofree char *id = xasprintf("%" PRIu64, cgroup->id);
	char *path = NULL;
	uint64_t found;

	if (strstr(cgroup->path, "\xef\xbf\xbd"))
		cgroup_resolve(source, id, &found, &path);
	return path ? path : xstrdup(cgroup->path);
}

static void add_item(struct plan *plan, const struct source *source, const struct cgroup *cgroup,
		     num pages)
{
	struct item *item = &plan->items[plan->nr++];
	const struct state_cgroup *known = find_state(plan, cgroup);

	*item = (struct item){
		.cgroup = cgroup, .path = path_of(source, cgroup), .id = cgroup->id, .age = -1,
	};
	item->allowed = model_allowed(plan->target, cgroup->own.anon, pages,
				      plan->sample.page_size);
	if (cgroup->removed)
		item->obstacle = "removed";
	else if (cgroup->off)
		item->obstacle = "protected";
	if (known) {
		item->evidence = known->control.evidence;
		item->basis = "daemon";
	} else {
		count_evidence(plan, item);
	}
}

/* ---- choosing ---- */

/* The lowest age within the target; the coldest is what there is when none will do. */
static num age_by_refaults(const struct plan *plan, const struct item *item)
{
	const struct age_table *ages = &plan->sample.bounds;
	num age = model_age(&item->evidence, ages, item->allowed, plan->min_age,
			    ages->bucket[ages->nr - 1].min_age);

	return age < plan->min_age ||
	       model_forecast(&item->evidence, ages, age) > item->allowed ? -1 : age;
}

/* The highest age that frees as much, for all; *@found: what it frees. */
static num age_by_bytes(const struct plan *plan, num *found)
{
	const struct age_table *ages = &plan->sample.bounds;
	num age = plan->min_age;

	*found = 0;
	for (int b = ages->nr - 1; b >= 0 && *found < plan->bytes; b--) {
		if (ages->bucket[b].min_age < plan->min_age)
			break;
		age = ages->bucket[b].min_age;
		for (int i = 0; i < plan->nr; i++) {
			const struct item *item = &plan->items[i];

			if (!item->obstacle)
				*found = amount_add(*found, item->cgroup->ages.bucket[b].bytes);
		}
	}
	return age;
}

/* Returns an exit status: EX_NOTHING if nothing, or too little, can be proposed. */
static int choose(struct plan *plan)
{
	bool by_bytes = plan->bytes >= 0;
	num found = 0, age = by_bytes ? age_by_bytes(plan, &found) : -1;
	bool proposed = false, old = false;

	for (int i = 0; i < plan->nr; i++) {
		struct item *item = &plan->items[i];

		if (item->obstacle)
			continue;
		old |= amount_oldest(&item->cgroup->ages) >= plan->min_age;
		item->age = by_bytes ? age : age_by_refaults(plan, item);
		if (item->age >= 0)
			item->sum = amount_colder(&item->cgroup->ages, item->age);
		if (!item->sum.pages)
			item->age = -1;
		proposed |= item->age >= 0;
	}
	if (found < plan->bytes)
		say_error("%s not found: what may be written and is at least %s old has %s",
			  format_size(plan->bytes).text, format_age(age).text,
			  format_size(found).text);
	else if (!plan->nr)
		say_error("nothing found in zswap");
	else if (!old)
		say_error("nothing that may be written is at least %s old",
			  format_age(plan->min_age).text);
	else if (!proposed)
		say_error("no age is within the target");
	return proposed && found >= plan->bytes ? EX_DONE : EX_NOTHING;
}

/* ---- output ---- */

/* Why nothing younger than what is proposed; where that is nothing, why not its oldest pages. */
static const char *reason(const struct plan *plan, const struct item *item)
{
	const struct age_table *ages = &plan->sample.bounds;
	num next = item->age < 0 ? amount_oldest(&item->cgroup->ages) :
		   model_younger(ages, item->age, plan->min_age);

	if (item->obstacle)
		return item->obstacle;
	if (next < plan->min_age || next == item->age)
		return "min-age";
	if (plan->bytes >= 0)
		return "enough";
	return model_forecast(&item->evidence, ages, next) > item->allowed ? "over target" :
	       "not watched";
}

static void put_item(struct table *table, const struct plan *plan, struct item *item)
{
	autofree char *command = NULL;

	/* By its id: a path may have any character */
	if (item->age >= 0)
		command = xasprintf("zswapctl writeback --age %lld --cgroup %lld --no-descend",
				    item->age, item->id);
	item->command = command;
	item->forecast = item->age < 0 ? -1 :
		model_forecast(&item->evidence, &plan->sample.bounds, item->age);
	item->reason = reason(plan, item);
	item->pace = item->age < 0 ? -1 :
		(num)(item->allowed / model_share(&item->evidence, item->allowed) *
		      plan->sample.page_size);
	table_row(table, NULL, item);
}

/* Returns 0 or a negative errno. */
static int look(struct plan *plan, const struct source *source, const char *top)
{
	const struct cgroups *cgroups = &plan->sample.cgroups;
	const char *path;
	int error = sample_read(source, &plan->sample, &path);

	if (error)
		return error;
	plan->items = xcalloc(cgroups->nr, sizeof(*plan->items));
	for (int i = 0; i < cgroups->nr; i++) {
		num pages = amount_colder(&cgroups->cgroup[i].ages, 0).pages;

		if (pages && cgroup_is_within(cgroups->cgroup[i].path, top))
			add_item(plan, source, &cgroups->cgroup[i], pages);
	}
	return 0;
}

static int run(struct context *context, void *data)
{
	const struct source *source = &context->source;
	const char *list = context->output.list;
	bool commands = list && !strcasecmp(list, "COMMAND");
	autofree char *path = NULL, *top = NULL, *message = NULL;
	int error = system_supported(source), status = EX_DONE;
	struct plan *plan = data;
	uint64_t id;

	if (plan->min_age < 0)
		plan->min_age = plan->bytes < 0 ? 300 : 0;
	if (!error && plan->cgroup)
		status = options_cgroup(source, plan->cgroup, &id, &path);
	if (status)
		return status;
	/* Another system's evidence has nothing to do with a recorded tree */
	if (plan->state || !source->recorded)
		status = state_load(plan->state ?: DAEMON_STATE, &plan->daemon, &message);
	if (status && plan->state)
		return options_say_file(plan->state, message, status);
	/* As the sample has paths */
	top = utf8_copy(path ? path : "/");
	if (!error)
		error = look(plan, source, top);
	if (error)
		return options_say_unreadable(source, error);
	options_say_foreign(&plan->sample.cgroups);
	status = choose(plan);
	for (int i = 0; i < plan->nr; i++) {
		/* What is there for a shell has no empty lines */
		if (!commands || plan->items[i].age >= 0)
			put_item(context->table, plan, &plan->items[i]);
	}
	table_print(context->table);
	return status;
}

const struct subcommand plan_subcommand = {
	.name = "plan",
	.summary = "propose an age for each cgroup, and show why",
	.options = options,
	.views = { { VIEW("plan", columns) } },
	.data = &given,
	.run = run,
};
