// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon --status: is it alive, and what did it last decide about each cgroup?
 */
#include <errno.h>
#include <stdio.h>

#include "commands/commands.h"
#include "ui/format.h"

#define ROW(member)	offsetof(struct state_cgroup, member)

static const struct column columns[] = {
	{ "CGROUP", COLUMN_PATH, true, "its path", ROW(path) },
	{ "ID", COLUMN_COUNT, false, "the kernel's number for it", ROW(id) },
	{ "AGE", COLUMN_AGE, true, "the age from which on pages are written", ROW(control.age) },
	{ "FORECAST", COLUMN_RATE, true, "pages a minute that this may bring back",
	  ROW(shown.forecast) },
	{ "MEASURED", COLUMN_RATE, true, "pages a minute that came back lately",
	  ROW(shown.measured) },
	{ "ALLOWED", COLUMN_RATE, true, "pages a minute that may come back", ROW(shown.allowed) },
	{ "DEBT", COLUMN_RATE, false, "pages that came back beyond that, not yet paid off",
	  ROW(control.debt) },
	{ "REASON", COLUMN_TEXT, true, "why it last did what it did", ROW(reason) },
};

const struct view daemon_view = { VIEW("cgroups", columns) };

static json_t *json_known(num value)
{
	return value < 0 ? json_null() : json_integer(value);
}

/* The table is an object of its own: what is about all of it goes in front. */
static void print_json(struct table *table, bool running, num seconds_ago, num budget)
{
	autofree char *text = table_render(table, 0);
	json_t *head = xchecked(json_pack("{s:b, s:o, s:o}", "running", running, "seconds_ago",
					  json_known(seconds_ago), "budget", json_known(budget)));

	printf("{\n   ");
	json_dumpf(head, stdout, JSON_COMPACT | JSON_EMBED);
	printf(",%s", text + 1);
	json_decref(head);
}

int daemon_status(const struct context *context, const char *path)
{
	autofree char *message = NULL, *age = NULL;
	struct state state;
	int error = state_load(path, &state, &message);
	bool running = state_locked_until(path);
	num since = state_since_ms(&context->source, &state);
	num budget = (num)state.wear;

	for (int i = 0; i < state.nr; i++) {
		if (state.cgroup[i].begun)
			table_row(context->table, NULL, &state.cgroup[i]);
	}
	if (context->output.json && !error)
		print_json(context->table, running, since < 0 ? since : since / 1000, budget);
	else
		table_print(context->table);
	state_free(&state);
	if (error) {
		say_error("%s: %s", path, message);
		return options_exit_status(error);
	}
	if (context->output.json)
		return EX_DONE;
	if (since >= 0)
		age = xasprintf("%s ago", format_age(since / 1000).text);
	say_error("the daemon is %s; as of %s, budget left: %s",
		  running ? "running" : "not running", age ?: "an earlier boot",
		  budget < 0 ? "unlimited" : format_size(budget).text);
	return EX_DONE;
}
