// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers as text for people, and any text made into valid UTF-8 (RFC 3629: no surrogates, nothing
 * overlong).
 */
#include <math.h>

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

/* ---- UTF-8 ---- */

/* Bytes of the character that @s begins with; 0 if it is none. */
static int character_length(const unsigned char *s)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int length = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		     s[0] < 0xf8 ? 4 : 0;
	unsigned int code = s[0] & (length == 1 ? 0x7f : 0x7f >> length);

	for (int i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return length;
}

/* C0, DEL, and C1 as UTF-8 has them */
static bool is_control(const unsigned char *s, int length)
{
	return s[0] < 0x20 || s[0] == 0x7f || (length == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

static char *clean(const char *text, bool terminal, bool utf8)
{
	const unsigned char *from = (const unsigned char *)text;
	char *copy = xcalloc(strlen(text) + 1, strlen("\\x1b")), *to = copy;

	while (*from) {
		int length = character_length(from);

		if (terminal && ((length > 1 && !utf8) || is_control(from, length)))
			length = 0;
		if (length)
			to = mempcpy(to, from, length);
		else if (terminal)
			to += sprintf(to, "\\x%02x", *from);
		else
			to = stpcpy(to, "\xef\xbf\xbd");
		from += length ? length : 1;
	}
	/* It is kept: a large table has many */
	return xrealloc(copy, to - copy + 1);
}

char *utf8_copy(const char *text)
{
	return clean(text, false, true);
}

char *utf8_printable(const char *text, bool utf8)
{
	return clean(text, true, utf8);
}
