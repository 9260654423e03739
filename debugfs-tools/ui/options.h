/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.  Each subcommand lists its options once, with their types; parsing,
 * --help, the manual page and the completions are all made from that list.
 */
#pragma once

#include "system/system.h"
#include "ui/table.h"

#define PROGRAM	"zswapctl"

/* What every subcommand gets. */
struct context {
	struct source source;
	struct output output;
	const struct view *view; /* that was chosen, or NULL */
	struct table *table;	/* of it, still empty */
	bool watch_dumb;	/* TERM says nothing can be redrawn */
	/* Options of all */
	const char *root;
	bool help, version;
};

/* What an option takes, and what it is stored as. */
enum option_type {
	OPTION_FLAG,		/* bool; no argument */
	OPTION_TEXT,		/* const char *, not empty; so are the next four */
	OPTION_FILE,
	OPTION_DIRECTORY,
	OPTION_CGROUP,
	OPTION_COLUMNS,
	OPTION_COUNT,		/* num, 1 or more */
	OPTION_SIZE,		/* num, bytes, 1 or more */
	OPTION_AGE,		/* num, seconds */
	OPTION_SECONDS,		/* num, 1 to an hour */
	OPTION_WATCH,		/* num, the same; without an argument 2 */
	OPTION_REFAULTS,	/* num, ppm a minute */
	OPTION_NODES,		/* uint64_t, a mask */
	OPTION_BUCKETS,		/* struct bucket_range */
};

struct option_spec {
	const char *name;	/* long name without the dashes; NULL ends the list */
	char letter;		/* short one, or 0 */
	enum option_type type;
	size_t where;		/* offset in the subcommand's struct */
	const char *help;
	const char *needs;	/* the name of another option, which has to be given */
	const char *excludes[11]; /* up to a NULL: none of them may be given */
};

struct subcommand {
	const char *name;
	const char *summary;		/* one line for zswapctl --help */
	const struct option_spec *options; /* its own, NULL-terminated */
	const struct option_spec *shared; /* what it has in common with another, or NULL */
	struct view views[3];		/* up to one without a name; none if it prints no table */
	/* What the options are stored into; it has the defaults, and what it has at the end stays. */
	void *data;
	int ignored;			/* a signal that means nothing before it runs; 0: none */
	/* Returns the exit status. */
	int (*run)(struct context *context, void *data);
};

/* All of main(); the first of @subcommands, up to a NULL, runs if none is named. */
int options_main(int argc, char **argv, const struct subcommand *const *subcommands);

/* The exit status for a file that cannot be read or written: @error is a negative errno. */
int options_exit_status(num error);
/* The same for a file of ours, and says what is wrong: @message, or what @error means. */
int options_say_file(const char *file, const char *message, int error);
/* Has this kernel the feature?  If not, says so and how to get one.  Returns the exit status. */
int options_supported(const struct source *source);
/* Why the tables of ages cannot be read, and what works without.  Returns the exit status. */
int options_say_unreadable(const struct source *source, num error);
/* Say what of the kernel's tables is left out, if this is a cgroup namespace. */
void options_say_foreign(const struct cgroups *cgroups);
/*
 * The cgroup that the user calls @name: cgroup_resolve(), and says what is wrong.  Returns
 * an exit status; *@path is to be freed if it is EX_DONE, and @path may be NULL.
 */
int options_cgroup(const struct source *source, const char *name, uint64_t *id, char **path);

/* Has this system all of the @nodes, 0: none is asked for?  Says which one not; exit status. */
int options_nodes(const struct source *source, uint64_t nodes);

/* Why numbers are not known: each reason once, with what lacks it. */
struct reasons {
	struct {
		const char *why;	/* NULL: there are no more */
		char *names;
	} at[8];
};

void reasons_add(struct reasons *reasons, const char *why, const char *name);
/* A line each, with @before; they are gone then.  Returns whether there was any. */
bool reasons_say(struct reasons *reasons, const char *before);
