/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of cgroups may hold any byte, JSON and OpenMetrics only UTF-8, and a terminal is
 * not to be told what to do by a name.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>

/* A copy of @text, to be freed, with U+FFFD for each byte that is no part of valid UTF-8. */
char *utf8_copy(const char *text);
/*
 * A copy of @text, to be freed, for a terminal: "\x1b" for each byte that is a control
 * character, or no part of one that the terminal knows.  @utf8: it knows more than ASCII.
 */
char *utf8_printable(const char *text, bool utf8);

#endif
