// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that read or seek */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* what is in a buffer before a read */
#define SENTINEL	0x5a

/* all of the file, before the call and after it */
static char full[FULL_MAX], again[FULL_MAX];

void run_read(const struct input *in)
{
	const struct file *f = &files[in->file];
	struct call c = { .op = in->op, .fd = f->fd, .len = in->len, .off = in->off };
	size_t total, want, there, i, first = 0, got;
	bool whole = f->kind != CGROUP_TABLE;
	unsigned long long pages;
	long result, position;

	total = read_full(f, full);
	if (f->kind < TABLE || one_in(4))
		check_format(in, f, full, total, &pages);
	c.buf = place(in, false, &there);
	if (in->op == OP_READV) {
		/* Some pieces in a row, with holes of one byte. */
		size_t piece = 1 + in->len % 300;

		c.nr_iov = 1 + in->nr_segments % MAX_SEGMENTS;
		memset(arena, SENTINEL, PAGE);
		for (i = 0; i < (size_t)c.nr_iov; i++) {
			c.iov[i].iov_base = arena + i * (piece + 1);
			c.iov[i].iov_len = piece;
		}
		c.len = piece * c.nr_iov;
		c.buf = arena;
		there = ARENA;
	} else if (there) {
		memset(c.buf, SENTINEL, there < total + 64 ? there : total + 64);
	}
	if (in->op == OP_READ) {
		position = lseek(f->fd, in->off, SEEK_SET);
		if (position < 0) {
			/* Some series have no position behind 2 GiB in sysfs */
			if (errno != EINVAL || (in->off >= 0 && in->off <= INT32_MAX))
				wrong(in, "lseek: %s", strerror(errno));
			return;
		}
	}
	result = call(in, &c);
	if (result < 0 && falsify("errno"))
		result = -EIO;
	if (in->op == OP_READ)
		lseek(f->fd, 0, SEEK_SET);

	want = in->off < 0 || (uint64_t)in->off >= total ? 0 : total - in->off;
	if (want > c.len)
		want = c.len;
	if (in->off < 0 || (in->op != OP_READV && no_address(in)) ||
	    in->off > INT64_MAX - (int64_t)(c.len & INT64_MAX)) {
		if (result != -EINVAL && result != -EFAULT && (result || want))
			wrong(in, "the read returned %ld", result);
		return;
	}
	got = read_full(f, again);
	if (got != total || memcmp(full, again, total)) {
		/* Time goes on: the tables have changed meanwhile. */
		if (f->kind != TABLE && f->kind != CGROUP_TABLE)
			wrong(in, "%s changes by itself", f->path);
		return;
	}
	if (result == -EFAULT && want > there)
		return;
	if (falsify("length") && result > 0)
		result--;
	if (result < 0 || (size_t)result > want || (size_t)result > there ||
	    (want && !result) || (whole && want <= there && (size_t)result != want)) {
		wrong(in, "the read returned %ld, there are %zu bytes", result, want);
		return;
	}
	if (falsify("bytes") && result > 0)
		c.buf[result / 2] ^= 1;
	if (falsify("beyond") && in->op != OP_READV && (size_t)result < there)
		c.buf[result] = 0;
	if (in->op == OP_READV) {
		size_t piece = c.iov[0].iov_len;

		for (i = 0; i < (size_t)result; i++) {
			if (arena[i / piece * (piece + 1) + i % piece] != full[in->off + i])
				break;
		}
		for (; first < (size_t)c.nr_iov; first++) {
			if (arena[first * (piece + 1) + piece] != SENTINEL)
				wrong(in, "a byte between the pieces has changed");
		}
	} else {
		for (i = 0; i < (size_t)result && c.buf[i] == full[in->off + i]; i++)
			;
		/* EFAULT in the middle leaves what has been copied. */
		if (want <= there && (size_t)result < there && (size_t)result < total + 64 &&
		    c.buf[result] != SENTINEL)
			wrong(in, "a byte behind the %ld that were read has changed", result);
	}
	if (i < (size_t)result)
		wrong(in, "byte %zu of %ld is not the one of a full read", i, result);
}

void run_lseek(const struct input *in)
{
	const struct file *f = &files[in->file];
	int whence = in->choice % 7;
	long result;

	cover_begin();
	result = lseek(f->fd, in->off, whence);
	reached = cover_end();
	if (result < 0)
		result = -errno;
	if (result < 0 && falsify("errno"))
		result = -EIO;
	if (result < 0 && result != -EINVAL && result != -EOVERFLOW && result != -ENXIO &&
	    result != -ESPIPE)
		wrong(in, "lseek(%d) returned %ld", whence, result);
	if (whence == SEEK_SET && result >= 0 && result != in->off)
		wrong(in, "lseek returned %ld", result);
	if (whence == SEEK_SET && in->off < 0 && result != -EINVAL)
		wrong(in, "lseek to a negative position returned %ld", result);
	if (lseek(f->fd, 0, SEEK_SET))
		wrong(in, "lseek back to 0: %s", strerror(errno));
}
