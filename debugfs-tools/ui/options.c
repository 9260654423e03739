// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: which subcommand, its options and the common ones, --help.
 */
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>

#include "system/amount.h"
#include "ui/options.h"

#define DAY		86400
#define WATCH_DEFAULT	"2"

/* ---- types ---- */

static int parse_text(const char *text, void *where)
{
	*(const char **)where = text;
	return *text ? 0 : -EINVAL;
}

static int parse_buckets(const char *text, void *where)
{
	num min, max;
	int error = parse_range(&text, &min, &max);

	if (!error && (*text || max >= AGE_BUCKETS_MAX))
		error = -EINVAL;
	if (!error)
		*(struct bucket_range *)where = (struct bucket_range){ min, max };
	return error;
}

/* Numbers are within @min and @max, if there is one. */
static const struct {
	const char *argument;	/* as --help has it behind the name */
	const char *example;	/* NULL: the name says it all */
	int (*parse)(const char *text, void *where);
	num min, max;
} types[] = {
	[OPTION_FLAG] = { "" },
	[OPTION_TEXT] = { " NAME", NULL, parse_text },
	[OPTION_FILE] = { " FILE", NULL, parse_text },
	[OPTION_DIRECTORY] = { " DIR", NULL, parse_text },
	[OPTION_CGROUP] = { " CGROUP", NULL, parse_text },
	[OPTION_COLUMNS] = { " [+]LIST", NULL, parse_text },
	[OPTION_COUNT] = { " N", "3", parse_number, 1, INT64_MAX },
	[OPTION_SIZE] = { " SIZE", "4096, 64M, 1.5G", parse_size, 1, INT64_MAX },
	[OPTION_AGE] = { " AGE", "90s, 30m, 1h30m, 2d", parse_age },
	[OPTION_SECONDS] = { " SECONDS", "2, 90s, 1h", parse_age, 1, 3600 },
	[OPTION_WATCH] = { "[=SECONDS]", "2, 90s, 1h", parse_age, 1, DAY },
	[OPTION_REFAULTS] = { " RATE", "0.2%/min, 1%/h", parse_rate, 0, PPM },
	[OPTION_NODES] = { " NODES", "0,2-3", parse_nodes },
	[OPTION_BUCKETS] = { " N[-M]", "3, 3-5", parse_buckets },
};

/* ---- what everybody has ---- */

#define OUTPUT(member)	offsetof(struct context, output.member)

static const struct option_spec output_options[] = {
	{ "json", 'J', OPTION_FLAG, OUTPUT(json), "print JSON", .excludes = { "raw" } },
	{ "raw", 'r', OPTION_FLAG, OUTPUT(raw), "print columns without alignment" },
	{ "bytes", 'b', OPTION_FLAG, OUTPUT(bytes), "print bytes, seconds and ratios exactly" },
	{ "noheadings", 'n', OPTION_FLAG, OUTPUT(noheadings), "print no headings" },
	{ "output", 'o', OPTION_COLUMNS, OUTPUT(list),
	  "print these columns, with + behind the usual", .excludes = { "output-all" } },
	{ "output-all", 0, OPTION_FLAG, OUTPUT(all), "print all columns" },
	{ }
};

static const struct option_spec common_options[] = {
	{ "root", 0, OPTION_DIRECTORY, offsetof(struct context, root),
	  "read a recorded tree instead of this system" },
	{ "help", 'h', OPTION_FLAG, offsetof(struct context, help), "print this help and exit" },
	{ "version", 'V', OPTION_FLAG, offsetof(struct context, version),
	  "print the version and exit" },
	{ }
};

/* ---- parsing ---- */

#define OPTIONS_MAX	64	/* of a subcommand and all */
#define LONG_BASE	256

/* The same for getopt_long(); val: the letter, or LONG_BASE + index. */
struct known {
	int nr;
	struct {
		const struct option_spec *spec;
		void *data;
		bool given;
	} at[OPTIONS_MAX];
	struct option longs[OPTIONS_MAX + 1];
	char letters[3 * OPTIONS_MAX + 2];
};

/* One list more, with what its options are stored into. */
static void known_add(struct known *known, const struct option_spec *list, void *data)
{
	for (const struct option_spec *s = list; s && s->name; s++) {
		int kind = s->type == OPTION_FLAG ? no_argument :
			   s->type == OPTION_WATCH ? optional_argument : required_argument;
		int nr = known->nr++;

		known->at[nr].spec = s;
		known->at[nr].data = data;
		known->longs[nr] = (struct option){
			s->name, kind, NULL, s->letter ? s->letter : LONG_BASE + nr,
		};
		/* "w::" */
		if (s->letter)
			sprintf(known->letters + strlen(known->letters), "%c%.*s", s->letter,
				kind, "::");
	}
}

static int known_find(const struct known *known, int value)
{
	int i = known->nr - 1;

	while (i >= 0 && known->longs[i].val != value)
		i--;
	return i;
}

static int usage_error(const struct subcommand *subcommand)
{
	say_error("try '" PROGRAM "%s%s --help'", subcommand ? " " : "",
		  subcommand ? subcommand->name : "");
	return EX_USAGE;
}

/*
 * Take the name of the subcommand out of @argv: what stands behind nothing but common options.
 * NULL: there is none.
 */
static const char *take_name(int *argc, char **argv)
{
	struct known known = { .letters = "+" };
	const char *name = NULL;
	int value;

	known_add(&known, output_options, NULL);
	known_add(&known, common_options, NULL);
	opterr = 0;
	optind = 0;
	do {
		value = getopt_long(*argc, argv, known.letters, known.longs, NULL);
	} while (value != -1 && value != '?');
	if (value == -1 && optind < *argc && strcmp(argv[optind - 1], "--")) {
		name = argv[optind];
		memmove(&argv[optind], &argv[optind + 1], (*argc - optind) * sizeof(*argv));
		--*argc;
	}
	return name;
}

static void say_invalid(const struct option_spec *spec, const char *argument, int error)
{
	const char *example = types[spec->type].example;

	if (error == -ERANGE)
		say_error("--%s: '%s' is out of range", spec->name, argument);
	else
		say_error("--%s: invalid argument '%s'%s%s%s", spec->name, argument,
			  example ? " (like this: " : "", example ? example : "",
			  example ? ")" : "");
}

/* "-w 1": an optional argument may also be the next word, if it looks like one. */
static const char *optional_argument_of(int argc, char **argv)
{
	if (optarg)
		return optarg;
	if (optind < argc && *argv[optind] >= '0' && *argv[optind] <= '9')
		return argv[optind++];
	return WATCH_DEFAULT;
}

static int take(const struct option_spec *spec, void *data, const char *argument)
{
	void *where = (char *)data + spec->where;
	int error;

	if (spec->type == OPTION_FLAG) {
		*(bool *)where = true;
		return 0;
	}
	error = types[spec->type].parse(argument, where);
	if (!error && types[spec->type].max && (*(num *)where < types[spec->type].min ||
						*(num *)where > types[spec->type].max))
		error = -ERANGE;
	if (error)
		say_invalid(spec, argument, error);
	return error;
}

static bool is_given(const struct known *known, const char *name)
{
	for (int i = 0; i < known->nr; i++) {
		if (known->at[i].given && !strcmp(known->at[i].spec->name, name))
			return true;
	}
	return false;
}

/* Options that need, or exclude, others. */
static bool check_together(const struct known *known)
{
	for (int i = 0; i < known->nr; i++) {
		const struct option_spec *spec = known->at[i].spec;

		if (!known->at[i].given)
			continue;
		if (spec->needs && !is_given(known, spec->needs)) {
			say_error("--%s needs --%s", spec->name, spec->needs);
			return false;
		}
		for (const char *const *other = spec->excludes; *other; other++) {
			if (!is_given(known, *other))
				continue;
			say_error("--%s and --%s are mutually exclusive", spec->name, *other);
			return false;
		}
	}
	return true;
}

/* Returns an exit status.  What is no option is moved to the end, from optind on. */
static int parse(int argc, char **argv, const struct subcommand *subcommand, struct known *known)
{
	int value;

	opterr = 1;
	optind = 0;
	while ((value = getopt_long(argc, argv, known->letters, known->longs, NULL)) != -1) {
		int at = known_find(known, value);
		const char *argument = optarg;

		if (at < 0)
			return usage_error(subcommand);
		if (known->at[at].spec->type == OPTION_WATCH)
			argument = optional_argument_of(argc, argv);
		known->at[at].given = true;
		if (take(known->at[at].spec, known->at[at].data, argument))
			return usage_error(subcommand);
	}
	return check_together(known) ? EX_DONE : usage_error(subcommand);
}

/* ---- help; manual page and completions are made of it ---- */

static const struct {
	int status;
	const char *help;
} exit_statuses[] = {
	{ EX_DONE, "success" },
	{ EX_FAILED, "failed: refused by the system, or a file is invalid or missing" },
	{ EX_USAGE, "invalid command line, or no such cgroup" },
	{ EX_MISSING, "not supported by this kernel, or debugfs is missing" },
	{ EX_DENIED, "permission denied: needs root, or the kernel is locked down" },
	{ EX_NOTHING, "nothing to do: not one page could be written" },
	{ EX_UNKNOWN, "doctor: nothing is bad, but something could not be found out" },
	{ EX_INTERRUPTED, "interrupted by a signal; what was done is reported" },
};

static void print_options(const struct known *known)
{
	for (int i = 0; i < known->nr; i++) {
		const struct option_spec *spec = known->at[i].spec;
		char letter[] = { '-', spec->letter, ',', ' ', 0 };
		autofree char *text = xasprintf("%s--%s%s", spec->letter ? letter : "    ",
						spec->name, types[spec->type].argument);

		printf("  %-25s  %s", text, spec->help);
		for (int k = 0; spec->excludes[k]; k++)
			printf("%s--%s", k ? ", " : " (not with ", spec->excludes[k]);
		puts(*spec->excludes ? ")" : "");
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

static void help_subcommand(const struct subcommand *subcommand, const struct known *known)
{
	printf("Usage: " PROGRAM " %s [OPTIONS]\n\n", subcommand->name);
	printf("%s\n\nOptions:\n", subcommand->summary);
	print_options(known);
	for (const struct view *view = subcommand->views; view->name; view++)
		print_columns(view);
	printf("\nExit status:\n");
	for (size_t i = 0; i < ARRAY_SIZE(exit_statuses); i++)
		printf("  %-3d  %s\n", exit_statuses[i].status, exit_statuses[i].help);
}

static void help_general(const struct subcommand *const *subcommands)
{
	struct known known = { .nr = 0 };

	printf("Usage: " PROGRAM " [--root DIR] [SUBCOMMAND] [OPTIONS]\n\n");
	printf("See what is in zswap and how old it is; write the cold part of it to swap.\n");
	printf("\nSubcommands (%s if none is named):\n", subcommands[0]->name);
	for (int i = 0; subcommands[i]; i++)
		printf("  %-10s %s\n", subcommands[i]->name, subcommands[i]->summary);
	printf("\nOptions:\n");
	known_add(&known, common_options, NULL);
	print_options(&known);
	printf("\n'" PROGRAM " SUBCOMMAND --help' or 'help SUBCOMMAND' tells about its options.\n");
}

/* ---- main ---- */

/* Before anything is done, the table is made: a wrong --output must not cost a result. */
static int run(const struct subcommand *subcommand, const struct known *known,
	       struct context *context)
{
	const char *term = getenv("TERM"), *root = context->root ?: "/";
	int result = source_open(&context->source, root);

	if (result) {
		say_error("%s: %s", root, strerror(-result));
		return EX_FAILED;
	}
	context->watch_dumb = !term || !*term || !strcmp(term, "dumb");
	/* The usual one comes before those that an option chooses */
	for (const struct view *view = subcommand->views; view->name; view++) {
		if (!view->when || is_given(known, view->when + strlen("--")))
			context->view = view;
	}
	if (context->view)
		context->table = table_new(context->view, &context->output);
	result = context->view && !context->table ? EX_USAGE :
		 subcommand->run(context, subcommand->data);
	table_free(context->table);
	source_close(&context->source);
	return result;
}

static int run_subcommand(int argc, char **argv, const struct subcommand *const *subcommands,
			  const struct subcommand *named, bool help)
{
	const struct subcommand *subcommand = named ? named : subcommands[0];
	struct context context = { .help = help };
	struct known known = { .nr = 0 };
	int result;

	known_add(&known, subcommand->options, subcommand->data);
	known_add(&known, subcommand->shared, subcommand->data);
	known_add(&known, subcommand->views->name ? output_options : NULL, &context);
	known_add(&known, common_options, &context);
	result = parse(argc, argv, named, &known);
	if (result != EX_DONE)
		return result;
	if (!context.version && !context.help && optind < argc) {
		if (!strcmp(argv[optind], subcommand->name))
			say_error("options of %s are written behind its name", subcommand->name);
		else
			say_error("%s takes no argument: '%s'", subcommand->name, argv[optind]);
		return usage_error(subcommand);
	}
	if (!context.version && !context.help)
		return run(subcommand, &known, &context);
	if (context.version)
		printf(PROGRAM " " ZSWAPCTL_VERSION "\n");
	else if (named)
		help_subcommand(subcommand, &known);
	else
		help_general(subcommands);
	return EX_DONE;
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

int options_main(int argc, char **argv, const struct subcommand *const *subcommands)
{
	static char program[] = PROGRAM;
	const struct subcommand *named = NULL;
	const char *name;
	int result;
	bool help;

	if (keep_standard_files() || !argc)
		return EX_FAILED;

	/* getopt_long() begins its messages with the first word. */
	argv[0] = program;
	name = take_name(&argc, argv);
	help = name && !strcmp(name, "help");
	if (help)
		name = take_name(&argc, argv);
	for (int i = 0; name && subcommands[i] && !named; i++)
		named = strcmp(subcommands[i]->name, name) ? NULL : subcommands[i];
	if (name && !named) {
		say_error("unknown subcommand '%s'", name);
		return usage_error(NULL);
	}
	if (named && named->ignored)
		signal(named->ignored, SIG_IGN);
	result = run_subcommand(argc, argv, subcommands, named, help);

	/* Why an earlier attempt failed is forgotten. */
	if (fflush(stdout))
		say_error("standard output: %s", strerror(errno));
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
	case -ENOTDIR:
	case -ENODEV:
	case -EOPNOTSUPP:
		return EX_MISSING;
	default:
		return EX_FAILED;
	}
}

int options_say_file(const char *file, const char *message, int error)
{
	say_error("%s: %s", file, message ?: strerror(-error));
	return options_exit_status(error) == EX_DENIED ? EX_DENIED : EX_FAILED;
}

int options_supported(const struct source *source)
{
	int error = system_supported(source);

	if (!error)
		return EX_DONE;
	say_error("%s", system_reason(source, error));
	say_error("for a kernel that has it, %s", SYSTEM_PACKAGE);
	return EX_MISSING;
}

int options_say_unreadable(const struct source *source, num error)
{
	/* Without cgroup2 there are ages all the same */
	const char *what = error == -EOPNOTSUPP ? "the cgroups in zswap" :
			   "the ages of what is in zswap";

	if (error == -ESTALE) {
		say_error("the bounds of the age buckets changed meanwhile; try again");
		return EX_FAILED;
	}
	say_error("%s: %s", what, system_reason(source, error));
	if (system_supported(source))
		say_error("for a kernel that has it, %s", SYSTEM_PACKAGE);
	if (!source_exists(source, SYS_PARAMETERS))
		say_error("'" PROGRAM " status' tells what can be known without");
	return options_exit_status(error);
}

void reasons_add(struct reasons *reasons, const char *why, const char *name)
{
	autofree char *word = xasprintf(" %s,", name);
	size_t i = 0;

	while (i < ARRAY_SIZE(reasons->at) - 1 && reasons->at[i].why &&
	       strcmp(reasons->at[i].why, why))
		i++;
	reasons->at[i].why = why;
	if (!reasons->at[i].names)
		reasons->at[i].names = xstrdup("");
	if (!strstr(reasons->at[i].names, word))
		xappend(&reasons->at[i].names, "%s", word);
}

bool reasons_say(struct reasons *reasons, const char *before)
{
	bool any = reasons->at[0].why;

	for (size_t i = 0; i < ARRAY_SIZE(reasons->at) && reasons->at[i].why; i++) {
		char *names = reasons->at[i].names;

		say_error("%s%.*s: %s", before, (int)strlen(names) - 2, names + 1,
			  reasons->at[i].why);
		free(names);
	}
	*reasons = (struct reasons) {};
	return any;
}

void options_say_foreign(const struct cgroups *cgroups)
{
	if (cgroups->foreign)
		say_error("%d cgroups outside of this cgroup namespace are left alone",
			  cgroups->foreign);
}

int options_cgroup(const struct source *source, const char *name, uint64_t *id, char **path)
{
	autofree char *found = NULL;
	int error = cgroup_resolve(source, name, id, &found);

	switch (error) {
	case 0:
		if (path)
			*path = xstrdup(found);
		return EX_DONE;
	case -ENOENT:
		say_error("cgroup '%s' not found", name);
		return EX_USAGE;
	case -ENOTUNIQ:
		say_error("cgroup '%s' is ambiguous:\n%s", name, found);
		return EX_USAGE;
	case -EINVAL:
	case -ERANGE:
		say_error("invalid cgroup '%s' (a path, id, unit or pid:NUMBER)", name);
		return EX_USAGE;
	default:
		say_error("cgroup '%s': %s", name, system_reason(source, error));
		return options_exit_status(error);
	}
}

/* Whoever mistypes a node is not to take "nothing there" for an answer. */
int options_nodes(const struct source *source, uint64_t nodes)
{
	int node = source_exists(source, SYS_ZSWAP) ? -ENOENT : system_missing_node(source, nodes);

	if (node < 0)
		return EX_DONE;
	say_error("node %d not found, or without memory", node);
	return EX_USAGE;
}
