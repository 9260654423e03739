/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one look at the system finds.  A number that cannot be had is a negative errno
 * (zswapctl.h); nothing here fails as a whole but for memory.
 */
#pragma once

#include "system/parse.h"
#include "system/source.h"

#define SYS_ZSWAP	"/sys/kernel/mm/zswap"
#define SYS_PARAMETERS	"/sys/module/zswap/parameters"
#define SYS_DEBUGFS	"/sys/kernel/debug/zswap"
#define SYS_CGROUP	"/sys/fs/cgroup"
#define PROC_VMSTAT	"/proc/vmstat"

struct node {
	int id;
	struct counters counters;
	int ages_error;		/* 0, or why ages is empty */
	struct age_table ages;
};

struct system {
	/* zswap_counters */
	num enabled, shrinker_enabled; /* 0, 1 */
	num max_pool_percent, accept_percent;
	num pool_bytes, stored_pages, incompressible_pages, limit_hit, written_back;
	num reject_reclaim, reject_alloc, reject_kmemcache, reject_poor, reject_compress;
	num decompress_fail, compressed_writeback;
	num zswpin, zswpout, zswpwb;

	char *compressor;	/* NULL if not readable */
	num mem_total, mem_available; /* bytes; /proc/meminfo */
	struct counters counters;
	int ages_error;
	struct age_table ages;
	int nr_nodes;
	struct node *nodes;
};

/* The file that one of zswap_counters is in. */
const char *system_file(const struct counter *counter);
/* The most that the pool may take: bytes. */
num system_limit(const struct system *system);
void system_read(const struct source *source, struct system *system);
/* What is in @directory/stats/. */
void system_counters(const struct source *source, const char *directory, struct counters *counters);
/* Bytes; with a mask of @nodes, of these. */
num system_free_memory(const struct source *source, uint64_t nodes);
/* The first of @nodes without memory that zswap could have a list for; negative: there is none. */
int system_missing_node(const struct source *source, uint64_t nodes);
/* The number in a line of a file. */
num system_keyed(const struct source *source, const char *path, const char *key);
/* A table of ages.  Returns 0, or a negative errno: why @table is left empty. */
int system_read_ages(const struct source *source, const char *path, struct age_table *table);
void system_free(struct system *system);
/* Has this kernel proactive writeback?  0, or -ENOENT. */
int system_supported(const struct source *source);
/* What brings it to a kernel that lacks it. */
#define SYSTEM_PACKAGE	"install a linux-image-*-zswapwb* package, as 'make kernel-deb' builds it"
/*
 * One sentence on why something is not known, for people: "needs root", "debugfs is not
 * mounted", "this kernel has no proactive zswap writeback", "locked down", ...
 */
const char *system_reason(const struct source *source, num error);
/* The same of one file; system_reason() speaks of the age tables. */
const char *system_reason_for(const struct source *source, const char *path, num error);
/* Only a debugfs that is mounted has any; negative errno. */
int system_debugfs_directories(const struct source *source);

/* What the kernel counts for a cgroup; each may be unknown. */
struct cgroup_usage {
	num anon, resident;	/* bytes: anon + shmem, anon + file of memory.stat */
	num written, refaulted;	/* pages: zswpwb_proactive, zswpwb_refault */
};

/* A cgroup, with its own entries, not its descendants'. */
struct cgroup {
	uint64_t id;
	char *path;		/* "/" for the root, "/system.slice/redis.service" */
	int parent;		/* index in the array, -1 */
	bool removed;		/* there are entries, but no directory any more */
	struct age_table ages;	/* all nodes; written, refaulted, dropped are -ENOENT */

	/* The rest is read by cgroups_read_details() (-ENOENT before). */
	struct cgroup_usage all; /* of the whole subtree, as the kernel counts */
	struct cgroup_usage own; /* without the children's */
	num pressure_memory, pressure_io; /* microseconds, "some", of the subtree */
	num writeback;		/* memory.zswap.writeback of this one */
	bool off;		/* it is 0 here or above */
	num frozen;		/* 0, 1: cgroup.events */
};

struct cgroups {
	int nr;
	struct cgroup *cgroup;	/* sorted by path, so that parents come first */
	struct age_table *sum;	/* of the same, with descendants, by cgroups_sum(); or NULL */
	int foreign;		/* cgroups outside of this cgroup namespace, which are left out */
};

/*
 * All cgroups of the hierarchy.  @nodes: a mask of nodes whose entries count; UINT64_MAX is
 * every node, also those beyond the mask.  Needs debugfs.  Returns 0 or a negative errno, with which @cgroups
 * is empty (-EACCES: needs root; -EINVAL: an invalid table).
 *
 * A record belongs to the directory whose inode number is its id: the kernel's path differs
 * from the directory's for a reader in a cgroup namespace.
 */
int cgroups_read(const struct source *source, uint64_t nodes, struct cgroups *cgroups);
/* Why the cgroups at /sys/fs/cgroup are not those of the kernel's table (-EOPNOTSUPP), or NULL. */
const char *cgroup_hierarchy_reason(const struct source *source);
/* The one at @path, or one of several, if others were removed; or NULL. */
struct cgroup *cgroups_find(const struct cgroups *cgroups, const char *path);
/*
 * Of all: what one without entries uses is not its parent's, either.  Returns 0, or a negative errno
 * if the system ran out of something meanwhile: what is not known of one says nothing of it then.
 */
int cgroups_read_details(const struct source *source, struct cgroups *cgroups);
/*
 * Numbers of whole subtrees, one of each cgroup, @stride bytes apart, become those without the
 * children's.  What is not known of a child stays with the parent: too much there is the careful
 * error.
 */
void cgroups_own(const struct cgroups *cgroups, void *first, size_t stride);
void cgroups_free(struct cgroups *cgroups);
/* Sort those that have paths, and find their parents. */
void cgroups_set_parents(struct cgroups *cgroups);
/* Add up the entries of each cgroup's subtree. */
void cgroups_sum(struct cgroups *cgroups);
/* The directory of the cgroup at @path, or a file in it; to be freed. */
char *cgroup_file(const char *path, const char *file);
/*
 * Each directory from @path on, one before those below it, until @each returns other than 0, which is
 * returned; a negative errno is the inode of one whose id is not known.  -EMFILE, -ENFILE or
 * -ENOMEM: they cannot be read now.
 */
int cgroup_walk(const struct source *source, const char *path,
		int (*each)(const char *path, num inode, void *data), void *data);
/* Each record of the kernel's table, in the same way; or a negative errno. */
int cgroup_table(const struct source *source,
		 int (*each)(const struct cgroup_record *record, void *data), void *data);
/* The order of cgroups: an ancestor first, and then all that is below it. */
int cgroup_compare_paths(const char *a, const char *b);
/* What a path ends with: "redis.service"; of the root, "/". */
const char *cgroup_name(const char *path);
/* Is @path @top, or below it? */
bool cgroup_is_within(const char *path, const char *top);
/*
 * What the user calls a cgroup into its id and path (*@path is to be freed): a path below
 * the cgroup root ("/a/b"), the same with /sys/fs/cgroup before it, an id (a number), a
 * systemd unit ("redis.service", or "redis"), or "pid:NUMBER"; where that is not there, also with
 * "\x2d" for a byte, as --raw prints it.  -ENOENT: there is none; -ENOTUNIQ: several units of
 * that name, *@path lists them, one a line; -EINVAL, -ERANGE.
 */
int cgroup_resolve(const struct source *source, const char *name, uint64_t *id, char **path);
