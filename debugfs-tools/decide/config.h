/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's configuration: keys for all cgroups, and sections [cgroup PATTERN] for those
 * whose path matches, as fnmatch(3) does it; '*' matches '/', too.  A key of a later section
 * overrides the same key of an earlier one, key by key.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include "decide/policy.h"

/* What a section may say about a cgroup. */
enum config_key {
	CONFIG_ENABLED,
	CONFIG_TARGET,
	CONFIG_MIN_AGE,
	CONFIG_MAX_AGE,
	CONFIG_MIN_STEP,
	CONFIG_MAX_STEP,
	CONFIG_PRESSURE_MEMORY,
	CONFIG_PRESSURE_IO,
	CONFIG_HOLD,
	CONFIG_PATIENCE,
	CONFIG_CGROUP_KEYS
};

struct config_section {
	char *pattern;		/* NULL: all cgroups */
	unsigned int given;	/* a bit for each enum config_key */
	int bounds_line;	/* of the file: the last key here that is a bound; 0: none */
	num value[CONFIG_CGROUP_KEYS];
};

struct config {
	num interval;		/* seconds from tick to tick */
	num wear;		/* bytes of page data a day; 0: no limit */
	char *state;		/* path of the state file; NULL: not given */
	int nr;
	struct config_section *section; /* in the order of the file, the first is for all */
};

void config_defaults(struct config *config);
/*
 * Read the text of a configuration; @name is what it is called in messages.  Returns 0, or
 * -EINVAL or -ERANGE; then *@message, to be freed, says where and why, and @config is
 * empty.
 */
int config_parse(const char *text, const char *name, struct config *config, char **message);
/* The same with a file; also the negative errno of reading it. */
int config_read(const char *path, struct config *config, char **message);
/*
 * The same with the file @named; without one (NULL), with @usual: if that is not there, or is
 * NULL, the defaults count.
 */
int config_find(const char *named, const char *usual, struct config *config, char **message);
void config_free(struct config *config);
/* What counts for the cgroup @path.  Returns false if it is to be left alone. */
bool config_policy(const struct config *config, const char *path, struct policy *policy);

/* From one tick to the next: seconds, 1 to a day.  -EINVAL, -ERANGE. */
int config_interval(const char *text, num *seconds);

#endif
