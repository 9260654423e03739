// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages, memory, the clock and files, as all parts of zswapctl use them.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "zswapctl.h"

num clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

struct timespec clock_until(num deadline)
{
	num left = deadline - clock_us();

	if (left < 0)
		left = 0;
	return (struct timespec){ left / 1000000, left % 1000000 * 1000 };
}

void say_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("zswapctl: ", stderr);
	vfprintf(stderr, format, args);
	putc('\n', stderr);
	va_end(args);
}

void *xchecked(void *memory)
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
	return xchecked(calloc(nr ? nr : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
	return xchecked(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return xchecked(strdup(text));
}

char *xvasprintf(const char *format, va_list args)
{
	char *text;
	int len = vasprintf(&text, format, args);

	return xchecked(len < 0 ? NULL : text);
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	return text;
}

void xappend(char **text, const char *format, ...)
{
	autofree char *before = *text, *more = NULL;
	va_list args;

	va_start(args, format);
	more = xvasprintf(format, args);
	va_end(args);
	*text = xasprintf("%s%s", before, more);
}

int replace_file(const char *file, const char *text, size_t length, mode_t mode)
{
	/* Always the same name: what a killed run leaves, the next one takes. */
	autofree char *new = xasprintf("%s.new", file);
	int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	int error = 0;
	FILE *out;

	if (fd < 0)
		return -errno;
	out = xchecked(fdopen(fd, "w"));
	/* A crash must not leave FILE empty: the text is on disk before it is renamed. */
	if (fwrite(text, 1, length, out) != length || fflush(out) || fchmod(fd, mode) ||
	    fsync(fd) || rename(new, file)) {
		error = -errno;
		unlink(new);
	}
	fclose(out);
	return error;
}
