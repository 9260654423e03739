// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command line: which subcommand, its options and the common ones, --help.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ui/options.h"

#define DAY		86400
#define WATCH_DEFAULT	2

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
	struct option_form form;
	int (*parse)(const char *text, void *where);
	num min, max;
} types[] = {
	[OPTION_FLAG] = { { NULL, NULL }, NULL },
	[OPTION_TEXT] = { { "NAME", NULL }, parse_text },
	[OPTION_FILE] = { { "FILE", NULL }, parse_text },
	[OPTION_DIRECTORY] = { { "DIR", NULL }, parse_text },
	[OPTION_CGROUP] = { { "CGROUP", NULL }, parse_text },
	[OPTION_COLUMNS] = { { "[+]LIST", NULL }, parse_text },
	[OPTION_COUNT] = { { "N", "3" }, parse_number, 1, INT64_MAX },
	[OPTION_SIZE] = { { "SIZE", "4096, 64M, 1.5G" }, parse_size, 1, INT64_MAX },
	[OPTION_AGE] = { { "AGE", "90s, 30m, 1h30m, 2d" }, parse_age },
	[OPTION_SECONDS] = { { "SECONDS", "2, 90s, 1h" }, parse_age, 1, 3600 },
	[OPTION_WATCH] = { { "[=SECONDS]", "2, 90s, 1h" }, parse_age, 1, DAY },
	[OPTION_REFAULTS] = { { "RATE", "0.2%/min, 1%/h" }, parse_rate },
	[OPTION_NODES] = { { "NODES", "0,2-3" }, parse_nodes },
	[OPTION_BUCKETS] = { { "N[-M]", "3, 3-5" }, parse_buckets },
};

const struct option_form *option_form(enum option_type type)
{
	return &types[type].form;
}

bool option_is_optional(const struct option_spec *spec)
{
	return spec->type == OPTION_WATCH;
}

/* ---- what everybody has ---- */

struct common {
	const char *root;
	struct output output;
	bool help, version;
};

#define OUTPUT(member)	offsetof(struct common, output.member)

static const struct option_spec output_options[] = {
	{ "json", 'J', OPTION_FLAG, OUTPUT(json), "print JSON", .excludes = "raw" },
	{ "raw", 'r', OPTION_FLAG, OUTPUT(raw), "print columns without alignment" },
	{ "bytes", 'b', OPTION_FLAG, OUTPUT(bytes), "print bytes, seconds and ratios exactly" },
	{ "noheadings", 'n', OPTION_FLAG, OUTPUT(noheadings), "print no headings" },
	{ "output", 'o', OPTION_COLUMNS, OUTPUT(list),
	  "print these columns, with + behind the usual", .excludes = "output-all" },
	{ "output-all", 0, OPTION_FLAG, OUTPUT(all), "print all columns" },
	{ }
};

const struct option_spec common_options[] = {
	{ "root", 0, OPTION_DIRECTORY, offsetof(struct common, root),
	  "read a recorded tree instead of this system" },
	{ "help", 'h', OPTION_FLAG, offsetof(struct common, help), "print this help and exit" },
	{ "version", 'V', OPTION_FLAG, offsetof(struct common, version),
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

static void known_init(struct known *known, const struct option_group *group, bool permute)
{
	char *letter = known->letters;

	*known = (struct known){ .nr = 0 };
	if (!permute)
		*letter++ = '+';
	for (int g = 0; g < OPTION_GROUPS; g++) {
		for (const struct option_spec *s = group[g].list; s && s->name; s++) {
			int kind = s->type == OPTION_FLAG ? no_argument :
				   option_is_optional(s) ? optional_argument : required_argument;
			int nr = known->nr++;

			known->at[nr].spec = s;
			known->at[nr].data = group[g].data;
			known->longs[nr] = (struct option){
				s->name, kind, NULL, s->letter ? s->letter : LONG_BASE + nr,
			};
			/* "w::" */
			if (s->letter)
				letter += sprintf(letter, "%c%.*s", s->letter, kind, "::");
		}
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
 * Where in @argv the name of the subcommand is: what stands behind nothing but common
 * options.  0: nowhere.
 */
static int find_subcommand(int argc, char **argv)
{
	const struct option_group group[OPTION_GROUPS] = {
		{ output_options, NULL }, { common_options, NULL },
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
	return place;
}

static void say_invalid(const struct option_spec *spec, const char *argument, int error)
{
	const char *example = option_form(spec->type)->example;

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
	return NULL;
}

static int take(const struct option_spec *spec, void *data, const char *argument)
{
	void *where = (char *)data + spec->where;
	int error;

	if (spec->type == OPTION_FLAG) {
		*(bool *)where = true;
		return 0;
	}
	if (!argument) {
		*(num *)where = WATCH_DEFAULT;
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

/* The first of @names, "a b", that was given; NULL: none. */
static const char *find_given(const struct known *known, const char *names)
{
	for (int i = 0; i < known->nr; i++) {
		const char *name = known->at[i].spec->name, *at = names;
		size_t length = strlen(name), word;

		for (; known->at[i].given && *at; at += word + strspn(at + word, " ")) {
			word = strcspn(at, " ");
			if (word == length && !strncmp(at, name, length))
				return name;
		}
	}
	return NULL;
}

/* Options that need, or exclude, others. */
static bool check_together(const struct known *known)
{
	for (int i = 0; i < known->nr; i++) {
		const struct option_spec *spec = known->at[i].spec;
		const char *other;

		if (!known->at[i].given)
			continue;
		if (spec->needs && !find_given(known, spec->needs)) {
			say_error("--%s needs --%.*s", spec->name,
				  (int)strcspn(spec->needs, " "), spec->needs);
			return false;
		}
		other = spec->excludes ? find_given(known, spec->excludes) : NULL;
		if (other) {
			say_error("--%s and --%s are mutually exclusive", spec->name, other);
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
		if (option_is_optional(known->at[at].spec))
			argument = optional_argument_of(argc, argv);
		known->at[at].given = true;
		if (take(known->at[at].spec, known->at[at].data, argument))
			return usage_error(subcommand);
	}
	return check_together(known) ? EX_DONE : usage_error(subcommand);
}

/* ---- main ---- */

/* Before anything is done, the table is made: a wrong --output must not cost a result. */
static int run(const struct subcommand *subcommand, const struct known *known,
	       const struct common *common, void *data)
{
	const struct view *view = NULL;
	const char *term = getenv("TERM");
	struct context context = {
		.output = common->output,
		.watch_dumb = !term || !*term || !strcmp(term, "dumb"),
	};
	int result = source_open(&context.source, common->root ? common->root : "/");

	if (result) {
		say_error("%s: %s", common->root ? common->root : "/", strerror(-result));
		return EX_FAILED;
	}
	/* The usual one comes before those that an option chooses */
	for (const struct view *const *v = subcommand->views; *v; v++) {
		if (!(*v)->when || find_given(known, (*v)->when + strlen("--")))
			view = *v;
	}
	if (view)
		context.table = table_new(view, &context.output);
	result = view && !context.table ? EX_USAGE : subcommand->run(&context, data);
	table_free(context.table);
	source_close(&context.source);
	return result;
}

/* @words: how many of @argv, "help" and the name of the subcommand, are no options of it. */
static int run_subcommand(int argc, char **argv, const struct subcommand *const *subcommands,
			  const struct subcommand *named, bool help, int words)
{
	const struct subcommand *subcommand = named ? named : subcommands[0];
	struct common common = { .help = help };
	void *data = xcalloc(1, subcommand->size);
	const struct option_group group[OPTION_GROUPS] = {
		{ subcommand->options, data },
		{ subcommand->shared, data },
		{ *subcommand->views ? output_options : NULL, &common },
		{ common_options, &common },
	};
	struct known known;
	int result;

	if (subcommand->defaults)
		memcpy(data, subcommand->defaults, subcommand->size);
	known_init(&known, group, true);
	result = parse(argc, argv, named, &known);
	if (result == EX_DONE && common.version) {
		printf(PROGRAM " " ZSWAPCTL_VERSION "\n");
	} else if (result == EX_DONE && common.help) {
		if (named)
			help_subcommand(subcommand, group);
		else
			help_general(subcommands);
	} else if (result == EX_DONE && optind + words < argc) {
		const char *argument = argv[optind + words];

		if (!strcmp(argument, subcommand->name))
			say_error("options of %s are written behind its name", subcommand->name);
		else
			say_error("%s takes no argument: '%s'", subcommand->name, argument);
		result = usage_error(subcommand);
	} else if (result == EX_DONE) {
		result = run(subcommand, &known, &common, data);
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

int options_main(int argc, char **argv, const struct subcommand *const *subcommands)
{
	static char program[] = PROGRAM;
	const struct subcommand *named = NULL;
	bool help;
	int place, result;

	if (keep_standard_files() || !argc)
		return EX_FAILED;

	/* getopt_long() begins its messages with the first word. */
	argv[0] = program;
	place = find_subcommand(argc, argv);
	help = place && !strcmp(argv[place], "help");
	if (help) {
		int behind = find_subcommand(argc - place, argv + place);

		place = behind ? place + behind : 0;
	}
	if (place) {
		for (int i = 0; subcommands[i] && !named; i++)
			named = strcmp(subcommands[i]->name, argv[place]) ? NULL : subcommands[i];
		if (!named) {
			say_error("unknown subcommand '%s'", argv[place]);
			return usage_error(NULL);
		}
	}
	if (named && named->ignored)
		signal(named->ignored, SIG_IGN);
	result = run_subcommand(argc, argv, subcommands, named, help, help + !!named);

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
	case -ENODEV:
	case -EOPNOTSUPP:
		return EX_MISSING;
	default:
		return EX_FAILED;
	}
}

void options_say_package(const struct source *source)
{
	if (system_supported(source))
		say_error("for a kernel that has it, %s", SYSTEM_PACKAGE);
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
	options_say_package(source);
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

int options_say_file(const char *file, const char *message, int error)
{
	say_error("%s: %s", file, message ?: strerror(-error));
	return error == -EACCES || error == -EPERM ? EX_DENIED : EX_FAILED;
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
