// SPDX-License-Identifier: GPL-2.0-or-later
/* Which results are right */
#include <errno.h>
#include <stdio.h>

#include "fuzz.h"

void allow(struct expect *e, long result)
{
	e->result[e->nr++] = result;
}

bool allowed(const struct expect *e, long result)
{
	unsigned int i;

	for (i = 0; i < e->nr && e->result[i] != result; i++)
		;
	return i < e->nr;
}

void expect_print(const struct expect *e)
{
	unsigned int i;

	printf("    right would be:");
	for (i = 0; i < e->nr; i++)
		printf(" %ld", e->result[i]);
	printf("\n");
}

/* With less than that a second, all that is in zswap takes too long */
#define SLOW_RATE	(4UL << 20)

static void expect_run(struct expect *e, struct meaning *m, size_t len)
{
	const struct command *cmd = &m->cmd;
	unsigned int i;

	/* before it looks at anything that the kernel may not have */
	if (cmd->incompressible && !has_incompressible) {
		allow(e, -EOPNOTSUPP);
		return;
	}
	if (has_key(cmd, KEY_BUCKET) && cmd->bucket_max >= edges.nr) {
		allow(e, -EINVAL);
		return;
	}
	if (has_key(cmd, KEY_CGROUP)) {
		for (i = 0; i < NR_CGROUPS && cgroups[i].id != cmd->cgroup; i++)
			;
		if (i == NR_CGROUPS || cgroups[i].forbidden) {
			allow(e, i == NR_CGROUPS ? -ENOENT : -EPERM);
			return;
		}
	}
	allow(e, len);
	m->works = true;
	if (!cmd->dry_run) {
		allow(e, -EAGAIN);
		m->runs = true;
		m->unsure = cmd->odd_nodes;
		m->slow = cmd->rate < SLOW_RATE;
	}
}

void expect_text(struct expect *e, const struct file *f, const char *text, size_t len,
		 struct meaning *m)
{
	m->works = false;
	m->runs = false;
	m->unsure = false;
	m->slow = false;
	if (f->kind == EDGES) {
		m->err = oracle_edges(text, len, &m->edges);
		allow(e, m->err ? m->err : (long)len);
		return;
	}
	if (f->kind == COMPRESSED) {
		m->err = oracle_zero_or_one(text, len, &m->compressed);
		allow(e, m->err ? m->err : (long)len);
		return;
	}
	m->err = oracle_command(text, len, f->allowed, &m->cmd);
	if (m->cmd.odd_nodes)
		allow(e, -EINVAL);
	if (m->err)
		allow(e, m->err);
	else
		expect_run(e, m, len);
}

/* The model follows a write that had @result. */
void wrote(const struct file *f, const struct meaning *m, long result)
{
	if (f->kind == EDGES) {
		if (result > 0)
			edges = m->edges;
		return;
	}
	if (f->kind == COMPRESSED) {
		if (result > 0)
			compressed = m->compressed;
		return;
	}
	if (!m->runs || (result < 0 && result != -EAGAIN && !m->unsure))
		return;
	commands_max++;
	if (result > 0 || result == -EAGAIN)
		commands_min++;
}
