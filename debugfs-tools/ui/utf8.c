// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text made into valid UTF-8 (RFC 3629: no surrogates, nothing overlong).
 */
#include <stdio.h>
#include <string.h>

#include "ui/utf8.h"
#include "zswapctl.h"

/* Bytes of the character that @s begins with; 0 if it is none. */
static int character_length(const unsigned char *s)
{
	/* The second byte has the narrower range that keeps out what must not be. */
	static const struct {
		unsigned char first, last, second_low, second_high;
		int length;
	} form[] = {
		{ 0x01, 0x7f, 0x00, 0xff, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(form); i++) {
		if (s[0] < form[i].first || s[0] > form[i].last)
			continue;
		if (s[1] < form[i].second_low || s[1] > form[i].second_high)
			return 0;
		for (int n = 2; n < form[i].length; n++) {
			if ((s[n] & 0xc0) != 0x80)
				return 0;
		}
		return form[i].length;
	}
	return 0;
}

char *utf8_copy(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const unsigned char *from = (const unsigned char *)text;
	char *copy = xcalloc(strlen(text) + 1, strlen(replacement));
	char *to = copy;

	while (*from) {
		int length = character_length(from);

		if (length) {
			memcpy(to, from, length);
			from += length;
			to += length;
		} else {
			memcpy(to, replacement, strlen(replacement));
			from++;
			to += strlen(replacement);
		}
	}
	return copy;
}

/* C0, DEL, and C1 as UTF-8 has them */
static bool is_control(const unsigned char *s, int length)
{
	return s[0] < 0x20 || s[0] == 0x7f || (length == 2 && s[0] == 0xc2 && s[1] < 0xa0);
}

char *utf8_printable(const char *text, bool utf8)
{
	const unsigned char *from = (const unsigned char *)text;
	/* "\x1b" */
	char *copy = xcalloc(strlen(text) + 1, 4);
	char *to = copy;

	while (*from) {
		int length = character_length(from);

		if (length > 1 && !utf8)
			length = 0;
		if (length && !is_control(from, length)) {
			memcpy(to, from, length);
			from += length;
			to += length;
		} else {
			to += sprintf(to, "\\x%02x", *from++);
		}
	}
	return copy;
}
