// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text made into valid UTF-8 (RFC 3629: no surrogates, nothing overlong).
 */
#include <stdio.h>
#include <string.h>

#include "ui/format.h"
#include "zswapctl.h"

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
	return code < least[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? 0 : length;
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
