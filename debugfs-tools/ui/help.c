// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --help, from the lists of options and columns; manual page and completions are made of it.
 */
#include <stdio.h>
#include <string.h>

#include "ui/options.h"

static const struct {
	int status;
	const char *help;
} exit_statuses[] = {
	{ EX_DONE, "success" },
	{ EX_FAILED, "failed: refused by the system, or a file is invalid" },
	{ EX_USAGE, "invalid command line, or no such cgroup" },
	{ EX_MISSING, "not supported by this kernel, or debugfs is missing" },
	{ EX_DENIED, "permission denied: needs root, or the kernel is locked down" },
	{ EX_NOTHING, "nothing to do: not one page could be written" },
	{ EX_INTERRUPTED, "interrupted by a signal; what was done is reported" },
};

static char *option_text(const struct option_spec *spec)
{
	char letter[] = { '-', spec->letter, ',', ' ', 0 };
	const char *argument = option_form(spec->type)->argument;

	return xasprintf("%s--%s%s%s", spec->letter ? letter : "    ", spec->name,
			 argument && !option_is_optional(spec) ? " " : "",
			 argument ? argument : "");
}

static void print_options(const struct option_group *group)
{
	for (int g = 0; g < OPTION_GROUPS; g++) {
		for (const struct option_spec *s = group[g].list; s && s->name; s++) {
			autofree char *text = option_text(s);

			printf("  %-25s  %s", text, s->help);
			for (const char *at = s->excludes; at && *at; at += strspn(at, " ")) {
				int length = strcspn(at, " ");

				printf("%s--%.*s", at == s->excludes ? " (not with " : ", ",
				       length, at);
				at += length;
			}
			puts(s->excludes ? ")" : "");
		}
	}
}

static void print_columns(const struct view *view)
{
	printf("\nColumns%s%s (* without --output):\n", view->when ? " with " : "",
	       view->when ? view->when : "");
	for (int i = 0; i < view->nr_columns; i++) {
		const struct column *column = view_column(view, i);

		printf("  %-16s %c %s\n", column->name, column->shown ? '*' : ' ', column->help);
	}
}

void help_subcommand(const struct subcommand *subcommand, const struct option_group *group)
{
	printf("Usage: " PROGRAM " %s [OPTIONS]\n\n", subcommand->name);
	printf("%s\n\nOptions:\n", subcommand->summary);
	print_options(group);
	for (const struct view *const *v = subcommand->views; *v; v++)
		print_columns(*v);
	printf("\nExit status:\n");
	for (size_t i = 0; i < ARRAY_SIZE(exit_statuses); i++)
		printf("  %-3d  %s\n", exit_statuses[i].status, exit_statuses[i].help);
}

void help_general(const struct subcommand *const *subcommands)
{
	const struct option_group group[OPTION_GROUPS] = { { common_options, NULL } };

	printf("Usage: " PROGRAM " [--root DIR] [SUBCOMMAND] [OPTIONS]\n\n");
	printf("See what is in zswap and how old it is; write the cold part of it to swap.\n");
	printf("\nSubcommands (%s if none is named):\n", subcommands[0]->name);
	for (int i = 0; subcommands[i]; i++)
		printf("  %-10s %s\n", subcommands[i]->name, subcommands[i]->summary);
	printf("\nOptions:\n");
	print_options(group);
	printf("\n'" PROGRAM " SUBCOMMAND --help' tells about the options of one.\n");
}
