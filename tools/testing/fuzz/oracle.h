/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel must make of a text: the grammar of commands and of bucket
 * edges, once more, and not from the kernel's code.
 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE		4096UL
#define BUCKETS_MAX	16

/* The keys of a command, as bits; in the order of key_names */
enum {
	KEY_AGE, KEY_MAX, KEY_MAX_COMPRESSED, KEY_NODE, KEY_CGROUP, KEY_DESCEND,
	KEY_TYPE, KEY_BUCKET, KEY_DRY_RUN, KEY_RATE, NR_KEYS
};

#define KEYS_ALL	((1U << NR_KEYS) - 1)
#define KEYS_DEBUGFS	(1U << KEY_BUCKET | 1U << KEY_DRY_RUN)
#define KEYS_READBACK	(1U << KEY_MAX | 1U << KEY_MAX_COMPRESSED | 1U << KEY_NODE | \
			 1U << KEY_CGROUP | 1U << KEY_DESCEND | 1U << KEY_RATE)

extern const char *const key_names[NR_KEYS];

struct command {
	unsigned int	keys;
	uint64_t	age;
	uint64_t	max_pages;
	uint64_t	max_compressed;
	uint64_t	rate;
	uint64_t	cgroup;
	uint32_t	bucket_min;
	uint32_t	bucket_max;
	bool		dry_run;
	bool		incompressible;
	/* its node list is one that only the kernel knows how to read */
	bool		odd_nodes;
};

struct edges {
	unsigned int	nr;
	uint32_t	min[BUCKETS_MAX];
};

static inline bool has_key(const struct command *cmd, unsigned int key)
{
	return cmd->keys >> key & 1;
}

extern const struct edges default_edges;

/* Highest node that can exist; all below it can. */
extern unsigned int last_node;

/* All return 0, -EINVAL or -ERANGE. */
int oracle_command(const char *text, size_t len, unsigned int allowed, struct command *cmd);
int oracle_edges(const char *text, size_t len, struct edges *edges);
int oracle_zero_or_one(const char *text, size_t len, bool *on);

#endif
