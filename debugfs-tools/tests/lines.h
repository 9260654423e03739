/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole table of cgroups, for the tests of the parser.
 */
#ifndef LINES_H
#define LINES_H

#include <errno.h>
#include <string.h>

#include "system/parse.h"

/* A table of ages that may be tried again. */
__attribute__((unused))
static int parse_age_text(const char *text, struct age_table *table)
{
	autofree char *copy = xstrdup(text);

	return parse_age_table(copy, table);
}

/* All lines of a table, as system/cgroup.c reads them. */
__attribute__((unused))
static int parse_cgroup_table(char *text, int (*each)(const struct cgroup_record *, void *),
			      void *data)
{
	struct parse_header header;
	bool begun = false;
	int err = 0;

	for (char *line = text, *end; !err && *line; line = end + 1, begun = true) {
		struct cgroup_record record;

		end = strchr(line, '\n');
		if (!end)
			return -EINVAL;
		*end = '\0';
		err = begun ? parse_cgroup_line(line, &header, &record) :
		      parse_cgroup_header(line, &header);
		if (!err && begun)
			err = each(&record, data);
	}
	return err || begun ? err : -EINVAL;
}

#endif
