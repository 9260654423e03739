/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the fuzzer share.  A run is one system call on one file: corpus.c makes
 * its input, expect.c tells from oracle.c which results are right, writes.c, reads.c and
 * others.c do the call by calls.c and compare.  All else is checked between the runs.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "oracle.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define SYSFS		"/sys/kernel/mm/zswap"
#define DEBUGFS		"/sys/kernel/debug/zswap"
#define CGROUPS		"/sys/fs/cgroup"

#define TEXT_MAX	320
#define ARENA		(16 * PAGE)
/* more than any of the files has */
#define FULL_MAX	(256UL << 10)
#define MAX_FILES	160
#define MAX_NODES	8
#define MAX_SEGMENTS	8
/* half of the addresses that there are: from most buffers on, this reaches beyond them */
#define LEN_MAX		(1UL << 46)
/* wrong answers that are told; there may be one in each run */
#define WRONG_MAX	20

enum kind { COMMAND, COUNTER, COMPRESSED, TABLE, CGROUP_TABLE, EDGES, WRITEBACK, NR_KINDS };

/**
 * struct file - a file that is fuzzed
 * @path: its name
 * @kind: what it is for
 * @sysfs: it is one of sysfs, not of debugfs
 * @node: the one that it is about, -1 for all
 * @allowed: the keys that a command may have
 * @fd: opened for all that root may do with it
 * @edges: those in force when it was opened
 */
struct file {
	char		path[200];
	enum kind	kind;
	bool		sysfs;
	int		node;
	unsigned int	allowed;
	int		fd;
	struct edges	edges;
};

enum op {
	OP_WRITE, OP_PWRITE, OP_WRITEV, OP_READ, OP_PREAD, OP_READV, OP_LSEEK, OP_OPEN,
	OP_OTHER, NR_OPS
};

/**
 * enum place - where the buffer is
 * @INSIDE: at any alignment
 * @AT_END: up to memory that is not there
 * @ACROSS_END: a part of it is not there
 */
enum place {
	INSIDE, AT_END, ACROSS_END, NOWHERE, LOW, READ_ONLY, KERNEL, NO_ADDRESS, NR_PLACES
};

/* how the call is made: by another descriptor, by another process */
enum { BY_DUP = 1, BY_CHILD = 2 };

/**
 * struct input - all that a run depends on
 * @file: number of the file
 * @op: what is done to it
 * @place: where the buffer is
 * @how: BY_DUP, BY_CHILD
 * @fill: what is in the buffer behind the text
 * @nr_segments: pieces of a vector, one less
 * @align: of the buffer; some calls take their arguments from it
 * @choice: what else there is to choose for a call
 * @text_len: length of the text
 * @len: length of the buffer, which may be less or more
 * @off: position in the file
 * @text: the text
 */
struct input {
	uint8_t		file, op, place, how, fill;
	uint8_t		nr_segments;
	uint16_t	align, choice;
	uint16_t	text_len;
	uint64_t	len;
	int64_t		off;
	char		text[TEXT_MAX];
};

/* the names are in checks.c */
enum counter {
	C_COMMANDS, C_SCANNED, C_WRITTEN, C_YOUNG, C_BUSY, C_PROTECTED, C_GONE, C_FAILED,
	C_RELEASED, C_REFAULTED, C_DROPPED, C_READBACK, C_DISK_BYTES, C_CORRUPTED, C_ON_DISK,
	NR_COUNTERS
};

/* common.c: random numbers, time, small files */
extern uint64_t seed;
void rnd_start(void);
uint64_t rnd(void);
unsigned int below(unsigned int limit);
bool one_in(unsigned int n);
uint64_t any_number(void);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));
long long now_us(void);
long now(void);
void put(const char *path, const char *text);
long long get_number(const char *path);

/* report.c: wrong answers, and those that are falsified on purpose */
extern unsigned long runs, wrong_answers;
extern const char *const op_names[NR_OPS];
bool break_set(const char *name);
void break_names(void);
/* One wrong answer is enough where it was made on purpose. */
bool break_noticed(void);
bool falsify(const char *name);
void wrong(const struct input *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* kcov.c: what the kernel has reached */
extern unsigned long nr_pcs, nr_edges;
void cover_open(void);
bool cover_there(void);
void cover_begin(void);
unsigned long cover_end(void);
bool cover_new(unsigned long nr);
void cover_print(void);

/* pool.c: cgroups, and pages in zswap */
struct cgroup {
	const char	*path;
	bool		forbidden;
	uint64_t	id;
};

#define NR_CGROUPS	6

extern struct cgroup cgroups[NR_CGROUPS];
extern unsigned long pages_checked, pages_lost;
void cgroups_make(void);
void pool_start(void);
void pool_check_both(unsigned int step);

/* files.c: the files */
extern struct file files[MAX_FILES];
extern unsigned int nr_files;
extern unsigned int of_kind[NR_KINDS][MAX_FILES], nr_of_kind[NR_KINDS];
extern const char *const kind_names[NR_KINDS];
/* zswap of this kernel stores pages that do not get smaller */
extern bool has_incompressible;
void files_find(void);
void find_nodes(void);

/* content.c: what they hold */
extern struct edges edges;	/* in force */
extern bool compressed;		/* pages go to the disk as they are in zswap */
size_t read_full(const struct file *f, char *text);
const char *literal(const char *p, const char *text);
void check_format(const struct input *in, const struct file *f, char *text, size_t len,
		  unsigned long long *pages);

/* expect.c: which results are right */
struct expect {
	unsigned int	nr;
	long		result[8];
};

/**
 * struct meaning - what a text that the kernel got in full means, and what it leads to
 * @err: the oracle's answer
 * @cmd: the command, if it is one
 * @edges: the edges, if it is those
 * @compressed: what compressed_writeback is set to, if it is that
 * @works: it may have been a command that looks at entries
 * @runs: and that counts
 * @unsure: and may have been none
 * @slow: and takes more time than there is, for its rate
 */
struct meaning {
	int		err;
	struct command	cmd;
	struct edges	edges;
	bool		compressed;
	bool		works;
	bool		runs;
	bool		unsure;
	bool		slow;
};

void allow(struct expect *e, long result);
bool allowed(const struct expect *e, long result);
void expect_print(const struct expect *e);
void expect_text(struct expect *e, const struct file *f, const char *text, size_t len,
		 struct meaning *m);
void wrote(const struct file *f, const struct meaning *m, long result);

/* checks.c: what must hold between the runs, and after a command */
extern const char *const counter_names[NR_COUNTERS];
/* the last ones are those of all nodes */
extern struct file *counter_files[MAX_NODES + 1][NR_COUNTERS];
/* commands that must have been counted since the last check, at least and at most */
extern unsigned long commands_min, commands_max;
void counters_start(void);
void counters_check(void);
long long counted_in_all(enum counter counter);
void tables_check(void);
void check_answer(const struct input *in, const struct file *f, const struct meaning *m,
		  long result);

/* calls.c: buffers, and the system calls that take them */
struct call {
	int		op;
	int		fd;
	char		*buf;
	size_t		len;
	off_t		off;
	struct iovec	iov[MAX_SEGMENTS];
	int		nr_iov;
};

/* the arena is between two pages that are not there */
extern char *arena, *read_only;
/* entries in the trace of the last call */
extern unsigned long reached;
void buffers_make(void);
void build(const struct input *in, char *at, size_t len);
char *place(const struct input *in, bool to_kernel, size_t *there);
bool no_address(const struct input *in);
long call(const struct input *in, struct call *c);

/* writes.c, reads.c, others.c: the runs */
bool run_write(const struct input *in, bool quiet);
bool run_writev(const struct input *in, bool quiet);
void run_read(const struct input *in);
void run_lseek(const struct input *in);
void run_open(const struct input *in);
void run_other(const struct input *in);

/* corpus.c: inputs */
unsigned int inputs_kept(void);
void input_keep(const struct input *in);
bool input_make(struct input *in);

#endif
