/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's configuration: keys for all cgroups, and sections [cgroup PATTERN] for those
 * whose path matches, as fnmatch(3) does it; '*' matches '/', too.  A key of a later section
 * overrides the same key of an earlier one, key by key.
 */
#pragma once

#include "decide/control.h"

#define AGE_MAX		(3650 * 86400LL) /* seconds */

struct config_section {
	char *pattern;		/* NULL: all cgroups */
	unsigned int given;	/* a bit for each key, by its index */
	int line;		/* of the file: the last key here that is a bound; 0: none */
	struct policy policy;	/* those that are given; for all cgroups, the defaults, too */
};

struct config {
	num interval;		/* seconds from tick to tick */
	num wear;		/* bytes of page data a day; 0: no limit */
	num rate;		/* bytes of page data a second; 0: no limit */
	struct config_when {
		num pool, free;	/* ppm; negative: not given; both: always */
	} when;
	int nr;
	struct config_section *section; /* in the order of the file, the first is for all */
};

/*
 * Read the text of a configuration; @name is what it is called in messages.  Returns 0, or
 * -EINVAL; then *@message, to be freed, says where and why, and @config is empty.
 */
int config_parse(const char *text, const char *name, struct config *config, char **message);
/*
 * The same with the file @named; without one (NULL), with @usual: if that is not there, or is
 * NULL, the defaults count.
 */
int config_find(const char *named, const char *usual, struct config *config, char **message);
void config_free(struct config *config);
/* What counts for the cgroup @path.  Returns false if it is to be left alone. */
bool config_policy(const struct config *config, const char *path, struct policy *policy);
/*
 * Whose like the cgroup @path is: its section, or all below the same parent (@level 0) and
 * grandparent (1), since a pod has a directory of its own for its containers.  To be freed; NULL
 * if there is none of that level.
 */
char *config_family(const struct config *config, const char *path, int level);
/* Does the system want memory?  Each negative: not known, which is a need. */
bool config_needed(const struct config *config, num pool, num limit, num free, num total);
