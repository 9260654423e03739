// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "oracle.h"

const char *const key_names[NR_KEYS] = {
	"age", "max", "max_compressed", "node", "cgroup", "descend", "type", "bucket", "dry_run",
	"rate",
};

const struct edges default_edges = {
	13, { 0, 30, 60, 120, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 259200 },
};

unsigned int last_node;

static bool is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

/* The digits that @text begins with: their number, or -ERANGE. */
static int digits(const char *text, size_t len, uint64_t *number)
{
	bool overflow = false;
	size_t i;

	*number = 0;
	for (i = 0; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
		overflow |= __builtin_mul_overflow(*number, 10, number);
		overflow |= __builtin_add_overflow(*number, (uint64_t)(text[i] - '0'), number);
	}
	return overflow ? -ERANGE : (int)i;
}

/* What has too many digits is too large, whatever follows them. */
static int number(const char *text, size_t len, uint64_t *result)
{
	int nr = digits(text, len, result);

	if (nr < 0)
		return nr;
	return nr && (size_t)nr == len ? 0 : -EINVAL;
}

/* What a number is multiplied by that ends in @letter; 0 if that is none of its units */
static uint64_t unit_of(char letter, bool size)
{
	switch (letter) {
	case 's':
		return size ? 0 : 1;
	case 'h':
		return size ? 0 : 60 * 60;
	case 'd':
		return size ? 0 : 24 * 60 * 60;
	case 'm':
		return size ? 1 << 20 : 60;
	case 'M':
		return size ? 1 << 20 : 0;
	case 'k':
	case 'K':
		return size ? 1 << 10 : 0;
	case 'g':
	case 'G':
		return size ? 1 << 30 : 0;
	case 't':
	case 'T':
		return size ? 1ULL << 40 : 0;
	default:
		return 0;
	}
}

static int scaled(const char *text, size_t len, bool size, uint64_t *result)
{
	uint64_t unit = len ? unit_of(text[len - 1], size) : 0;
	int err;

	if (unit)
		len--;
	err = number(text, len, result);
	if (err)
		return err;
	if (unit && __builtin_mul_overflow(*result, unit, result))
		return -ERANGE;
	return 0;
}

/* Numbers and ranges between commas; there is more that the kernel knows. */
static int nodes(const char *text, size_t len, struct command *cmd)
{
	size_t start = 0, i;

	for (i = 0; i < len; i++) {
		if (!memchr("0123456789-,", text[i], 12))
			cmd->odd_nodes = true;
	}
	for (i = 0; i <= len; i++) {
		const char *part = text + start, *dash;
		size_t part_len = i - start;
		uint64_t first, last;

		if (i < len && text[i] != ',')
			continue;
		start = i + 1;
		dash = memchr(part, '-', part_len);
		if (number(part, dash ? (size_t)(dash - part) : part_len, &first))
			return -EINVAL;
		last = first;
		if (dash && number(dash + 1, part + part_len - dash - 1, &last))
			return -EINVAL;
		if (first > last || last > last_node)
			return -EINVAL;
	}
	return 0;
}

static int bucket(const char *text, size_t len, struct command *cmd)
{
	const char *dash = memchr(text, '-', len);
	size_t first_len = dash ? (size_t)(dash - text) : len;
	uint64_t first, last;
	int err;

	err = number(text, first_len, &first);
	if (err)
		return err;
	last = first;
	if (dash)
		err = number(dash + 1, len - first_len - 1, &last);
	if (err)
		return err;
	if (first > last || last >= BUCKETS_MAX)
		return -EINVAL;
	cmd->bucket_min = first;
	cmd->bucket_max = last;
	return 0;
}

static int zero_or_one(const char *text, size_t len, bool *on)
{
	*on = is(text, len, "1");
	return *on || is(text, len, "0") ? 0 : -EINVAL;
}

static int value(const char *text, size_t len, unsigned int key, struct command *cmd)
{
	bool on;
	int err;

	switch (key) {
	case KEY_AGE:
		return scaled(text, len, false, &cmd->age);
	case KEY_MAX:
		err = scaled(text, len, true, &cmd->max_pages);
		if (err)
			return err;
		cmd->max_pages /= PAGE;
		return cmd->max_pages ? 0 : -EINVAL;
	case KEY_MAX_COMPRESSED:
		err = scaled(text, len, true, &cmd->max_compressed);
		if (err)
			return err;
		return cmd->max_compressed ? 0 : -EINVAL;
	case KEY_NODE:
		err = nodes(text, len, cmd);
		return cmd->odd_nodes ? 0 : err;
	case KEY_CGROUP:
		return number(text, len, &cmd->cgroup);
	case KEY_DESCEND:
		return zero_or_one(text, len, &on);
	case KEY_TYPE:
		cmd->incompressible = is(text, len, "incompressible");
		return cmd->incompressible || is(text, len, "all") ? 0 : -EINVAL;
	case KEY_BUCKET:
		return bucket(text, len, cmd);
	case KEY_RATE:
		err = scaled(text, len, true, &cmd->rate);
		if (err)
			return err;
		return cmd->rate < PAGE ? -EINVAL : 0;
	default:
		return zero_or_one(text, len, &cmd->dry_run);
	}
}

static int token(const char *text, size_t len, unsigned int allowed, struct command *cmd)
{
	const char *sign = memchr(text, '=', len);
	unsigned int key = KEY_AGE;

	if (!sign && (text[0] < '0' || text[0] > '9'))
		return -EINVAL;
	if (sign) {
		for (key = 0; key < NR_KEYS; key++) {
			if (is(text, sign - text, key_names[key]))
				break;
		}
		len -= sign + 1 - text;
		text = sign + 1;
	}
	if (key == NR_KEYS || !(allowed >> key & 1) || has_key(cmd, key))
		return -EINVAL;
	cmd->keys |= 1U << key;
	return value(text, len, key, cmd);
}

int oracle_command(const char *text, size_t len, unsigned int allowed, struct command *cmd)
{
	size_t start = 0, i;
	int err;

	*cmd = (struct command) { .max_pages = UINT64_MAX, .max_compressed = UINT64_MAX,
				  .rate = UINT64_MAX };
	if (len && text[len - 1] == '\n')
		len--;
	if (len >= PAGE - 1 || memchr(text, '\n', len) || memchr(text, 0, len))
		return -EINVAL;
	for (i = 0; i <= len; i++) {
		if (i < len && text[i] != ' ' && text[i] != '\t')
			continue;
		if (i > start) {
			err = token(text + start, i - start, allowed, cmd);
			if (err)
				return err;
		}
		start = i + 1;
	}
	if (!cmd->keys)
		return -EINVAL;
	/* for pages that are to come back, each key is enough */
	if (allowed != KEYS_READBACK && !has_key(cmd, KEY_AGE) && !has_key(cmd, KEY_MAX) &&
	    !has_key(cmd, KEY_MAX_COMPRESSED) && !has_key(cmd, KEY_TYPE) &&
	    !has_key(cmd, KEY_BUCKET))
		return -EINVAL;
	if (has_key(cmd, KEY_DESCEND) && !has_key(cmd, KEY_CGROUP))
		return -EINVAL;
	if (has_key(cmd, KEY_AGE) && has_key(cmd, KEY_BUCKET))
		return -EINVAL;
	return 0;
}

int oracle_edges(const char *text, size_t len, struct edges *edges)
{
	size_t start = 0, i;

	edges->nr = 0;
	if (memchr(text, 0, len))
		return -EINVAL;
	if (len && text[len - 1] == '\n')
		len--;
	if (is(text, len, "default")) {
		*edges = default_edges;
		return 0;
	}
	for (i = 0; i <= len; i++) {
		uint64_t edge;
		int err;

		if (i < len && text[i] != ' ' && text[i] != '\t')
			continue;
		if (i > start) {
			if (memchr(text + start, '\n', i - start))
				return -EINVAL;
			err = number(text + start, i - start, &edge);
			if (err)
				return err;
			if (edge > INT32_MAX)
				return -ERANGE;
			if (edges->nr == BUCKETS_MAX)
				return -EINVAL;
			if (edges->nr ? edge <= edges->min[edges->nr - 1] : edge)
				return -EINVAL;
			edges->min[edges->nr++] = edge;
		}
		start = i + 1;
	}
	return edges->nr < 2 ? -EINVAL : 0;
}

/* As all switches in sysfs, it ends at a zero byte. */
int oracle_zero_or_one(const char *text, size_t len, bool *on)
{
	len = strnlen(text, len);
	if (len && text[len - 1] == '\n')
		len--;
	return zero_or_one(text, len, on);
}
