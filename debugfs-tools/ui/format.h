/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as text for people; a negative number is not known and gives "-".
 */
#pragma once

#include "zswapctl.h"

#define UTF8_MAX	4	/* bytes of a character */

/* By value: format_size(n).text is good for as long as the expression that it is in. */
struct brief {
	char text[48];
};

/* To the nearest, as zramctl has them: 512B 1.2G 3G 12G. */
struct brief format_size(num bytes);
/* Exact: 30s 5m 1h 1m30s; AGE_NO_BOUND is inf. */
struct brief format_age(num seconds);
/* One decimal, without the sign: 3.7; "-" if @whole is 0. */
struct brief format_percent(num part, num whole);
/* To be freed; at most @width characters, # or blocks; at least one for what is not 0. */
char *format_bar(num part, num whole, int width, bool utf8);
/* One character: . for nothing, and then eight levels, to 8 or a full block for all of @whole. */
const char *format_level(num part, num whole, bool utf8);

/*
 * Names of cgroups may hold any byte, JSON and OpenMetrics only UTF-8, and a terminal is
 * not to be told what to do by a name.
 */

/* A copy of @text, to be freed, with U+FFFD for each byte that is no part of valid UTF-8. */
char *utf8_copy(const char *text);
/*
 * A copy of @text, to be freed, for a terminal: "\x1b" for each byte that is a control
 * character, or no part of one that the terminal knows.  @utf8: it knows more than ASCII.
 */
char *utf8_printable(const char *text, bool utf8);
