// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of proactive zswap writeback: what the parsers make of random
 * text.
 *
 * Each test has a second parser of its own to compare with, which reads one
 * character after the other, and shares no code with the one under test. It is
 * slow, and as dull as the grammar in Documentation/admin-guide/mm/zswap_wb.rst.
 *
 * Text is made by one generator per test from a fixed seed, so that each run is
 * the same. A failure tells the seed, the round and the text.
 */
#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/prandom.h>
#include <linux/string.h>

#include "../internal.h"

#define FUZZ_SEED	20261123
#define FUZZ_TEXT_MAX	1024
/* Behind the text: nothing there may be looked at */
#define FUZZ_TAIL	16

/**
 * struct fuzz_text - text that is being made
 * @rnd:	random numbers
 * @len:	bytes in use
 * @byte:	the text; needs no NUL at its end
 */
struct fuzz_text {
	struct rnd_state	rnd;
	size_t			len;
	char			byte[FUZZ_TEXT_MAX + FUZZ_TAIL];
};

static u32 fuzz_below(struct fuzz_text *text, u32 limit)
{
	return prandom_u32_state(&text->rnd) % limit;
}

static bool fuzz_one_in(struct fuzz_text *text, u32 n)
{
	return !fuzz_below(text, n);
}

/* Any length is as likely as any other, and so are numbers next to a power of 2 */
static u64 fuzz_number(struct fuzz_text *text)
{
	u64 number = (u64)prandom_u32_state(&text->rnd) << 32 |
		     prandom_u32_state(&text->rnd);
	unsigned int bits = fuzz_below(text, 64);

	switch (fuzz_below(text, 4)) {
	case 0:
		return (1ULL << bits) - fuzz_below(text, 2);
	case 1:
		return U64_MAX - fuzz_below(text, 2);
	default:
		return number >> bits;
	}
}

/* Puts @len bytes at @at, as far as there is room */
static void fuzz_insert(struct fuzz_text *text, size_t at, const char *bytes,
			size_t len)
{
	len = min(len, FUZZ_TEXT_MAX - text->len);
	memmove(text->byte + at + len, text->byte + at, text->len - at);
	memcpy(text->byte + at, bytes, len);
	text->len += len;
}

static void fuzz_delete(struct fuzz_text *text, size_t at, size_t len)
{
	len = min(len, text->len - at);
	memmove(text->byte + at, text->byte + at + len, text->len - at - len);
	text->len -= len;
}

static __printf(2, 3)
void fuzz_add(struct fuzz_text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->len += vscnprintf(text->byte + text->len,
				FUZZ_TEXT_MAX - text->len, format, args);
	va_end(args);
}

static void fuzz_add_blanks(struct fuzz_text *text, u32 least)
{
	u32 nr = least + (fuzz_one_in(text, 3) ? fuzz_below(text, 4) : 0);

	while (nr--)
		fuzz_add(text, fuzz_one_in(text, 3) ? "\t" : " ");
}

/* A number with any number of zeroes in front of it */
static void fuzz_add_number(struct fuzz_text *text, u64 number)
{
	if (fuzz_one_in(text, 8))
		fuzz_add(text, "%.*s", fuzz_below(text, 30),
			 "000000000000000000000000000000");
	fuzz_add(text, "%llu", number);
}

/* A number with one of the suffixes that divide it, or with none */
static void fuzz_add_scaled(struct fuzz_text *text, u64 number,
			    const char *suffixes, const u64 *units)
{
	u32 i = fuzz_below(text, strlen(suffixes) + 1);
	u64 left = 1, scaled = 0;

	if (suffixes[i])
		scaled = div64_u64_rem(number, units[i], &left);
	if (!left) {
		fuzz_add_number(text, scaled);
		fuzz_add(text, "%c", suffixes[i]);
	} else {
		fuzz_add_number(text, number);
	}
}

static char fuzz_byte(struct fuzz_text *text)
{
	static const char likely[] =
		"0123456789 \t\n\r\v\f,-=+.sSmMhHdDkKgGtTpPxNalinc\0\0\x01\x7f\x80\xff";

	if (fuzz_one_in(text, 4))
		return fuzz_below(text, 256);
	return likely[fuzz_below(text, sizeof(likely) - 1)];
}

/* Changes the text in one of the ways that fuzzers know */
static void fuzz_mutate(struct fuzz_text *text, const char *const *words,
			u32 nr_words)
{
	u32 at = fuzz_below(text, text->len + 1);
	u32 other = fuzz_below(text, text->len + 1);
	u32 len = 1 + fuzz_below(text, fuzz_one_in(text, 4) ? 32 : 4);
	const char *word = words[fuzz_below(text, nr_words)];
	char bytes[32];

	switch (fuzz_below(text, 10)) {
	case 0:
		fuzz_delete(text, at, len);
		break;
	case 1:
		bytes[0] = fuzz_byte(text);
		fuzz_insert(text, at, bytes, 1);
		break;
	case 2:
		if (at < text->len)
			text->byte[at] = fuzz_byte(text);
		break;
	case 3:
		if (at < text->len)
			text->byte[at] ^= 1 << fuzz_below(text, 8);
		break;
	case 4:
		if (at < text->len && other < text->len)
			swap(text->byte[at], text->byte[other]);
		break;
	case 5:
		/* a part of it once more, elsewhere */
		len = min_t(u32, len, text->len - at);
		memcpy(bytes, text->byte + at, len);
		fuzz_insert(text, other, bytes, len);
		break;
	case 6:
		fuzz_insert(text, at, word, strlen(word));
		break;
	case 7:
		/* a word of its own */
		fuzz_insert(text, at, " ", 1);
		fuzz_insert(text, min_t(size_t, at + 1, text->len), word,
			    strlen(word));
		break;
	case 8:
		/* the same byte again and again */
		memset(bytes, fuzz_byte(text), sizeof(bytes));
		fuzz_insert(text, at, bytes, len);
		break;
	case 9:
		text->len = at;
		break;
	}
}

/* What is behind the text would change its meaning */
static void fuzz_tail(struct fuzz_text *text)
{
	static const char tails[] = "0K9m =-,\0\n\xff";

	memset(text->byte + text->len, tails[fuzz_below(text, sizeof(tails) - 1)],
	       FUZZ_TAIL);
}

static void fuzz_fail(struct kunit *test, const struct fuzz_text *text,
		      const char *name, u32 round, const char *what)
{
	KUNIT_FAIL(test, "%s, seed %d, round %u: %s: \"%*pE\" (%zu bytes)", name,
		   FUZZ_SEED, round, what, (int)min_t(size_t, text->len, 250),
		   text->byte, text->len);
}

/* ---- the second parser: numbers ---- */

/*
 * Reads the digits from @byte on. A number that has too many of them is too
 * large, whatever follows. Return: how many there are, or -ERANGE
 */
static int fuzz_digits(const char *byte, size_t len, u64 *number)
{
	bool overflow = false;
	size_t i;

	*number = 0;
	for (i = 0; i < len && byte[i] >= '0' && byte[i] <= '9'; i++) {
		u64 digit = byte[i] - '0';

		if (*number > U64_MAX / 10 ||
		    *number * 10 > U64_MAX - digit)
			overflow = true;
		*number = *number * 10 + digit;
	}
	return overflow ? -ERANGE : i;
}

/* Nothing but digits */
static int fuzz_read_number(const char *byte, size_t len, u64 *number)
{
	int digits = fuzz_digits(byte, len, number);

	if (digits < 0)
		return digits;
	return digits && digits == len ? 0 : -EINVAL;
}

static int fuzz_read_scaled(const char *byte, size_t len, const char *suffixes,
			    const u64 *units, u64 *number)
{
	u64 unit = 1;
	size_t i;
	int err;

	for (i = 0; len && suffixes[i]; i++) {
		if (suffixes[i] == byte[len - 1]) {
			unit = units[i];
			len--;
			break;
		}
	}
	err = fuzz_read_number(byte, len, number);
	if (err)
		return err;
	if (*number > div64_u64(U64_MAX, unit))
		return -ERANGE;
	*number *= unit;
	return 0;
}

/* ---- the second parser: commands ---- */

static const char fuzz_age_suffixes[] = "smhd";
static const u64 fuzz_age_units[] = { 1, 60, 3600, 86400 };
static const char fuzz_size_suffixes[] = "KkMmGgTt";
static const u64 fuzz_size_units[] = {
	1ULL << 10, 1ULL << 10, 1ULL << 20, 1ULL << 20,
	1ULL << 30, 1ULL << 30, 1ULL << 40, 1ULL << 40,
};

static const char *const fuzz_keys[] = {
	"age", "max", "max_compressed", "node", "cgroup", "descend", "type",
	"bucket", "dry_run", "rate",
};

static bool fuzz_is(const char *byte, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(byte, word, len);
}

static int fuzz_read_flag(const char *byte, size_t len, bool *on)
{
	*on = fuzz_is(byte, len, "1");
	return *on || fuzz_is(byte, len, "0") ? 0 : -EINVAL;
}

/* Of numbers and ranges of numbers, with commas between them */
static int fuzz_read_nodes(const char *byte, size_t len, nodemask_t *nodes)
{
	size_t i = 0;

	nodes_clear(*nodes);
	for (;;) {
		u64 first, last;
		int digits = fuzz_digits(byte + i, len - i, &first);

		if (digits <= 0)
			return -EINVAL;
		i += digits;
		last = first;
		if (i < len && byte[i] == '-') {
			i++;
			digits = fuzz_digits(byte + i, len - i, &last);
			if (digits <= 0)
				return -EINVAL;
			i += digits;
		}
		if (first > last || last >= MAX_NUMNODES)
			return -EINVAL;
		for (; first <= last; first++) {
			if (!node_possible(first))
				return -EINVAL;
			node_set(first, *nodes);
		}
		if (i == len)
			return 0;
		if (byte[i++] != ',')
			return -EINVAL;
	}
}

static int fuzz_read_bucket(const char *byte, size_t len,
			    struct zswap_wb_command *cmd)
{
	u64 min, max;
	size_t dash;
	int err;

	for (dash = 0; dash < len && byte[dash] != '-'; dash++)
		;
	err = fuzz_read_number(byte, dash, &min);
	if (err)
		return err;
	max = min;
	if (dash < len)
		err = fuzz_read_number(byte + dash + 1, len - dash - 1, &max);
	if (err)
		return err;
	if (max < min || max > 15)
		return -EINVAL;
	cmd->bucket_min = min;
	cmd->bucket_max = max;
	return 0;
}

static int fuzz_read_value(const char *byte, size_t len, unsigned int key,
			   struct zswap_wb_command *cmd)
{
	int err;

	switch (key) {
	case 0:
		return fuzz_read_scaled(byte, len, fuzz_age_suffixes,
					fuzz_age_units, &cmd->age);
	case 1:
		err = fuzz_read_scaled(byte, len, fuzz_size_suffixes,
				       fuzz_size_units, &cmd->max_pages);
		if (err)
			return err;
		cmd->max_pages /= PAGE_SIZE;
		return cmd->max_pages ? 0 : -EINVAL;
	case 2:
		err = fuzz_read_scaled(byte, len, fuzz_size_suffixes,
				       fuzz_size_units, &cmd->max_compressed);
		if (err)
			return err;
		return cmd->max_compressed ? 0 : -EINVAL;
	case 3:
		return fuzz_read_nodes(byte, len, &cmd->nodes);
	case 4:
		return fuzz_read_number(byte, len, &cmd->cgroup_id);
	case 5:
		return fuzz_read_flag(byte, len, &cmd->descend);
	case 6:
		cmd->type = ZSWAP_WB_TYPE_INCOMPRESSIBLE;
		if (fuzz_is(byte, len, "incompressible"))
			return 0;
		cmd->type = ZSWAP_WB_TYPE_ALL;
		return fuzz_is(byte, len, "all") ? 0 : -EINVAL;
	case 7:
		return fuzz_read_bucket(byte, len, cmd);
	case 8:
		return fuzz_read_flag(byte, len, &cmd->dry_run);
	default:
		err = fuzz_read_scaled(byte, len, fuzz_size_suffixes,
				       fuzz_size_units, &cmd->rate);
		if (err)
			return err;
		return cmd->rate < PAGE_SIZE ? -EINVAL : 0;
	}
}

static int fuzz_read_token(const char *byte, size_t len, unsigned long allowed,
			   struct zswap_wb_command *cmd)
{
	unsigned int key;
	size_t name;

	for (name = 0; name < len && byte[name] != '='; name++)
		;
	if (name == len) {
		if (byte[0] < '0' || byte[0] > '9')
			return -EINVAL;
		key = 0;
	} else {
		for (key = 0; key < ARRAY_SIZE(fuzz_keys); key++) {
			if (fuzz_is(byte, name, fuzz_keys[key]))
				break;
		}
		byte += name + 1;
		len -= name + 1;
	}
	if (key == ARRAY_SIZE(fuzz_keys) || !(allowed >> key & 1) ||
	    cmd->keys >> key & 1)
		return -EINVAL;
	cmd->keys |= 1UL << key;
	return fuzz_read_value(byte, len, key, cmd);
}

static bool fuzz_has(const struct zswap_wb_command *cmd, unsigned int key)
{
	return cmd->keys >> key & 1;
}

static void fuzz_command_empty(struct zswap_wb_command *cmd)
{
	memset(cmd, 0, sizeof(*cmd));
	cmd->max_pages = U64_MAX;
	cmd->max_compressed = U64_MAX;
	cmd->rate = U64_MAX;
	cmd->bucket_max = UINT_MAX;
	cmd->descend = true;
	nodes_setall(cmd->nodes);
}

static int fuzz_read_command(const char *byte, size_t len,
			     unsigned long allowed,
			     struct zswap_wb_command *cmd)
{
	size_t i, start = 0;
	int err;

	fuzz_command_empty(cmd);
	if (len && byte[len - 1] == '\n')
		len--;
	if (len > PAGE_SIZE - 2)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		if (byte[i] == '\n' || !byte[i])
			return -EINVAL;
	}
	for (i = 0; i <= len; i++) {
		if (i < len && byte[i] != ' ' && byte[i] != '\t')
			continue;
		if (i > start) {
			err = fuzz_read_token(byte + start, i - start, allowed,
					      cmd);
			if (err)
				return err;
		}
		start = i + 1;
	}
	if (!fuzz_has(cmd, 0) && !fuzz_has(cmd, 1) && !fuzz_has(cmd, 2) &&
	    !fuzz_has(cmd, 6) && !fuzz_has(cmd, 7))
		return -EINVAL;
	if (fuzz_has(cmd, 5) && !fuzz_has(cmd, 4))
		return -EINVAL;
	if (fuzz_has(cmd, 0) && fuzz_has(cmd, 7))
		return -EINVAL;
	return 0;
}

/* ---- random commands ---- */

/* A command that makes sense, and nothing that is not in @allowed */
static void fuzz_command_make(struct fuzz_text *text, unsigned long allowed,
			      struct zswap_wb_command *cmd)
{
	static const unsigned int what[] = { 0, 1, 2, 6, 7 };
	int nid;

	fuzz_command_empty(cmd);
	do {
		cmd->keys = prandom_u32_state(&text->rnd) & allowed;
		cmd->keys |= BIT(what[fuzz_below(text, ARRAY_SIZE(what))]);
		if (fuzz_has(cmd, 0) && fuzz_has(cmd, 7))
			cmd->keys &= ~BIT(fuzz_one_in(text, 2) ? 0 : 7);
		if (!fuzz_has(cmd, 4))
			cmd->keys &= ~BIT(5);
	} while (cmd->keys & ~allowed);

	if (fuzz_has(cmd, 0))
		cmd->age = fuzz_number(text);
	if (fuzz_has(cmd, 1))
		cmd->max_pages = max(fuzz_number(text) / PAGE_SIZE, 1ULL);
	if (fuzz_has(cmd, 2))
		cmd->max_compressed = max(fuzz_number(text), 1ULL);
	if (fuzz_has(cmd, 3)) {
		nodes_clear(cmd->nodes);
		for_each_node(nid) {
			if (fuzz_one_in(text, 2))
				node_set(nid, cmd->nodes);
		}
		if (nodes_empty(cmd->nodes))
			node_set(first_node(node_possible_map), cmd->nodes);
	}
	if (fuzz_has(cmd, 4))
		cmd->cgroup_id = fuzz_number(text);
	if (fuzz_has(cmd, 5))
		cmd->descend = fuzz_one_in(text, 2);
	if (fuzz_has(cmd, 6))
		cmd->type = fuzz_one_in(text, 2) ? ZSWAP_WB_TYPE_ALL :
						   ZSWAP_WB_TYPE_INCOMPRESSIBLE;
	if (fuzz_has(cmd, 7)) {
		cmd->bucket_min = fuzz_below(text, 16);
		cmd->bucket_max = cmd->bucket_min +
				  fuzz_below(text, 16 - cmd->bucket_min);
	}
	if (fuzz_has(cmd, 8))
		cmd->dry_run = fuzz_one_in(text, 2);
	if (fuzz_has(cmd, 9))
		cmd->rate = max(fuzz_number(text), (u64)PAGE_SIZE);
}

static void fuzz_add_nodes(struct fuzz_text *text, const nodemask_t *nodes)
{
	int nid, nr = 0;

	if (fuzz_one_in(text, 2)) {
		fuzz_add(text, "%*pbl", nodemask_pr_args(nodes));
		return;
	}
	/* one by one, and as ranges of one */
	for_each_node_mask(nid, *nodes) {
		fuzz_add(text, "%s%d", nr++ ? "," : "", nid);
		if (fuzz_one_in(text, 4))
			fuzz_add(text, "-%d", nid);
	}
}

static void fuzz_add_key(struct fuzz_text *text, unsigned int key,
			 const struct zswap_wb_command *cmd)
{
	if (key || fuzz_one_in(text, 2))
		fuzz_add(text, "%s=", fuzz_keys[key]);
	switch (key) {
	case 0:
		fuzz_add_scaled(text, cmd->age, fuzz_age_suffixes,
				fuzz_age_units);
		break;
	case 1:
		fuzz_add_scaled(text, cmd->max_pages * PAGE_SIZE +
				(fuzz_one_in(text, 4) ?
				 fuzz_below(text, PAGE_SIZE) : 0),
				fuzz_size_suffixes, fuzz_size_units);
		break;
	case 2:
		fuzz_add_scaled(text, cmd->max_compressed, fuzz_size_suffixes,
				fuzz_size_units);
		break;
	case 3:
		fuzz_add_nodes(text, &cmd->nodes);
		break;
	case 4:
		fuzz_add_number(text, cmd->cgroup_id);
		break;
	case 5:
		fuzz_add(text, "%d", cmd->descend);
		break;
	case 6:
		fuzz_add(text, cmd->type == ZSWAP_WB_TYPE_ALL ?
			       "all" : "incompressible");
		break;
	case 7:
		fuzz_add_number(text, cmd->bucket_min);
		if (cmd->bucket_max > cmd->bucket_min || fuzz_one_in(text, 2)) {
			fuzz_add(text, "-");
			fuzz_add_number(text, cmd->bucket_max);
		}
		break;
	case 8:
		fuzz_add(text, "%d", cmd->dry_run);
		break;
	case 9:
		fuzz_add_scaled(text, cmd->rate, fuzz_size_suffixes,
				fuzz_size_units);
		break;
	}
}

/* The command as text, its keys in any order */
static void fuzz_command_format(struct fuzz_text *text,
				const struct zswap_wb_command *cmd)
{
	unsigned int order[ARRAY_SIZE(fuzz_keys)], i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		unsigned int at = fuzz_below(text, i + 1);

		order[i] = order[at];
		order[at] = i;
	}
	text->len = 0;
	fuzz_add_blanks(text, 0);
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (!fuzz_has(cmd, order[i]))
			continue;
		if (nr++)
			fuzz_add_blanks(text, 1);
		fuzz_add_key(text, order[i], cmd);
	}
	fuzz_add_blanks(text, 0);
	if (fuzz_one_in(text, 2))
		fuzz_add(text, "\n");
}

/* What differs, or NULL */
static const char *fuzz_command_differs(const struct zswap_wb_command *got,
					const struct zswap_wb_command *want)
{
	if (got->keys != want->keys)
		return "keys differ";
	if (got->age != want->age)
		return "age differs";
	if (got->max_pages != want->max_pages)
		return "max differs";
	if (got->max_compressed != want->max_compressed)
		return "max_compressed differs";
	if (!nodes_equal(got->nodes, want->nodes))
		return "node differs";
	if (got->cgroup_id != want->cgroup_id)
		return "cgroup differs";
	if (got->descend != want->descend)
		return "descend differs";
	if (got->type != want->type)
		return "type differs";
	if (got->bucket_min != want->bucket_min ||
	    got->bucket_max != want->bucket_max)
		return "bucket differs";
	if (got->rate != want->rate)
		return "rate differs";
	if (got->dry_run != want->dry_run)
		return "dry_run differs";
	if (got->report)
		return "report is set";
	return NULL;
}

/* What an accepted command breaks of the rules, or NULL */
static const char *fuzz_command_rules(const struct zswap_wb_command *cmd,
				      unsigned long allowed)
{
	if (cmd->keys & ~allowed)
		return "it has a key that is not allowed";
	if (!(cmd->keys & ZSWAP_WB_KEYS_WHAT))
		return "it says nothing of what to write";
	if (fuzz_has(cmd, 0) && fuzz_has(cmd, 7))
		return "it has both age and bucket";
	if (fuzz_has(cmd, 5) && !fuzz_has(cmd, 4))
		return "it has descend without cgroup";
	if (!cmd->max_pages || (!fuzz_has(cmd, 1) && cmd->max_pages != U64_MAX))
		return "max is out of range";
	if (fuzz_has(cmd, 1) && cmd->max_pages > U64_MAX / PAGE_SIZE)
		return "max is more than was asked for";
	if (!cmd->max_compressed)
		return "max_compressed is zero";
	if (cmd->rate < PAGE_SIZE || (!fuzz_has(cmd, 9) && cmd->rate != U64_MAX))
		return "rate is out of range";
	if (nodes_empty(cmd->nodes))
		return "it has no nodes";
	if (fuzz_has(cmd, 3) && !nodes_subset(cmd->nodes, node_possible_map))
		return "it has nodes that can't exist";
	if (cmd->bucket_min > cmd->bucket_max ||
	    (fuzz_has(cmd, 7) ? cmd->bucket_max > 15 :
				cmd->bucket_max != UINT_MAX))
		return "its buckets are out of range";
	return NULL;
}

static int fuzz_parse(struct fuzz_text *text, unsigned long allowed,
		      struct zswap_wb_command *cmd)
{
	fuzz_tail(text);
	/* What it does not set shows */
	memset(cmd, 0xa5, sizeof(*cmd));
	return zswap_wb_command_parse(text->byte, text->len, allowed, cmd);
}

static unsigned long fuzz_allowed(struct fuzz_text *text)
{
	switch (fuzz_below(text, 4)) {
	case 0:
		return ZSWAP_WB_KEYS_ALL & ~ZSWAP_WB_KEYS_DEBUGFS;
	case 1:
		return ZSWAP_WB_KEYS_ALL &
		       ~(ZSWAP_WB_KEYS_DEBUGFS | ZSWAP_WB_KEY_NODE);
	default:
		return ZSWAP_WB_KEYS_ALL;
	}
}

static struct fuzz_text *fuzz_start(struct kunit *test)
{
	struct fuzz_text *text = kunit_kzalloc(test, sizeof(*text), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	prandom_seed_state(&text->rnd, FUZZ_SEED);
	return text;
}

/*
 * A command is what it was written down as, in whatever order and with whatever
 * suffixes and blanks.
 *
 * Turns red when a key is read wrongly, or depends on what is before or behind it.
 */
static void zswap_wb_fuzz_valid(struct kunit *test)
{
	struct fuzz_text *text = fuzz_start(test);
	struct zswap_wb_command want, got;
	const char *what;
	u32 round;
	int err;

	for (round = 0; round < 50000; round++) {
		unsigned long allowed = fuzz_allowed(text);

		fuzz_command_make(text, allowed, &want);
		fuzz_command_format(text, &want);
		err = fuzz_parse(text, allowed, &got);
		what = err ? "it is refused" : fuzz_command_differs(&got, &want);
		if (what) {
			fuzz_fail(test, text, "valid", round, what);
			return;
		}
	}
}

/*
 * Broken commands: both parsers agree on the error, or on each field. What is
 * accepted keeps the rules, and is the same once more when it is written down
 * and read again.
 *
 * Turns red when a check is missing, or is made in a way that some bytes can
 * get around; when text is read beyond its end.
 */
static void zswap_wb_fuzz_mutated(struct kunit *test)
{
	static const char *const words[] = {
		"age=", "max=", "max_compressed=", "node=", "cgroup=",
		"descend=", "type=", "bucket=", "dry_run=", "rate=", "all",
		"incompressible", "0", "1", "=", "-", ",", "\n", " ", "15",
		"16", "0-15", "0,1", "4095", "4096", "4K", "1T", "16777215T",
		"16777216T", "213503982334601d", "213503982334602d",
		"4294967296", "18446744073709551615", "18446744073709551616",
		"184467440737095516150", "9223372036854775808", "+1", "0x1",
		"1e3", "N", "0-N", "0-8:1/2",
	};
	struct fuzz_text *text = fuzz_start(test);
	u32 round, accepted = 0, inval = 0, range = 0;
	struct zswap_wb_command want, got;
	const char *what;

	for (round = 0; round < 100000; round++) {
		unsigned long allowed = fuzz_allowed(text);
		u32 nr = fuzz_one_in(text, 3) ? 1 + fuzz_below(text, 12) : 1;
		int err, want_err;

		fuzz_command_make(text, fuzz_one_in(text, 4) ?
					ZSWAP_WB_KEYS_ALL : allowed, &want);
		fuzz_command_format(text, &want);
		while (nr--)
			fuzz_mutate(text, words, ARRAY_SIZE(words));
		want_err = fuzz_read_command(text->byte, text->len, allowed,
					     &want);
		err = fuzz_parse(text, allowed, &got);

		accepted += !err;
		inval += err == -EINVAL;
		range += err == -ERANGE;
		what = NULL;
		if (err != want_err)
			what = err ? want_err ? "another error is due" :
				     "it is refused" : "it is accepted";
		else if (!err)
			what = fuzz_command_differs(&got, &want) ?:
			       fuzz_command_rules(&got, allowed);
		if (what) {
			kunit_err(test, "got %d, expected %d\n", err, want_err);
			fuzz_fail(test, text, "mutated", round, what);
			return;
		}
		if (err)
			continue;

		fuzz_command_format(text, &got);
		want = got;
		err = fuzz_parse(text, allowed, &got);
		what = err ? "it is refused the second time" :
			     fuzz_command_differs(&got, &want);
		if (what) {
			fuzz_fail(test, text, "mutated", round, what);
			return;
		}
	}
	/* There was some of each, so all of the above has been tried */
	KUNIT_EXPECT_EQ(test, accepted + inval + range, round);
	KUNIT_EXPECT_GT(test, accepted, round / 20);
	KUNIT_EXPECT_GT(test, inval, round / 5);
	KUNIT_EXPECT_GT(test, range, round / 1000);
	kunit_info(test, "%u accepted, %u -EINVAL, %u -ERANGE\n", accepted,
		   inval, range);
}

/*
 * Long commands, around the size of a page, and those that have bytes of any
 * value in them.
 *
 * Turns red when the limit is off by one, when bytes are taken as signed, or
 * when what is long is cut off instead of refused.
 */
static void zswap_wb_fuzz_long(struct kunit *test)
{
	struct fuzz_text *text = fuzz_start(test);
	struct zswap_wb_command cmd;
	char *byte;
	u32 round;

	byte = kunit_kmalloc(test, PAGE_SIZE + 64, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, byte);
	for (round = 0; round < 1000; round++) {
		size_t len = PAGE_SIZE - 32 + fuzz_below(text, 64), length;
		bool newline = fuzz_one_in(text, 2);
		char odd = fuzz_byte(text);
		int err;

		memset(byte, ' ', len);
		length = scnprintf(text->byte, 64, "max=%lu",
				   PAGE_SIZE * (1 + round));
		memcpy(byte + fuzz_below(text, len - length - 1), text->byte,
		       length);
		if (newline)
			byte[len - 1] = '\n';

		err = zswap_wb_command_parse(byte, len, ZSWAP_WB_KEYS_ALL, &cmd);
		KUNIT_ASSERT_EQ_MSG(test, err,
				    len - newline < PAGE_SIZE - 1 ? 0 : -EINVAL,
				    "round %u: %zu bytes", round, len);
		if (!err)
			KUNIT_ASSERT_EQ(test, cmd.max_pages, 1 + round);

		/* one byte more is a token that nobody knows, or no token */
		byte[0] = odd;
		byte[1] = ' ';
		err = zswap_wb_command_parse(byte, 64, ZSWAP_WB_KEYS_ALL, &cmd);
		if (odd != ' ' && odd != '\t' && (odd < '0' || odd > '9'))
			KUNIT_ASSERT_EQ_MSG(test, err, -EINVAL,
					    "round %u: byte %#x", round,
					    (u8)odd);
	}
}

/* ---- edges ---- */

static int fuzz_read_edges(const char *byte, size_t len,
			   struct zswap_wb_edges *edges)
{
	size_t i, start = 0;

	memset(edges, 0, sizeof(*edges));
	if (len && byte[len - 1] == '\n')
		len--;
	if (fuzz_is(byte, len, "default")) {
		*edges = zswap_wb_age_edges_default;
		return 0;
	}
	for (i = 0; i <= len; i++) {
		u64 edge;
		int err;

		if (i < len && byte[i] != ' ' && byte[i] != '\t')
			continue;
		if (i > start) {
			/* a token with a newline in it is none, first of all */
			if (memchr(byte + start, '\n', i - start))
				return -EINVAL;
			err = fuzz_read_number(byte + start, i - start, &edge);
			if (err)
				return err;
			if (edge > S32_MAX)
				return -ERANGE;
			if (edges->nr == 16)
				return -EINVAL;
			if (edges->nr ? edge <= edges->min[edges->nr - 1] : edge)
				return -EINVAL;
			edges->min[edges->nr++] = edge;
		}
		start = i + 1;
	}
	return edges->nr < 2 ? -EINVAL : 0;
}

static void fuzz_edges_make(struct fuzz_text *text, struct zswap_wb_edges *edges)
{
	u32 step = 1 + fuzz_below(text, 1 << fuzz_below(text, 28));
	u64 edge = 0;

	memset(edges, 0, sizeof(*edges));
	edges->nr = 1;
	while (edges->nr < 2 || (edges->nr < 16 && !fuzz_one_in(text, 12))) {
		edge += 1 + fuzz_below(text, step);
		if (edge > S32_MAX)
			break;
		if (fuzz_one_in(text, 40))
			edge = S32_MAX;
		edges->min[edges->nr++] = edge;
	}
}

static void fuzz_edges_format(struct fuzz_text *text,
			      const struct zswap_wb_edges *edges)
{
	unsigned int i;

	text->len = 0;
	fuzz_add_blanks(text, 0);
	for (i = 0; i < edges->nr; i++) {
		if (i)
			fuzz_add_blanks(text, 1);
		fuzz_add_number(text, edges->min[i]);
	}
	fuzz_add_blanks(text, 0);
	if (fuzz_one_in(text, 2))
		fuzz_add(text, "\n");
}

static const char *fuzz_edges_differ(const struct zswap_wb_edges *got,
				     const struct zswap_wb_edges *want)
{
	if (got->nr != want->nr)
		return "the number of edges differs";
	if (memcmp(got->min, want->min, want->nr * sizeof(want->min[0])))
		return "an edge differs";
	return NULL;
}

/* What accepted edges break of the rules, or NULL */
static const char *fuzz_edges_rules(struct fuzz_text *text,
				    const struct zswap_wb_edges *edges)
{
	unsigned int i, bucket = 0;
	u64 age = fuzz_number(text);

	if (edges->nr < 2 || edges->nr > 16)
		return "their number is out of range";
	if (edges->min[0])
		return "the first one is not 0";
	for (i = 1; i < edges->nr; i++) {
		if (edges->min[i] <= edges->min[i - 1])
			return "they do not increase";
		if (edges->min[i] > S32_MAX)
			return "one is too large";
	}
	/* and an age has its place between two of them */
	for (i = 1; i < edges->nr; i++)
		bucket += age >= edges->min[i];
	if (zswap_wb_age_bucket(edges, age) != bucket)
		return "an age is in another bucket";
	if (age >= zswap_wb_age_bucket_max(edges, bucket) && bucket < edges->nr - 1)
		return "an age is beyond its bucket";
	return NULL;
}

/* The parser needs a NUL, and may change what it reads: so it gets a copy */
static int fuzz_parse_edges(const struct fuzz_text *text, char *copy,
			    struct zswap_wb_edges *edges)
{
	memcpy(copy, text->byte, text->len);
	copy[text->len] = '\0';
	memset(edges, 0xa5, sizeof(*edges));
	return zswap_wb_age_edges_parse(copy, edges);
}

/*
 * Lists of edges, whole and broken: both parsers agree, and what is accepted
 * keeps the rules.
 *
 * Turns red when a check is missing, or when there is a way around it.
 */
static void zswap_wb_fuzz_edges(struct kunit *test)
{
	static const char *const words[] = {
		"0", "1", "default", "default\n", "\n", " ", "\t", "2147483647",
		"2147483648", "4294967296", "18446744073709551615",
		"18446744073709551616", "-1", "+1", "0x10", "1s", ",",
		"0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", "0 30 60",
	};
	struct fuzz_text *text = fuzz_start(test);
	u32 round, accepted = 0, inval = 0, range = 0;
	struct zswap_wb_edges want, got;
	const char *what;
	char *copy;

	copy = kunit_kmalloc(test, FUZZ_TEXT_MAX + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	for (round = 0; round < 60000; round++) {
		u32 nr = fuzz_one_in(text, 3) ? 0 : 1 + fuzz_below(text, 4);
		bool whole = !nr;
		int err, want_err;

		fuzz_edges_make(text, &want);
		fuzz_edges_format(text, &want);
		if (!whole && fuzz_one_in(text, 20)) {
			text->len = 0;
			fuzz_add(text, "default\n");
			nr = fuzz_below(text, 2);
		}
		while (nr--)
			fuzz_mutate(text, words, ARRAY_SIZE(words));
		/* up to a NUL: what follows one, debugfs.c refuses */
		text->len = strnlen(text->byte, text->len);

		err = fuzz_parse_edges(text, copy, &got);
		if (whole) {
			what = err ? "it is refused" :
				     fuzz_edges_differ(&got, &want);
			if (what) {
				fuzz_fail(test, text, "edges", round, what);
				return;
			}
		}
		want_err = fuzz_read_edges(text->byte, text->len, &want);
		accepted += !err;
		inval += err == -EINVAL;
		range += err == -ERANGE;
		what = NULL;
		if (err != want_err)
			what = err ? want_err ? "another error is due" :
				     "it is refused" : "it is accepted";
		else if (!err)
			what = fuzz_edges_differ(&got, &want) ?:
			       fuzz_edges_rules(text, &got);
		if (what) {
			kunit_err(test, "got %d, expected %d\n", err, want_err);
			fuzz_fail(test, text, "edges", round, what);
			return;
		}
	}
	KUNIT_EXPECT_EQ(test, accepted + inval + range, round);
	KUNIT_EXPECT_GT(test, accepted, round / 3);
	KUNIT_EXPECT_GT(test, inval, round / 5);
	KUNIT_EXPECT_GT(test, range, round / 1000);
	kunit_info(test, "%u accepted, %u -EINVAL, %u -ERANGE\n", accepted,
		   inval, range);
}

static struct kunit_case zswap_wb_fuzz_test_cases[] = {
	KUNIT_CASE_SLOW(zswap_wb_fuzz_valid),
	KUNIT_CASE_SLOW(zswap_wb_fuzz_mutated),
	KUNIT_CASE(zswap_wb_fuzz_long),
	KUNIT_CASE_SLOW(zswap_wb_fuzz_edges),
	{}
};

static struct kunit_suite zswap_wb_fuzz_test_suite = {
	.name = "zswap_wb_fuzz",
	.test_cases = zswap_wb_fuzz_test_cases,
};

kunit_test_suite(zswap_wb_fuzz_test_suite);

MODULE_DESCRIPTION("KUnit tests of proactive zswap writeback: random text");
MODULE_LICENSE("GPL");
