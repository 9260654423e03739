// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl metrics: OpenMetrics 1.0 text on standard output; in a file what node_exporter's textfile
 * collector reads, which is Prometheus' older text format.
 *
 * No type but gauge and counter is written, no timestamp and no exemplar.  The formats differ in
 * what a counter is called that its TYPE and HELP lines are about: OpenMetrics leaves "_total"
 * out.  One series that is there twice makes the collector drop the whole file: names of cgroups
 * are checked for that.
 */
#include <sys/stat.h>

#include "system/amount.h"
#include "commands/commands.h"
#include "ui/format.h"

struct metrics {
	const char *file, *state;
	bool cgroups;
	num cold;

	FILE *out;
	bool older;			/* Prometheus' format */
	const char *family;		/* the one that is being written */
	const struct source *source;
	struct state daemon;		/* what it remembers; empty: there is none */
	num error;			/* the first one */
	struct reasons left_out;
};

#define WHERE(member)	offsetof(struct metrics, member)

static const struct option_spec options[] = {
	{ "file", 'f', OPTION_FILE, WHERE(file), "replace FILE instead of writing to standard output" },
	{ "cgroups", 0, OPTION_FLAG, WHERE(cgroups), "add what each cgroup has in zswap" },
	{ "state", 0, OPTION_FILE, WHERE(state),
	  "the daemon's state, for what it decided (" DAEMON_STATE ", if it is there)" },
	{ "cold", 0, OPTION_AGE, WHERE(cold), "with --cgroups: what counts as cold (5m)",
	  .needs = "cgroups" },
	{ }
};

static struct metrics given = { .cold = COLD_DEFAULT };

/* Samples of @name that were to come from @file are left out. */
static void leave_out(struct metrics *metrics, const char *name, const char *file, num error)
{
	if (!metrics->error)
		metrics->error = error;
	reasons_add(&metrics->left_out, system_reason_for(metrics->source, file, error), name);
}

/* @text as the value of a label: valid UTF-8, \ " and newline escaped. */
static void put_label(struct metrics *metrics, char before, const char *name, const char *text)
{
	autofree char *valid = utf8_copy(text);

	fprintf(metrics->out, "%c%s=\"", before, name);
	for (const char *c = valid; *c; c++) {
		if (*c == '\\' || *c == '"' || *c == '\n')
			putc('\\', metrics->out);
		putc(*c == '\n' ? 'n' : *c, metrics->out);
	}
	putc('"', metrics->out);
}

/*
 * All samples of a family come in a row.  The unit is what the name ends with; @help begins
 * with a small letter; @file: where @value is from.  Then names of labels and their values, up to
 * a NULL; without a value there is no such label.
 */
static void put_sample(struct metrics *metrics, const char *name, bool level, const char *help,
		       const char *file, num value, ...)
{
	static const char *const units[] = { "bytes", "pages", "reads", "seconds" };
	const char *total = level ? "" : "_total", *about = metrics->older ? total : "";
	const char *label, *text, *unit = strrchr(name, '_') + 1;
	char before = '{';
	va_list args;

	if (value < 0) {
		leave_out(metrics, name, file, value);
		return;
	}
	if (!metrics->family || strcmp(metrics->family, name)) {
		metrics->family = name;
		fprintf(metrics->out, "# TYPE %s%s %s\n", name, about, level ? "gauge" : "counter");
		for (size_t i = 0; i < ARRAY_SIZE(units) && !metrics->older; i++) {
			if (!strcmp(unit, units[i]))
				fprintf(metrics->out, "# UNIT %s %s\n", name, unit);
		}
		fprintf(metrics->out, "# HELP %s%s %c%s.\n", name, about, *help - 'a' + 'A', help + 1);
	}
	fprintf(metrics->out, "%s%s", name, total);
	va_start(args, value);
	while ((label = va_arg(args, const char *))) {
		text = va_arg(args, const char *);
		if (text)
			put_label(metrics, before, label, text);
		before = text ? ',' : before;
	}
	va_end(args);
	fprintf(metrics->out, "%s %lld\n", before == ',' ? "}" : "", value);
}

/* One of what an older kernel may lack without anything being amiss. */
static void put_counter(struct metrics *metrics, const struct counter *counter, const char *file,
			const void *base, const char *node, const char *min_age,
			const char *cgroup)
{
	num value = counter_value(base, counter);

	if (!counter->metric || (value == -ENOENT && counter->flags & COUNTER_OPTIONAL))
		return;
	put_sample(metrics, counter->metric, counter->flags & COUNTER_LEVEL,
		   counter->help ?: counter->column.help, file, value, "cgroup", cgroup,
		   "node", node, "reason", counter->label, "min_age_seconds", min_age, NULL);
}

static struct brief decimal(num value)
{
	struct brief brief;

	sprintf(brief.text, "%lld", value);
	return brief;
}

static void put_system(struct metrics *metrics, const struct system *system)
{
	if (system->compressor)
		put_sample(metrics, "zswap_compressor", true,
			   "the algorithm that new pages are compressed with", "", 1,
			   "compressor", system->compressor, NULL);
	put_sample(metrics, "zswap_page_size_bytes", true, "size of a page", "",
		   amount_page_size(), NULL);
	put_sample(metrics, "zswap_pool_limit_bytes", true, "memory that the pool may take",
		   SYS_PARAMETERS "/max_pool_percent", system_limit(system), NULL);
	for (int i = 0; i < NR_ZSWAP; i++)
		put_counter(metrics, &zswap_counters[i], system_file(&zswap_counters[i]), system,
			    NULL, NULL, NULL);
}

/* The nodes add up to what the kernel counts for the system: that is left out. */
static void put_stats(struct metrics *metrics, const struct system *system)
{
	for (int i = 0; i < NR_STATS; i++) {
		const struct counter *counter = &stats_counters[i];

		if (counter->flags & COUNTER_SYSTEM)
			put_counter(metrics, counter, SYS_ZSWAP "/stats", &system->counters, NULL,
				    NULL, NULL);
		for (int n = 0; n < system->nr_nodes && !(counter->flags & COUNTER_SYSTEM); n++)
			put_counter(metrics, counter, SYS_ZSWAP "/node", &system->nodes[n].counters,
				    decimal(system->nodes[n].id).text, NULL, NULL);
	}
}

static void put_buckets(struct metrics *metrics, const struct system *system)
{
	static const char file[] = SYS_DEBUGFS "/age_buckets";

	for (int n = 0; n < system->nr_nodes; n++) {
		if (system->nodes[n].ages_error)
			leave_out(metrics, "zswap_age_bucket_*", file, system->nodes[n].ages_error);
	}
	for (int i = 0; i < NR_AGE_COUNTERS; i++) {
		for (int n = 0; n < system->nr_nodes; n++) {
			const struct node *node = &system->nodes[n];

			for (int b = 0; b < node->ages.nr; b++)
				put_counter(metrics, &age_counters[i], file, &node->ages.bucket[b],
					    decimal(node->id).text,
					    decimal(node->ages.bucket[b].min_age).text, NULL);
		}
	}
}

struct cgroup_sample {
	const char *name;	/* its path in UTF-8 */
	num pages, bytes, cold, written, refaulted;
};

#define SAMPLE(member)	NULL, offsetof(struct cgroup_sample, member)

/* A cgroup that is gone has no written and refaulted ones any more. */
static const struct counter cgroup_counters[] = {
	{ SAMPLE(pages), COUNTER_LEVEL,
	  { .help = "pages of the cgroup in zswap, without those of its descendants" },
	  "zswap_cgroup_pages" },
	{ SAMPLE(bytes), COUNTER_LEVEL, { .help = "their compressed size" }, "zswap_cgroup_bytes" },
	{ SAMPLE(cold), COUNTER_LEVEL,
	  { .help = "compressed size of those that are min_age_seconds old or older" },
	  "zswap_cgroup_cold_bytes" },
	{ SAMPLE(written), COUNTER_OPTIONAL,
	  { .help = "pages that commands wrote, with those of descendants" },
	  "zswap_cgroup_written_pages" },
	{ SAMPLE(refaulted), COUNTER_OPTIONAL,
	  { .help = "pages of those that were read back on demand, with those of descendants" },
	  "zswap_cgroup_refaulted_pages" },
};

/* Sorted by name, each once: one that was removed may have the name of another.  Returns how many. */
static int cgroup_samples(const struct cgroups *cgroups, num cold, struct cgroup_sample *sample)
{
	int nr = 0;

	for (int i = 0; i < cgroups->nr; i++) {
		const struct cgroup *cgroup = &cgroups->cgroup[i];
		struct age_bucket total = amount_colder(&cgroup->ages, 0);
		const struct cgroup_sample new = {
			cgroup->path, total.pages, total.bytes,
			amount_colder(&cgroup->ages, cold).bytes, cgroup->all.written,
			cgroup->all.refaulted,
		};

		if (!total.pages && cgroup->all.written <= 0)
			continue;
		if (nr && !strcmp(sample[nr - 1].name, new.name))
			counters_add(cgroup_counters, ARRAY_SIZE(cgroup_counters), &sample[nr - 1],
				     &new);
		else
			sample[nr++] = new;
	}
	return nr;
}

static void put_cgroups(struct metrics *metrics)
{
	static const char file[] = SYS_DEBUGFS "/age_buckets_cgroup";
	autofree struct cgroup_sample *sample = NULL;
	struct cgroups cgroups;
	int nr, error = cgroups_read(metrics->source, UINT64_MAX, &cgroups);

	if (error) {
		leave_out(metrics, "zswap_cgroup_*", file, error);
		return;
	}
	options_say_foreign(&cgroups);
	cgroups_read_details(metrics->source, &cgroups);
	sample_utf8_paths(&cgroups);
	sample = xcalloc(cgroups.nr, sizeof(*sample));
	nr = cgroup_samples(&cgroups, metrics->cold, sample);
	for (size_t i = 0; i < ARRAY_SIZE(cgroup_counters); i++) {
		bool aged = cgroup_counters[i].where == offsetof(struct cgroup_sample, cold);

		for (int c = 0; c < nr; c++)
			put_counter(metrics, &cgroup_counters[i], file, &sample[c], NULL,
				    aged ? decimal(metrics->cold).text : NULL, sample[c].name);
	}
	cgroups_free(&cgroups);
}

static const struct {
	const char *metric, *help;
	size_t where;			/* in struct state_cgroup: pages a minute; 0: the age */
} daemon_metrics[] = {
	{ "zswap_daemon_cgroup_age_seconds",
	  "the age from which on the daemon writes, and its last reason", 0 },
	{ "zswap_daemon_cgroup_forecast_pages", "pages a minute that this may bring back",
	  offsetof(struct state_cgroup, shown.forecast) },
	{ "zswap_daemon_cgroup_measured_pages", "pages a minute that came back lately",
	  offsetof(struct state_cgroup, shown.measured) },
	{ "zswap_daemon_cgroup_allowed_pages", "pages a minute that may come back",
	  offsetof(struct state_cgroup, shown.allowed) },
};

static void put_daemon_cgroup(struct metrics *metrics, const struct state_cgroup *cgroup, int m)
{
	size_t where = daemon_metrics[m].where;
	double value = where ? *(const double *)((const char *)cgroup + where) :
		       cgroup->control.age;

	/* Negative: not known, and left out */
	if (cgroup->begun && value >= 0)
		put_sample(metrics, daemon_metrics[m].metric, true, daemon_metrics[m].help, "",
			   (num)(value + 0.5), "cgroup", cgroup->path, "reason",
			   where ? NULL : cgroup->reason ?: "", NULL);
}

/* It is read before there is anything else: to read it takes memory.  Returns an exit status. */
static int read_daemon(struct metrics *metrics)
{
	autofree char *message = NULL;
	const char *file = metrics->state ? metrics->state : DAEMON_STATE;
	int error;

	state_begin(&metrics->daemon);
	if (metrics->source->recorded && !metrics->state)
		return EX_DONE;
	error = state_load(file, &metrics->daemon, &message);
	return !error || (error == -ENOENT && !metrics->state) ? EX_DONE :
	       options_say_file(file, message, error);
}

/* What the daemon last decided, where there is one; paths in its state are UTF-8, each once. */
static void put_daemon(struct metrics *metrics)
{
	const struct state *state = &metrics->daemon;
	const char *file = metrics->state ? metrics->state : DAEMON_STATE;
	num since, overdue = state_overdue_ms(metrics->source, file);

	if (!state->boot_id)
		return;
	put_sample(metrics, "zswap_daemon_running", true,
		   "1 if the daemon is alive, whether its looks succeed or not", "", overdue >= 0, NULL);
	if (overdue >= 0) {
		put_sample(metrics, "zswap_daemon_look_failed", true,
			   "1 if the last look of the daemon failed, with the reason", "",
			   !!state->failing, "reason", state->failing, NULL);
		put_sample(metrics, "zswap_daemon_look_overdue_seconds", true,
			   "time awake by which a look of the daemon is overdue, 0 for the first ten intervals",
			   "", (overdue + 999) / 1000, NULL);
	}
	since = state_since_ms(metrics->source, state);
	if (since >= 0)
		put_sample(metrics, "zswap_daemon_state_age_seconds", true,
			   "time awake since the daemon last had something new to say", "",
			   since / 1000, NULL);
	if (state->wear >= 0)
		put_sample(metrics, "zswap_daemon_budget_bytes", true,
			   "page data that the daemon may still write", "", (num)state->wear, NULL);
	for (size_t m = 0; m < ARRAY_SIZE(daemon_metrics) && metrics->cgroups; m++) {
		for (int i = 0; i < state->nr; i++)
			put_daemon_cgroup(metrics, &state->cgroup[i], m);
	}
}

static void put_all(struct metrics *metrics)
{
	struct system system;

	system_read(metrics->source, &system);
	put_system(metrics, &system);
	put_stats(metrics, &system);
	put_buckets(metrics, &system);
	system_free(&system);
	if (metrics->cgroups)
		put_cgroups(metrics);
	put_daemon(metrics);
	if (!metrics->older)
		fputs("# EOF\n", metrics->out);
}

/* Returns 0 or a negative errno. */
static int put_out(const struct metrics *metrics, const char *text, size_t length)
{
	struct stat st;
	FILE *out;
	int error = 0;

	if (metrics->file && (lstat(metrics->file, &st) || S_ISREG(st.st_mode)))
		return replace_file(metrics->file, text, length, 0644);
	/* A device, a pipe: it is written into, never replaced */
	out = metrics->file ? fopen(metrics->file, "we") : stdout;
	if (!out)
		return -errno;
	errno = 0;
	if (fwrite(text, 1, length, out) != length)
		error = errno ? -errno : -EIO;
	/* options_main() looks after standard output */
	if (!metrics->file)
		return 0;
	return fclose(out) && !error ? -errno : error;
}

static int run(struct context *context, void *data)
{
	autofree char *text = NULL;
	struct metrics *metrics = data;
	int error, result;
	size_t length = 0;

	if (source_exists(&context->source, SYS_PARAMETERS)) {
		say_error("this kernel has no zswap");
		return EX_MISSING;
	}
	if (metrics->file && !strcmp(metrics->file, "-"))
		metrics->file = NULL;
	metrics->source = &context->source;
	result = read_daemon(metrics);
	metrics->out = xchecked(open_memstream(&text, &length));
	metrics->older = metrics->file;
	put_all(metrics);
	state_free(&metrics->daemon);
	/* Memory is what it can fail with */
	xchecked(fclose(metrics->out) ? NULL : text);

	if (system_supported(&context->source)) {
		say_error("this kernel has no proactive zswap writeback");
		result = EX_MISSING;
	}
	reasons_say(&metrics->left_out, "left out: ");
	if (metrics->error && !result)
		result = options_exit_status(metrics->error);
	error = put_out(metrics, text, length);
	if (error) {
		say_error("%s: %s", metrics->file, strerror(-error));
		result = EX_FAILED;
	}
	return result;
}

const struct subcommand metrics_subcommand = {
	.name = "metrics",
	.summary = "all of it as OpenMetrics text, or for node_exporter's textfile collector",
	.options = options,
	.data = &given,
	.run = run,
};
