// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files hold */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

struct edges edges;
bool compressed;
/* those that the table at hand goes by */
static const struct edges *shown = &edges;

static const char table_head[] =
	"bucket min_age max_age pages bytes incompressible loaded written refaulted dropped\n";
static const char cgroup_table_head[] =
	"cgroup node bucket min_age max_age pages bytes incompressible loaded path\n";

/* All of a file, by the same open file, which has nothing left in its buffer then. */
size_t read_full(const struct file *f, char *text)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = pread(f->fd, text + len, FULL_MAX - len, len);
		if (got > 0)
			len += got;
	} while (got > 0 && len < FULL_MAX);
	if (got < 0)
		wrong(NULL, "reading all of %s: %s", f->path, strerror(errno));
	return len;
}

static size_t print_edges(char *text)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < edges.nr; i++)
		len += sprintf(text + len, "%s%u", i ? " " : "", edges.min[i]);
	text[len++] = '\n';
	return len;
}

/* A plain number and the character after it; NULL if it is something else */
static const char *plain(const char *p, char after, unsigned long long *number)
{
	char *end;

	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return NULL;
	errno = 0;
	*number = strtoull(p, &end, 10);
	return errno || *end != after ? NULL : end + 1;
}

const char *literal(const char *p, const char *text)
{
	return p && !strncmp(p, text, strlen(text)) ? p + strlen(text) : NULL;
}

/* bucket min_age max_age pages bytes incompressible loaded */
static const char *bucket_columns(const char *p, unsigned int *bucket,
				  unsigned long long *pages, unsigned long long *loaded)
{
	unsigned long long v[7];
	int i;

	for (i = 0; i < 7 && p; i++) {
		if (i == 2 && literal(p, "inf ")) {
			v[2] = UINT64_MAX;
			p += 4;
		} else {
			p = plain(p, ' ', &v[i]);
		}
	}
	if (!p || v[0] >= shown->nr || v[1] != shown->min[v[0]] ||
	    v[2] != (v[0] == shown->nr - 1 ? UINT64_MAX : shown->min[v[0] + 1]))
		return NULL;
	if (v[5] > v[3] || v[4] > v[3] * PAGE || v[5] * PAGE > v[4])
		return NULL;
	*bucket = v[0];
	*pages = v[3];
	*loaded = v[6];
	return p;
}

static const char *table_row(const char *p, unsigned int row, unsigned long long *pages)
{
	unsigned long long loaded, written, refaulted, dropped;
	unsigned int bucket = 0;

	p = bucket_columns(p, &bucket, pages, &loaded);
	p = p && bucket == row ? plain(p, ' ', &written) : NULL;
	p = p ? plain(p, ' ', &refaulted) : NULL;
	p = p ? plain(p, '\n', &dropped) : NULL;
	return p && refaulted + dropped <= written ? p : NULL;
}

static const char *cgroup_row(const char *p, unsigned long long *pages)
{
	unsigned long long id, node, loaded;
	unsigned int bucket, i;

	p = plain(p, ' ', &id);
	p = p ? plain(p, ' ', &node) : NULL;
	p = p && node <= last_node ? bucket_columns(p, &bucket, pages, &loaded) : NULL;
	if (!p || (!*pages && !loaded))
		return NULL;
	for (i = 0; i < NR_CGROUPS; i++) {
		const char *path = cgroups[i].path + strlen(CGROUPS), *end;

		if (cgroups[i].id == id) {
			end = literal(p, *path ? path : "/");
			return end && *end == '\n' ? end + 1 : NULL;
		}
	}
	/* It is of a cgroup that is none of ours. */
	p = *p == '/' ? strchr(p, '\n') : NULL;
	return p ? p + 1 : NULL;
}

/* Does a file's content look as it must? Adds up the pages of a table. */
static bool format_good(const struct file *f, char *text, size_t len, unsigned long long *pages)
{
	unsigned long long number;
	const char *p = text;
	unsigned int row;
	char model[256];

	if (len >= FULL_MAX)
		return false;
	text[len] = '\0';
	if (strlen(text) != len)
		return false;
	*pages = 0;
	/* A table of cgroups keeps those that it was opened with. */
	shown = f->kind == CGROUP_TABLE ? &f->edges : &edges;
	switch (f->kind) {
	case COUNTER:
		p = plain(p, '\n', &number);
		return p == text + len;
	case COMPRESSED:
		return len == 2 && text[0] == '0' + compressed && text[1] == '\n';
	case EDGES:
		return len == print_edges(model) && !memcmp(text, model, len);
	case TABLE:
		p = literal(p, table_head);
		for (row = 0; p && row < edges.nr; row++) {
			p = table_row(p, row, &number);
			*pages += number;
		}
		return p == text + len;
	case CGROUP_TABLE:
		p = literal(p, cgroup_table_head);
		while (p && *p) {
			p = cgroup_row(p, &number);
			*pages += number;
		}
		return p == text + len;
	default:
		return true;
	}
}

void check_format(const struct input *in, const struct file *f, char *text, size_t len,
		  unsigned long long *pages)
{
	if (falsify("format") && f->kind != WRITEBACK && len > 10)
		text[len - 2] = 'x';
	if (!format_good(f, text, len, pages)) {
		wrong(in, "%s does not look as it must:", f->path);
		printf("%.*s", (int)len, text);
	}
}
