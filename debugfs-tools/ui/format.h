/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers as text for people.  Each returns a text of its own, to be freed; a negative
 * number is not known and gives "-".
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "zswapctl.h"

/* To the nearest, as zramctl has them: 512B 1.2G 3G 12G. */
char *format_size(num bytes);
/* Exact: 30s 5m 1h 1m30s; AGE_NO_BOUND is inf. */
char *format_age(num seconds);
/* One decimal, without the sign: 3.7; "-" if @whole is 0. */
char *format_percent(num part, num whole);
/* At most @width characters, # or eighth blocks; at least one for what is not 0. */
char *format_bar(num part, num whole, int width, bool utf8);
/* One character: . for nothing, and then eight levels, to 8 or a full block for all of @whole. */
const char *format_level(num part, num whole, bool utf8);

#endif
