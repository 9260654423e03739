/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole tables from a text, for the tests of the parser.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "system/system.h"

/* A table of ages; an error leaves *@table alone. */
__attribute__((unused))
static int parse_age_text(const char *text, struct age_table *table)
{
	const struct source here = { .root = AT_FDCWD };
	int fd = memfd_create("table", 0), err;
	autofree char *path = xasprintf("/proc/self/fd/%d", fd);
	struct age_table parsed;

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	err = system_read_ages(&here, path, &parsed);
	close(fd);
	if (!err)
		*table = parsed;
	return err;
}

/* All lines of a table of cgroups; what is in @text is cut to pieces. */
__attribute__((unused))
static int parse_cgroup_table(char *text, int (*each)(const struct cgroup_record *, void *),
			      void *data)
{
	struct table_reader reader = { .cgroups = true, .each = each, .data = data };
	int err = 0;

	for (char *line = text, *end; !err && *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			return -EINVAL;
		*end = '\0';
		err = parse_table_line(line, &reader);
	}
	return err || reader.nr ? err : -EINVAL;
}
