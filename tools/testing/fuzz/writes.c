// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs that write */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"

/* what the kernel gets */
static char image[ARENA + 1];

static long falsified(long result, size_t len)
{
	if (result < 0 && falsify("errno"))
		return -EIO;
	if (result < 0 && falsify("accept"))
		return len;
	if (result > 0 && falsify("refuse"))
		return -EINVAL;
	return result;
}

/* Would the end of what is written be no position in a file? */
static bool ends_nowhere(const struct input *in)
{
	return in->op == OP_PWRITE && in->len < LEN_MAX &&
	       in->off > INT64_MAX - (int64_t)in->len;
}

/*
 * One text in one buffer.  Return: false if it was not done because it might be a command
 * that has something to do, and there shall be @quiet, or that would do it for too long.
 */
bool run_write(const struct input *in, bool quiet)
{
	const struct file *f = &files[in->file];
	struct call c = { .op = in->op, .fd = f->fd, .len = in->len, .off = in->off };
	struct expect e = {};
	struct meaning m = { .err = -EFAULT };
	bool positional = in->op == OP_PWRITE, got_text = false;
	/* sysfs takes a page, and leaves the rest to the next write. */
	size_t len = f->sysfs && in->len > PAGE ? PAGE : in->len, there;
	long result;

	c.buf = place(in, true, &there);
	if (positional && in->off < 0) {
		allow(&e, -EINVAL);
	} else if (positional && f->kind == EDGES) {
		/* A seq_file is written to where it is. */
		allow(&e, -ESPIPE);
	} else if (no_address(in)) {
		allow(&e, -EFAULT);
		if (in->len >= LEN_MAX || ends_nowhere(in))
			allow(&e, -EINVAL);
	} else if (ends_nowhere(in)) {
		allow(&e, -EINVAL);
	} else if (f->sysfs && !len) {
		allow(&e, 0);
	} else if (!f->sysfs && len >= PAGE) {
		allow(&e, -EINVAL);
	} else if (there < len) {
		allow(&e, -EFAULT);
	} else {
		build(in, image, len);
		expect_text(&e, f, image, len, &m);
		got_text = true;
	}
	if ((quiet && m.works) || m.slow)
		return false;

	if (in->place == READ_ONLY) {
		mprotect(read_only, PAGE, PROT_READ | PROT_WRITE);
		build(in, c.buf, there < in->len ? there : in->len);
		mprotect(read_only, PAGE, PROT_READ);
	} else if (there) {
		build(in, c.buf, there < in->len ? there : in->len);
	}
	result = falsified(call(in, &c), in->len);
	if (!allowed(&e, result)) {
		wrong(in, "the write returned %ld", result);
		if (wrong_answers <= WRONG_MAX)
			expect_print(&e);
	}
	if (got_text)
		wrote(f, &m, result);
	/* What got as far as the file has an answer. */
	if (f->kind == WRITEBACK && !(positional && in->off < 0) && result != -EFAULT &&
	    !no_address(in) && !ends_nowhere(in))
		check_answer(in, f, &m, result);
	return true;
}

/*
 * A text in pieces: for sysfs they are one command, in debugfs each is a command of
 * its own, up to the first one that fails.
 */
bool run_writev(const struct input *in, bool quiet)
{
	const struct file *f = &files[in->file];
	struct call c = { .op = OP_WRITEV, .fd = f->fd };
	size_t len = in->len < 2 * PAGE ? in->len : 2 * PAGE;
	unsigned int nr = 1 + in->nr_segments % MAX_SEGMENTS, i;
	size_t cut[MAX_SEGMENTS + 1], at, done = 0;
	struct meaning m[MAX_SEGMENTS];
	struct expect e[MAX_SEGMENTS] = {};
	bool bad_end = in->place == NOWHERE && f->sysfs;
	long result;

	if (!len)
		return false;
	if (nr > len)
		nr = len;
	cut[0] = 0;
	cut[nr] = len;
	for (i = 1; i < nr; i++) {
		/* Those that follow need one byte each. */
		size_t most = len - cut[i - 1] - (nr - i);

		cut[i] = cut[i - 1] + 1 + (in->align * (i + 7) + in->choice) % most;
	}
	build(in, image, len);
	for (i = 0; i < nr; i++) {
		/* They are apart from each other, each with an alignment of its own. */
		at = i * 2 * PAGE + (in->align >> i) % 64;
		c.iov[i].iov_base = arena + at;
		c.iov[i].iov_len = cut[i + 1] - cut[i];
		memcpy(arena + at, image + cut[i], c.iov[i].iov_len);
		m[i] = (struct meaning) { .err = -EINVAL };
		if (!f->sysfs && c.iov[i].iov_len >= PAGE)
			allow(&e[i], -EINVAL);
		else if (!f->sysfs)
			expect_text(&e[i], f, image + cut[i], c.iov[i].iov_len, &m[i]);
		if (!f->sysfs && ((quiet && m[i].works) || m[i].slow))
			return false;
	}
	c.nr_iov = nr;
	if (bad_end)
		c.iov[nr - 1].iov_base = arena + ARENA;
	if (f->sysfs) {
		size_t taken = len < PAGE ? len : PAGE;

		m[0].err = -EFAULT;
		if (bad_end && cut[nr - 1] < taken)
			allow(&e[0], -EFAULT);
		else
			expect_text(&e[0], f, image, taken, &m[0]);
		if ((quiet && m[0].works) || m[0].slow)
			return false;
		result = falsified(call(in, &c), taken);
		if (!allowed(&e[0], result))
			wrong(in, "writev returned %ld", result);
		wrote(f, &m[0], result);
		return true;
	}

	result = falsified(call(in, &c), len);
	for (i = 0; i < nr; i++) {
		long part = cut[i + 1] - cut[i], one = part;

		if (result < 0 || (long)done + part > result) {
			/* This one failed; with what, only the first one tells. */
			unsigned int k;

			one = done ? -EINVAL : result;
			for (k = 0; done && k < e[i].nr; k++) {
				if (e[i].result[k] < 0)
					one = e[i].result[k];
			}
		}
		if (!allowed(&e[i], one)) {
			wrong(in, "writev returned %ld, piece %u %ld", result, i, one);
			break;
		}
		wrote(f, &m[i], one);
		if (one < 0)
			break;
		done += part;
	}
	if (result >= 0 && (size_t)result != done)
		wrong(in, "writev returned %ld, its pieces %zu", result, done);
	return true;
}
