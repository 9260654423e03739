// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl record: add how old what is in zswap is now to a small file, which ages --history draws.
 */
#include <sys/stat.h>

#include "commands/commands.h"
#include "decide/history.h"
#include "system/amount.h"

struct record {
	const char *file;
	num keep;
};

static const struct option_spec options[] = {
	{ "file", 'f', OPTION_FILE, offsetof(struct record, file),
	  "the file (" HISTORY_FILE "); with --root it must be given" },
	{ "keep", 0, OPTION_COUNT, offsetof(struct record, keep),
	  "make a new file for N samples (1440), 1K each: then the oldest one goes" },
	{ }
};

static struct record given;

static int run(struct context *context, void *data)
{
	autofree char *message = NULL;
	const struct source *source = &context->source;
	const struct record *record = data;
	const char *file = record->file ? record->file : HISTORY_FILE;
	struct history_sample sample = {
		.time = time(NULL),
		.awake_ms = sample_awake_ms(source),
		.page_size = amount_page_size(),
	};
	int error;

	if ((source->recorded && !record->file) || record->keep > HISTORY_MAX) {
		say_error(record->file ? "--keep: at most %d" : "--root needs --file", HISTORY_MAX);
		return EX_USAGE;
	}
	error = system_read_ages(source, SYS_DEBUGFS "/age_buckets", &sample.ages);
	if (error)
		return options_say_unreadable(source, error);
	if (!record->file)
		mkdir(DAEMON_DIRECTORY, 0700);
	error = history_add(file, record->keep, &sample, &message);
	if (!error && message)
		say_error("%s: %s", file, message);
	return error ? options_say_file(file, message, error) : EX_DONE;
}

const struct subcommand record_subcommand = {
	.name = "record",
	.summary = "add the ages of now to a small file, for ages --history",
	.options = options,
	.data = &given,
	.run = run,
};
