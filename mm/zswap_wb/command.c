// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: from the text of a command to its meaning.
 *
 * A command is one line of tokens separated by blanks, each key=value; the
 * grammar stands in Documentation/admin-guide/mm/zswap_wb.rst. Nothing is
 * guessed: what can't be understood in full is refused as a whole, because a
 * command that is carried out in part moves pages that nobody asked for.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "internal.h"

/* Reads a decimal number; kstrtou64() alone would accept a sign, too */
static int zswap_wb_command_number(const char *text, u64 *number)
{
	if (!isdigit(text[0]))
		return -EINVAL;
	return kstrtou64(text, 10, number);
}

/*
 * Reads a number with an optional one-letter suffix. @suffixes lists the
 * letters, @units what each stands for.
 */
static int zswap_wb_command_scaled(char *text, const char *suffixes,
				   const u64 *units, u64 *number)
{
	size_t len = strlen(text);
	const char *suffix;
	u64 unit = 1;
	int err;

	if (!len)
		return -EINVAL;
	suffix = strchr(suffixes, text[len - 1]);
	if (suffix) {
		unit = units[suffix - suffixes];
		text[len - 1] = '\0';
	}
	err = zswap_wb_command_number(text, number);
	if (err)
		return err;
	if (check_mul_overflow(*number, unit, number))
		return -ERANGE;
	return 0;
}

/* Reads a size of at least @min bytes */
static int zswap_wb_command_size(char *text, u64 min, u64 *bytes)
{
	static const u64 units[] = {
		1ULL << 10, 1ULL << 20, 1ULL << 30, 1ULL << 40,
		1ULL << 10, 1ULL << 20, 1ULL << 30, 1ULL << 40,
	};
	int err;

	err = zswap_wb_command_scaled(text, "KMGTkmgt", units, bytes);
	if (err)
		return err;
	return *bytes < min ? -EINVAL : 0;
}

static int zswap_wb_command_node(struct zswap_wb_command *cmd, char *value)
{
	size_t len = strlen(value);

	/* The list parser passes over commas and blanks, and has words: no typo may pass */
	if (strspn(value, "0123456789,-") != len || strstr(value, ",,") ||
	    !isdigit(value[0]) || !isdigit(value[len - 1]))
		return -EINVAL;
	/*
	 * -ERANGE of the list parser means a node beyond the last possible
	 * one, which is a node that can't exist rather than a large number.
	 */
	if (nodelist_parse(value, cmd->nodes) ||
	    !nodes_subset(cmd->nodes, node_possible_map))
		return -EINVAL;
	return 0;
}

static int zswap_wb_command_switch(const char *value, bool *on)
{
	if (strcmp(value, "0") && strcmp(value, "1"))
		return -EINVAL;
	*on = value[0] == '1';
	return 0;
}

/* N or N-M */
static int zswap_wb_command_bucket(struct zswap_wb_command *cmd, char *value)
{
	char *last = strchr(value, '-');
	u64 min, max;
	int err;

	if (last)
		*last++ = '\0';
	err = zswap_wb_command_number(value, &min);
	if (err)
		return err;
	max = min;
	if (last)
		err = zswap_wb_command_number(last, &max);
	if (err)
		return err;
	/* How many there are at the moment is for zswap_wb_run() to know */
	if (min > max || max >= ZSWAP_WB_BUCKETS_MAX)
		return -EINVAL;
	cmd->bucket_min = min;
	cmd->bucket_max = max;
	return 0;
}

static int zswap_wb_command_type(struct zswap_wb_command *cmd, char *value)
{
	if (!strcmp(value, "all"))
		cmd->type = ZSWAP_WB_TYPE_ALL;
	else if (!strcmp(value, "incompressible"))
		cmd->type = ZSWAP_WB_TYPE_INCOMPRESSIBLE;
	else
		return -EINVAL;
	return 0;
}

static int zswap_wb_command_value(struct zswap_wb_command *cmd, unsigned long key,
				  char *value)
{
	static const u64 units[] = { 1, 60, 60 * 60, 24 * 60 * 60 };
	int err;

	switch (key) {
	case ZSWAP_WB_KEY_AGE:
		return zswap_wb_command_scaled(value, "smhd", units, &cmd->age);
	case ZSWAP_WB_KEY_MAX:
		err = zswap_wb_command_size(value, PAGE_SIZE, &cmd->max_pages);
		cmd->max_pages >>= PAGE_SHIFT;
		return err;
	case ZSWAP_WB_KEY_MAX_COMPRESSED:
		return zswap_wb_command_size(value, 1, &cmd->max_compressed);
	case ZSWAP_WB_KEY_NODE:
		return zswap_wb_command_node(cmd, value);
	case ZSWAP_WB_KEY_CGROUP:
		return zswap_wb_command_number(value, &cmd->cgroup_id);
	case ZSWAP_WB_KEY_DESCEND:
		return zswap_wb_command_switch(value, &cmd->descend);
	case ZSWAP_WB_KEY_TYPE:
		return zswap_wb_command_type(cmd, value);
	case ZSWAP_WB_KEY_BUCKET:
		return zswap_wb_command_bucket(cmd, value);
	case ZSWAP_WB_KEY_DRY_RUN:
		return zswap_wb_command_switch(value, &cmd->dry_run);
	default:
		return zswap_wb_command_size(value, PAGE_SIZE, &cmd->rate);
	}
}

/* By their bits, ZSWAP_WB_KEY_* */
static const char * const zswap_wb_command_keys[] = {
	"age", "max", "max_compressed", "node", "cgroup", "descend", "type", "bucket",
	"dry_run", "rate",
};

static_assert(BIT(ARRAY_SIZE(zswap_wb_command_keys)) == ZSWAP_WB_KEYS_ALL + 1);

static int zswap_wb_command_token(char *token, unsigned long allowed,
				  struct zswap_wb_command *cmd)
{
	char *value = strchr(token, '=');
	const char *name = token;
	int i;

	if (value) {
		*value++ = '\0';
	} else if (isdigit(token[0])) {
		name = "age";
		value = token;
	} else {
		return -EINVAL;
	}

	i = match_string(zswap_wb_command_keys, ARRAY_SIZE(zswap_wb_command_keys), name);
	if (i < 0 || !(allowed & BIT(i)) || (cmd->keys & BIT(i)))
		return -EINVAL;
	cmd->keys |= BIT(i);
	return zswap_wb_command_value(cmd, BIT(i), value);
}

/**
 * zswap_wb_command_parse() - read a command
 * @text:	the command; needs no NUL at its end
 * @len:	its length in bytes
 * @allowed:	the keys that may occur, ZSWAP_WB_KEY_*
 * @cmd:	filled in completely on success, undefined on failure
 * Context: process context, may sleep.
 * Return:
 * * 0 on success
 * * -EINVAL if it is malformed, has an unknown, repeated or here not allowed
 *   key, says only where but not what to write, or makes no sense
 * * -ERANGE if a number is too large for its type
 * * -ENOMEM if there is no memory for a copy of it
 */
int zswap_wb_command_parse(const char *text, size_t len, unsigned long allowed,
			   struct zswap_wb_command *cmd)
{
	char *copy, *rest, *token;
	int err = 0;

	*cmd = (struct zswap_wb_command) {
		.max_pages	= ZSWAP_WB_NO_LIMIT,
		.max_compressed	= ZSWAP_WB_NO_LIMIT,
		.rate		= ZSWAP_WB_NO_LIMIT,
		.bucket_max	= ZSWAP_WB_BUCKET_COLDEST,
		.descend	= true,
		.type		= ZSWAP_WB_TYPE_ALL,
		.nodes		= NODE_MASK_ALL,
	};

	if (len && text[len - 1] == '\n')
		len--;
	/*
	 * The number parsers forgive a newline at the end of each token, and
	 * a sysfs write stops at a page: refuse what spans lines, and what is
	 * so long that its rest may have been cut off.
	 */
	if (len >= PAGE_SIZE - 1 || memchr(text, '\n', len) ||
	    memchr(text, '\0', len))
		return -EINVAL;

	copy = kmemdup_nul(text, len, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	rest = copy;
	while (!err && (token = strsep(&rest, " \t"))) {
		if (token[0])
			err = zswap_wb_command_token(token, allowed, cmd);
	}
	kfree(copy);
	if (err)
		return err;

	/* Where no key says what, each one does: see ZSWAP_WB_KEYS_READBACK */
	if (!(cmd->keys & (allowed & ZSWAP_WB_KEY_AGE ? ZSWAP_WB_KEYS_WHAT : allowed)))
		return -EINVAL;
	if ((cmd->keys & ZSWAP_WB_KEY_DESCEND) &&
	    !(cmd->keys & ZSWAP_WB_KEY_CGROUP))
		return -EINVAL;
	if ((cmd->keys & ZSWAP_WB_KEY_AGE) &&
	    (cmd->keys & ZSWAP_WB_KEY_BUCKET))
		return -EINVAL;
	return 0;
}
