// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "kernel.h"

#define PROFILE		"/proc/profile"
#define LOCK_STAT	"/proc/lock_stat"
#define LOCK_SWITCH	"/proc/sys/kernel/lock_stat"
#define LOCK_TEXT	(8UL << 20)
/* Some fifty timer interrupts. */
#define SPIN_TICKS	200000000ULL
/* Columns of a lock's class. */
enum { LOCK_ACQUIRED = 7, LOCK_HELD_MAX = 9, LOCK_COLUMNS = 12 };

void profile_begin(void)
{
	write_text(PROFILE, "0");
}

/* The first word is how many bytes one counter stands for. */
void profile_end(void)
{
	static uint32_t counts[1 << 16];
	uint64_t at = 0;
	uint32_t step = 0;
	ssize_t len, i;
	int fd = open(PROFILE, O_RDONLY);

	if (fd < 0)
		die(PROFILE ": %s", strerror(errno));
	while ((len = read(fd, counts, sizeof(counts))) > 0) {
		for (i = 0; i < len / 4; i++, at++) {
			if (!at)
				step = counts[i];
			else if (counts[i])
				printf("profile %llu %u\n", (unsigned long long)(at - 1) * step, counts[i]);
		}
	}
	close(fd);
}

/* The longest time that something else had the CPU. */
static void print_interrupt(void)
{
	uint64_t start = ticks(), last = start, now, gap = 0;

	do {
		now = ticks();
		if (now - last > gap)
			gap = now - last;
		last = now;
	} while (now - start < SPIN_TICKS);
	printf("interrupt %.2f\n", gap / 1000.0);
}

void locks_begin(void)
{
	print_interrupt();
	write_text(LOCK_SWITCH, "1");
	write_text(LOCK_STAT, "0");
}

static void print_lock(char *line)
{
	char *colon = strrchr(line, ':'), *p = colon + 1, *end;
	double value[LOCK_COLUMNS];
	int i;

	for (i = 0; i < LOCK_COLUMNS; i++, p = end) {
		value[i] = strtod(p, &end);
		if (end == p)
			return;
	}
	*colon = '\0';
	line += strspn(line, " ");
	printf("lock %.2f %.0f %s\n", value[LOCK_HELD_MAX], value[LOCK_ACQUIRED], line);
}

void locks_end(void)
{
	char *text = malloc(LOCK_TEXT), *line, *next;

	if (!text)
		die("no memory");
	write_text(LOCK_SWITCH, "0");
	read_text(LOCK_STAT, text, LOCK_TEXT);
	for (line = text; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strrchr(line, ':'))
			print_lock(line);
	}
	free(text);
}
