/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.  Each subcommand lists its options once; parsing, --help and the
 * test of man page and completion all go by that list.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "source.h"
#include "table.h"

/* What every subcommand gets. */
struct context {
	struct source source;
	struct output output;
	bool watch_dumb;	/* TERM says nothing can be redrawn */
};

struct option_spec {
	const char *name;	/* long name without the dashes; NULL ends the list */
	char letter;		/* short one, or 0 */
	/* What --help calls it, "AGE"; NULL for a flag; "[=SECONDS]" need not be given. */
	const char *argument;
	const char *help;
	/*
	 * Called with the argument (NULL for a flag, and without one).  Returns 0, or
	 * -EINVAL/-ERANGE: then the program says which option and which text, and ends with
	 * EX_USAGE.
	 */
	int (*take)(const char *argument, void *data);
};

struct subcommand {
	const char *name;
	const char *summary;		/* one line for zswapctl --help */
	const char *arguments;		/* behind the options in the usage line, or "" */
	const struct option_spec *options; /* its own, NULL-terminated */
	const struct view *const *views;  /* NULL-terminated; NULL if it prints no table */
	void *(*new_data)(void);	/* what option_spec.take() gets; xcalloc'ed */
	/* @nr and @argument: what is not an option.  Returns the exit status. */
	int (*run)(struct context *context, void *data, int nr, char **argument);
};

/* The subcommands, one file each. */
extern const struct subcommand status_subcommand, ages_subcommand, top_subcommand,
	writeback_subcommand, plan_subcommand, daemon_subcommand, metrics_subcommand;

/*
 * All of main(): @subcommands ends with NULL, the first is what runs if none is named.
 * Returns the exit status.
 */
int options_main(int argc, char **argv, const struct subcommand *const *subcommands);

/* The exit status for a file that cannot be read or written: @error is a negative errno. */
int options_exit_status(num error);
/* "@what: the reason", and what works without. */
void options_say_unreadable(const struct source *source, const char *what, num error);
/*
 * The cgroup that the user calls @name: cgroup_resolve(), and says what is wrong.  Returns
 * an exit status; *@path is to be freed if it is EX_DONE.
 */
int options_cgroup(const struct source *source, const char *name, uint64_t *id, char **path);

#endif
