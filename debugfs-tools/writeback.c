// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl writeback - have the kernel write pages from zswap to swap, and say what came
 * of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "amount.h"
#include "format.h"
#include "options.h"
#include "progress.h"
#include "stop.h"
#include "system.h"
#include "transaction.h"

/*
 * --until-free looks again after as much; and asks for no less, because memory that has just
 * become free does not all show at once.  Bytes.
 */
#define STEP_MAX	(64LL << 20)
#define STEP_MIN	(1LL << 20)

struct writeback {		/* the command line */
	struct command command;
	const char *cgroup;
	num until_free;		/* bytes; negative: not given */
	bool quiet;
};

enum { COL_OUTCOME, COL_PAGES, COL_SIZE, COL_MEANING };

static const struct column columns[] = {
	[COL_OUTCOME] = { "OUTCOME", COLUMN_TEXT, true, "what came of the pages" },
	[COL_PAGES] = { "PAGES", COLUMN_COUNT, true, "how many" },
	[COL_SIZE] = { "SIZE", COLUMN_SIZE, true,
		       "page data; compressed bytes in the line \"released\"" },
	[COL_MEANING] = { "MEANING", COLUMN_TEXT, true, "the same in words" },
};

static const struct view view = {
	.name = "writeback",
	.columns = columns,
	.nr_columns = ARRAY_SIZE(columns),
};

static const struct view *const views[] = { &view, NULL };

static void *new_data(void)
{
	struct writeback *writeback = xcalloc(1, sizeof(*writeback));

	transaction_begin(&writeback->command);
	writeback->until_free = -1;
	return writeback;
}

static int take_age(const char *argument, void *data)
{
	struct writeback *writeback = data;

	return parse_age(argument, &writeback->command.age);
}

/* The kernel rounds down to whole pages and wants one at least. */
static int take_max(const char *argument, void *data)
{
	struct writeback *writeback = data;
	num bytes;
	int error = parse_size(argument, &bytes);

	if (error)
		return error;
	if (bytes < sysconf(_SC_PAGESIZE))
		return -EINVAL;
	writeback->command.max = bytes;
	return 0;
}

static int parse_positive(const char *argument, num *bytes)
{
	num value;
	int error = parse_size(argument, &value);

	if (error)
		return error;
	if (!value)
		return -EINVAL;
	*bytes = value;
	return 0;
}

static int take_max_compressed(const char *argument, void *data)
{
	struct writeback *writeback = data;

	return parse_positive(argument, &writeback->command.max_compressed);
}

static int take_node(const char *argument, void *data)
{
	struct writeback *writeback = data;

	return parse_nodes(argument, &writeback->command.nodes);
}

static int take_cgroup(const char *argument, void *data)
{
	struct writeback *writeback = data;

	writeback->cgroup = argument;
	return 0;
}

static int take_no_descend(const char *argument, void *data)
{
	struct writeback *writeback = data;

	(void)argument;
	writeback->command.descend = false;
	return 0;
}

static int take_incompressible(const char *argument, void *data)
{
	struct writeback *writeback = data;

	(void)argument;
	writeback->command.incompressible = true;
	return 0;
}

/* N, N-M, or N- for all that are at least as cold. */
static int take_bucket(const char *argument, void *data)
{
	struct writeback *writeback = data;
	char *text = xstrdup(argument), *last = strchr(text, '-');
	num min, max;
	int error;

	if (last)
		*last++ = '\0';
	error = parse_number(text, &min);
	max = min;
	if (!error && last && *last)
		error = parse_number(last, &max);
	if (!error && (min > max || max >= AGE_BUCKETS_MAX))
		error = -EINVAL;
	if (!error) {
		writeback->command.bucket_min = min;
		writeback->command.bucket_max = last && !*last ? -1 : max;
	}
	free(text);
	return error;
}

static int take_dry_run(const char *argument, void *data)
{
	struct writeback *writeback = data;

	(void)argument;
	writeback->command.dry_run = true;
	return 0;
}

static int take_until_free(const char *argument, void *data)
{
	struct writeback *writeback = data;

	return parse_positive(argument, &writeback->until_free);
}

static int take_quiet(const char *argument, void *data)
{
	struct writeback *writeback = data;

	(void)argument;
	writeback->quiet = true;
	return 0;
}

static const struct option_spec options[] = {
	{ "age", 'a', "AGE", "what has been in zswap for at least this long: 90s, 30m, 1h, 2d",
	  take_age },
	{ "max", 'm', "SIZE", "write at most this much page data: 64M, 1G", take_max },
	{ "max-compressed", 0, "SIZE", "stop once this much has left the pool",
	  take_max_compressed },
	{ "node", 'N', "LIST", "only what is on these NUMA nodes: 0,2-3", take_node },
	{ "cgroup", 'c', "NAME", "only this cgroup and those below: path, id, unit or pid:NUMBER",
	  take_cgroup },
	{ "no-descend", 0, NULL, "with --cgroup: not those below", take_no_descend },
	{ "incompressible", 'i', NULL, "only pages that did not compress", take_incompressible },
	{ "bucket", 0, "N[-M]", "only these age buckets, instead of --age; N- is N and colder",
	  take_bucket },
	{ "dry-run", 0, NULL, "count what would be written, write nothing", take_dry_run },
	{ "until-free", 0, "SIZE", "go on until this much memory is free (on --node)",
	  take_until_free },
	{ "quiet", 'q', NULL, "no progress and no summary", take_quiet },
	{ }
};

static const int stop_signals[] = { SIGINT, SIGTERM, SIGALRM };

#define NR_STOP_SIGNALS	ARRAY_SIZE(stop_signals)

struct signals {
	struct sigaction old[NR_STOP_SIGNALS];
};

static void signals_begin(struct signals *signals)
{
	for (size_t i = 0; i < NR_STOP_SIGNALS; i++)
		stop_catch(stop_signals[i], &signals->old[i]);
}

/* From here on a second Ctrl-C ends the program, as it does anywhere. */
static void signals_end(const struct signals *signals)
{
	alarm(0);
	for (size_t i = 0; i < NR_STOP_SIGNALS; i++)
		sigaction(stop_signals[i], &signals->old[i], NULL);
}

/* A run of the subcommand. */
struct job {
	const struct source *source;
	const struct writeback *wanted;
	struct command command;		/* the next one, or the last */
	struct transaction last;
	struct result sum;		/* of all of them */
	bool progress;			/* is to be shown */
	bool counted;
	bool any;			/* the kernel has carried out one */
	num missing;			/* --until-free: bytes, after the last look */
	bool used_up;			/* --until-free: --max or --max-compressed */
	bool blind;			/* nobody knows how much memory is free */
};

static bool carried_out(const struct transaction *transaction, int error)
{
	return transaction->asked && (!error || error == -EAGAIN || error == -EINTR);
}

static int command_run(struct job *job)
{
	int error;

	if (stop_asked)
		return -EINTR;
	error = transaction_run(job->source, &job->command, &job->last);
	if (carried_out(&job->last, error)) {
		transaction_add(&job->sum, &job->last.result);
		job->counted |= job->last.counted;
		job->any = true;
	}
	return error;
}

/* What there is to be done: the kernel can count it, if it has debugfs. */
static void find_goal(const struct job *job, struct progress_goal *goal)
{
	struct command dry = job->command;
	struct transaction transaction;

	dry.dry_run = true;
	if (!stop_asked && !transaction_run(job->source, &dry, &transaction)) {
		goal->pages = transaction.result.written;
	} else {
		goal->pages = dry.max > 0 ? dry.max / sysconf(_SC_PAGESIZE) : 0;
		goal->compressed = dry.max_compressed;
	}
}

static int run_once(struct job *job)
{
	struct progress_goal goal = { 0 };
	struct progress *progress = NULL;
	int error;

	if (job->progress) {
		find_goal(job, &goal);
		progress = progress_begin(job->source, &goal);
	}
	error = command_run(job);
	progress_end(progress);
	return error;
}

/* Bytes; the nodes that were asked for. */
static num free_memory(const struct job *job)
{
	struct system system;
	uint64_t nodes = job->command.nodes;
	num bytes;

	system_read(job->source, &system);
	bytes = nodes ? -ENOENT : system.mem_free;
	for (int i = 0; nodes && i < system.nr_nodes; i++) {
		const struct node *node = &system.nodes[i];

		if (node->id < 0 || node->id > 63 || !(nodes >> node->id & 1))
			continue;
		bytes = bytes == -ENOENT ? node->mem_free : amount_add(bytes, node->mem_free);
	}
	system_free(&system);
	return bytes;
}

/* How much more may be asked for; negative: there is no limit.  Not to know is to be careful. */
static num left_of(num limit, num used)
{
	if (limit < 0)
		return limit;
	return used >= 0 && used < limit ? limit - used : 0;
}

/*
 * Make the next command of --until-free.  Returns false if the limits for all commands
 * together are used up.
 */
static bool next_command(struct job *job)
{
	const struct command *wanted = &job->wanted->command;
	num max = left_of(wanted->max, amount_bytes(job->sum.written));
	num compressed = left_of(wanted->max_compressed, job->sum.released_bytes);
	num step = job->missing;

	if (!wanted->dry_run && step > STEP_MAX)
		step = STEP_MAX;
	if (!wanted->dry_run && step < STEP_MIN)
		step = STEP_MIN;
	if (compressed >= 0 && step > compressed)
		step = compressed;
	job->command.max = max;
	job->command.max_compressed = step;
	return step && (max < 0 || max >= sysconf(_SC_PAGESIZE));
}

/*
 * Returns 0 if as much is free, -EAGAIN if there is nothing left that may be written, or
 * another negative errno.
 */
static int go_on_until_free(struct job *job, num available)
{
	bool dry = job->command.dry_run;

	for (;;) {
		int error;

		job->blind = available < 0;
		if (job->blind)
			return available;
		job->missing = left_of(job->wanted->until_free, available);
		if (!job->missing)
			return 0;
		if (stop_asked)
			return -EINTR;
		job->used_up = !next_command(job);
		/* A dry run changes nothing: a second one would count the same pages. */
		if (job->used_up || (dry && job->any))
			return -EAGAIN;
		error = command_run(job);
		if (error)
			return error;
		available = dry ? amount_add(available, job->sum.released_bytes)
				: free_memory(job);
	}
}

static int run_until_free(struct job *job)
{
	num available = free_memory(job);
	struct progress_goal goal = { .compressed = left_of(job->wanted->until_free, available) };
	struct progress *progress = NULL;
	int error;

	if (job->progress && goal.compressed)
		progress = progress_begin(job->source, &goal);
	error = go_on_until_free(job, available);
	progress_end(progress);
	return error;
}

static void print_line(struct table *table, const char *outcome, num pages, num bytes,
		       const char *meaning, const char *color)
{
	struct libscols_line *line = table_line(table, NULL);

	table_text(table, line, COL_OUTCOME, outcome);
	table_number(table, line, COL_PAGES, pages);
	table_number(table, line, COL_SIZE, bytes);
	table_text(table, line, COL_MEANING, meaning);
	if (pages > 0 && color)
		table_color(table, line, COL_OUTCOME, color);
}

static void print_table(struct table *table, const struct job *job)
{
	const struct result *sum = &job->sum;
	bool dry = job->command.dry_run;
	const struct {
		const char *outcome;
		num pages;
		const char *meaning, *color;
	} lines[] = {
		{ "written", sum->written,
		  dry ? "would be written" : "on the swap device, and out of memory", "green" },
		{ "young", sum->skipped_young, "younger than asked for", NULL },
		{ "busy", sum->skipped_busy, "in the swap cache: about to be used", NULL },
		{ "protected", sum->skipped_protected,
		  "zswap writeback is disabled for their cgroup", "yellow" },
		{ "gone", sum->skipped_gone, "freed or read back meanwhile", NULL },
		{ "failed", sum->failed, "no memory, or an error; still there to be read", "red" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		print_line(table, lines[i].outcome, lines[i].pages, amount_bytes(lines[i].pages),
			   lines[i].meaning, lines[i].color);
	print_line(table, "released", -1, sum->released_bytes,
		   dry ? "compressed size of what would be written"
		       : "compressed size of what was written: out of the pool", NULL);
	table_print(table);
}

/* "2.4 s" */
static char *seconds_text(num us)
{
	num tenths = us / 100000;

	return us < 100000 ? xasprintf("%lld ms", us / 1000)
			   : xasprintf("%lld.%lld s", tenths / 10, tenths % 10);
}

static char *size_text(num bytes)
{
	return bytes < 0 ? xstrdup("an unknown amount") : format_size(bytes);
}

static void say_summary(const struct job *job)
{
	const struct result *sum = &job->sum;
	char *written = size_text(amount_bytes(sum->written));
	char *released = size_text(sum->released_bytes);
	char *elapsed = seconds_text(sum->elapsed_us > 0 ? sum->elapsed_us : 0);
	char *left = xstrdup(""), *age;

	if (sum->coldest_left >= 0) {
		free(left);
		age = format_age(sum->coldest_left);
		left = xasprintf("; the coldest page left of these is %s old", age);
		free(age);
	}
	if (job->command.dry_run)
		say_error("%s would be written, %s of the pool be freed", written, released);
	else
		say_error("%s written in %s, %s of the pool freed%s", written, elapsed, released,
			  left);
	free(written);
	free(released);
	free(elapsed);
	free(left);
}

/* Why not one page was written, from what became of them. */
static void say_nothing(const struct result *sum)
{
	const struct {
		num pages;
		const char *what;
	} reasons[] = {
		{ sum->skipped_young, "too young" },
		{ sum->skipped_protected, "protected by memory.zswap.writeback" },
		{ sum->skipped_busy, "busy" },
		{ sum->skipped_gone, "gone meanwhile" },
		{ sum->failed, "failed" },
	};
	char *list = xstrdup("");

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		char *longer;

		if (reasons[i].pages <= 0)
			continue;
		longer = xasprintf("%s%s %lld %s", list, *list ? "," : ":", reasons[i].pages,
				   reasons[i].what);
		free(list);
		list = longer;
	}
	say_error("not one page was there to be written%s", list);
	free(list);
}

static void say_missing(const struct job *job)
{
	char *missing = format_size(job->missing), *goal = format_size(job->wanted->until_free);

	say_error("%s are missing to %s of free memory, and %s", missing, goal,
		  job->used_up ? "the limit for what may be written is used up"
			       : "there is nothing left to be written");
	free(missing);
	free(goal);
}

static void say_refused(const struct job *job, int error)
{
	char *reason = transaction_reason(job->source, &job->command, &job->last, error);

	if (job->last.asked && job->wanted->cgroup)
		say_error("%s: %s", job->wanted->cgroup, reason);
	else
		say_error("%s", reason);
	free(reason);
}

/* Say how it ended.  Returns the exit status. */
static int conclude(const struct job *job, int error)
{
	bool goal = job->wanted->until_free >= 0;

	switch (error) {
	case 0:
		if (job->sum.written)
			return EX_DONE;
		if (goal) {
			if (!job->wanted->quiet)
				say_error("as much is free already: nothing was written");
			return EX_DONE;
		}
		say_nothing(&job->sum);
		return EX_NOTHING;
	case -EAGAIN:
		if (goal)
			say_missing(job);
		else
			say_nothing(&job->sum);
		return EX_NOTHING;
	case -EINTR:
		say_error("%s%s", stop_asked ? "interrupted"
					     : "interrupted by the system, which stopped this task",
			  job->any ? "" : ": nothing was written");
		return EX_INTERRUPTED;
	default:
		if (job->blind) {
			say_error("nobody knows how much memory is free%s",
				  job->command.nodes ? " on these nodes" : "");
			return EX_FAILED;
		}
		say_refused(job, error);
		if (!job->last.asked)
			return options_exit_status(error);
		return error == -EOPNOTSUPP ? EX_MISSING : EX_FAILED;
	}
}

static int check_usage(const struct writeback *writeback)
{
	const struct command *command = &writeback->command;

	if (!transaction_says_what(command) && writeback->until_free < 0)
		say_error("say what to write, with %s",
			  "--age, --max, --max-compressed, --bucket, --incompressible or --until-free");
	else if (command->age >= 0 && command->bucket_min >= 0)
		say_error("--age and --bucket exclude each other");
	else if (!command->descend && !writeback->cgroup)
		say_error("--no-descend needs --cgroup");
	else
		return EX_DONE;
	return EX_USAGE;
}

static bool wants_progress(const struct context *context, const struct writeback *writeback)
{
	return !writeback->quiet && !writeback->command.dry_run && !context->watch_dumb &&
	       !context->source.recorded && isatty(STDERR_FILENO);
}

static int carry_out(struct job *job)
{
	struct signals signals;
	int error;

	signals_begin(&signals);
	error = job->wanted->until_free >= 0 ? run_until_free(job) : run_once(job);
	signals_end(&signals);
	return error;
}

static int run(struct context *context, void *data, int nr, char **argument)
{
	const struct writeback *writeback = data;
	struct job job = {
		.source = &context->source,
		.wanted = writeback,
		.command = writeback->command,
		.last.result.coldest_left = -1,
		.sum.coldest_left = -1,
		.progress = wants_progress(context, writeback),
	};
	struct table *table;
	char *path = NULL;
	int error, status;

	(void)nr;
	(void)argument;
	status = check_usage(writeback);
	if (status)
		return status;
	/* Before anything is done: a wrong --output must not cost a result. */
	table = table_new(&view, &context->output);
	if (!table)
		return EX_USAGE;
	error = system_supported(&context->source);
	if (error) {
		say_error("%s", system_reason(&context->source, error));
		status = options_exit_status(error);
	} else if (writeback->cgroup) {
		status = options_cgroup(&context->source, writeback->cgroup, &job.command.cgroup,
					&path);
	}
	if (!status) {
		error = carry_out(&job);
		if (job.any || !error || error == -EAGAIN || error == -EINTR)
			print_table(table, &job);
		status = conclude(&job, error);
		if (job.counted)
			say_error("without debugfs this is what all commands did meanwhile");
		if (job.sum.written && !writeback->quiet)
			say_summary(&job);
	}
	free(path);
	table_free(table);
	return status;
}

const struct subcommand writeback_subcommand = {
	.name = "writeback",
	.summary = "write cold pages from zswap to swap",
	.arguments = "",
	.options = options,
	.views = views,
	.new_data = new_data,
	.run = run,
};
