// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that do something else */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

static const int open_extra[] = {
	0, 0, 0, O_APPEND, O_TRUNC, O_NONBLOCK, O_CREAT, O_NOFOLLOW, O_SYNC, O_CLOEXEC,
	O_DIRECT, O_DIRECTORY, O_PATH, O_CREAT | O_EXCL,
};

/* Any way to open it, and the wrong call for that way; never one that is a command */
void run_open(const struct input *in)
{
	const struct file *f = &files[in->file];
	int mode = in->choice % 3, fd;
	int extra = open_extra[in->align % ARRAY_SIZE(open_extra)];
	bool reads = mode != O_WRONLY, writes = mode != O_RDONLY;
	long want = 0, result;
	char byte = 'x';

	/* sysfs asks who has the right to, and whether there is a function for it. */
	if (f->sysfs && ((reads && f->kind == COMMAND) || (writes && f->kind == COUNTER)))
		want = -EACCES;
	if (extra & O_DIRECTORY)
		want = -ENOTDIR;
	if (extra & O_EXCL)
		want = -EEXIST;
	if ((extra & O_PATH) == O_PATH)
		want = 0;
	if (extra == O_DIRECT && !want)
		want = -EINVAL;
	cover_begin();
	fd = open(f->path, mode | extra, 0600);
	result = fd < 0 ? -errno : 0;
	if (fd >= 0 && !(extra & O_PATH)) {
		long r;

		if (!writes)
			r = write(fd, &byte, 1);
		else if (!reads)
			r = read(fd, &byte, 1);
		else
			r = write(fd, arena + ARENA, 1);
		r = r < 0 ? -errno : r;
		if (r < 0 && falsify("errno"))
			r = -EIO;
		if (writes && reads ? r != -EFAULT && r != -EINVAL : r != -EBADF)
			wrong(in, "open with mode %d, then the wrong call: %ld", mode, r);
		/* It cannot be written to, but root may open it for that. */
		if (writes && (f->kind == TABLE || f->kind == CGROUP_TABLE)) {
			r = write(fd, "0 1", 3) < 0 ? -errno : 0;
			if (r != -EINVAL)
				wrong(in, "writing to a table returned %ld", r);
		}
	}
	if (fd >= 0)
		close(fd);
	reached = cover_end();
	/* Which of two errors comes first is not ours. */
	if (result != want && !(want == -EINVAL && !result) && !(want < 0 && result < 0))
		wrong(in, "open with mode %d and flags %#o: %ld, not %ld", mode, extra,
		      result, want);
}

/* where sendfile() sends to */
static int sink = -1;

/* One that the files do not know */
static long other_call(const struct input *in, const struct file *f)
{
	struct pollfd p = { .fd = f->fd, .events = POLLIN | POLLOUT };
	struct stat st;
	off_t zero = 0;
	void *map;

	switch (in->choice % 9) {
	case 0:
		return ioctl(f->fd, in->len, in->off);
	case 1:
		return poll(&p, 1, 0);
	case 2:
		return fsync(f->fd);
	case 3:
		return ftruncate(f->fd, in->off);
	case 4:
		return fallocate(f->fd, in->align % 4, in->off, in->len);
	case 5:
		return fstat(f->fd, &st);
	case 6:
		map = mmap(NULL, PAGE, in->align % 4, in->align & 4 ? MAP_SHARED : MAP_PRIVATE,
			   f->fd, in->off & ~(PAGE - 1));
		if (map == MAP_FAILED)
			return -1;
		wrong(in, "mmap worked");
		return 0;
	case 7:
		if (f->kind == COMMAND)
			return 0;
		return sendfile(sink, f->fd, &zero, 1 + in->len % (2 * PAGE));
	default:
		return fcntl(f->fd, F_GETFL + 2 * (in->align % 2),
			     in->len & 0x7fffffff & ~O_ASYNC);
	}
}

/* Calls that the files do not know may fail, but nothing comes of them. */
void run_other(const struct input *in)
{
	static const int good[] = {
		EINVAL, ENOTTY, ENODEV, EACCES, EBADF, ESPIPE, EOPNOTSUPP, EPERM, EFAULT, EFBIG,
		ENXIO, EXDEV, ENOSYS, EOVERFLOW,
	};
	long result;
	size_t i;

	if (sink < 0)
		sink = memfd_create("fuzz", 0);
	cover_begin();
	errno = 0;
	result = other_call(in, &files[in->file]);
	reached = cover_end();
	if (result < 0 && falsify("errno"))
		errno = EIO;
	if (result >= 0)
		return;
	for (i = 0; i < ARRAY_SIZE(good) && good[i] != errno; i++)
		;
	if (i == ARRAY_SIZE(good))
		wrong(in, "call %u: %s", in->choice % 9, strerror(errno));
}
