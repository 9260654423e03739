// SPDX-License-Identifier: GPL-2.0-or-later
/* Inputs: new ones, and what is made of those that were kept */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

#define MAX_KEPT	4096
/* no call reads or writes more at once */
#define MAX_COUNT	0x7ffff000UL

/* those that reached what none had before */
static struct input kept[MAX_KEPT];
static unsigned int nr_kept;

unsigned int inputs_kept(void)
{
	return nr_kept;
}

void input_keep(const struct input *in)
{
	if (nr_kept < MAX_KEPT)
		kept[nr_kept++] = *in;
}

/* a text in the making, with room for what goes beyond its end */
static size_t text_len;
static char text_buf[TEXT_MAX + 64];

__attribute__((format(printf, 1, 2)))
static void add(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	text_len += vsnprintf(text_buf + text_len, sizeof(text_buf) - text_len, fmt, args);
	va_end(args);
	if (text_len > TEXT_MAX)
		text_len = TEXT_MAX;
}

static void add_blank(void)
{
	do {
		add(one_in(4) ? "\t" : " ");
	} while (one_in(6));
}

static uint64_t likely_cgroup(void)
{
	return one_in(6) ? any_number() : cgroups[below(NR_CGROUPS)].id;
}

static void add_key(unsigned int key)
{
	if (key != KEY_AGE || one_in(2))
		add("%s=", key_names[key]);
	switch (key) {
	case KEY_AGE:
		if (one_in(4))
			add("%llu%s", (unsigned long long)any_number(), one_in(2) ? "h" : "");
		else
			add("%u%s", below(one_in(2) ? 4 : 300), one_in(4) ? "s" : "");
		break;
	case KEY_MAX:
		if (one_in(4))
			add("%llu", (unsigned long long)any_number());
		else
			add("%u%s", 1 + below(300), one_in(4) ? "" : "K");
		break;
	case KEY_MAX_COMPRESSED:
		if (one_in(4))
			add("%llu", (unsigned long long)any_number());
		else
			add("%u%s", 1 + below(9000), one_in(8) ? "M" : "");
		break;
	case KEY_NODE:
		if (one_in(3))
			add("%u-%u", below(3), below(3));
		else
			add("%u%s", below(last_node + 2), one_in(3) ? ",0" : "");
		break;
	case KEY_CGROUP:
		add("%llu", (unsigned long long)likely_cgroup());
		break;
	case KEY_DESCEND:
	case KEY_DRY_RUN:
		add("%u", below(one_in(20) ? 3 : 2));
		break;
	case KEY_RATE:
		if (one_in(4))
			add("%llu", (unsigned long long)any_number());
		else
			add("%u%s", below(3000), one_in(2) ? "M" : "G");
		break;
	case KEY_TYPE:
		add(one_in(2) ? "all" : "incompressible");
		break;
	case KEY_BUCKET:
		add("%u", below(one_in(2) ? 3 : 17));
		if (one_in(2))
			break;
		add("-");
		if (!one_in(8))
			add("%u", below(17));
		break;
	}
}

static void add_command(const struct file *f)
{
	unsigned int keys = 1U << below(NR_KEYS) | 1U << below(NR_KEYS) | (one_in(3) ? rnd() : 0);
	unsigned int first = below(NR_KEYS), i, nr = 0;

	if (!one_in(30))
		keys &= f->allowed;
	if (!one_in(10))
		keys &= one_in(2) ? ~(1U << KEY_BUCKET) : ~(1U << KEY_AGE);
	if (!one_in(10) && keys >> KEY_DESCEND & 1)
		keys |= 1U << KEY_CGROUP;
	for (i = 0; i < NR_KEYS; i++) {
		/* Each has its turn: 3 and 10 have no divisor in common. */
		unsigned int key = (first + 3 * i) % NR_KEYS;

		if (!(keys >> key & 1))
			continue;
		if (nr++)
			add_blank();
		add_key(key);
	}
	if (one_in(2))
		add("\n");
}

static void add_edges(void)
{
	unsigned int nr = 2 + below(one_in(8) ? 17 : 15), i;
	uint64_t edge = 0;

	if (one_in(6)) {
		add("default\n");
		return;
	}
	for (i = 0; i < nr; i++) {
		if (i)
			add_blank();
		add("%llu", (unsigned long long)edge);
		edge += one_in(40) ? any_number() : below(one_in(4) ? 100000 : 40) + !one_in(40);
	}
	if (one_in(2))
		add("\n");
}

static void add_compressed(void)
{
	if (one_in(6))
		add("%llu", (unsigned long long)any_number());
	else
		add("%u", below(2));
	if (one_in(2))
		add("\n");
}

static const uint64_t lengths[] = {
	0, 1, 2, 3, 7, 8, 15, 16, 63, 64, 255, 256, 511, 512, 2048, 4094, 4095, 4096, 4097,
	8191, 8192, 16384, 65535, 65536, 65537, 1UL << 20, 4UL << 20, (4UL << 20) + 1, 8UL << 20,
	128UL << 20, MAX_COUNT - 1, MAX_COUNT, MAX_COUNT + 1, INT32_MAX, 1UL << 31, UINT32_MAX,
	1UL << 32, 1UL << 46, 1UL << 47, INT64_MAX, 1UL << 63, UINT64_MAX - 1, UINT64_MAX,
};

static const int64_t offsets[] = {
	0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 20, 31, 32, 40, 60, 64, 79, 80, 81, 100, 128, 200, 255,
	256, 500, 512, 1000, 4095, 4096, 4097, 65536, INT32_MAX, 1L << 31, 1L << 32,
	INT64_MAX - 4096, INT64_MAX - 1, INT64_MAX, -1, -2, -4096, INT64_MIN,
};

static const char fills[] = { ' ', '\n', '\t', '\0', 'x' };

static const char *const words[] = {
	"age=", "max=", "max_compressed=", "node=", "cgroup=", "descend=0", "type=all",
	"bucket=", "rate=", "dry_run=1", "dry_run=0", "type=incompressible", "18446744073709551615",
	"18446744073709551616", "16777216T", "2147483648", "4294967296", "0", "1", "4K", "0-",
	"0,1", "N", "all", "0-8:1/2", "default", "\n", " ", "=", "15", "16",
};

static uint64_t any_length(void)
{
	return one_in(3) ? below(200) : lengths[below(ARRAY_SIZE(lengths))];
}

static int64_t any_offset(void)
{
	return one_in(3) ? below(300) : offsets[below(ARRAY_SIZE(offsets))];
}

static uint8_t any_fill(void)
{
	return one_in(3) ? rnd() >> 56 : (uint8_t)fills[below(ARRAY_SIZE(fills))];
}

static unsigned int any_file(void)
{
	static const enum kind kinds[] = {
		COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND,
		WRITEBACK, WRITEBACK, WRITEBACK, WRITEBACK, WRITEBACK, WRITEBACK,
		EDGES, EDGES, EDGES, COMPRESSED, COUNTER, COUNTER, TABLE, CGROUP_TABLE,
	};
	enum kind kind = kinds[below(ARRAY_SIZE(kinds))];

	return of_kind[kind][below(nr_of_kind[kind])];
}

static unsigned int any_op(const struct file *f)
{
	static const uint8_t writes[] = {
		OP_WRITE, OP_WRITE, OP_WRITE, OP_WRITE, OP_PWRITE, OP_PWRITE, OP_WRITEV,
	};
	static const uint8_t reads[] = { OP_READ, OP_PREAD, OP_PREAD, OP_READV };

	if (one_in(30))
		return OP_OPEN + below(2);
	if (one_in(40))
		return OP_LSEEK;
	if (f->kind == COMMAND ||
	    ((f->kind == WRITEBACK || f->kind == EDGES || f->kind == COMPRESSED) && !one_in(5)))
		return writes[below(ARRAY_SIZE(writes))];
	return reads[below(ARRAY_SIZE(reads))];
}

/* Only what the file is there for; that there is nothing else is tried by run_open(). */
static void repair(struct input *in)
{
	const struct file *f = &files[in->file];
	bool writes = in->op <= OP_WRITEV, reads = in->op >= OP_READ && in->op <= OP_READV;

	if ((writes && (f->kind == COUNTER || f->kind == TABLE || f->kind == CGROUP_TABLE)) ||
	    (reads && f->kind == COMMAND) || in->op >= NR_OPS)
		in->op = any_op(f);
}

static void take_text(struct input *in)
{
	in->text_len = text_len;
	memcpy(in->text, text_buf, text_len);
}

static void make_fresh(struct input *in)
{
	const struct file *f;

	memset(in, 0, sizeof(*in));
	in->file = any_file();
	f = &files[in->file];
	in->op = any_op(f);
	in->align = one_in(2) ? 0 : rnd() >> 48;
	in->choice = rnd() >> 48;
	in->nr_segments = rnd() >> 56;
	in->fill = any_fill();
	in->place = one_in(4) ? below(NR_PLACES) : INSIDE;
	in->off = any_offset();
	in->how = one_in(40) ? BY_DUP : one_in(1500) ? BY_CHILD : 0;
	text_len = 0;
	if (f->kind == EDGES)
		add_edges();
	else if (f->kind == COMPRESSED)
		add_compressed();
	else
		add_command(f);
	take_text(in);
	in->len = in->op >= OP_READ || one_in(6) ? any_length() : in->text_len;
	if (one_in(20))
		in->len = PAGE - 4 + below(8);
}

static char any_byte(void)
{
	static const char likely[] = "0123456789 \t\n\r,-=+.smhdKMGTNax_\x00\x01\x7f\x80\xff";

	return one_in(4) ? (char)(rnd() >> 56) : likely[below(sizeof(likely) - 1)];
}

static void insert(struct input *in, unsigned int at, const char *bytes, unsigned int len)
{
	if (len > TEXT_MAX - (unsigned int)in->text_len)
		len = TEXT_MAX - in->text_len;
	memmove(in->text + at + len, in->text + at, in->text_len - at);
	memcpy(in->text + at, bytes, len);
	in->text_len += len;
}

static void mutate_text(struct input *in)
{
	unsigned int at = below(in->text_len + 1), other = below(in->text_len + 1);
	unsigned int len = 1 + below(one_in(4) ? 24 : 3);
	const char *word = words[below(ARRAY_SIZE(words))];
	char bytes[24], byte = any_byte();
	bool exact = in->len == in->text_len;

	switch (below(9)) {
	case 0:
		if (len > in->text_len - at)
			len = in->text_len - at;
		memmove(in->text + at, in->text + at + len, in->text_len - at - len);
		in->text_len -= len;
		break;
	case 1:
		insert(in, at, &byte, 1);
		break;
	case 2:
		if (at < in->text_len)
			in->text[at] = byte;
		break;
	case 3:
		if (at < in->text_len)
			in->text[at] ^= 1 << below(8);
		break;
	case 4:
		if (at < in->text_len && other < in->text_len) {
			byte = in->text[at];
			in->text[at] = in->text[other];
			in->text[other] = byte;
		}
		break;
	case 5:
		if (len > in->text_len - at)
			len = in->text_len - at;
		memcpy(bytes, in->text + at, len);
		insert(in, other, bytes, len);
		break;
	case 6:
		insert(in, at, word, strlen(word));
		break;
	case 7:
		insert(in, at, " ", 1);
		insert(in, at + 1 <= in->text_len ? at + 1 : at, word, strlen(word));
		break;
	case 8:
		/* One more key that makes sense. */
		text_len = 0;
		add(" ");
		add_key(below(NR_KEYS));
		insert(in, in->text_len, text_buf, text_len);
		break;
	}
	if (exact)
		in->len = in->text_len;
}

static void mutate(struct input *in)
{
	unsigned int nr = 1 + below(3);

	while (nr--) {
		switch (below(16)) {
		case 0:
			in->file = any_file();
			break;
		case 1:
			in->op = any_op(&files[in->file]);
			break;
		case 2:
			in->len = any_length();
			break;
		case 3:
			in->len = in->text_len;
			break;
		case 4:
			in->off = any_offset();
			break;
		case 5:
			in->place = below(NR_PLACES);
			break;
		case 6:
			in->align = rnd() >> 48;
			break;
		case 7:
			in->fill = any_fill();
			break;
		case 8:
			in->choice = rnd() >> 48;
			break;
		default:
			mutate_text(in);
			break;
		}
	}
	in->how = one_in(40) ? BY_DUP : one_in(1500) ? BY_CHILD : 0;
}

/* Return: false if it is about a table, which takes long to read */
bool input_make(struct input *in)
{
	if (nr_kept && !one_in(3)) {
		*in = kept[below(nr_kept)];
		mutate(in);
	} else {
		make_fresh(in);
		while (one_in(3))
			mutate_text(in);
	}
	repair(in);
	return files[in->file].kind != TABLE && files[in->file].kind != CGROUP_TABLE;
}
