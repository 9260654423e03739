// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon --status: is it alive, and what did it last decide about each cgroup?
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/commands.h"
#include "decide/state.h"
#include "ui/format.h"

enum { CGROUP, ID, AGE, FORECAST, MEASURED, ALLOWED, DEBT, REASON, NR_COLUMNS };

static const struct column columns[NR_COLUMNS] = {
	[CGROUP] = { "CGROUP", COLUMN_PATH, true, "its path" },
	[ID] = { "ID", COLUMN_COUNT, false, "the kernel's number for it" },
	[AGE] = { "AGE", COLUMN_AGE, true, "the age from which on pages are written" },
	[FORECAST] = { "FORECAST", COLUMN_RATIO, true, "pages a minute that this may bring back" },
	[MEASURED] = { "MEASURED", COLUMN_RATIO, true, "pages a minute that came back lately" },
	[ALLOWED] = { "ALLOWED", COLUMN_RATIO, true, "pages a minute that may come back" },
	[DEBT] = { "DEBT", COLUMN_COUNT, false, "pages that came back beyond that, not yet paid off" },
	[REASON] = { "REASON", COLUMN_TEXT, true, "why it last did what it did" },
};

const struct view daemon_view = {
	.name = "cgroups", .columns = columns, .nr_columns = NR_COLUMNS,
};

static void put_cgroup(struct table *table, const struct state_cgroup *cgroup)
{
	struct libscols_line *line;

	if (!cgroup->begun)
		return;
	line = table_line(table, NULL);
	table_text(table, line, CGROUP, cgroup->path);
	table_number(table, line, ID, cgroup->id);
	table_number(table, line, AGE, cgroup->control.age);
	table_rate(table, line, FORECAST, cgroup->forecast);
	table_rate(table, line, MEASURED, cgroup->measured);
	table_rate(table, line, ALLOWED, cgroup->allowed);
	table_number(table, line, DEBT, (num)cgroup->control.debt);
	table_text(table, line, REASON, cgroup->reason);
}

int daemon_status(const struct context *context, const char *path)
{
	const struct source *source = &context->source;
	struct table *table = table_new(&daemon_view, &context->output);
	int lock, error, result = EX_DONE;
	struct state state;
	char *message, *budget;

	if (!table)
		return EX_USAGE;
	/* What is not there is not made */
	lock = source_exists(source, path) ? -ENOENT : state_lock(path);
	error = state_load(path, &state, &message);
	if (error) {
		say_error("%s: %s", path, message ? message : strerror(-error));
		result = options_exit_status(error);
	}
	free(message);
	for (int i = 0; i < state.nr; i++)
		put_cgroup(table, &state.cgroup[i]);
	table_print(table);
	budget = format_size((num)state.wear);
	if (!result && !context->output.json && !context->output.raw)
		say_error("the daemon is %s; budget left: %s",
			  lock == -EWOULDBLOCK ? "running" : "not running", budget);
	free(budget);
	if (lock >= 0)
		close(lock);
	state_free(&state);
	table_free(table);
	return result;
}
