// SPDX-License-Identifier: GPL-2.0-or-later
/* Random numbers, time, small files */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

uint64_t seed = 1;
static uint64_t rnd_state;

void rnd_start(void)
{
	rnd_state = seed * 0x9e3779b97f4a7c15ULL | 1;
}

uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state * 0x2545f4914f6cdd1dULL;
}

unsigned int below(unsigned int limit)
{
	return (rnd() >> 32) % limit;
}

bool one_in(unsigned int n)
{
	return !below(n);
}

/* Any number of bits is as likely as any other, and so is what is next to a power of two. */
uint64_t any_number(void)
{
	switch (below(4)) {
	case 0:
		return (1ULL << below(64)) - below(2);
	case 1:
		return UINT64_MAX - below(2);
	default:
		return rnd() >> below(64);
	}
}

void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("fuzz: ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(2);
}

long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

long now(void)
{
	return now_us() / 1000000;
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die("writing '%s' to %s: %s", text, path, strerror(errno));
	close(fd);
}

long long get_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		die("reading %s: %s", path, strerror(errno));
	close(fd);
	return atoll(text);
}
