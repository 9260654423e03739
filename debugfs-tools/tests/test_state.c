// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the daemon remembers: from sample to sample, and in its file.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "decide/tick.h"
#include "ui/json.h"
#include "system/amount.h"
#include "tap.h"
#include "tree.h"

#define PAGE	4096

/* ---- samples ---- */

static const char *const paths[] = { "/", "/a", "/a/b", "/c" };

#define NR	((int)ARRAY_SIZE(paths))

static void sample_init(struct sample *sample, num now_ms)
{
	static const num edges[] = { 0, 300, 86400 };

	*sample = (struct sample){
		.now_ms = now_ms, .boot_id = xstrdup("boot"), .page_size = PAGE,
		.pool = 1, .limit = 1, .free = 0, .total = 1, .bounds.nr = 3,
	};
	for (int b = 0; b < 3; b++)
		sample->bounds.bucket[b] = (struct age_bucket){
			.min_age = edges[b], .max_age = b < 2 ? edges[b + 1] : AGE_NO_BOUND,
		};
	sample->cgroups.nr = NR;
	sample->cgroups.cgroup = xcalloc(NR, sizeof(struct cgroup));
	for (int i = 0; i < NR; i++) {
		struct cgroup *cgroup = &sample->cgroups.cgroup[i];

		*cgroup = (struct cgroup){
			.id = 10 + i, .path = xstrdup(paths[i]), .ages = sample->bounds,
			.parent = i == 2 ? 1 : i ? 0 : -1, .writeback = 1,
			.all = { 1 << 30, 1 << 30, 0, 0 }, .own = { 1 << 30, 1 << 30, 0, 0 },
		};
		cgroup->ages.bucket[2].pages = 1000;
		cgroup->ages.bucket[2].bytes = 1000000;
	}
}

static struct cgroup *at(struct sample *sample, const char *path)
{
	for (int i = 0; i < sample->cgroups.nr; i++) {
		if (!strcmp(sample->cgroups.cgroup[i].path, path))
			return &sample->cgroups.cgroup[i];
	}
	abort();
}

/* What the kernel answers, and how many commands there is time for. */
static struct {
	num status, written;	/* pages; negative: all that was asked for */
	int commands;
} kernel;

#define USUAL_KERNEL	(typeof(kernel)){ 0, -1, 1000 }

static bool carry_out(void *data, struct choice *choice)
{
	(void)data;
	if (!kernel.commands)
		return false;
	kernel.commands--;
	choice->carried_out = true;
	choice->result.status = kernel.status;
	choice->result.count.written = kernel.written < 0 ? choice->decision.max / PAGE :
				       kernel.written;
	return true;
}

static int printed;

static void print(void *data, const struct choice *choice)
{
	(void)data;
	(void)choice;
	printed++;
}

/* Decide, do, and find the choice about @path; the sample is freed. */
static struct choice choose(struct state *state, struct sample *sample, const char *text,
			    const char *path, num *wear)
{
	const struct tick_hands hands = { NULL, carry_out, print };
	struct choice *choice, found = { .cgroup = -1 };
	struct config config;
	char *message;
	int nr;

	if (config_parse(text, "f", &config, &message))
		abort();
	nr = tick_decide(state, &config, sample, &choice);
	tick_carry_out(state, &config, choice, nr, &hands);
	for (int i = 0; i < nr; i++) {
		if (!strcmp(state->cgroup[choice[i].cgroup].path, path))
			found = choice[i];
	}
	if (wear)
		*wear = (num)state->wear;
	free(choice);
	config_free(&config);
	sample_free(sample);
	found.look.since.ages = NULL;
	return found;
}

#define NOT_NEEDED "when = free < 0%\nwear = unlimited\n"
#define ALWAYS	"when = always\nwear = unlimited\n"

static void test_samples(void)
{
	struct sample sample;
	struct choice choice;
	struct state state;

	state_begin(&state);
	sample_init(&sample, 60000);
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(choice.decision.action == ACTION_OBSERVE, "the first sample");
	sample_init(&sample, 120000);
	at(&sample, "/a/b")->all.refaulted = 60;
	at(&sample, "/a")->all.refaulted = 100;
	at(&sample, "/")->all.refaulted = 100;
	at(&sample, "/c")->ages.bucket[1].loaded = 7;
	choice = choose(&state, &sample, ALWAYS, "/a", NULL);
	CHECK(choice.look.since.seconds == 60 && choice.look.since.refaulted == 40,
	      "what came back of a child is not the parent's");
	CHECK(choice.decision.action == ACTION_WRITE, "cold pages are written");
	sample_init(&sample, 150000);
	at(&sample, "/a/b")->removed = true;
	at(&sample, "/a")->all.refaulted = 100;
	at(&sample, "/")->all.refaulted = 100;
	at(&sample, "/a")->own.refaulted = 100;
	at(&sample, "/c")->ages.bucket[1].loaded = 7;
	choice = choose(&state, &sample, ALWAYS, "/a", NULL);
	CHECK(!choice.look.since.refaulted, "nor is all that ever came back of it when it is gone");

	sample_init(&sample, 180000);
	at(&sample, "/c")->ages.bucket[1].loaded = 17;
	at(&sample, "/")->all.refaulted = 100;
	at(&sample, "/a")->all.refaulted = 100;
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(choice.look.since.loaded[1] == 10, "pages that were loaded since");
	sample_init(&sample, 240000);
	at(&sample, "/c")->ages.bucket[1].loaded = 3;
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(!choice.look.since.loaded[1], "the table began anew: none that are known");

	sample_init(&sample, 300000);
	at(&sample, "/c")->pressure_io = 1000000;
	choose(&state, &sample, ALWAYS, "/c", NULL);
	sample_init(&sample, 360000);
	at(&sample, "/c")->id = 99;
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(choice.decision.action == ACTION_OBSERVE, "another cgroup of the same path");
	CHECK(state.cgroup[choice.cgroup].control.evidence.watched > 0,
	      "begins with what is known of its like");
	sample_init(&sample, 420000);
	at(&sample, "/c")->id = 99;
	at(&sample, "/c")->off = true;
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(choice.decision.action == ACTION_HOLD &&
	      !strcmp(choice.decision.reason, "writeback is off"), "memory.zswap.writeback");
	sample_init(&sample, 480000);
	at(&sample, "/c")->removed = true;
	choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(choice.cgroup < 0, "one without a directory is left out");

	sample_init(&sample, 10000);
	free(sample.boot_id);
	sample.boot_id = xstrdup("other");
	choice = choose(&state, &sample, ALWAYS, "/a", NULL);
	CHECK(choice.decision.action == ACTION_OBSERVE && choice.look.since.seconds == 0 &&
	      state.cgroup[choice.cgroup].control.evidence.watched > 0,
	      "another boot: observe, but with what was learned");
	sample_init(&sample, 70000);
	free(sample.boot_id);
	sample.boot_id = xstrdup("other");
	sample.bounds.bucket[1].min_age = 301;
	choose(&state, &sample, ALWAYS, "/a", NULL);
	CHECK(state.cgroup[1].control.evidence.watched <= 60, "other bounds: nothing is known");
	state_free(&state);
}

/* The decision about /c after @minutes in which nothing comes back, then @refaulted pages at once. */
static struct decision after(struct state *state, num *now, num *came, int minutes, num refaulted,
			     const char *text)
{
	struct decision decision = { .max = 0 };
	struct sample sample;

	for (int i = 0; i <= minutes; i++) {
		*now += 60000;
		if (i == minutes)
			*came += refaulted;
		sample_init(&sample, *now);
		at(&sample, "/c")->ages.bucket[2].pages = 0;
		at(&sample, "/c")->ages.bucket[1].pages = 1000;
		at(&sample, "/c")->all.refaulted = *came;
		at(&sample, "/")->all.refaulted = *came;
		decision = choose(state, &sample, text, "/c", NULL).decision;
	}
	return decision;
}

static void test_failure(void)
{
	num now = 0, came = 0;
	struct decision decision;
	struct state state;

	state_begin(&state);
	decision = after(&state, &now, &came, 20, 0, ALWAYS);
	CHECK(decision.age == 300 && decision.action == ACTION_WRITE, "a young age");
	/* 528 a minute may */
	decision = after(&state, &now, &came, 0, 3000, ALWAYS);
	CHECK(decision.age == 300 && !strcmp(decision.reason, "paying off refaults"),
	      "more than may come back: a debt");
	decision = after(&state, &now, &came, 8, 0, ALWAYS);
	CHECK(decision.action == ACTION_WRITE, "which is paid off");
	decision = after(&state, &now, &came, 0, 12000, ALWAYS);
	CHECK(decision.action == ACTION_BACKOFF && decision.age == 86400,
	      "far more: the age has failed");
	decision = after(&state, &now, &came, 15, 0, ALWAYS);
	CHECK(!strcmp(decision.reason, "paying off refaults"), "a debt, too");
	decision = after(&state, &now, &came, 30, 0, ALWAYS);
	CHECK(decision.age == 86400 && strcmp(decision.reason, "paying off refaults"),
	      "the age is not tried again when it is paid");
	decision = after(&state, &now, &came, 20, 0, ALWAYS);
	CHECK(decision.age == 300, "but after an hour");
	decision = after(&state, &now, &came, 0, 12000, ALWAYS);
	CHECK(decision.action == ACTION_BACKOFF && decision.age == 86400, "it fails again");
	decision = after(&state, &now, &came, 70, 0, ALWAYS);
	CHECK(decision.age == 86400, "then an hour will not do");
	decision = after(&state, &now, &came, 60, 0, ALWAYS);
	CHECK(decision.age == 300, "but two");
	state_free(&state);
}

/* Up at once; and down not sooner than the age itself after that. */
static void test_guard(void)
{
	struct decision decision;
	struct sample sample;
	struct state state;
	num now = 0, came = 0;
	int minutes = 0;

	state_begin(&state);
	decision = after(&state, &now, &came, 20, 0, ALWAYS);
	CHECK(decision.age == 300, "a young age");
	for (num age = 86400; age == 86400 && minutes < 100; minutes++) {
		now += 60000;
		sample_init(&sample, now);
		at(&sample, "/c")->ages.bucket[1].loaded = 1000000;
		/* Far more than may come back; then so much may that it does not matter */
		at(&sample, "/c")->own.anon = minutes ? 1LL << 50 : 1 << 30;
		age = choose(&state, &sample, ALWAYS, "/c", NULL).decision.age;
		if (!minutes)
			CHECK(age == 86400, "up at once");
	}
	CHECK(minutes == 6, "and down after %d minutes", minutes - 1);
	state_free(&state);
}

/* What holds, though pages are cold and memory is needed. */
static void test_holds(void)
{
	struct decision decision;
	struct sample sample;
	struct state state;

	state_begin(&state);
	for (int i = 1; i <= 2; i++) {
		sample_init(&sample, i * 60000);
		at(&sample, "/c")->all.refaulted = -EACCES;
		decision = choose(&state, &sample, ALWAYS, "/c", NULL).decision;
	}
	CHECK(decision.action == ACTION_HOLD && !strcmp(decision.reason, "refaults not known"),
	      "what came back is not known: %s", decision.reason);
	state_free(&state);

	state_begin(&state);
	for (int i = 1; i <= 2; i++) {
		sample_init(&sample, i * 60000);
		at(&sample, "/c")->ages.bucket[2].loaded = i * 1000000;
		decision = choose(&state, &sample, ALWAYS, "/c", NULL).decision;
	}
	CHECK(decision.action == ACTION_HOLD && !strcmp(decision.reason, "forecast over the target"),
	      "too much is loaded of the oldest: %s", decision.reason);
	state_free(&state);
}

/* What has failed is tried again after a boot, whose clock is another one. */
static void test_boot(void)
{
	num now = 0, came = 0;
	struct sample sample;
	struct state state;

	state_begin(&state);
	after(&state, &now, &came, 20, 0, ALWAYS);
	after(&state, &now, &came, 0, 20000, ALWAYS);
	CHECK(state.cgroup[3].control.retry_ms > now, "an age has failed");
	sample_init(&sample, 10000);
	free(sample.boot_id);
	sample.boot_id = xstrdup("other");
	choose(&state, &sample, ALWAYS, "/c", NULL);
	CHECK(state.cgroup[3].control.failures && !state.cgroup[3].control.retry_ms &&
	      state.cgroup[3].control.changed_ms == 10000,
	      "another boot: that is known, but not when it was");
	kernel = USUAL_KERNEL;
	state_free(&state);
}

/* What is worth saving: what is shown is never off by more than a tenth. */
static void test_shown(void)
{
	num now = 0, came = 0, saved = 0;
	double worst = 0, shown;
	struct decision decision;
	struct state state;

	state_begin(&state);
	after(&state, &now, &came, 20, 0, NOT_NEEDED);
	state.changed = false;
	after(&state, &now, &came, 5, 0, NOT_NEEDED);
	CHECK(!state.changed, "the same again: nothing to save");
	/* 1 % more each minute, and no other decision */
	for (int minute = 0; minute < 100; minute++) {
		decision = after(&state, &now, &came, 0, 100 + minute, NOT_NEEDED);
		shown = state.cgroup[3].shown.measured;
		if (fabs(shown - decision.measured) > worst)
			worst = fabs(shown - decision.measured);
		saved += state.changed;
		state.changed = false;
	}
	CHECK(worst > 1 && worst <= 20, "measured is as it is shown: off by %.0f at most", worst);
	CHECK(saved > 5 && saved < 30, "saved %lld times", saved);
	state_free(&state);
}

static void test_wear(void)
{
	struct sample sample;
	struct state state;
	num wear;

	state_begin(&state);
	sample_init(&sample, 60000);
	choose(&state, &sample, "when = always\nwear = 24M/day\n", "/", &wear);
	CHECK(wear == 1 << 20, "the budget begins with an hour's");
	sample_init(&sample, 60000 + 1800000);
	sample.cgroups.cgroup[0].off = true;
	choose(&state, &sample, "when = free < 0%\nwear = 24M/day\n", "/", &wear);
	CHECK(wear == 3 << 19, "and grows: %lld", wear);
	sample_init(&sample, 60000 + 2000 * 86400000LL);
	choose(&state, &sample, "when = free < 0%\nwear = 24M/day\n", "/", &wear);
	CHECK(wear == 24 << 20, "to a day's");
	sample_init(&sample, 120000 + 2000 * 86400000LL);
	choose(&state, &sample, "when = always\nwear = 24M/day\n", "/", &wear);
	CHECK(wear < 24 << 20 && wear > 7 << 20, "what was written is off: %lld", wear);
	sample_init(&sample, 180000 + 2000 * 86400000LL);
	choose(&state, &sample, ALWAYS, "/", &wear);
	CHECK(wear < 0, "without a limit there is none to be shown");
	state_free(&state);
}

/* A daemon that was away for ten hours makes up for no more than ten minutes. */
static void test_rate(void)
{
	static const char text[] = "when = free < 0%\nwear = unlimited\nrate = 1M/s\n"
				   "freeze-after = 1m\n";
	static const num times[] = { 0, 60000, 180000, 36180000 };
	struct choice choice;
	struct sample sample;
	struct state state;

	state_begin(&state);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		sample_init(&sample, 60000 + times[i]);
		at(&sample, "/c")->frozen = 1;
		at(&sample, "/c")->ages.bucket[2].pages = 5000000;
		choice = choose(&state, &sample, text, "/c", NULL);
		if (i == 2)
			CHECK(choice.decision.max == 120 << 20, "two minutes of a rate: %lld",
			      choice.decision.max);
	}
	CHECK(choice.decision.max == 600 << 20, "and no more than ten: %lld", choice.decision.max);
	state_free(&state);
}

/* More than 1 % of a minute, and less. */
static void test_pressure(void)
{
	num now = 0, came = 0;
	struct choice choice;
	struct sample sample;
	struct state state;

	state_begin(&state);
	after(&state, &now, &came, 20, 0, ALWAYS);
	for (int i = 0; i < 2; i++) {
		now += 60000;
		sample_init(&sample, now);
		at(&sample, "/c")->pressure_io = i ? 1200000 : 610000;
		choice = choose(&state, &sample, ALWAYS, "/c", NULL);
		CHECK(!strcmp(choice.decision.reason, i ? "cold pages" : "io pressure"), "%s",
		      choice.decision.reason);
	}
	state_free(&state);
}

/* Time for one command in a tick, and three that are wanted. */
static void test_left_out(void)
{
	static const char *const text[] = { ALWAYS, ALWAYS "rate = 2K/s\n" };
	int turns[3] = { 0 };
	struct state state;

	state_begin(&state);
	for (int minute = 0; minute < 10; minute++) {
		struct choice choice;
		struct sample sample;

		sample_init(&sample, 60000 * (minute + 1));
		at(&sample, "/")->ages.bucket[2].pages = 0;
		kernel.commands = minute < 7 ? 1 : 0;
		choice = choose(&state, &sample, text[minute > 7], "/c", NULL);
		for (int i = 0; i < 3; i++)
			turns[i] += minute && minute < 7 && !strcmp(state.cgroup[i + 1].reason, "cold pages");
		if (minute == 1)
			CHECK(choice.decision.action == ACTION_WRITE &&
			      !strcmp(choice.decision.reason, "left out") &&
			      !strcmp(state.cgroup[3].reason, "left out"), "left out, and said so: %s",
			      choice.decision.reason);
		/* 40K of the rate, and 64K */
		if (minute > 7)
			CHECK(choice.decision.max > 65536 && choice.decision.max <= 106496,
			      "what is saved up is not lost, nor is it a lot: %lld",
			      choice.decision.max);
	}
	CHECK(turns[0] == 2 && turns[1] == 2 && turns[2] == 2, "by turns: %d %d %d", turns[0], turns[1],
	      turns[2]);
	kernel = USUAL_KERNEL;
	state_free(&state);
}

/* What /c does in a minute, all of it cold; frozen or not. */
static struct choice minute(struct state *state, num *now, int frozen)
{
	struct sample sample;

	*now += 60000;
	sample_init(&sample, *now);
	at(&sample, "/c")->frozen = frozen;
	return choose(state, &sample, "when = free < 0%\nwear = unlimited\nfreeze-after = 1m\n", "/c",
		      NULL);
}

/* A readback that fails is tried again; what is written of frozen ones is no evidence. */
static void test_frozen(void)
{
	static const struct {
		num status;
		bool done;
		int wait;
	} answer[] = {
		{ -EINTR }, { -ENOMEM, .wait = 1 }, { 0, true }, { -EAGAIN, true }, { -ENOENT, true },
	};
	struct choice choice;
	struct sample sample;
	struct state state;
	num now = 0;

	state_begin(&state);
	minute(&state, &now, 0);
	for (size_t i = 0; i < ARRAY_SIZE(answer); i++) {
		double watched, base;

		minute(&state, &now, 1);
		watched = state.cgroup[3].control.evidence.watched;
		base = state.family[0].evidence.base;
		choice = minute(&state, &now, 1);
		CHECK(!strcmp(choice.decision.reason, "frozen") && choice.result.count.written == 1000,
		      "frozen: written");
		CHECK(state.cgroup[3].control.evidence.watched == watched,
		      "there was nothing to be seen of it");
		base = state.family[0].evidence.base - base;
		kernel.status = answer[i].status;
		choice = minute(&state, &now, 0);
		CHECK(choice.decision.action == ACTION_READ, "thawed: read back");
		/* 526 pages a minute may come back of each of the three others */
		CHECK(base < 60 * 3.5 * 526, "nor by its family: %.0f", base);
		for (int t = 0; t < answer[i].wait; t++)
			minute(&state, &now, 0);
		kernel.commands = 0;
		choice = minute(&state, &now, 0);
		CHECK((choice.decision.action == ACTION_READ) == !answer[i].done, "after %lld: %s",
		      answer[i].status, choice.decision.reason);
		kernel = USUAL_KERNEL;
		choice = minute(&state, &now, 0);
		CHECK((choice.decision.action == ACTION_READ) == !answer[i].done, "left out: the same");
	}
	CHECK(state.cgroup[3].control.evidence.tried + state.cgroup[3].control.evidence.fresh == 0 &&
	      state.cgroup[3].control.evidence.out[2] == 0 && state.nr_families == 2 &&
	      state.family[0].evidence.tried + state.family[0].evidence.fresh == 0,
	      "that is no evidence of what stays away");
	minute(&state, &now, 1);
	minute(&state, &now, 1);
	CHECK(state.cgroup[3].control.thawed_to_read, "it is to be read back");
	for (int i = 0; i < 2; i++) {
		sample_init(&sample, 60000 + i * 60000);
		free(sample.boot_id);
		sample.boot_id = xstrdup("other");
		choice = choose(&state, &sample, NOT_NEEDED, "/c", NULL);
	}
	CHECK(choice.decision.action == ACTION_HOLD, "but not after a boot");
	state_free(&state);
}

/* Nor is a readback that fails; but that a write failed is no reason to wait when it thaws. */
static void test_refused_read(void)
{
	static const char wanted[] = "x.x...x.......x...";
	int lines = 0, told = 0, nr = sizeof(wanted) - 1;
	char tried[sizeof(wanted)] = "";
	struct choice choice;
	struct state state;
	num now = 0;

	state_begin(&state);
	for (int i = 0; i < 3; i++)
		minute(&state, &now, i > 0);
	kernel.status = -EIO;
	kernel.written = 0;
	for (int i = 0; i < 2; i++)
		choice = minute(&state, &now, 1);
	CHECK(!choice.carried_out && !strcmp(choice.decision.reason, "nothing could be written"),
	      "frozen, and what is new of it cannot be written: %s", choice.decision.reason);
	for (int i = 0; i < nr; i++) {
		printed = 0;
		choice = minute(&state, &now, 0);
		tried[i] = choice.carried_out ? 'x' : '.';
		lines += printed;
		told += !strcmp(state.cgroup[3].reason, "nothing could be read back") &&
			state.cgroup[3].result == -EIO;
	}
	CHECK(!strcmp(tried, wanted), "a readback that fails: tried: %s", tried);
	CHECK(told == nr, "it is shown in %d of %d ticks", told, nr);
	/* The age of each changes meanwhile */
	CHECK(lines == 4 + NR, "%d lines", lines);
	for (int i = 0; i < 3; i++) {
		kernel = i ? USUAL_KERNEL : kernel;
		choice = minute(&state, &now, i < 2);
	}
	CHECK(choice.carried_out && choice.decision.action == ACTION_READ && !state.cgroup[3].result,
	      "frozen once more: it begins anew");
	kernel = USUAL_KERNEL;
	state_free(&state);
}

/* What fails is not tried again in each tick, and said. */
static void test_refused(void)
{
	static const char wanted[] = "x.x...x.......x...", shown[] = "nothing could be written";
	num now = 60000 * 20, came = 0;
	char tried[sizeof(wanted)] = "";
	struct choice choice;
	struct sample sample;
	struct state state;
	int lines = 0, told = 0, gap = 0, longest = 0, nr = sizeof(wanted) - 1;

	state_begin(&state);
	after(&state, &now, &came, 20, 0, ALWAYS);
	kernel.status = -EIO;
	kernel.written = 0;
	for (int i = 0; i < nr; i++) {
		printed = 0;
		now += 60000;
		sample_init(&sample, now);
		choice = choose(&state, &sample, ALWAYS, "/c", NULL);
		tried[i] = choice.carried_out ? 'x' : '.';
		lines += printed;
		told += !strcmp(state.cgroup[3].reason, shown) && state.cgroup[3].result == -EIO;
	}
	CHECK(told == nr, "it is shown in %d of %d ticks", told, nr);
	CHECK(!strcmp(tried, wanted), "tried: %s", tried);
	CHECK(lines == 4 * NR, "%d lines", lines);
	for (int i = 0; i < 400; i++) {
		now += 60000;
		sample_init(&sample, now);
		gap = choose(&state, &sample, ALWAYS, "/c", NULL).carried_out ? 0 : gap + 1;
		if (gap > longest)
			longest = gap;
	}
	CHECK(longest == 63, "not for more than %d minutes", longest);
	kernel = USUAL_KERNEL;
	for (choice.carried_out = false; !choice.carried_out && gap < 100; gap++) {
		now += 60000;
		sample_init(&sample, now);
		choice = choose(&state, &sample, ALWAYS, "/c", NULL);
	}
	CHECK(choice.carried_out && !strcmp(choice.decision.reason, "cold pages") &&
	      !state.cgroup[3].result, "until it succeeds");
	kernel.status = -EINTR;
	kernel.written = 0;
	for (int i = 0; i < 2; i++) {
		now += 60000;
		sample_init(&sample, now);
		choice = choose(&state, &sample, ALWAYS, "/c", NULL);
		CHECK(choice.carried_out, "what was interrupted has not failed");
	}
	kernel = USUAL_KERNEL;
	state_free(&state);
}

/* How often it is tried goes by the time, not by the ticks. */
static void test_refused_interval(void)
{
	static const int intervals[] = { 10, 60, 600 };

	for (size_t i = 0; i < ARRAY_SIZE(intervals); i++) {
		num now = 0, came = 0;
		struct sample sample;
		struct state state;
		int tried = 0;

		state_begin(&state);
		after(&state, &now, &came, 20, 0, ALWAYS);
		kernel.status = -EIO;
		kernel.written = 0;
		for (int s = 0; s < 7200; s += intervals[i]) {
			now += intervals[i] * 1000;
			sample_init(&sample, now);
			tried += choose(&state, &sample, ALWAYS, "/c", NULL).carried_out;
		}
		CHECK(tried == 6, "every %d s: tried %d times in two hours", intervals[i], tried);
		kernel = USUAL_KERNEL;
		state_free(&state);
	}
}

/* Whether memory is wanted is told once, not of each cgroup. */
static void test_needed(void)
{
	num now = 0, came = 0;
	struct sample sample;
	struct state state;

	state_begin(&state);
	after(&state, &now, &came, 20, 0, NOT_NEEDED);
	for (int i = 0; i < 4; i++) {
		now += 60000;
		sample_init(&sample, now);
		for (int c = 0; c < NR; c++) {
			sample.cgroups.cgroup[c].ages.bucket[2].pages = 0;
			sample.cgroups.cgroup[c].ages.bucket[0].pages = 1000;
		}
		state.changed = false;
		printed = 0;
		choose(&state, &sample, i % 2 ? NOT_NEEDED : ALWAYS, "/c", NULL);
		CHECK(!printed && state.changed &&
		      !strcmp(state.cgroup[3].reason, i % 2 ? "memory is not needed" : "nothing that old"),
		      "%d lines, but it is shown: %s", printed, state.cgroup[3].reason);
	}
	state_free(&state);
}

/* ---- the file ---- */

static void some_state(struct state *state)
{
	struct sample sample;

	state_begin(state);
	for (int i = 1; i <= 12; i++) {
		sample_init(&sample, i * 60000);
		at(&sample, "/c")->all.refaulted = i * 3;
		choose(state, &sample, "when = always\nmin-age = 7m\n", "/c", NULL);
	}
	state->cgroup[3].result = -EIO;
}

/* To six digits. */
static bool near(const double *left, const double *right, int nr)
{
	for (int i = 0; i < nr; i++) {
		if (fabs(left[i] - right[i]) > fabs(right[i]) * 1e-5)
			return false;
	}
	return true;
}

static void test_json(void)
{
	static const struct {
		const char *head, *control, *evidence;
	} ranges[] = {
		{ "\"now_ms\":1,\"wear\":1e18", "\"age\":86400", "\"unit\":300" },
		{ "\"now_ms\":1,\"wear\":1e300", "\"age\":1", "\"unit\":300" },
		{ "\"now_ms\":9223372036854775807,\"wear\":1", "\"age\":1", "\"unit\":300" },
		{ "\"now_ms\":1,\"wear\":1", "\"age\":1000000000000", "\"unit\":300" },
		{ "\"now_ms\":1,\"wear\":1", "\"allowed\":1e308", "\"unit\":300" },
		{ "\"now_ms\":1,\"wear\":1", "\"debt\":1e308", "\"unit\":300" },
		{ "\"now_ms\":1,\"wear\":1", "\"age\":1", "\"unit\":1e308" },
	};
	struct state state, again;
	char *text, *same, *message;
	int refused = 0, changed = 0;
	size_t length;
	json_t *json;

	some_state(&state);
	text = state_text(&state);
	json = json_loads(text, 0, NULL);
	CHECK(json && !state_from_json(json, &again, &message), "what is written is read");
	json_decref(json);
	same = state_text(&again);
	CHECK(!strcmp(text, same), "and the same to the last digit");
	CHECK(again.nr == NR && again.nr_families == 2 && near(&again.wear, &state.wear, 1),
	      "cgroups, families and the budget");
	CHECK(again.cgroup[3].control.evidence.unit == 420 &&
	      near((double *)&again.cgroup[3].control.evidence,
		   (double *)&state.cgroup[3].control.evidence,
		   sizeof(struct evidence) / sizeof(double)), "all the evidence");
	CHECK(again.cgroup[3].refaulted == state.cgroup[3].refaulted && again.cgroup[3].refaulted &&
	      again.cgroup[3].control.changed_ms == state.cgroup[3].control.changed_ms &&
	      near((double *)&again.cgroup[3].shown, (double *)&state.cgroup[3].shown, 3) &&
	      again.cgroup[3].result == -EIO,
	      "the last counters and what is shown");
	CHECK(!strstr(text, ":0,") && !strstr(text, ":0}") && !strstr(text, ",0]") &&
	      !strstr(text, "[]"), "and no zeros");
	free(same);
	state_free(&again);

	/* Any character changed: it is read, or refused with a message */
	length = strlen(text);
	for (size_t i = 0; i < length; i += 3) {
		char was = text[i];

		text[i] = "0-\"}],x"[i % 7];
		json = json_loads(text, 0, NULL);
		if (json) {
			int error = state_from_json(json, &again, &message);

			refused += error && message;
			changed++;
			free(message);
			if (!error)
				state_free(&again);
			json_decref(json);
		}
		text[i] = was;
	}
	CHECK(refused > 10, "%d of %d changes are refused", refused, changed);
	free(text);

	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		char *all = xasprintf("{\"zswapctl\":\"state\",\"version\":3,\"boot_id\":null,%s,"
				      "\"edges\":[0],\"families\":[],\"cgroups\":[{\"path\":\"/\","
				      "\"control\":{%s,\"evidence\":{%s}}}]}", ranges[i].head,
				      ranges[i].control, ranges[i].evidence);

		json = json_loads(all, 0, NULL);
		CHECK(json && (state_from_json(json, &again, &message) == -EINVAL) == !!i,
		      "a number out of range: %s", all);
		json_decref(json);
		free(all);
		i ? free(message) : state_free(&again);
	}

	json = json_loads("{\"zswapctl\":\"state\",\"version\":3,\"boot_id\":null,\"now_ms\":0,"
			  "\"wear\":0,\"edges\":[],\"families\":[{\"name\":\"/\",\"evidence\":"
			  "{\"unit\":300,\"\":1}}],\"cgroups\":[]}", 0, NULL);
	CHECK(json && !state_from_json(json, &again, &message) && again.nr_families == 1,
	      "a member without a name is one that is not known");
	json_decref(json);
	state_free(&again);
	state_free(&state);
}

/* Who looks whether there is a daemon keeps none from starting, in no moment. */
static void test_looking(const struct source *source, const char *path)
{
	pid_t looks = fork();
	int refused = 0;

	/* Not for ever, if nobody ends it */
	if (!looks)
		alarm(60);
	while (!looks)
		state_overdue_ms(source, path);
	for (int i = 0; i < 20000; i++) {
		int lock = state_lock(path);

		refused += lock < 0;
		if (lock >= 0)
			close(lock);
	}
	kill(looks, SIGKILL);
	waitpid(looks, NULL, 0);
	CHECK(looks > 0 && !refused, "looking has kept %d of 20000 daemons away", refused);
}

static void test_file(void)
{
	static const char *const foreign[] = {
		"{\"version\":3,\"cgroups\":[]}", "{\"version\":1,\"auths\":{}}",
		"{\"zswapctl\":\"ages\",\"version\":1}", "{\"zswapctl\":\"state\",\"version\":4}",
		"{ ", "{\"zswapctl\":\"ages", "[]",
	};
	static const char *const damaged[] = {
		"", "{\"zswap", "{\"zswapctl\":\"state\",\"version\":3,\"boot_",
		"{\"zswapctl\":\"state\",\"version\":3}", "{\"zswapctl\":\"state\",\"version\":2}",
	};
	char zeros[5000] = "";
	struct source source;
	char *tree = tree_new(), *path = xasprintf("%s/state", tree), *message;
	struct state state, again;
	int lock;

	some_state(&state);
	CHECK(state_load(path, &again, &message) == -ENOENT && message, "no file");
	free(message);
	CHECK(!state_save(path, &state) && !state_load(path, &again, &message) && again.nr == NR,
	      "saved and loaded");
	state_free(&again);
	tree_file(tree, "/state", "not JSON");
	CHECK(state_load(path, &again, &message) == -EEXIST && message && !again.nr,
	      "what is not ours is said to be so");
	free(message);
	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++) {
		tree_file(tree, "/state", foreign[i]);
		CHECK(state_load(path, &again, &message) == -EEXIST && message, "nor is %s",
		      foreign[i]);
		free(message);
	}
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		tree_file(tree, "/state", damaged[i]);
		CHECK(state_load(path, &again, &message) == -EINVAL && message && !again.nr,
		      "'%s' is ours, but of no use", damaged[i]);
		free(message);
	}
	tree_bytes(tree, "/state", zeros, sizeof(zeros));
	CHECK(state_load(path, &again, &message) == -EINVAL && message, "so are NULs");
	free(message);
	zeros[sizeof(zeros) - 1] = 'x';
	tree_bytes(tree, "/state", zeros, sizeof(zeros));
	CHECK(state_load(path, &again, &message) == -EEXIST, "unless more comes behind them");
	free(message);
	CHECK(state_load("/dev/null", &again, &message) == -EEXIST, "a device is not");
	free(message);
	CHECK(state_load(tree, &again, &message) == -EEXIST, "nor a directory");
	free(message);
	CHECK(state_save("/nowhere/state", &state) == -ENOENT, "no directory");
	lock = state_lock(path);
	CHECK(lock >= 0 && state_lock(path) == -EWOULDBLOCK, "one at a time");
	tree_file(tree, "/proc/uptime", "100.00 0.00\n");
	source_open(&source, tree);
	CHECK(!state_overdue_ms(&source, path), "which others see");
	state_look_due(lock, 90000);
	state_look_due(lock, 60000);
	CHECK(state_lock(path) == -EWOULDBLOCK && state_overdue_ms(&source, path) == 10000,
	      "and when it was to look again");
	state_look_due(lock, 120000);
	CHECK(!state_overdue_ms(&source, path), "later and later");
	close(lock);
	CHECK(state_overdue_ms(&source, path) == -ENOENT, "until it ends");
	test_looking(&source, path);
	source_close(&source);
	state_free(&state);
	free(path);
	tree_remove(tree);
}

/* ---- the parts of a budget ---- */

struct want {
	num wanted;
	double worth;
	num max;		/* what it gets */
};

/* All have the same cold pages, and pages of 4 KiB. */
static bool shares(const struct want *want, int nr, num budget)
{
	struct control_state control[8] = {};
	struct choice choice[8] = {};
	bool right = true;

	for (int i = 0; i < nr; i++) {
		choice[i].state = &control[i];
		choice[i].decision.action = ACTION_WRITE;
		choice[i].decision.cold = 1LL << 40;
		choice[i].decision.wanted = want[i].wanted;
		choice[i].decision.worth = want[i].worth;
	}
	control_share(choice, nr, budget, INT64_MAX, 4096);
	for (int i = 0; i < nr; i++)
		right &= choice[i].decision.max == want[i].max;
	return right;
}

static void test_shares(void)
{
	static const num M = 1 << 20;
	static const struct want leaves[] = { { 100 * M, 1, 6 * M }, { M, 0.5, M }, { 100 * M, 0.5, 3 * M } };
	static const struct want equal[] = { { 99 * M, 0.3, 2 * M }, { 99 * M, 0.3, 2 * M } };
	static const struct want none[] = { { M, 0, 0 }, { 0, 0, 0 } };
	static const struct want nothing[] = { { 100 * M, 0.5, 9 * M }, { 0, 0, 0 }, { M, 0.5, M } };

	CHECK(shares(leaves, ARRAY_SIZE(leaves), 10 * M), "parts by worth, and of what is left over");
	CHECK(shares(equal, ARRAY_SIZE(equal), 4 * M), "equal ones");
	CHECK(shares(none, ARRAY_SIZE(none), 10 * M), "what is worth nothing gets nothing");
	CHECK(shares(nothing, ARRAY_SIZE(nothing), 10 * M),
	      "one that wants nothing and is worth nothing takes nothing from others");
}

int main(void)
{
	kernel = USUAL_KERNEL;
	test_samples();
	test_failure();
	test_guard();
	test_holds();
	test_boot();
	test_shown();
	test_wear();
	test_rate();
	test_shares();
	test_pressure();
	test_left_out();
	test_frozen();
	test_refused_read();
	test_refused();
	test_refused_interval();
	test_needed();
	test_json();
	test_file();
	return tap_done();
}
