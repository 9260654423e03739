// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "torture.h"

/* One write(2); 0 or a negative errno. */
int put(const char *path, const char *fmt, ...)
{
	char text[512];
	va_list args;
	int fd, len, err = 0;

	va_start(args, fmt);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, len) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* As much of a file as fits, with a zero behind it; its length or a negative errno. */
ssize_t get(const char *path, char *text, size_t size)
{
	size_t length = 0;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		got = read(fd, text + length, size - 1 - length);
		if (got > 0)
			length += got;
	} while (got > 0 && length < size - 1);
	if (got < 0)
		got = -errno;
	close(fd);
	text[length] = '\0';
	return got < 0 ? got : (ssize_t)length;
}

/* -1 if there is none. */
long long get_number(const char *path)
{
	char text[64], *rest;
	long long value;

	if (get(path, text, sizeof(text)) <= 0)
		return -1;
	value = strtoll(text, &rest, 10);
	return rest == text ? -1 : value;
}

/* The number in the line that begins with a word, -1 if there is none. */
long long get_key(const char *path, const char *key)
{
	static char text[65536];
	size_t length = strlen(key);
	char *line;

	if (get(path, text, sizeof(text)) <= 0)
		return -1;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && (line[length] == ' ' || line[length] == ':'))
			return atoll(line + length + 1);
	}
	return -1;
}

uint64_t inode(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : status.st_ino;
}
