// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads files of the running system, or of a recorded tree of it.
 *
 * A recorded tree may come from anywhere: the kernel resolves its paths with the tree as
 * the root, so that neither ".." nor a symbolic link leads out, and nothing but regular
 * files is read.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "system/amount.h"
#include "system/source.h"

/* The first read of a file: most are shorter. */
#define SOURCE_CHUNK	4096

/* No file is to be waited for: a pipe in a recorded tree would be. */
static int source_open_path(const struct source *source, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	if (flags & O_PATH)
		how.flags = flags | O_CLOEXEC;
	if (source->recorded)
		fd = syscall(SYS_openat2, source->root, path, &how, sizeof(how));
	else
		fd = openat(source->root, path, how.flags);
	return fd < 0 ? -errno : fd;
}

int source_open(struct source *source, const char *root)
{
	struct stat given, running;
	int fd;

	source->root = -1;
	source->recorded = true;
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* "/." is the running system, too */
	if (fstat(fd, &given) || stat("/", &running)) {
		int err = -errno;

		close(fd);
		return err;
	}
	source->root = fd;
	source->recorded = given.st_dev != running.st_dev || given.st_ino != running.st_ino;
	if (source->recorded)
		amount_set_page_size(source_number(source, "/.page_size"));
	return 0;
}

void source_close(struct source *source)
{
	if (source->root >= 0)
		close(source->root);
	source->root = -1;
}

static long source_read_fd(int fd, char **text)
{
	size_t size = SOURCE_CHUNK, len = 0;
	char *buf = xrealloc(NULL, size);
	ssize_t got;
	long err = 0;

	/* One byte stays free for the NUL */
	while ((got = read(fd, buf + len, size - len - 1))) {
		if (got < 0) {
			if (errno == EINTR)
				continue;
			err = -errno;
			break;
		}
		len += got;
		if (len > SOURCE_MAX) {
			err = -EFBIG;
			break;
		}
		if (size - len - 1 < SOURCE_CHUNK / 2) {
			size *= 2;
			buf = xrealloc(buf, size);
		}
	}
	if (!err && memchr(buf, '\0', len))
		err = -EINVAL;
	if (err) {
		free(buf);
		return err;
	}
	buf[len] = '\0';
	*text = buf;
	return len;
}

/* A regular file; a descriptor or a negative errno. */
static int source_open_regular(const struct source *source, const char *path)
{
	int fd = source_open_path(source, path, O_RDONLY), err = 0;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	if (!err)
		return fd;
	close(fd);
	return err;
}

long source_read(const struct source *source, const char *path, char **text)
{
	int fd = source_open_regular(source, path);
	long ret;

	*text = NULL;
	if (fd < 0)
		return fd;
	ret = source_read_fd(fd, text);
	close(fd);
	return ret;
}

int source_lines(const struct source *source, const char *path,
		 int (*each)(char *line, void *data), void *data)
{
	int fd = source_open_regular(source, path), err = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *file;

	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	errno = 0;
	while (!err && (len = getline(&line, &room, file)) >= 0) {
		if (len > SOURCE_MAX)
			err = -EFBIG;
		else if (line[len - 1] != '\n' || strlen(line) != (size_t)len)
			err = -EINVAL;
		if (err)
			break;
		line[len - 1] = '\0';
		err = each(line, data);
	}
	if (!err && ferror(file))
		err = errno ? -errno : -EIO;
	free(line);
	fclose(file);
	return err;
}

/* The text of a file with at most one line, without the newline. */
static int source_read_line(const struct source *source, const char *path, char **line)
{
	char *text, *end;
	long len;

	*line = NULL;
	len = source_read(source, path, &text);
	if (len < 0)
		return len;
	end = strchr(text, '\n');
	if (end && end[1]) {
		free(text);
		return -EINVAL;
	}
	if (end)
		*end = '\0';
	*line = text;
	return 0;
}

num source_number(const struct source *source, const char *path)
{
	char *line;
	num value;
	int err;

	err = source_read_line(source, path, &line);
	if (err)
		return err;
	err = parse_number(line, &value);
	free(line);
	return err ? err : value;
}

char *source_line(const struct source *source, const char *path)
{
	char *line;

	return source_read_line(source, path, &line) ? NULL : line;
}

int source_exists(const struct source *source, const char *path)
{
	int fd = source_open_path(source, path, O_PATH);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

num source_inode(const struct source *source, const char *path)
{
	struct stat st;
	num inode;
	int fd;

	if (source->recorded) {
		char *file = xasprintf("%s/.inode", path);

		inode = source_number(source, file);
		free(file);
		return inode;
	}
	fd = source_open_path(source, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		inode = -errno;
	else if (st.st_ino > INT64_MAX)
		inode = -ERANGE;
	else
		inode = st.st_ino;
	close(fd);
	return inode;
}

static bool source_is_directory(int dir, const struct dirent *entry)
{
	struct stat st;

	if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return !fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);
}

static int source_compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

long source_directories(const struct source *source, const char *path, char ***names)
{
	long nr = 0, room = 16;
	struct dirent *entry;
	char **list;
	DIR *dir;
	int fd;

	*names = NULL;
	fd = source_open_path(source, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		int err = -errno;

		close(fd);
		return err;
	}
	list = xcalloc(room, sizeof(*list));
	errno = 0;
	while ((entry = readdir(dir))) {
		if (source_is_directory(fd, entry)) {
			/* One stays free for the NULL */
			if (nr == room - 1) {
				room *= 2;
				list = xrealloc(list, room * sizeof(*list));
			}
			list[nr++] = xstrdup(entry->d_name);
		}
		errno = 0;
	}
	list[nr] = NULL;
	if (errno) {
		int err = -errno;

		closedir(dir);
		source_free_names(list);
		return err;
	}
	closedir(dir);
	qsort(list, nr, sizeof(*list), source_compare_names);
	*names = list;
	return nr;
}

void source_free_names(char **names)
{
	char **name;

	if (!names)
		return;
	for (name = names; *name; name++)
		free(*name);
	free(names);
}

int source_open_file(const struct source *source, const char *path, int flags)
{
	int fd;

	if (source->recorded) {
		int err = source_exists(source, path);

		return err ? err : -EROFS;
	}
	fd = openat(source->root, path, flags | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}
