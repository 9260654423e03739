// SPDX-License-Identifier: GPL-2.0-or-later
/* Wrong answers, and those that are falsified on purpose */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

const char *const op_names[NR_OPS] = {
	"write", "pwrite", "writev", "read", "pread", "readv", "lseek", "open", "other",
};

static const char *const place_names[NR_PLACES] = {
	"inside", "at the end", "across the end", "nowhere", "low", "read-only", "kernel",
	"no address",
};

unsigned long runs, wrong_answers;

static const struct {
	const char	*name;
	unsigned int	every;
} breaks[] = {
	{ "errno", 50 },	/* another error than the kernel's */
	{ "accept", 50 },	/* what is refused has been accepted */
	{ "refuse", 10 },	/* what is accepted has been refused */
	{ "bytes", 50 },	/* a byte is not what it was in the full read */
	{ "length", 50 },	/* one byte less is read */
	{ "beyond", 50 },	/* a byte behind what was read has changed */
	{ "format", 20 },	/* a table has a letter too many */
	{ "answer", 20 },	/* the answer of a command tells of one page more */
	{ "position", 20 },	/* the answer does not begin at its beginning */
	{ "commands", 2 },	/* a command too many was counted */
	{ "node", 2 },		/* a node has counted one page more */
	{ "still", 2 },		/* a counter has changed without a command */
	{ "stored", 1 },	/* a page is in zswap that is in no table */
	{ "data", 1 },		/* a bit in a page has flipped */
};

static int broken = -1;

/* From now on, falsify what check @name looks at. Return: false if there is none */
bool break_set(const char *name)
{
	broken = ARRAY_SIZE(breaks) - 1;
	while (broken >= 0 && strcmp(breaks[broken].name, name))
		broken--;
	return broken >= 0;
}

void break_names(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(breaks); i++)
		printf("%s\n", breaks[i].name);
}

bool break_noticed(void)
{
	return broken >= 0 && wrong_answers;
}

/* Is it time to falsify what check @name looks at? */
bool falsify(const char *name)
{
	static unsigned int times;

	if (broken < 0 || strcmp(breaks[broken].name, name))
		return false;
	return ++times % breaks[broken].every == 0;
}

static void print_text(const char *text, size_t len)
{
	size_t i;

	putchar('"');
	for (i = 0; i < len; i++) {
		unsigned char c = text[i];

		if (c < ' ' || c > '~' || c == '"' || c == '\\')
			printf("\\x%02x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_input(const struct input *in)
{
	printf("\n    %s on %s, %llu bytes (fill 0x%02x) at %lld, ", op_names[in->op],
	       files[in->file].path, (unsigned long long)in->len, in->fill, (long long)in->off);
	printf("buffer %s+%u, ", place_names[in->place], in->align);
	printf("%s%s%u segments, ", in->how & BY_DUP ? "dup, " : "",
	       in->how & BY_CHILD ? "fork, " : "", in->nr_segments);
	print_text(in->text, in->text_len);
}

void wrong(const struct input *in, const char *fmt, ...)
{
	va_list args;

	if (++wrong_answers > WRONG_MAX)
		return;
	printf("fuzz: run %lu: ", runs);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	if (in)
		print_input(in);
	printf("\n");
}
