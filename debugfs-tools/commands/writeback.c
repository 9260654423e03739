// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl writeback - have the kernel write pages from zswap to swap, and say what came of it.
 *
 * Commands go to the kernel one after the other where progress is shown or free memory is to
 * be looked at in between.
 */
#include "commands/commands.h"
#include "system/amount.h"
#include "ui/format.h"

/*
 * After as much progress is drawn, and --until-free looks again; it asks for no less than the
 * smaller one, because memory that has just become free does not all show at once.  Bytes.
 */
#define STEP_MAX	(64LL << 20)
#define STEP_MIN	(1LL << 20)

struct row {
	const char *outcome, *meaning;
	num pages, bytes;
};

#define ROW(member)	offsetof(struct row, member)

const struct column job_columns[] = {
	{ "OUTCOME", COLUMN_TEXT, true, "what came of the pages", ROW(outcome) },
	{ "PAGES", COLUMN_COUNT, true, "how many", ROW(pages) },
	{ "SIZE", COLUMN_SIZE, true, "page data; compressed bytes in the line \"released\"",
	  ROW(bytes) },
	{ "MEANING", COLUMN_TEXT, true, "the same in words", ROW(meaning) },
};

#define WHERE(member)	offsetof(struct job, member)

const struct option_spec job_options[] = {
	{ "max", 'm', OPTION_SIZE, WHERE(wanted.max),
	  "at most this much page data, in whole pages" },
	{ "max-compressed", 0, OPTION_SIZE, WHERE(wanted.max_compressed),
	  "stop once this much has left the pool, or come back; the last page may go beyond" },
	{ "node", 'N', OPTION_NODES, WHERE(wanted.nodes),
	  "only what belongs to these NUMA nodes" },
	{ "cgroup", 'c', OPTION_CGROUP, WHERE(cgroup),
	  "only this cgroup and those below: path, id, unit or pid:NUMBER" },
	{ "no-descend", 0, OPTION_FLAG, WHERE(wanted.no_descend),
	  "with --cgroup: not those below", .needs = "cgroup" },
	{ "rate", 0, OPTION_SIZE, WHERE(wanted.rate), "at most this much page data a second" },
	{ "quiet", 'q', OPTION_FLAG, WHERE(quiet), "no progress and no summary" },
	{ }
};

static const struct option_spec writeback_options[] = {
	{ "age", 'a', OPTION_AGE, WHERE(wanted.age),
	  "what has been in zswap for at least this long", .excludes = { "bucket" } },
	{ "incompressible", 'i', OPTION_FLAG, WHERE(wanted.incompressible),
	  "only pages that did not compress, and take a whole page of memory each" },
	{ "bucket", 0, OPTION_BUCKETS, WHERE(wanted.bucket),
	  "only these age buckets, instead of --age" },
	{ "dry-run", 0, OPTION_FLAG, WHERE(wanted.dry_run),
	  "count what would be written, write nothing" },
	{ "until-free", 0, OPTION_SIZE, WHERE(until_free),
	  "go on until MemFree is this much (on --node)", .excludes = { "dry-run" } },
	{ }
};

/* Pages that were written, or read back. */
static num done_pages(const struct job *job, const struct result *result)
{
	return job->wanted.readback ? result->count.readback : result->count.written;
}

/* ---- progress ---- */

char *job_progress(num pages, num elapsed_ms, num goal)
{
	num bytes = amount_bytes(pages > 0 ? pages : 0);
	num percent = goal > 0 ? amount_ratio(pages, goal, 100) : 0;
	struct brief size = format_size(bytes);
	struct brief rate = format_size(amount_ratio(bytes, elapsed_ms > 0 ? elapsed_ms : 1, 1000));

	/* Other commands count, too, where debugfs cannot tell. */
	return xasprintf(goal > 0 ? "%s, %s/s, %lld %%" : "%s, %s/s", size.text, rate.text,
			 percent > 100 ? 100 : percent);
}

static void draw(const struct job *job)
{
	autofree char *line = job_progress(done_pages(job, &job->sum),
					   (clock_us() - job->began_us) / 1000, job->goal);

	/* From the left edge, and nothing left behind it of a longer one. */
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
}

/* What there is to be done: the kernel can count it, if it has debugfs. */
static num find_goal(const struct job *job)
{
	struct command dry = job->command;
	struct transaction transaction;

	dry.dry_run = true;
	dry.rate = -1;
	if (!job->wanted.readback && !transaction_run(job->source, &dry, &transaction))
		return transaction.result.count.written;
	return dry.max > 0 ? dry.max / amount_page_size() : 0;
}

/* ---- commands ---- */

/* How much more may be asked for; negative: there is no limit.  Not to know is to be careful. */
static num left_of(num limit, num used)
{
	if (limit < 0)
		return limit;
	return used >= 0 && used < limit ? limit - used : 0;
}

static num least(num limit, num other)
{
	return limit < 0 || other < limit ? other : limit;
}

/* Make the next command.  Returns false if the limits of all together are used up. */
static bool next_command(struct job *job)
{
	const struct command *wanted = &job->wanted;
	num max = left_of(wanted->max, amount_bytes(done_pages(job, &job->sum)));
	num compressed = left_of(wanted->max_compressed, job->sum.count.released_bytes);

	if (job->until_free >= 0)
		compressed = least(compressed, job->missing < STEP_MIN ? STEP_MIN :
				   least(job->missing, STEP_MAX));
	else if (job->progress)
		max = least(max, STEP_MAX);
	job->command.max = max;
	job->command.max_compressed = compressed;
	return compressed && (max < 0 || max >= amount_page_size());
}

/* --until-free: is as much free?  Returns 0 if not, 1 if it is, -ENODATA if that is not known. */
static int is_free(struct job *job)
{
	num available = system_free_memory(job->source, job->command.nodes);

	if (available < 0)
		return -ENODATA;
	job->missing = left_of(job->until_free, available);
	return !job->missing;
}

/* Returns 0, -EAGAIN if there was nothing (left) to do, or another negative errno. */
static int run_commands(struct job *job)
{
	bool until = job->until_free >= 0;
	int error;

	for (;;) {
		error = until ? is_free(job) : 0;
		if (error)
			return error > 0 ? 0 : error;
		if (stop_asked)
			return -EINTR;
		job->used_up = !next_command(job);
		if (job->used_up)
			return until ? -EAGAIN : 0;
		error = transaction_run(job->source, &job->command, &job->last);
		if (job->last.asked && (!error || error == -EAGAIN || error == -EINTR)) {
			transaction_add(&job->sum, &job->last.result);
			job->counted |= job->last.counted;
			job->any = true;
		}
		if (error == -EAGAIN && !until && done_pages(job, &job->sum) > 0)
			return 0;
		if (error)
			return error;
		if (job->progress)
			draw(job);
		/* One that found less than it might have has left nothing to the next */
		if (!until && (!job->progress || amount_bytes(done_pages(job, &job->last.result)) <=
			       job->command.max - amount_page_size()))
			return 0;
	}
}

/* From here on a second Ctrl-C ends the program, as it does anywhere. */
static int carry_out(struct job *job)
{
	int error;

	stop_catch();
	if (job->progress && job->until_free < 0)
		job->goal = find_goal(job);
	job->began_us = clock_us();
	error = run_commands(job);
	if (job->progress)
		fprintf(stderr, "\r\033[K");
	stop_release();
	return error;
}

/* ---- what came of it ---- */

#define COUNT(member)	offsetof(struct counters, member)

static const struct outcome {
	bool readback;
	const char *name;
	size_t where;			/* in struct counters: pages */
	const char *meaning, *color;
} outcomes[] = {
	{ false, "written", COUNT(written), "on the swap device, and out of memory", "green" },
	{ false, "young", COUNT(skipped_young), "younger than asked for" },
	{ false, "busy", COUNT(skipped_busy), "in the swap cache: about to be used" },
	{ false, "protected", COUNT(skipped_protected), "zswap writeback is disabled for their cgroup",
	  "yellow" },
	{ false, "gone", COUNT(skipped_gone), "freed or read back meanwhile" },
	{ false, "failed", COUNT(failed), "no memory, or an error; still there to be read", "red" },
	{ true, "readback", COUNT(readback), "in zswap again", "green" },
	{ true, "corrupted", COUNT(corrupted), "reads of pages damaged on the disk", "red" },
};

static void print_table(struct table *table, const struct job *job)
{
	bool dry = job->command.dry_run;

	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		const struct outcome *outcome = &outcomes[i];
		num pages = *(const num *)((const char *)&job->sum.count + outcome->where);
		struct libscols_line *line;

		if (outcome->readback != job->wanted.readback)
			continue;
		line = table_row(table, NULL, &(struct row){
			outcome->name, dry && !i ? "would be written" : outcome->meaning, pages,
			amount_bytes(pages),
		});
		if (pages > 0 && outcome->color)
			table_color(table, line, "OUTCOME", outcome->color);
	}
	if (!job->wanted.readback)
		table_row(table, NULL, &(struct row){
			"released", dry ? "compressed size of what would be written" :
			"compressed size of what was written: out of the pool", -ENODATA,
			job->sum.count.released_bytes,
		});
	table_print(table);
}

static void say_summary(const struct job *job)
{
	const struct result *sum = &job->sum;
	bool dry = job->command.dry_run;
	autofree char *text = xasprintf("%s %s in %.3f s",
		format_size(amount_bytes(done_pages(job, sum))).text,
		job->wanted.readback ? "read back" : dry ? "would be written, counted" : "written",
		(sum->elapsed_us > 0 ? sum->elapsed_us : 0) / 1e6);

	if (!job->wanted.readback)
		xappend(&text, dry ? "; %s of the pool would be freed" : ", %s of the pool freed",
			format_size(sum->count.released_bytes).text);
	if (!dry && sum->coldest_left >= 0)
		xappend(&text, "; the coldest page left of these is %s old",
			format_age(sum->coldest_left).text);
	say_error("%s", text);
}

static void say_refused(const struct job *job, int error)
{
	autofree char *reason = transaction_reason(job->source, &job->command, &job->last, error);

	if (job->last.asked && job->cgroup)
		say_error("%s: %s", job->cgroup, reason);
	else
		say_error("%s", reason);
}

/* Say how it ended.  Returns the exit status. */
static int conclude(const struct job *job, int error)
{
	bool until = job->until_free >= 0;

	switch (error) {
	case 0:
		if (done_pages(job, &job->sum))
			return EX_DONE;
		if (until) {
			if (!job->quiet)
				say_error("as much is free already: nothing was written");
			return EX_DONE;
		}
		/* fall through */
	case -EAGAIN:
		if (until)
			say_error("%s are missing to %s of free memory: %s",
				  format_size(job->missing).text,
				  format_size(job->until_free).text,
				  job->used_up ? "the limit is used up" : "nothing left to write");
		else
			say_error(job->wanted.readback ? "nothing to read back, or no room for it" :
				  "nothing to write");
		return EX_NOTHING;
	case -EINTR:
		say_error("%s%s", stop_asked ? "interrupted"
					     : "interrupted by the system, which stopped this task",
			  job->any ? "" : ": nothing was done");
		return EX_INTERRUPTED;
	case -ENODATA:
		say_error("unknown: how much memory is free%s",
			  job->command.nodes ? " on these nodes" : "");
		return EX_FAILED;
	default:
		say_refused(job, error);
		if (!job->last.asked)
			return options_exit_status(error);
		return error == -ENOENT ? EX_USAGE :
		       error == -EOPNOTSUPP || error == -ENODEV ? EX_MISSING : EX_FAILED;
	}
}

static int check_usage(const struct job *job)
{
	const struct command *command = &job->wanted;

	if (command->max >= 0 && command->max < amount_page_size())
		say_error("--max: less than a page");
	else if (command->rate >= 0 && command->rate < amount_page_size())
		say_error("--rate: less than a page a second");
	else if (transaction_says_what(command) || job->until_free >= 0 ||
		 (job->wanted.readback && job->cgroup))
		return EX_DONE;
	else if (job->wanted.readback)
		say_error("missing option: what to read back (--cgroup, --node, --max, %s)",
			  "--max-compressed or --rate");
	else
		say_error("missing option: what to write (--age, --max, --max-compressed, %s)",
			  "--bucket, --incompressible or --until-free");
	return EX_USAGE;
}

int job_run(struct context *context, void *data)
{
	struct job *job = data;
	int error, status;

	job->source = &context->source;
	job->command = job->wanted;
	job->sum.coldest_left = -1;
	job->progress = !job->quiet && !job->wanted.dry_run && !context->watch_dumb &&
			!context->source.recorded && isatty(STDERR_FILENO);
	status = check_usage(job);
	if (status == EX_DONE)
		status = options_supported(job->source);
	if (status == EX_DONE)
		status = options_nodes(job->source, job->command.nodes);
	if (status == EX_DONE && job->cgroup)
		status = options_cgroup(job->source, job->cgroup, &job->command.cgroup, NULL);
	if (status != EX_DONE)
		return status;
	error = carry_out(job);
	if (job->any || !error || error == -EAGAIN || error == -EINTR)
		print_table(context->table, job);
	status = conclude(job, error);
	if (job->counted && !job->wanted.readback)
		say_error("without debugfs this is what all commands did meanwhile");
	if (done_pages(job, &job->sum) > 0 && !job->quiet)
		say_summary(job);
	return status;
}

static struct job given = { .wanted = COMMAND_NONE, .until_free = -1 };

const struct subcommand writeback_subcommand = {
	.name = "writeback",
	.summary = "write cold pages from zswap to swap",
	.options = writeback_options,
	.shared = job_options,
	.views = { { VIEW("outcomes", job_columns) } },
	.data = &given,
	.run = job_run,
};
