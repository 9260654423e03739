/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where files come from: the running system, or a recorded tree of it (--root DIR).
 *
 * Paths are absolute, as on the running system ("/sys/kernel/mm/zswap").  In a recorded
 * tree no path and no symbolic link leads out of it.
 */
#pragma once

#include <dirent.h>

#include "zswapctl.h"

struct source {
	int root;		/* descriptor of the root directory */
	bool recorded;		/* not the running system: nothing is ever written to it */
	bool regular;		/* nothing but regular files is read, and no pipe is waited for */
};

/* The longest text that is taken from one file, or line of one; more is -EFBIG. */
#define SOURCE_MAX	(64 << 20)

/* Open @root, "/" for the running system.  Returns 0 or a negative errno. */
int source_open(struct source *source, const char *root);
void source_close(struct source *source);

/*
 * Read a whole file.  *@text is NUL-terminated and the caller's to free; NULL on error.
 * Returns its length or a negative errno; a text with a NUL inside is -EINVAL.
 */
long source_read(const struct source *source, const char *path, char **text);
/*
 * The same line by line, each without its newline, until @each returns other than 0, which is
 * returned; a file that does not end with a newline was cut off: -EINVAL.
 */
int source_lines(const struct source *source, const char *path,
		 int (*each)(char *line, void *data), void *data);
/* A file that holds one decimal number. */
num source_number(const struct source *source, const char *path);
/* A file that holds one line of text: without the newline; NULL when not readable. */
char *source_line(const struct source *source, const char *path);
/* 0 if @path exists, or a negative errno. */
int source_exists(const struct source *source, const char *path);
/*
 * Inode number of the directory @path: of a cgroup's, the cgroup's id.  Recorded: what
 * @path/.inode says.
 */
num source_inode(const struct source *source, const char *path);
/*
 * The directories in @path, sorted by name and number; source_free_list().  Returns their number or a negative
 * errno.
 */
int source_directories(const struct source *source, const char *path, struct dirent ***list);
void source_free_list(struct dirent **list, int nr);
/* Open for the command interface; -EROFS in a recorded tree. Returns a descriptor or -errno. */
int source_open_file(const struct source *source, const char *path, int flags);
