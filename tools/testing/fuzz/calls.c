// SPDX-License-Identifier: GPL-2.0-or-later
/* Buffers, and the system calls that take them */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

char *arena, *read_only;
unsigned long reached;
static long *child_result;

void buffers_make(void)
{
	const int rw = PROT_READ | PROT_WRITE;
	const int shared = MAP_SHARED | MAP_ANONYMOUS;
	char *map;

	/* They are shared, so that the parent sees what a child has read. */
	map = mmap(NULL, ARENA + 2 * PAGE, rw, shared, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	child_result = mmap(NULL, PAGE, rw, shared, -1, 0);
	if (map == MAP_FAILED || read_only == MAP_FAILED || child_result == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	arena = map + PAGE;
	if (mprotect(map, PAGE, PROT_NONE) || mprotect(arena + ARENA, PAGE, PROT_NONE))
		die("mprotect: %s", strerror(errno));
}

/* Text and filling, at @at */
void build(const struct input *in, char *at, size_t len)
{
	size_t text = in->text_len < len ? in->text_len : len;

	memcpy(at, in->text, text);
	memset(at + text, in->fill, len - text);
}

/* Where the buffer is, and how many of its bytes are there */
char *place(const struct input *in, bool to_kernel, size_t *there)
{
	size_t len = in->len < ARENA ? in->len : ARENA;

	*there = 0;
	switch (in->place) {
	case INSIDE:
		*there = ARENA - in->align % PAGE;
		return arena + in->align % PAGE;
	case AT_END:
		*there = len;
		return arena + ARENA - len;
	case ACROSS_END:
		*there = len ? in->align % len : 0;
		return arena + ARENA - *there;
	case READ_ONLY:
		*there = to_kernel ? PAGE - in->align % PAGE : 0;
		return read_only + in->align % PAGE;
	case NOWHERE:
		return arena + ARENA + in->align % PAGE;
	case LOW:
		return (char *)(uintptr_t)(in->align % PAGE);
	case KERNEL:
		return (char *)0xffff888000000000UL + in->align;
	default:
		return (char *)0x0000800000000000UL + in->align;
	}
}

bool no_address(const struct input *in)
{
	return in->place == KERNEL || in->place == NO_ADDRESS || in->len >= LEN_MAX;
}

static long call_now(const struct call *c)
{
	long result;

	switch (c->op) {
	case OP_WRITE:
		result = write(c->fd, c->buf, c->len);
		break;
	case OP_PWRITE:
		result = pwrite(c->fd, c->buf, c->len, c->off);
		break;
	case OP_WRITEV:
		result = writev(c->fd, c->iov, c->nr_iov);
		break;
	case OP_READ:
		result = read(c->fd, c->buf, c->len);
		break;
	case OP_PREAD:
		result = pread(c->fd, c->buf, c->len, c->off);
		break;
	default:
		result = preadv(c->fd, c->iov, c->nr_iov, c->off);
		break;
	}
	return result < 0 ? -errno : result;
}

/* The one system call of a run, and what it reached */
long call(const struct input *in, struct call *c)
{
	int fd = c->fd;
	long result;
	pid_t child;

	if (in->how & BY_DUP)
		c->fd = dup(fd);
	if (in->how & BY_CHILD) {
		child = fork();
		if (!child) {
			*child_result = call_now(c);
			_exit(0);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child)
			die("fork: %s", strerror(errno));
		result = *child_result;
		reached = 0;
	} else {
		cover_begin();
		result = call_now(c);
		reached = cover_end();
	}
	if (in->how & BY_DUP)
		close(c->fd);
	c->fd = fd;
	return result;
}
