/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zswapctl - what all parts of the tool share.
 *
 * Arrows point one way: commands/ -> decide/ -> ui/ -> system/, as tests/structure.sh has it.
 * Nothing below a subcommand prints, except through table.h, or exits.
 */
#pragma once

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Exit status; the man page's EXIT STATUS lists the same. */
enum {
	EX_DONE		= 0,
	EX_FAILED	= 1,	/* the system said no, or a file is invalid */
	EX_USAGE	= 2,	/* invalid command line or configuration, no such cgroup */
	EX_MISSING	= 3,	/* this kernel, or its debugfs, lacks what is needed */
	EX_DENIED	= 4,	/* needs root, or the kernel is locked down */
	EX_NOTHING	= 5,	/* not one page was there to be written */
	EX_UNKNOWN	= 6,	/* doctor: nothing is bad, but not all could be found out */
	EX_INTERRUPTED	= 130,	/* by SIGINT or SIGTERM; what was done is said */
};

/*
 * A number from the system, or why it is not known: a negative errno.  -ENOENT: this
 * kernel has no such file; -ENOTDIR: nor its directory; -EACCES: needs root; -EPERM: locked down;
 * -EINVAL: invalid content.
 */
typedef long long num;

/* Microseconds of the monotonic clock. */
num clock_us(void);
/* From now to @deadline of it; nothing if that is over. */
struct timespec clock_until(num deadline);

/* A line on stderr: "zswapctl: " and the text. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Memory that is not there ends the program with EX_FAILED; xchecked() looks at any pointer. */
void *xchecked(void *memory);
void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *text);
char *xvasprintf(const char *format, va_list args) __attribute__((format(printf, 1, 0)));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A variable that is freed where its block ends.  Such declarations come first in a block. */
#define autofree __attribute__((cleanup(free_at_end)))
static inline void free_at_end(void *variable)
{
	free(*(void **)variable);
}

/* Put more behind *@text, which is moved. */
void xappend(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Make @text the contents of @file: whoever reads it meanwhile finds all of the old or all of the
 * new text, also after a crash.  Returns 0 or a negative errno.
 */
int replace_file(const char *file, const char *text, size_t length, mode_t mode);
