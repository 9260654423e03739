/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trees of files that tests build below a temporary directory.
 */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "zswapctl.h"

/* What cannot be set up ends the test. */
static void tree_fail(const char *what, const char *path)
{
	say_error("cannot %s %s: %s", what, path, strerror(errno));
	exit(EX_FAILED);
}

/* A new directory; its path is to be given to tree_remove(). */
__attribute__((unused))
static char *tree_new(void)
{
	const char *directory = getenv("TMPDIR");
	char *path = xasprintf("%s/zswapctl.XXXXXX", directory ? directory : "/tmp");

	if (!mkdtemp(path))
		tree_fail("make", path);
	return path;
}

static int tree_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

__attribute__((unused))
static void tree_remove(char *tree)
{
	/* Some test may have taken away what is needed to remove it */
	chmod(tree, 0700);
	if (nftw(tree, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS))
		tree_fail("remove", tree);
	free(tree);
}

/* A directory and all that lead to it; @path begins with a slash. */
__attribute__((unused))
static void tree_directory(const char *tree, const char *path)
{
	char *full = xasprintf("%s%s/", tree, path), *slash;

	for (slash = full + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(full, 0755) && errno != EEXIST)
			tree_fail("make", full);
		*slash = '/';
	}
	free(full);
}

/* A file with @len bytes, and the directories that lead to it. */
__attribute__((unused))
static void tree_bytes(const char *tree, const char *path, const char *bytes, size_t len)
{
	char *full = xasprintf("%s%s", tree, path), *parent = xstrdup(path);
	FILE *file;

	*strrchr(parent, '/') = '\0';
	tree_directory(tree, parent);
	file = fopen(full, "w");
	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file))
		tree_fail("write", full);
	free(parent);
	free(full);
}

__attribute__((unused))
static void tree_file(const char *tree, const char *path, const char *text)
{
	tree_bytes(tree, path, text, strlen(text));
}
