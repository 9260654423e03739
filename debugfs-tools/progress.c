// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The line that shows how far a command is, drawn by a thread of its own: the one that gave
 * the command is in the kernel until it is done.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "amount.h"
#include "format.h"
#include "progress.h"
#include "system.h"

#define INTERVAL_MS	200

struct progress {
	const struct source *source;
	struct progress_goal goal;
	num pages, compressed;	/* at the beginning */
	num began_us;
	pthread_t thread;
	pthread_mutex_t lock;	/* protects over */
	pthread_cond_t changed;
	bool over;
};

/* Percent, not above 100: other commands count, too.  Negative: not known. */
static num share(num part, num whole)
{
	num percent = whole > 0 ? amount_ratio(part, whole, 100) : -ENODATA;

	return percent > 100 ? 100 : percent;
}

char *progress_line(const struct progress_goal *goal, const struct progress_done *done)
{
	num pages = done->pages > 0 ? done->pages : 0, bytes = amount_bytes(pages);
	num rate = amount_ratio(bytes, done->elapsed_ms > 0 ? done->elapsed_ms : 1, 1000);
	num percent = share(done->pages, goal->pages);
	num other = share(done->compressed, goal->compressed);
	char *size = format_size(bytes), *speed = format_size(rate);
	char *line;

	if (other > percent)
		percent = other;
	if (percent < 0)
		line = xasprintf("%s (%lld pages), %s/s", size, pages, speed);
	else
		line = xasprintf("%s (%lld pages), %s/s, %lld %%", size, pages, speed, percent);
	free(size);
	free(speed);
	return line;
}

static void draw(const struct progress *progress)
{
	const struct source *source = progress->source;
	num pages = source_number(source, SYS_ZSWAP "/stats/written");
	num compressed = source_number(source, SYS_ZSWAP "/stats/released_bytes");
	const struct progress_done done = {
		.pages = amount_since(pages, progress->pages),
		.compressed = amount_since(compressed, progress->compressed),
		.elapsed_ms = (clock_us() - progress->began_us) / 1000,
	};
	char *line = progress_line(&progress->goal, &done);

	/* From the left edge, and nothing left behind it of a longer one. */
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	free(line);
}

/* Wait for an interval, or until it is over.  Returns whether it is. */
static bool over_after_interval(struct progress *progress)
{
	struct timespec until;
	bool over;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += INTERVAL_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&progress->lock);
	while (!progress->over && !error)
		error = pthread_cond_timedwait(&progress->changed, &progress->lock, &until);
	over = progress->over;
	pthread_mutex_unlock(&progress->lock);
	return over;
}

/* A command that is done at once shows nothing: the first line is drawn after an interval. */
static void *draw_until_over(void *data)
{
	struct progress *progress = data;
	bool drawn = false;

	while (!over_after_interval(progress)) {
		draw(progress);
		drawn = true;
	}
	if (drawn) {
		fprintf(stderr, "\r\033[K");
		fflush(stderr);
	}
	return NULL;
}

static int start_thread(struct progress *progress)
{
	sigset_t all, old;
	int error;

	/* Signals are for the thread that is in the kernel: they end the command. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&progress->thread, NULL, draw_until_over, progress);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

static void release(struct progress *progress)
{
	pthread_cond_destroy(&progress->changed);
	pthread_mutex_destroy(&progress->lock);
	free(progress);
}

struct progress *progress_begin(const struct source *source, const struct progress_goal *goal)
{
	struct progress *progress = xcalloc(1, sizeof(*progress));
	pthread_condattr_t clock;

	progress->source = source;
	progress->goal = *goal;
	progress->pages = source_number(source, SYS_ZSWAP "/stats/written");
	progress->compressed = source_number(source, SYS_ZSWAP "/stats/released_bytes");
	progress->began_us = clock_us();
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->changed, &clock);
	pthread_condattr_destroy(&clock);
	if (start_thread(progress)) {
		release(progress);
		return NULL;
	}
	return progress;
}

void progress_end(struct progress *progress)
{
	if (!progress)
		return;
	pthread_mutex_lock(&progress->lock);
	progress->over = true;
	pthread_cond_signal(&progress->changed);
	pthread_mutex_unlock(&progress->lock);
	pthread_join(progress->thread, NULL);
	release(progress);
}
