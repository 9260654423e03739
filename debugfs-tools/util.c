// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages, memory and sums, as all parts of zswapctl use them.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zswapctl.h"

void num_add(num *sum, num value)
{
	if (__builtin_add_overflow(*sum, value, sum))
		*sum = INT64_MAX;
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	flockfile(stderr);
	fputs("zswapctl: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	funlockfile(stderr);
	va_end(args);
}

void say_errno(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	flockfile(stderr);
	fputs("zswapctl: ", stderr);
	vfprintf(stderr, format, args);
	fprintf(stderr, ": %s\n", strerror(err));
	funlockfile(stderr);
	va_end(args);
}

static void *util_checked(void *memory)
{
	if (!memory) {
		say_error("out of memory");
		exit(EX_FAILED);
	}
	return memory;
}

/* None is one: what is returned can be told from a failure. */
void *xcalloc(size_t nr, size_t size)
{
	return util_checked(calloc(nr ? nr : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return util_checked(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return util_checked(strdup(text));
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	return util_checked(len < 0 ? NULL : text);
}
