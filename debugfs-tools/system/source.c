// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads files of the running system, or of a recorded tree of it.
 *
 * A recorded tree may come from anywhere: the kernel resolves its paths with the tree as
 * the root, so that neither ".." nor a symbolic link leads out, and nothing but regular
 * files is read.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "system/amount.h"
#include "system/source.h"

static int source_open_path(const struct source *source, const char *path, int flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOCTTY | (source->regular ? O_NONBLOCK : 0),
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

	source->recorded = true;
	source->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (source->root < 0)
		return -errno;
	/* "/." is the running system, too */
	source->recorded = fstat(source->root, &given) || stat("/", &running) ||
			   given.st_dev != running.st_dev || given.st_ino != running.st_ino;
	source->regular = source->recorded;
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

/* A file of at most @max bytes, as far as it says so.  Returns 0 or a negative errno. */
static int source_stream(const struct source *source, const char *path, off_t max, FILE **file)
{
	int fd = source_open_path(source, path, O_RDONLY), err = 0;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (source->regular && !S_ISREG(st.st_mode))
		err = -EINVAL;
	else if (st.st_size > max)
		err = -EFBIG;
	if (err)
		close(fd);
	else
		*file = xchecked(fdopen(fd, "r"));
	return err;
}

long source_read(const struct source *source, const char *path, char **text)
{
	size_t room = 0;
	FILE *file;
	long len = source_stream(source, path, SOURCE_MAX, &file);

	*text = NULL;
	if (len < 0)
		return len;
	errno = 0;
	len = getdelim(text, &room, '\0', file);
	if (ferror(file))
		len = errno ? -errno : -EIO;
	else if (len > SOURCE_MAX)
		len = -EFBIG;
	else if (len > 0 && !feof(file))
		len = -EINVAL;
	else if (len < 0)
		len = 0;
	fclose(file);
	if (len <= 0) {
		free(*text);
		*text = len ? NULL : xstrdup("");
	}
	return len;
}

int source_lines(const struct source *source, const char *path,
		 int (*each)(char *line, void *data), void *data)
{
	autofree char *line = NULL;
	size_t room = 0;
	ssize_t len;
	FILE *file;
	int err = source_stream(source, path, INT64_MAX, &file);

	if (err)
		return err;
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
	fclose(file);
	return err;
}

/* The text of a file with at most one line, without the newline; to be freed in any case. */
static int source_read_line(const struct source *source, const char *path, char **line)
{
	long len = source_read(source, path, line);
	char *end;

	if (len < 0)
		return len;
	end = strchrnul(*line, '\n');
	if (*end && end[1])
		return -EINVAL;
	*end = '\0';
	return 0;
}

num source_number(const struct source *source, const char *path)
{
	autofree char *line = NULL;
	int err = source_read_line(source, path, &line);
	num value;

	if (!err)
		err = parse_number(line, &value);
	return err ? err : value;
}

char *source_line(const struct source *source, const char *path)
{
	char *line;

	if (!source_read_line(source, path, &line))
		return line;
	free(line);
	return NULL;
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
		autofree char *file = xasprintf("%s/.inode", path);

		return source_number(source, file);
	}
	fd = source_open_path(source, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return fd;
	inode = fstat(fd, &st) ? -errno : (num)st.st_ino;
	close(fd);
	return inode;
}

/* Where it is not known what it is, opening it will tell. */
static int source_is_directory(const struct dirent *entry)
{
	return (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
	       strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

int source_directories(const struct source *source, const char *path, struct dirent ***list)
{
	int fd = source_open_path(source, path, O_RDONLY | O_DIRECTORY), nr;

	*list = NULL;
	if (fd < 0)
		return fd;
	nr = scandirat(fd, ".", list, source_is_directory, versionsort);
	if (nr < 0)
		nr = -errno;
	close(fd);
	return nr;
}

void source_free_list(struct dirent **list, int nr)
{
	for (int i = 0; i < nr; i++)
		free(list[i]);
	free(list);
}

int source_open_file(const struct source *source, const char *path, int flags)
{
	if (source->recorded)
		return source_exists(source, path) ?: -EROFS;
	return source_open_path(source, path, flags);
}
