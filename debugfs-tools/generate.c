// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes from the lists of options and columns what would otherwise have to be kept in step with
 * them by hand, while the program is built:
 *
 *	generate man <zswapctl.8.in	lines ".@options NAME", ".@columns NAME" and ".@status"
 *					are replaced
 *	generate bash|zsh|fish		a completion; bash's is data for zswapctl.bash.in
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/options.h"

static const struct subcommand *find(const char *name)
{
	for (int i = 0; subcommands[i]; i++) {
		if (!strcmp(subcommands[i]->name, name))
			return subcommands[i];
	}
	return NULL;
}

/* The lists that @subcommand knows, its own first; ends with NULL. */
static void lists_of(const struct subcommand *subcommand, const struct option_spec *list[4])
{
	int nr = 0;

	list[nr++] = subcommand->options;
	if (subcommand->views)
		list[nr++] = output_options;
	list[nr++] = common_options;
	list[nr] = NULL;
}

/* ---- manual page ---- */

/* As a sentence; what roff would read is escaped. */
static void man_sentence(const char *text)
{
	bool first = true;

	for (; *text; text++, first = false) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else if (first)
			putchar(toupper((unsigned char)*text));
		else
			putchar(*text);
	}
	puts(".");
}

static void man_options(const struct option_spec *list)
{
	if (!list->name)
		return;
	puts(".Bl -tag -width indent");
	for (; list->name; list++) {
		const char *argument = option_form(list->type)->argument;

		printf(".It ");
		if (list->letter)
			printf("Fl %c , ", list->letter);
		printf("Fl -%s", list->name);
		if (option_is_optional(list))
			printf(" Ns Op = Ns Ar seconds");
		else if (list->type == OPTION_COLUMNS)
			printf(" Oo Cm + Oc Ns Ar list");
		else if (list->type == OPTION_BUCKETS)
			printf(" Ar n Ns Op - Ns Op Ar m");
		else if (argument) {
			printf(" Ar ");
			for (; *argument; argument++)
				putchar(tolower((unsigned char)*argument));
		}
		putchar('\n');
		man_sentence(list->help);
		if (list->excludes) {
			const char *comma = "Not together with";

			for (const char *at = list->excludes; *at; at += strspn(at, " ")) {
				int length = strcspn(at, " ");

				printf("%s\n.Fl -%.*s\n", comma, length, at);
				comma = "and";
				at += length;
			}
			puts(".");
		}
	}
	puts(".El");
}

static void man_columns(const struct view *view)
{
	if (view->when)
		printf(".Pp\nColumns with\n.Fl %s :\n", view->when + 1);
	else
		puts(".Pp\nColumns:");
	puts(".Bl -tag -width INCOMPRESSIBLE -compact");
	for (int i = 0; i < view->nr_columns; i++) {
		const struct column *column = view_column(view, i);

		printf(".It Cm %s%s\n", column->name, column->shown ? " No *" : "");
		man_sentence(column->help);
	}
	puts(".El");
}

static void man_status(void)
{
	puts(".Bl -tag -width indent -compact");
	for (const struct exit_status *e = exit_statuses; e->help; e++) {
		printf(".It %d\n", e->status);
		man_sentence(e->help);
	}
	puts(".El");
}

/* A line of the template that begins with ".@". */
static bool man_directive(char *line)
{
	char *name = strchr(line, ' ');
	const struct subcommand *subcommand;

	line[strcspn(line, "\n")] = '\0';
	if (!strcmp(line, ".@status")) {
		man_status();
		return true;
	}
	if (!name)
		return false;
	*name++ = '\0';
	if (!strcmp(name, "common") || !strcmp(name, "output")) {
		man_options(*name == 'c' ? common_options : output_options);
		return true;
	}
	subcommand = find(name);
	if (!subcommand)
		return false;
	if (!strcmp(line, ".@options"))
		man_options(subcommand->options);
	for (const struct view *const *v = subcommand->views; v && *v; v++) {
		if (!strcmp(line, ".@columns"))
			man_columns(*v);
	}
	return true;
}

static int generate_man(void)
{
	size_t room = 0;
	char *line = NULL;

	while (getline(&line, &room, stdin) >= 0) {
		if (strncmp(line, ".@", 2)) {
			fputs(line, stdout);
		} else if (!man_directive(line)) {
			fprintf(stderr, "generate: unknown: %s\n", line);
			return 1;
		}
	}
	free(line);
	return 0;
}

/* ---- completions ---- */

/* What stands behind an option, for the completions. */
static const char *kind_of(const struct option_spec *spec)
{
	switch (spec->type) {
	case OPTION_FLAG:
	case OPTION_WATCH:
		return "";
	case OPTION_FILE:
		return "file";
	case OPTION_DIRECTORY:
		return "directory";
	case OPTION_CGROUP:
		return "cgroup";
	case OPTION_COLUMNS:
		return "columns";
	case OPTION_COLOR:
		return "when";
	default:
		return "other";
	}
}

static void bash_columns(const struct view *view, bool shown)
{
	printf("\t\techo \"");
	for (int i = 0, nr = 0; i < view->nr_columns; i++) {
		if (view_column(view, i)->shown == shown)
			printf("%s%s", nr++ ? " " : "", view_column(view, i)->name);
	}
	puts("\"");
}

/* The functions that the rest of the completion goes by. */
static int generate_bash(void)
{
	const struct option_spec *list[4];

	printf("_zswapctl_subcommands=\"");
	for (int i = 0; subcommands[i]; i++)
		printf("%s%s", i ? " " : "", subcommands[i]->name);
	puts("\"\n\n# Lines \"-x kind\", of the options of a subcommand\n_zswapctl_spec()\n{");
	puts("\tcase $1 in");
	for (int i = 0; subcommands[i]; i++) {
		lists_of(subcommands[i], list);
		printf("\t%s)\n\t\techo '", subcommands[i]->name);
		for (int l = 0, nr = 0; list[l]; l++) {
			for (const struct option_spec *s = list[l]; s->name; s++) {
				if (s->letter)
					printf("%s-%c %s", nr++ ? "\n" : "", s->letter, kind_of(s));
				printf("%s--%s %s", nr++ ? "\n" : "", s->name, kind_of(s));
			}
		}
		puts("'\n\t\t;;");
	}
	puts("\tesac\n}\n\n# A line with the columns that are printed without --output, and one "
	     "with the others\n_zswapctl_columns()\n{\n\tcase $1 in");
	for (int i = 0; subcommands[i]; i++) {
		for (const struct view *const *v = subcommands[i]->views; v && *v; v++) {
			printf("\t%s%s)\n", subcommands[i]->name, (*v)->when ? (*v)->when : "");
			bash_columns(*v, true);
			bash_columns(*v, false);
			puts("\t\t;;");
		}
	}
	puts("\tesac\n}");
	return 0;
}

/* In single quotes; zsh reads brackets and colons in a specification. */
static void quoted(const char *text, bool zsh)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (zsh && strchr("[]:\\", *text))
			printf("\\%c", *text);
		else
			putchar(*text);
	}
}

static void all_columns(const struct subcommand *subcommand)
{
	for (const struct view *const *v = subcommand->views; v && *v; v++) {
		for (int i = 0; i < (*v)->nr_columns; i++)
			printf(" %s", view_column(*v, i)->name);
	}
}

static void zsh_action(const struct subcommand *subcommand, const struct option_spec *spec)
{
	const char *kind = kind_of(spec);

	if (!strcmp(kind, "file"))
		printf(":file:_files");
	else if (!strcmp(kind, "directory"))
		printf(":directory:_files -/");
	else if (!strcmp(kind, "cgroup"))
		printf(":cgroup:_zswapctl_cgroup");
	else if (!strcmp(kind, "when"))
		printf(":when:(auto always never)");
	else if (!strcmp(kind, "other"))
		printf(":%s: ", option_form(spec->type)->argument[0] == 'N' ? "number" : "value");
	if (!strcmp(kind, "columns")) {
		printf(":columns:_values -s , column");
		all_columns(subcommand);
	}
}

static void zsh_option(const struct subcommand *subcommand, const struct option_spec *spec)
{
	/* An option with an argument may have it behind a "=", or as the next word */
	const char *equals = spec->type == OPTION_FLAG ? "" :
			     option_is_optional(spec) ? "=-" : "=";

	printf("\t\t'(");
	if (spec->letter)
		printf("-%c ", spec->letter);
	printf("--%s)'", spec->name);
	if (spec->letter)
		printf("{-%c%s,--%s%s}", spec->letter, *equals ? "+" : "", spec->name, equals);
	else
		printf("--%s%s", spec->name, equals);
	printf("'[");
	quoted(spec->help, true);
	printf("]");
	if (option_is_optional(spec))
		printf("::seconds: ");
	else
		zsh_action(subcommand, spec);
	puts("' \\");
}

static int generate_zsh(void)
{
	puts("#compdef zswapctl\n# SPDX-License-Identifier: GPL-2.0-or-later\n\n"
	     "_zswapctl_cgroup()\n{\n\t_path_files -/ -W /sys/fs/cgroup -P /\n}\n\n_zswapctl()\n{\n"
	     "\tlocal -a subcommands\n\tlocal subcommand=status i\n\tsubcommands=(");
	for (int i = 0; subcommands[i]; i++) {
		printf("\t\t'%s:", subcommands[i]->name);
		quoted(subcommands[i]->summary, true);
		puts("'");
	}
	puts("\t)\n\tfor ((i = 2; i < CURRENT; i++)); do\n\t\tif (( ${subcommands[(I)${words[i]}:*]} )); "
	     "then\n\t\t\tsubcommand=${words[i]}\n\t\t\tbreak\n\t\tfi\n\tdone\n\tcase $subcommand in");
	for (int i = 0; subcommands[i]; i++) {
		const struct option_spec *list[4];

		printf("\t%s)\n\t\t_arguments -s \\\n", subcommands[i]->name);
		lists_of(subcommands[i], list);
		for (int l = 0; list[l]; l++) {
			for (const struct option_spec *s = list[l]; s->name; s++)
				zsh_option(subcommands[i], s);
		}
		puts("\t\t'1:subcommand:{_describe subcommand subcommands}' ;;");
	}
	puts("\tesac\n}\n\n_zswapctl \"$@\"");
	return 0;
}

static void fish_description(const char *text)
{
	printf(" -d '");
	for (; *text; text++)
		printf(*text == '\'' ? "\\'" : "%c", *text);
	puts("'");
}

static void fish_option(const struct subcommand *subcommand, const struct option_spec *spec)
{
	const char *kind = kind_of(spec);

	printf("complete -c zswapctl -n '__fish_seen_subcommand_from %s' -l %s", subcommand->name,
	       spec->name);
	if (spec->letter)
		printf(" -s %c", spec->letter);
	if (!strcmp(kind, "file"))
		printf(" -rF");
	else if (!strcmp(kind, "directory"))
		printf(" -xa '(__fish_complete_directories)'");
	else if (!strcmp(kind, "cgroup"))
		printf(" -xa '(__zswapctl_cgroups)'");
	else if (!strcmp(kind, "when"))
		printf(" -xa 'auto always never'");
	else if (!strcmp(kind, "other"))
		printf(" -x");
	if (!strcmp(kind, "columns")) {
		printf(" -xa '(__fish_append ,");
		all_columns(subcommand);
		printf(")'");
	}
	fish_description(spec->help);
}

static int generate_fish(void)
{
	puts("# SPDX-License-Identifier: GPL-2.0-or-later\n\nfunction __zswapctl_cgroups\n"
	     "\tfind /sys/fs/cgroup -mindepth 1 -type d -printf '/%P\\n' 2>/dev/null\nend\n\n"
	     "complete -c zswapctl -f");
	for (int i = 0; subcommands[i]; i++) {
		const struct option_spec *list[4];

		printf("complete -c zswapctl -n __fish_use_subcommand -a %s", subcommands[i]->name);
		fish_description(subcommands[i]->summary);
		lists_of(subcommands[i], list);
		for (int l = 0; list[l]; l++) {
			for (const struct option_spec *s = list[l]; s->name; s++)
				fish_option(subcommands[i], s);
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*generate)(void);
	} what[] = {
		{ "man", generate_man }, { "bash", generate_bash }, { "zsh", generate_zsh },
		{ "fish", generate_fish },
	};

	for (size_t i = 0; argc == 2 && i < ARRAY_SIZE(what); i++) {
		if (!strcmp(argv[1], what[i].name))
			return what[i].generate() || fflush(stdout) ? 1 : 0;
	}
	fprintf(stderr, "usage: generate man|bash|zsh|fish\n");
	return 2;
}
