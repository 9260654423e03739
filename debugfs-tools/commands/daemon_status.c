// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswapctl daemon --status: is it alive, and what did it last decide about each cgroup?
 */
#include <errno.h>
#include <stdio.h>

#include "commands/commands.h"
#include "decide/state.h"
#include "json.h"
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

const struct view daemon_view = {
	.name = "cgroups", .columns = columns, .nr_columns = ARRAY_SIZE(columns),
};

struct daemon_head {
	bool running;
	num seconds_ago, budget;	/* -ESTALE: of an earlier boot; negative: no limit */
};

#define HEAD(member)	offsetof(struct daemon_head, member)

static const struct json_field head_fields[] = {
	{ "running", JSON_BOOL, HEAD(running) },
	{ "seconds_ago", JSON_NUM, HEAD(seconds_ago) },
	{ "budget", JSON_NUM, HEAD(budget) },
	{ }
};

/* The table is an object of its own: what is about all of it goes in front. */
static void print_json(struct table *table, const struct daemon_head *head)
{
	autofree char *text = table_render(table, 0);

	printf("{\n   ");
	json_members(stdout, "", head_fields, head);
	printf(",%s", text + 1);
}

int daemon_status(const struct context *context, const char *path)
{
	autofree char *message = NULL, *age = NULL;
	struct daemon_head head;
	struct state state;
	num since;
	int error = state_load(path, &state, &message);

	for (int i = 0; i < state.nr; i++) {
		if (state.cgroup[i].begun)
			table_row(context->table, NULL, &state.cgroup[i]);
	}
	since = state_since_ms(&context->source, &state);
	head = (struct daemon_head){
		.running = state_locked_until(path),
		.seconds_ago = since < 0 ? since : since / 1000,
		.budget = state.wear < 0 ? -ENODATA : (num)state.wear,
	};
	if (context->output.json && !error)
		print_json(context->table, &head);
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
		age = xasprintf("%s ago", format_age(head.seconds_ago).text);
	say_error("the daemon is %s; as of %s, budget left: %s",
		  head.running ? "running" : "not running", age ?: "an earlier boot",
		  head.budget < 0 ? "unlimited" : format_size(head.budget).text);
	return EX_DONE;
}
