/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TAP for the unit tests: CHECK() for each fact, tap_done() at the end of main().
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failures;

__attribute__((format(printf, 4, 5), unused))
static bool tap_check(bool good, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (!good) {
		tap_failures++;
		printf("# at %s:%d\n", file, line);
	}
	return good;
}

/*
 * @good, and then what it says: a printf() format and its arguments, which may be of what
 * @good has filled in.
 */
#define CHECK(good, ...) ({							\
	bool tap_good = (good);							\
										\
	tap_check(tap_good, __FILE__, __LINE__, __VA_ARGS__);			\
})

/* What main() returns. */
__attribute__((unused))
static int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures ? 1 : 0;
}
