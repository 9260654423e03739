// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: which subcommand, its options and the common ones, --help.
 *
 * Whatever --help prints comes from the lists that parsing goes by, in lines that
 * programs can read, too: "  -x, --long ARG   text", "  COLUMN   text".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "system.h"

#define PROGRAM	"zswapctl"

/* What the options that everybody has leave behind. */
struct common {
	const char *root;
	struct output output;
	bool help, version;
};

static int take_help(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->help = true;
	return 0;
}

static int take_version(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->version = true;
	return 0;
}

static int take_root(const char *argument, void *data)
{
	struct common *common = data;

	common->root = argument;
	return 0;
}

static int take_json(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->output.json = true;
	return 0;
}

static int take_raw(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->output.raw = true;
	return 0;
}

static int take_bytes(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->output.bytes = true;
	return 0;
}

static int take_noheadings(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->output.noheadings = true;
	return 0;
}

static int take_output(const char *argument, void *data)
{
	struct common *common = data;

	common->output.list = argument;
	return 0;
}

static int take_output_all(const char *argument, void *data)
{
	struct common *common = data;

	(void)argument;
	common->output.all = true;
	return 0;
}

static int take_color(const char *argument, void *data)
{
	struct common *common = data;

	if (!strcmp(argument, "auto"))
		common->output.color = COLOR_AUTO;
	else if (!strcmp(argument, "always"))
		common->output.color = COLOR_ALWAYS;
	else if (!strcmp(argument, "never"))
		common->output.color = COLOR_NEVER;
	else
		return -EINVAL;
	return 0;
}

static const struct option_spec output_options[] = {
	{ "json", 'J', NULL, "print JSON", take_json },
	{ "raw", 'r', NULL, "print columns without alignment", take_raw },
	{ "bytes", 'b', NULL, "print bytes, seconds and ratios exactly", take_bytes },
	{ "noheadings", 'n', NULL, "print no headings", take_noheadings },
	{ "output", 'o', "[+]LIST", "print these columns, with + behind the usual", take_output },
	{ "output-all", 0, NULL, "print all columns", take_output_all },
	{ "color", 0, "WHEN", "auto (on a terminal), always or never", take_color },
	{ }
};

static const struct option_spec common_options[] = {
	{ "root", 0, "DIR", "read a recorded tree instead of this system", take_root },
	{ "help", 'h', NULL, "print this help and end", take_help },
	{ "version", 'V', NULL, "print the version and end", take_version },
	{ }
};

/* Lists of options, each with what its functions get. */
struct group {
	const struct option_spec *list;
	void *data;
};

#define GROUPS	3

/* The same for getopt_long(). */
struct known {
	int nr;
	const struct option_spec **spec;
	void **data;
	struct option *longs;	/* val: LONG_BASE + index */
	char *letters;
};

#define LONG_BASE	256

static bool is_optional(const struct option_spec *spec)
{
	return spec->argument && !strncmp(spec->argument, "[=", 2);
}

static void known_init(struct known *known, const struct group *group, bool permute)
{
	char *letter;
	int nr = 0;

	for (int g = 0; g < GROUPS; g++) {
		for (const struct option_spec *s = group[g].list; s && s->name; s++)
			nr++;
	}
	known->nr = nr;
	known->spec = xcalloc(nr, sizeof(*known->spec));
	known->data = xcalloc(nr, sizeof(*known->data));
	known->longs = xcalloc(nr + 1, sizeof(*known->longs));
	/* A letter takes up to three characters: "w::". */
	known->letters = xcalloc(3 * nr + 2, 1);
	letter = known->letters;
	if (!permute)
		*letter++ = '+';

	nr = 0;
	for (int g = 0; g < GROUPS; g++) {
		for (const struct option_spec *s = group[g].list; s && s->name; s++, nr++) {
			int kind = !s->argument ? no_argument :
				   is_optional(s) ? optional_argument : required_argument;

			known->spec[nr] = s;
			known->data[nr] = group[g].data;
			known->longs[nr] = (struct option){ s->name, kind, NULL, LONG_BASE + nr };
			if (s->letter)
				*letter++ = s->letter;
			for (int i = 0; s->letter && i < kind; i++)
				*letter++ = ':';
		}
	}
}

static void known_free(struct known *known)
{
	free(known->spec);
	free(known->data);
	free(known->longs);
	free(known->letters);
}

static int known_find(const struct known *known, int value)
{
	if (value >= LONG_BASE)
		return value - LONG_BASE;
	for (int i = 0; i < known->nr; i++) {
		if (known->spec[i]->letter == value)
			return i;
	}
	return -ENOENT;
}

static int usage_error(const struct subcommand *subcommand)
{
	say_error("try '" PROGRAM "%s%s --help'", subcommand ? " " : "",
		  subcommand ? subcommand->name : "");
	return EX_USAGE;
}

/*
 * Where in @argv the name of the subcommand is: what stands behind nothing but common
 * options.  0: nowhere.
 */
static int find_subcommand(int argc, char **argv, struct common *common)
{
	const struct group group[GROUPS] = {
		{ output_options, common },
		{ common_options, common },
	};
	struct known known;
	int value, place = 0;

	known_init(&known, group, false);
	opterr = 0;
	optind = 0;
	do {
		value = getopt_long(argc, argv, known.letters, known.longs, NULL);
	} while (value != -1 && value != '?');
	if (value == -1 && optind < argc && strcmp(argv[optind - 1], "--"))
		place = optind;
	known_free(&known);
	return place;
}

/* An example of what is written for @argument in the help; NULL if that says it all. */
static const char *form_of(const char *argument)
{
	static const struct {
		const char *argument, *example;
	} forms[] = {
		{ "AGE", "90s, 30m, 1h, 2d" },
		{ "SIZE", "4096, 64M, 1G" },
		{ "RATE", "0.2%/min, 1%/h" },
		{ "LIST", "0,2-3" },
		{ "SECONDS", "2" },
		{ "N", "3" },
		{ "N[-M]", "3, 3-5, 3-" },
		{ "WHEN", "auto, always, never" },
	};

	for (size_t i = 0; argument && i < ARRAY_SIZE(forms); i++) {
		if (!strcmp(argument, forms[i].argument))
			return forms[i].example;
	}
	return NULL;
}

static void say_wrong(const struct option_spec *spec, const char *argument, int error)
{
	const char *form = form_of(spec->argument);

	if (error == -ERANGE)
		say_error("--%s: '%s' is out of range", spec->name, argument);
	else
		say_error("--%s: '%s' makes no sense%s%s", spec->name, argument,
			  form ? "; it is written like this: " : "", form ? form : "");
}

/* Returns an exit status.  What is no option is moved to the end, from optind on. */
static int parse(int argc, char **argv, const struct subcommand *subcommand,
		 const struct group *group)
{
	struct known known;
	int value, result = EX_DONE;

	known_init(&known, group, true);
	opterr = 1;
	optind = 0;
	while (result == EX_DONE) {
		int at, error;

		value = getopt_long(argc, argv, known.letters, known.longs, NULL);
		if (value == -1)
			break;
		at = known_find(&known, value);
		if (at < 0) {
			result = usage_error(subcommand);
			break;
		}
		error = known.spec[at]->take(optarg, known.data[at]);
		if (error) {
			say_wrong(known.spec[at], optarg ? optarg : "", error);
			result = usage_error(subcommand);
		}
	}
	known_free(&known);
	return result;
}

static char *option_text(const struct option_spec *spec)
{
	char letter[] = { '-', spec->letter, ',', ' ', 0 };
	const char *argument = spec->argument ? spec->argument : "";

	return xasprintf("%s--%s%s%s", spec->letter ? letter : "    ", spec->name,
			 spec->argument && !is_optional(spec) ? " " : "", argument);
}

static void print_options(const struct group *group)
{
	int width = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (int g = 0; g < GROUPS; g++) {
			for (const struct option_spec *s = group[g].list; s && s->name; s++) {
				char *text = option_text(s);

				if (pass)
					printf("  %-*s  %s\n", width, text, s->help);
				else if ((int)strlen(text) > width)
					width = strlen(text);
				free(text);
			}
		}
	}
}

static void print_columns(const struct view *view)
{
	int width = 0;

	for (int i = 0; i < view->nr_columns; i++) {
		if ((int)strlen(view->columns[i].name) > width)
			width = strlen(view->columns[i].name);
	}
	printf("\nColumns%s%s (* without --output):\n", view->when ? " with " : "",
	       view->when ? view->when : "");
	for (int i = 0; i < view->nr_columns; i++) {
		const struct column *column = &view->columns[i];

		printf("  %-*s %c %s\n", width, column->name, column->shown ? '*' : ' ',
		       column->help);
	}
}

static void print_exit_status(void)
{
	static const struct {
		int status;
		const char *help;
	} list[] = {
		{ EX_DONE, "done" },
		{ EX_FAILED, "the system said no, or a file makes no sense" },
		{ EX_USAGE, "the command line makes no sense" },
		{ EX_MISSING, "this kernel, or its debugfs, lacks what is needed" },
		{ EX_DENIED, "needs root, or the kernel is locked down" },
		{ EX_NOTHING, "not one page was there to be written" },
		{ EX_INTERRUPTED, "ended by a signal; what was done is said" },
	};

	printf("\nExit status:\n");
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		printf("  %-3d  %s\n", list[i].status, list[i].help);
}

static void print_help(const struct subcommand *subcommand, const struct group *group)
{
	const char *arguments = subcommand->arguments ? subcommand->arguments : "";

	printf("Usage: " PROGRAM " %s [OPTIONS]%s%s\n\n", subcommand->name, *arguments ? " " : "",
	       arguments);
	printf("%s\n\nOptions:\n", subcommand->summary);
	print_options(group);
	for (const struct view *const *v = subcommand->views; v && *v; v++)
		print_columns(*v);
	print_exit_status();
}

static void print_general_help(const struct subcommand *const *subcommands)
{
	const struct group group[GROUPS] = { { common_options, NULL } };

	printf("Usage: " PROGRAM " [--root DIR] [SUBCOMMAND] [OPTIONS]\n\n");
	printf("See what is in zswap and how old it is; write the cold part of it to swap.\n");
	printf("\nSubcommands (%s if none is named):\n", subcommands[0]->name);
	for (int i = 0; subcommands[i]; i++)
		printf("  %-10s %s\n", subcommands[i]->name, subcommands[i]->summary);
	printf("\nOptions:\n");
	print_options(group);
	printf("\n'" PROGRAM " SUBCOMMAND --help' tells about the options of one.\n");
}

static int run(const struct subcommand *subcommand, struct common *common, void *data,
	       int nr, char **argument)
{
	const char *term = getenv("TERM");
	struct context context = {
		.output = common->output,
		.watch_dumb = !term || !*term || !strcmp(term, "dumb"),
	};
	int result;

	if (common->output.json && common->output.raw) {
		say_error("--json and --raw exclude each other");
		return usage_error(subcommand);
	}
	if (common->output.list && common->output.all) {
		say_error("--output and --output-all exclude each other");
		return usage_error(subcommand);
	}
	if (nr && !(subcommand->arguments && *subcommand->arguments)) {
		if (!strcmp(argument[0], subcommand->name))
			say_error("options of %s are written behind its name", argument[0]);
		else
			say_error("%s takes no argument: '%s'", subcommand->name, argument[0]);
		return usage_error(subcommand);
	}
	result = source_open(&context.source, common->root ? common->root : "/");
	if (result) {
		say_errno(-result, "%s", common->root ? common->root : "/");
		return EX_FAILED;
	}
	result = subcommand->run(&context, data, nr, argument);
	source_close(&context.source);
	return result;
}

/* With the name of the subcommand taken out of @argv. */
static int run_subcommand(int argc, char **argv, const struct subcommand *const *subcommands,
			  const struct subcommand *named)
{
	const struct subcommand *subcommand = named ? named : subcommands[0];
	struct common common = { .root = NULL };
	void *data = subcommand->new_data ? subcommand->new_data() : NULL;
	const struct group group[GROUPS] = {
		{ subcommand->options, data },
		{ subcommand->views ? output_options : NULL, &common },
		{ common_options, &common },
	};
	int result = parse(argc, argv, named, group);

	if (result == EX_DONE) {
		if (common.version)
			printf(PROGRAM " " ZSWAPCTL_VERSION "\n");
		else if (common.help && !named)
			print_general_help(subcommands);
		else if (common.help)
			print_help(subcommand, group);
		else
			result = run(subcommand, &common, data, argc - optind, argv + optind);
	}
	free(data);
	return result;
}

/* A file opened later must not get the number of an output that the caller closed. */
static int keep_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);
	close(fd);
	return 0;
}

static const struct subcommand *find_name(const struct subcommand *const *subcommands,
					  const char *name)
{
	for (int i = 0; subcommands[i]; i++) {
		if (!strcmp(subcommands[i]->name, name))
			return subcommands[i];
	}
	return NULL;
}

int options_main(int argc, char **argv, const struct subcommand *const *subcommands)
{
	static char program[] = PROGRAM;
	const struct subcommand *named = NULL;
	struct common ignored = { .root = NULL };
	char **words;
	int place, result;

	if (keep_standard_files())
		return EX_FAILED;

	/* getopt_long() begins its messages with the first word. */
	words = xcalloc(argc + 2, sizeof(*words));
	words[0] = program;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	if (!argc)
		argc = 1;

	place = find_subcommand(argc, words, &ignored);
	if (place) {
		named = find_name(subcommands, words[place]);
		if (!named) {
			say_error("no subcommand '%s'", words[place]);
			free(words);
			return usage_error(NULL);
		}
		/* The NULL at the end moves, too. */
		for (int i = place; i < argc; i++)
			words[i] = words[i + 1];
		argc--;
	}
	result = run_subcommand(argc, words, subcommands, named);
	free(words);

	/* Why an earlier attempt failed is forgotten. */
	if (fflush(stdout))
		say_errno(errno, "standard output");
	else if (ferror(stdout))
		say_error("standard output: not all could be written");
	return ferror(stdout) ? EX_FAILED : result;
}

int options_exit_status(num error)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return EX_DENIED;
	case -ENOENT:
	case -ENODEV:
	case -EOPNOTSUPP:
		return EX_MISSING;
	default:
		return EX_FAILED;
	}
}

void options_say_unreadable(const struct source *source, const char *what, num error)
{
	say_error("%s: %s", what, system_reason(source, error));
	if (!source_exists(source, SYS_PARAMETERS))
		say_error("'" PROGRAM " status' tells what can be known without");
}

int options_cgroup(const struct source *source, const char *name, uint64_t *id, char **path)
{
	int error = cgroup_resolve(source, name, id, path);

	switch (error) {
	case 0:
		return EX_DONE;
	case -ENOENT:
		say_error("no cgroup '%s'", name);
		return EX_FAILED;
	case -ENOTUNIQ:
		say_error("'%s' is the name of several cgroups:\n%s", name, *path);
		free(*path);
		*path = NULL;
		return EX_USAGE;
	case -EINVAL:
	case -ERANGE:
		say_error("'%s' is no path, id, unit or pid:NUMBER of a cgroup", name);
		return EX_USAGE;
	default:
		say_errno(-error, "cgroup '%s'", name);
		return options_exit_status(error);
	}
}
