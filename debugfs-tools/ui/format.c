// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers as text for people.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "system/amount.h"
#include "ui/format.h"

__attribute__((format(printf, 1, 2)))
static struct brief brief(const char *format, ...)
{
	struct brief brief;
	va_list args;

	va_start(args, format);
	vsnprintf(brief.text, sizeof(brief.text), format, args);
	va_end(args);
	return brief;
}

struct brief format_size(num bytes)
{
	static const char units[] = "BKMGTPE";
	double size = bytes, rounded;
	int unit = 0;

	if (bytes < 0)
		return brief("-");
	/* Rounding to the nearest must not make 1024K of it: 1023.5K is 1M */
	for (; size >= (unit ? 1023.5 : 1024) && units[unit + 1]; unit++)
		size /= 1024;
	rounded = floor(size * 10 + 0.5) / 10;
	if (rounded >= 10)
		rounded = floor(size + 0.5);
	return brief("%.*f%c", rounded != floor(rounded), rounded, units[unit]);
}

struct brief format_age(num seconds)
{
	static const struct {
		num length;
		char letter;
	} units[] = {
		{ 24 * 60 * 60, 'd' }, { 60 * 60, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	struct brief age;
	char *end = age.text;

	if (seconds <= 0)
		return brief(seconds ? "-" : "0s");
	if (seconds == INT64_MAX)
		return brief("inf");
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (seconds >= units[i].length)
			end += sprintf(end, "%lld%c", seconds / units[i].length, units[i].letter);
		seconds %= units[i].length;
	}
	return age;
}

struct brief format_percent(num part, num whole)
{
	return whole <= 0 || part < 0 ? brief("-") : brief("%.1f", 100.0 * part / whole);
}

char *format_bar(num part, num whole, int width, bool utf8)
{
	num length = (amount_ratio(part < whole ? part : whole, whole, 2 * width) + 1) / 2;
	char *text = xcalloc(width + 1, UTF8_MAX);

	/* What is there is seen */
	if (!length && part > 0 && width > 0)
		length = 1;
	for (num i = 0; i < length; i++)
		strcat(text, utf8 ? "\u2588" : "#");
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
