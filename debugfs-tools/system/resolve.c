// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the user calls a cgroup: a path, an id, a unit, or one of its processes.
 */
#include "system/system.h"

#define DIGITS	"0123456789"

/* A path that has been typed: one slash before each name, none at the end; NULL if invalid. */
static char *clean_path(const char *name)
{
	autofree char *copy = xstrdup(name);
	char *path = xstrdup(""), *part, *rest = copy;

	while ((part = strsep(&rest, "/"))) {
		if (!strcmp(part, "..")) {
			free(path);
			return NULL;
		}
		if (*part && strcmp(part, "."))
			xappend(&path, "/%s", part);
	}
	if (!*path)
		xappend(&path, "/");
	return path;
}

/* Takes @path over, NULL: it is invalid. */
static int resolve_path(const struct source *source, char *path, uint64_t *id, char **result)
{
	autofree char *directory = path ? cgroup_file(path, "") : NULL;
	num inode;

	if (!path)
		return -EINVAL;
	inode = source_inode(source, directory);
	if (inode < 0) {
		free(path);
		return inode == -ENOTDIR ? -ENOENT : inode;
	}
	*id = inode;
	*result = path;
	return 0;
}

/* The cgroup that a process is in, as this process sees it. */
static int resolve_pid(const struct source *source, const char *number, uint64_t *id, char **result)
{
	autofree char *file = xasprintf("/proc/%s/cgroup", number), *text = NULL;
	char *line;
	long len;
	int err = 0;

	if (!*number || number[strspn(number, DIGITS)])
		return -EINVAL;
	len = source_read(source, file, &text);
	if (len < 0)
		return len == -ESRCH ? -ENOENT : len;
	line = strncmp(text, "0::", 3) ? strstr(text, "\n0::") : text;
	if (line) {
		line = strchr(line, ':') + 2;
		line[strcspn(line, "\n")] = '\0';
		err = *line == '/' ? resolve_path(source, clean_path(line), id, result) : -ENOENT;
	}
	/* "/.." is outside of this process's namespace; there is no "/a (deleted)" */
	return !line || err == -EINVAL ? -ENOENT : err;
}

struct search {
	const char *name;		/* of a unit, or a directory */
	num id;				/* negative: it is the name that counts */
	int nr;
	char *paths;			/* a line each */
	num inode;			/* of the last */
};

/* "redis" is redis.service, as systemctl has it, or a directory of just that name */
static bool has_name(const char *path, const char *name)
{
	const char *last = cgroup_name(path);
	size_t len = strlen(name);

	return !strncmp(last, name, len) && (!last[len] || !strcmp(last + len, ".service"));
}

static int find(const char *path, num inode, void *data)
{
	struct search *search = data;

	if (search->id < 0 ? !has_name(path, search->name) : inode != search->id)
		return 0;
	xappend(&search->paths, "%s%s", search->nr++ ? "\n" : "", path);
	search->inode = inode;
	/* There is no other of that id */
	return search->id >= 0;
}

static int find_record(const struct cgroup_record *record, void *data)
{
	return find(record->path, record->id, data);
}

static int resolve(const struct source *source, const char *name, uint64_t *id, char **path)
{
	static const char pid[] = "pid:";
	struct search search = { .name = name, .id = -1 };
	int err = 0;

	*path = NULL;
	if (cgroup_hierarchy_reason(source))
		return -EOPNOTSUPP;
	if (!strncmp(name, pid, strlen(pid)))
		return resolve_pid(source, name + strlen(pid), id, path);
	if (*name == '/') {
		if (cgroup_is_within(name, SYS_CGROUP))
			name += strlen(SYS_CGROUP);
		return resolve_path(source, clean_path(name), id, path);
	}
	if (!*name || strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
		return -EINVAL;
	if (!name[strspn(name, DIGITS)])
		err = parse_number(name, &search.id);
	if (err)
		return err;
	search.paths = xstrdup("");
	err = cgroup_walk(source, "/", find, &search);
	/* One without a directory, or outside of this process's namespace */
	if (!err && search.id >= 0)
		cgroup_table(source, find_record, &search);
	if (err >= 0)
		err = !search.nr ? -ENOENT : search.nr > 1 ? -ENOTUNIQ : 0;
	if (!err && search.inode < 0)
		err = search.inode;
	if (!err)
		*id = search.inode;
	if (!err || err == -ENOTUNIQ)
		*path = search.paths;
	else
		free(search.paths);
	return err;
}

/* With the byte in the place of each "\\x2d", as tables have those that are not for a terminal. */
static char *decode(const char *name)
{
	char *text = xstrdup(name), *to = text, digits[3];

	while (*name) {
		int length = 0, byte = 0;

		if (sscanf(name, "\\x%2[0-9a-fA-F]%n", digits, &length) == 1)
			byte = strtol(digits, NULL, 16);
		*to++ = byte && length == 4 ? byte : *name;
		name += byte && length == 4 ? length : 1;
	}
	*to = '\0';
	return text;
}

int cgroup_resolve(const struct source *source, const char *name, uint64_t *id, char **path)
{
	autofree char *decoded = decode(name);
	int err = resolve(source, name, id, path);

	/* systemd's names have such sequences: they are taken as they are first */
	return err == -ENOENT && strcmp(decoded, name) ? resolve(source, decoded, id, path) : err;
}
