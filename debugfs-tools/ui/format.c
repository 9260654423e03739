// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers as text for people.
 */
#include <stdlib.h>
#include <string.h>

#include "system/amount.h"
#include "ui/format.h"

char *format_size(num bytes)
{
	static const char units[] = "BKMGTPE";
	int shift = 0, unit = 0;
	num tenths;

	if (bytes < 0)
		return xstrdup("-");
	if (bytes < 1024)
		return xasprintf("%lldB", bytes);

	/* Rounding to the nearest must not make 1024K of it: 1023.5K is 1M */
	while (shift < 60 && bytes >> shift >= 1024) {
		shift += 10;
		unit++;
	}
	/* The tenths of what is below the point; it has at most 60 bits */
	tenths = (((bytes & ((1LL << shift) - 1)) >> (shift - 10)) * 10 + 512) >> 10;
	tenths += (bytes >> shift) * 10;
	if (tenths < 100 && tenths % 10)
		return xasprintf("%lld.%lld%c", tenths / 10, tenths % 10, units[unit]);
	bytes = (bytes >> shift) + ((bytes >> (shift - 1)) & 1);
	if (tenths < 100)
		bytes = tenths / 10;
	if (bytes == 1024 && units[unit + 1]) {
		bytes = 1;
		unit++;
	}
	return xasprintf("%lld%c", bytes, units[unit]);
}

char *format_age(num seconds)
{
	static const struct {
		num length;
		char letter;
	} units[] = {
		{ 24 * 60 * 60, 'd' }, { 60 * 60, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	char *text;
	size_t i;

	if (seconds < 0)
		return xstrdup("-");
	if (seconds == INT64_MAX)
		return xstrdup("inf");
	if (!seconds)
		return xstrdup("0s");
	text = xstrdup("");
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds < units[i].length)
			continue;
		xappend(&text, "%lld%c", seconds / units[i].length, units[i].letter);
		seconds %= units[i].length;
	}
	return text;
}

/* @part * @scale / @whole, rounded to the nearest; @scale is small, @whole is above 0 */
static num format_share(num part, num whole, num scale)
{
	num share;

	if (__builtin_mul_overflow(part / whole, scale, &share))
		return INT64_MAX;
	part %= whole;
	/* The lowest bits of large numbers make no difference that could be seen */
	while (whole > INT64_MAX / (4 * scale)) {
		part >>= 1;
		whole >>= 1;
	}
	return amount_add(share, (2 * part * scale + whole) / (2 * whole));
}

char *format_percent(num part, num whole)
{
	num tenths;

	if (whole <= 0 || part < 0)
		return xstrdup("-");
	tenths = format_share(part, whole, 1000);
	return xasprintf("%lld.%lld", tenths / 10, tenths % 10);
}

char *format_bar(num part, num whole, int width, bool utf8)
{
	/* U+2588 is a full block, U+258F an eighth: all begin with the same two bytes */
	static const char block[] = "\xe2\x96";
	num cells = utf8 ? 8 : 1, length;
	char *text, *end;

	if (whole <= 0 || part <= 0 || width <= 0)
		return xstrdup("");
	if (part > whole)
		part = whole;
	length = format_share(part, whole, width * cells);
	/* What is there is seen */
	if (!length)
		length = 1;
	text = xcalloc(width + 1, 3);
	end = text;
	for (; length >= cells; length -= cells)
		end = stpcpy(end, utf8 ? "\xe2\x96\x88" : "#");
	if (length) {
		end = stpcpy(end, block);
		*end = (char)(0x90 - length);
	}
	return text;
}

const char *format_level(num part, num whole, bool utf8)
{
	static const char *const level[][9] = {
		{ ".", "1", "2", "3", "4", "5", "6", "7", "8" },
		{ ".", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" },
	};

	return level[utf8][part > 0 ? 1 + amount_ratio(part, whole, 7) : 0];
}
