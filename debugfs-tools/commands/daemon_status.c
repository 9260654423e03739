// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon --status: is it alive, and what did it last decide about each cgroup?
 */
#include "commands/commands.h"
#include "decide/state.h"
#include "ui/format.h"

#define ROW(member)	offsetof(struct state_cgroup, member)

static const struct column columns[] = {
	{ "CGROUP", COLUMN_PATH, true, "its path", ROW(path) },
	{ "ID", COLUMN_COUNT, false, "the kernel's number for it", ROW(id) },
	{ "AGE", COLUMN_AGE, true, "the age from which on pages are written", ROW(control.age) },
	{ "FORECAST", COLUMN_RATE, true, "pages a minute that this may bring back", ROW(forecast) },
	{ "MEASURED", COLUMN_RATE, true, "pages a minute that came back lately", ROW(measured) },
	{ "ALLOWED", COLUMN_RATE, true, "pages a minute that may come back", ROW(allowed) },
	{ "DEBT", COLUMN_RATE, false, "pages that came back beyond that, not yet paid off",
	  ROW(control.debt) },
	{ "REASON", COLUMN_TEXT, true, "why it last did what it did", ROW(reason) },
};

const struct view daemon_view = {
	.name = "cgroups", .columns = columns, .nr_columns = ARRAY_SIZE(columns),
};

int daemon_status(const struct context *context, const char *path)
{
	autofree char *message = NULL;
	struct table *table = table_new(&daemon_view, &context->output);
	int error, result = EX_DONE;
	struct state state;

	if (!table)
		return EX_USAGE;
	error = state_load(path, &state, &message);
	if (error) {
		say_error("%s: %s", path, message);
		result = options_exit_status(error);
	}
	for (int i = 0; i < state.nr; i++) {
		if (state.cgroup[i].begun)
			table_row(table, NULL, &state.cgroup[i]);
	}
	table_print(table);
	if (!result && !context->output.json && !context->output.raw)
		say_error("the daemon is %s; budget left: %s",
			  state_is_locked(path) ? "running" : "not running",
			  format_size((num)state.wear).text);
	state_free(&state);
	table_free(table);
	return result;
}
