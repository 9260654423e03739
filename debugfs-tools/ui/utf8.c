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
