// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Days of the daemon's life in seconds: loads whose pages go into zswap, are loaded, written and
 * read back as the kernel would have it, with the real decisions (decide/tick.c).  Bounds: what
 * comes back over any 24 h is at most 1.2 times the target, after the first six hours; what is
 * dead leaves; nothing that comes back every hour is written for long.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "decide/tick.h"
#include "system/amount.h"
#include "tap.h"

#define PAGE		4096
#define MIB		1048576LL
#define GROUP		64		/* pages that are used together: 256 KiB */
#define GROUPS(mib)	((int)((mib) * MIB / PAGE / GROUP))
#define RECLAIM		60		/* seconds without use until a page is in zswap */
#define MINUTES_A_DAY	1440

/* ---- chance ---- */

static uint64_t chance_state;

/* Below 1; splitmix64 */
static double chance(void)
{
	uint64_t z = chance_state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* ---- the world ---- */

#define NR_EDGES	13

static const num usual_edges[NR_EDGES] = {
	0, 30, 60, 120, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 259200
};
static const num short_edges[NR_EDGES] = {
	0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096
};
static const num *edges = usual_edges;

enum place { RAM, ZSWAP, DISK };

struct group {
	enum place place;
	double used;		/* when it was last used; in zswap some time later */
	double next;		/* when it is used again; INFINITY: never */
	double period;		/* from use to use; negative: the mean of random times */
};

struct pod {
	char path[32];
	uint64_t id;
	double ends;		/* INFINITY: never */
	num hot, file;		/* bytes that are always resident */
	int nr;
	struct group *group;
	num loaded[NR_EDGES], refaulted, written, on_disk;
	num stalled_io;
	num rest;		/* pages of commands that made no whole group */
	bool frozen;
	int ratio;		/* its pages compress to one in so many */
};

struct world {
	double now;		/* seconds awake: the clock of the ages, and of the daemon */
	double asleep;		/* seconds; loads go by the time of day */
	double reclaim;		/* seconds without use until a page is in zswap */
	int nr;
	struct pod pod[64];
	struct config config;
	struct state state;
	num interval;
	bool blind;		/* an older kernel, which does not count what is loaded */
	int commands;		/* that its disk can do in a tick; 0: any number */
	int given;		/* in this tick */
	num written, refaulted;	/* pages, of all */
	num bucket_written[NR_EDGES];
	num *history;		/* refaults by minute, of all */
	double *allowed;	/* the target by minute */
	int nr_history;
	uint64_t next_id;
	num ticks;
	bool aloud;		/* all decisions are printed */
};

static void world_init(struct world *world, const char *text)
{
	char *message;

	*world = (struct world){ .next_id = 10, .reclaim = RECLAIM };
	chance_state = 42;
	if (config_parse(text, "sim", &world->config, &message)) {
		printf("# %s\n", message);
		abort();
	}
	world->interval = world->config.interval;
	state_begin(&world->state);
}

static void world_free(struct world *world)
{
	for (int i = 0; i < world->nr; i++)
		free(world->pod[i].group);
	free(world->history);
	free(world->allowed);
	state_free(&world->state);
	config_free(&world->config);
}

static struct pod *add_pod(struct world *world, const char *path, num hot)
{
	struct pod *pod = &world->pod[world->nr++];

	*pod = (struct pod){ .id = world->next_id++, .hot = hot, .ends = INFINITY,
			      .ratio = 3 };
	snprintf(pod->path, sizeof(pod->path), "%s", path);
	return pod;
}

static double next_use(const struct world *world, const struct group *group)
{
	return world->now + world->asleep +
	       (group->period < 0 ? group->period * log(1 - chance()) : group->period);
}

/* @mib that are used every @period seconds: all at once; negative: each at a time of its own. */
static void add_load(struct world *world, struct pod *pod, int mib, double period)
{
	int nr = GROUPS(mib);

	pod->group = xrealloc(pod->group, (pod->nr + nr) * sizeof(*pod->group));
	for (int i = 0; i < nr; i++) {
		struct group *group = &pod->group[pod->nr++];

		*group = (struct group){ RAM, world->now, 0, period };
		group->next = next_use(world, group);
	}
}

static int bucket_of(double age)
{
	int b = NR_EDGES - 1;

	while (b > 0 && edges[b] > age)
		b--;
	return b;
}

static double age_of(const struct world *world, const struct group *group)
{
	return world->now - group->used - world->reclaim;
}

static void use(struct world *world, struct pod *pod, struct group *group)
{
	if (group->place == ZSWAP) {
		pod->loaded[bucket_of(age_of(world, group))] += GROUP;
	} else if (group->place == DISK) {
		pod->refaulted += GROUP;
		pod->on_disk -= GROUP;
		world->refaulted += GROUP;
	}
	group->place = RAM;
	group->used = world->now;
	group->next = next_use(world, group);
}

static void go_on(struct world *world, double seconds)
{
	world->now += seconds;
	for (int p = 0; p < world->nr; p++) {
		struct pod *pod = &world->pod[p];

		for (int i = 0; i < pod->nr && !pod->frozen; i++) {
			struct group *group = &pod->group[i];

			if (group->next <= world->now + world->asleep)
				use(world, pod, group);
			else if (group->place == RAM && age_of(world, group) >= 0)
				group->place = ZSWAP;
		}
	}
}

/* What the kernel would say of a pod. */
static void look_at(const struct world *world, const struct pod *pod, struct cgroup *cgroup)
{
	num ram = 0;

	*cgroup = (struct cgroup){ .id = pod->id, .path = xstrdup(pod->path), .parent = -1,
				   .writeback = 1, .frozen = pod->frozen };
	cgroup->ages.nr = NR_EDGES;
	for (int b = 0; b < NR_EDGES; b++)
		cgroup->ages.bucket[b] = (struct age_bucket){
			.min_age = edges[b],
			.max_age = b + 1 < NR_EDGES ? edges[b + 1] : AGE_NO_BOUND,
			.loaded = world->blind ? -ENOENT : pod->loaded[b],
			.written = -ENOENT, .refaulted = -ENOENT, .dropped = -ENOENT,
		};
	for (int i = 0; i < pod->nr; i++) {
		struct age_bucket *bucket;

		if (pod->group[i].place == RAM)
			ram += GROUP * PAGE;
		if (pod->group[i].place != ZSWAP)
			continue;
		bucket = &cgroup->ages.bucket[bucket_of(age_of(world, &pod->group[i]))];
		bucket->pages += GROUP;
		bucket->bytes += GROUP * PAGE / pod->ratio;
	}
	cgroup->all = (struct cgroup_usage){ ram + pod->hot, ram + pod->hot + pod->file,
					     pod->written, pod->refaulted };
	cgroup->own = cgroup->all;
	cgroup->pressure_io = pod->stalled_io;
}

/* A command: the coldest first. */
static num write_out(struct world *world, struct pod *pod, num age, num max)
{
	num rest = pod->rest, left = max / PAGE + rest, written = 0;

	for (int b = NR_EDGES - 1; b >= bucket_of(age) && left >= GROUP; b--) {
		for (int i = 0; i < pod->nr && left >= GROUP; i++) {
			struct group *group = &pod->group[i];

			if (group->place != ZSWAP || age_of(world, group) < age ||
			    bucket_of(age_of(world, group)) != b)
				continue;
			group->place = DISK;
			written += GROUP;
			left -= GROUP;
			world->bucket_written[b] += GROUP;
		}
	}
	pod->rest = left < GROUP ? left : 0;
	pod->written += written;
	pod->on_disk += written;
	world->written += written;
	return written + pod->rest - rest;
}

static void read_back(struct world *world, struct pod *pod)
{
	for (int i = 0; i < pod->nr; i++) {
		if (pod->group[i].place != DISK)
			continue;
		pod->group[i].place = ZSWAP;
		pod->group[i].used = world->now - world->reclaim;
		pod->on_disk -= GROUP;
	}
}

static int compare_pods(const void *a, const void *b)
{
	return cgroup_compare_paths(((const struct cgroup *)a)->path,
				    ((const struct cgroup *)b)->path);
}

static struct pod *find_pod(struct world *world, uint64_t id)
{
	for (int i = 0; i < world->nr; i++) {
		if (world->pod[i].id == id)
			return &world->pod[i];
	}
	abort();
}

static bool carry_out(void *data, struct choice *choice)
{
	struct world *world = data;
	struct pod *pod = find_pod(world, world->state.cgroup[choice->cgroup].id);

	if (world->commands && world->given++ == world->commands)
		return false;
	choice->carried_out = true;
	if (choice->decision.action == ACTION_READ)
		read_back(world, pod);
	else
		choice->result.count.written = write_out(world, pod, choice->decision.age,
							 choice->decision.max);
	return true;
}

static void print(void *data, const struct choice *choice)
{
	(void)data;
	(void)choice;
}

static void tick(struct world *world)
{
	const struct tick_hands hands = { world, carry_out, print };
	struct sample sample = {
		.now_ms = world->now * 1000, .boot_id = xstrdup("boot"), .page_size = PAGE,
		.pool = 1, .limit = 1, .free = 0, .total = 1,
	};
	static const struct pod parent = { .id = 2, .path = "/pods", .ratio = 3 };
	struct choice *choice;
	double allowed = 0;
	int nr;

	sample.cgroups.nr = world->nr + 1;
	sample.cgroups.cgroup = xcalloc(world->nr + 1, sizeof(*sample.cgroups.cgroup));
	for (int i = 0; i < world->nr; i++)
		look_at(world, &world->pod[i], &sample.cgroups.cgroup[i]);
	/* What holds pods; their own directories are as short-lived as they are */
	look_at(world, &parent, &sample.cgroups.cgroup[world->nr]);
	qsort(sample.cgroups.cgroup, world->nr + 1, sizeof(struct cgroup), compare_pods);
	sample.bounds = sample.cgroups.cgroup[0].ages;
	nr = tick_decide(&world->state, &world->config, &sample, &choice);
	for (int i = 0; i < nr; i++) {
		struct pod *pod = find_pod(world, sample.cgroups.cgroup[choice[i].cgroup].id);
		const struct decision *decision = &choice[i].decision;

		allowed += decision->allowed;
		if (getenv("SIM_VERBOSE") && world->ticks % 10 == 0)
			printf("# %6.0f min %s: %s (%s) age %lld max %lld K, cold %lld M, allowed %.0f forecast %.0f, share %.3f debt %.0f\n",
			       world->now / 60, pod->path, action_name(decision->action),
			       decision->reason, decision->age, decision->max / 1024,
			       decision->cold / MIB, decision->allowed, decision->forecast,
			       model_share(&world->state.cgroup[choice[i].cgroup].control.evidence,
					   decision->allowed),
			       world->state.cgroup[choice[i].cgroup].control.debt);
	}
	world->given = 0;
	tick_carry_out(&world->state, &world->config, choice, nr, &hands);
	for (int i = 0; i < nr && world->aloud; i++)
		choice_print(stdout, world->ticks, &sample, (num)world->state.wear, &choice[i]);
	free(choice);
	sample_free(&sample);
	world->ticks++;
	/* An hour at a time: with the sanitizers each realloc() copies */
	if (world->nr_history % 60 == 0) {
		size_t room = world->nr_history + 60;

		world->history = xrealloc(world->history, room * sizeof(*world->history));
		world->allowed = xrealloc(world->allowed, room * sizeof(*world->allowed));
	}
	world->history[world->nr_history] = world->refaulted;
	world->allowed[world->nr_history++] = allowed;
}

static void run(struct world *world, double hours)
{
	double end = world->now + hours * 3600;

	while (world->now < end - 1) {
		go_on(world, world->interval);
		tick(world);
	}
}

/* The most that came back in 24 h, after the first six, over what may: the ticks are minutes. */
static double worst_day(const struct world *world)
{
	int day = MINUTES_A_DAY * 60 / world->interval, first = day / 4;
	double worst = 0;

	for (int i = first; i + 1 < world->nr_history; i++) {
		int end = i + day < world->nr_history ? i + day : world->nr_history - 1;
		double target = 0, came = world->history[end] - world->history[i];

		/* What is left of the run stands for a day, or a burst at its end would be one */
		for (int j = i; j < i + day; j++)
			target += world->allowed[j < end ? j : end] * world->interval / 60;
		if (target > 0 && came / target > worst)
			worst = came / target;
	}
	return worst;
}

static num mib_written(const struct world *world)
{
	return world->written * PAGE / MIB;
}

/* ---- loads ---- */

static void test_load(const char *what, int mib, double period, int dead, double hours,
		      num least, num most, bool blind)
{
	struct world world;
	struct pod *pod;
	double worst;

	world_init(&world, "when = always\n");
	world.blind = blind;
	pod = add_pod(&world, "/load", 512 * MIB);
	if (mib)
		add_load(&world, pod, mib, period);
	if (dead)
		add_load(&world, pod, dead, INFINITY);
	run(&world, hours);
	worst = worst_day(&world);
	printf("# %s: %lld MiB written, %lld read back, %lld on disk, worst day %.2f of the target\n",
	       what, mib_written(&world), world.refaulted * PAGE / MIB, pod->on_disk * PAGE / MIB,
	       worst);
	CHECK(worst <= 1.2, "%s: what comes back stays within the target", what);
	CHECK(mib_written(&world) <= most, "%s: %lld MiB written, at most %lld", what,
	      mib_written(&world), most);
	CHECK(pod->on_disk * PAGE / MIB >= least, "%s: %lld MiB on disk, at least %lld", what,
	      pod->on_disk * PAGE / MIB, least);
	world_free(&world);
}

/*
 * Pods that live for 20 minutes, one every two minutes; half of each is dead from the start, and
 * the rest is used every two minutes or every ten.
 */
static void test_churn(void)
{
	const int life = 20 * 60, each = 120, dead = 32;
	num before = 0, made = 0;
	struct world world;

	world_init(&world, "when = always\nwear = unlimited\n");
	for (num nr = 0; nr < 12 * 3600 / each; nr++) {
		char path[32];
		struct pod *pod;

		snprintf(path, sizeof(path), "/pods/%lld/container", nr);
		pod = add_pod(&world, path, 256 * MIB);
		pod->ends = world.now + life;
		add_load(&world, pod, dead, INFINITY);
		add_load(&world, pod, 24, -120);
		add_load(&world, pod, 8, -600);
		for (int i = 0; i < world.nr; i++) {
			if (world.pod[i].ends > world.now)
				continue;
			free(world.pod[i].group);
			world.pod[i--] = world.pod[--world.nr];
		}
		if (nr == 3 * 3600 / each) {
			before = world.written - world.refaulted;
			made = 0;
		}
		made += dead;
		run(&world, each / 3600.0);
	}
	before = (world.written - world.refaulted - before) * PAGE / MIB;
	printf("# pods: %lld of %lld MiB written, %lld read back, worst day %.2f\n", before, made,
	       world.refaulted * PAGE / MIB, worst_day(&world));
	CHECK(before >= made / 2,
	      "pods of 20 minutes: half of what is dead is written, once their like is known");
	CHECK(world.refaulted && worst_day(&world) <= 1.2, "what comes back is within the target");
	world_free(&world);
}

static void add_equal(struct world *world, int nr, int dead, int used)
{
	for (int i = 0; i < nr; i++) {
		char path[32];
		struct pod *pod;

		snprintf(path, sizeof(path), "/%02d", i);
		pod = add_pod(world, path, 1024 * MIB);
		add_load(world, pod, dead, INFINITY);
		add_load(world, pod, used, -14400);
	}
}

static void check_equal(const struct world *world, const char *what)
{
	num least = INT64_MAX, most = 0;

	for (int i = 0; i < world->nr; i++) {
		if (world->pod[i].written < least)
			least = world->pod[i].written;
		if (world->pod[i].written > most)
			most = world->pod[i].written;
	}
	printf("# %d equal ones: %lld to %lld MiB, %lld in all, %lld read back, worst day %.2f\n",
	       world->nr, least * PAGE / MIB, most * PAGE / MIB, mib_written(world),
	       world->refaulted * PAGE / MIB, worst_day(world));
	CHECK(most && most * 10 <= least * 12, "%s: equal cgroups get equal parts", what);
}

/* A disk that is too slow for all of them in a tick: whoever is left out is not so for good. */
static void test_slow(void)
{
	struct world world;

	world_init(&world, "when = always\nwear = unlimited\n");
	world.commands = 14;
	add_equal(&world, 50, 512, 0);
	run(&world, 2);
	check_equal(&world, "a slow disk");
	world_free(&world);
}

/* So little for each of them in a tick that it saves up for a command: that is not the end. */
static void test_rate(void)
{
	const num limit = 50 * 1024 * 24000;
	struct world world;

	world_init(&world, "when = always\nwear = unlimited\nrate = 50K/s\n");
	add_equal(&world, 50, 64, 0);
	run(&world, 24000 / 3600.0);
	check_equal(&world, "a rate");
	CHECK(world.written * PAGE >= limit * 9 / 10 && world.written * PAGE <= limit,
	      "50K/s: %lld bytes of %lld", world.written * PAGE, limit);
	world_free(&world);
}

static void test_equal(void)
{
	struct world world;

	world_init(&world, "when = always\n");
	add_equal(&world, 20, 384, 640);
	run(&world, 24);
	check_equal(&world, "wear");
	CHECK(world.refaulted && worst_day(&world) <= 1.2, "within the target");
	CHECK(mib_written(&world) >= 9 * 1024, "the budget is used");
	CHECK(mib_written(&world) <= 10 * 1024 + 512, "and not exceeded, but for the first hour's");
	world_free(&world);
}

/*
 * What writing frees, for each byte that is written: /b compresses to an eighth, not to a third,
 * and half of /c is used once a day.
 */
static void test_unequal(void)
{
	struct pod *usual, *small, *back;
	struct world world;

	world_init(&world, "when = always\n");
	usual = add_pod(&world, "/a", 1024 * MIB);
	small = add_pod(&world, "/b", 1024 * MIB);
	back = add_pod(&world, "/c", 1024 * MIB);
	small->ratio = 8;
	add_load(&world, usual, 8192, INFINITY);
	add_load(&world, small, 8192, INFINITY);
	add_load(&world, back, 4096, INFINITY);
	add_load(&world, back, 4096, -86400);
	run(&world, 24);
	printf("# unequal: %lld MiB, to an eighth %lld, half comes back %lld\n",
	       usual->written * PAGE / MIB, small->written * PAGE / MIB, back->written * PAGE / MIB);
	CHECK(small->written * 10 > usual->written * 3 && small->written * 10 < usual->written * 5,
	      "what compresses to an eighth gets three eighths");
	CHECK(back->written * 10 < usual->written * 3 && back->written, "what comes back gets less");
	CHECK(mib_written(&world) >= 9 * 1024, "and the budget is used");
	CHECK(worst_day(&world) <= 1.2, "within the target");
	world_free(&world);
}

/* After @hours, how much is on the disk of 512 MiB that are dead, and 256 that are not. */
static num dead_after(double hours, const char *config, num file, bool io_bursts)
{
	struct world world;
	struct pod *pod;
	num mib;

	world_init(&world, config);
	pod = add_pod(&world, "/load", 512 * MIB);
	pod->file = file;
	add_load(&world, pod, 512, INFINITY);
	add_load(&world, pod, 256, -7200);
	for (int minute = 0; minute < hours * 60; minute++) {
		if (io_bursts && minute % 6 == 0)
			pod->stalled_io += 1800000;
		run(&world, 1 / 60.0);
	}
	mib = pod->on_disk * PAGE / MIB;
	printf("# %lld MiB, %lld read back, worst day %.2f\n", mib, world.refaulted * PAGE / MIB,
	       worst_day(&world));
	CHECK(worst_day(&world) <= 1.2, "within the target");
	world_free(&world);
	return mib;
}

static void test_circumstances(void)
{
	num usual = dead_after(0.8, "when = always\n", 0, false);
	num often = dead_after(0.8, "when = always\ninterval = 10s\n", 0, false);
	num day = dead_after(24, "when = always\n", 0, false);
	num cache = dead_after(24, "when = always\n", 1000LL << 30, false);
	num bursts = dead_after(24, "when = always\n", 0, true);

	printf("# after 48 min: %lld MiB; every 10 s: %lld; page cache: %lld; io bursts, 24 h: %lld\n",
	       usual, often, cache, bursts);
	CHECK(usual > 50 && usual < 400 && often * 10 >= usual * 8 && often * 10 <= usual * 12,
	      "the interval changes no rate");
	CHECK(cache == day, "nor does page cache");
	CHECK(bursts >= 461, "io pressure in one minute of six does not stop it for good");
}

/* What may come back of it in a tick is less than a command: it is saved up. */
static void test_small(const char *config)
{
	struct world world;
	struct pod *pod;
	num whole;

	world_init(&world, config);
	pod = add_pod(&world, "/small", 4 * MIB);
	add_load(&world, pod, 8, INFINITY);
	/* What is left at the end is less than another command, but all there is */
	whole = (num)pod->nr * GROUP;
	run(&world, 24);
	CHECK(pod->on_disk * 10 >= whole * 9, "%s: %lld of %lld pages of a small one are on the disk",
	      world.config.interval < 60 ? "every 10 s" : "once a minute", pod->on_disk, whole);
	world_free(&world);
}

/* The longest interval writes as much as any other. */
static void test_interval(void)
{
	static const char *const config[] = {
		"when = always\nwear = unlimited\n",
		"when = always\nwear = unlimited\ninterval = 1h\n",
	};
	num mib[2];

	for (int i = 0; i < 2; i++) {
		struct world world;

		world_init(&world, config[i]);
		add_equal(&world, 1, 8192, 0);
		run(&world, 5);
		mib[i] = mib_written(&world);
		world_free(&world);
	}
	CHECK(mib[1] * 10 >= mib[0] * 8 && mib[1] * 10 <= mib[0] * 12,
	      "once an hour: %lld MiB, once a minute: %lld", mib[1], mib[0]);
}

/* A tick that is hours late writes no more than one that is ten minutes late. */
static void test_late(void)
{
	struct world world;
	num before, late, after;

	world_init(&world, "when = always\n");
	add_load(&world, add_pod(&world, "/load", 512 * MIB), 8192, INFINITY);
	run(&world, 1);
	go_on(&world, 8 * 3600);
	before = world.written;
	tick(&world);
	late = world.written - before;
	run(&world, 1 / 60.0);
	after = world.written - before - late;
	CHECK(late > 0 && late <= 11 * after, "after 8 hours: %lld pages, %lld in the next minute",
	      late, after);
	world_free(&world);
}

/*
 * Eight hours of sleep each night: pages get no older, and what is used every hour by the time of
 * day is used at once when it is over.
 */
static void test_suspend(void)
{
	num before, warm = 0, after = 0;
	struct world world;
	struct pod *pod;

	world_init(&world, "when = always\n");
	pod = add_pod(&world, "/load", 512 * MIB);
	add_load(&world, pod, 256, 3600);
	add_load(&world, pod, 256, INFINITY);
	for (int night = 0; night < 5; night++) {
		run(&world, 16);
		world.asleep += 8 * 3600;
		for (int i = 0; i < pod->nr; i++)
			warm += pod->group[i].place == ZSWAP;
		before = world.written;
		run(&world, 10 / 60.0);
		after += world.written - before;
	}
	printf("# nights: %lld groups are warm, %lld pages written after it, %lld MiB in all, worst day %.2f\n",
	       warm, after, mib_written(&world), worst_day(&world));
	CHECK(worst_day(&world) <= 1.2, "sleep: what comes back stays within the target");
	CHECK(pod->on_disk * PAGE / MIB >= 230, "what is dead is on the disk");
	CHECK(warm && !after && mib_written(&world) <= 1024, "and little else was ever written");
	/* All that is dead is used once, which takes hours to pay off */
	for (int i = 0; i < pod->nr; i++)
		pod->group[i].next = world.now + world.asleep;
	run(&world, 0.1);
	world.asleep += 8 * 3600;
	before = world.written;
	run(&world, 2);
	CHECK(world.written == before, "nor is a debt paid off by sleep");
	world_free(&world);
}

/* What was dead comes to life, all at once: the age fails, and the debt is paid off in full. */
static void test_change(void)
{
	struct world world;
	struct pod *pod;
	num before;

	world_init(&world, "when = always\n");
	pod = add_pod(&world, "/load", 512 * MIB);
	add_load(&world, pod, 512, INFINITY);
	run(&world, 6);
	CHECK(pod->on_disk == pod->nr * GROUP, "six hours: all that is dead is written");
	for (int i = 0; i < pod->nr; i++) {
		pod->group[i].period = 1800;
		pod->group[i].next = world.now;
	}
	before = world.written;
	/* 131072 pages, and 524 a minute may come back */
	run(&world, 4);
	CHECK(world.refaulted == pod->nr * GROUP && world.written == before,
	      "nothing is written until it is paid off");
	run(&world, 68);
	printf("# comes to life: %lld MiB written after it, in three days\n",
	       (world.written - before) * PAGE / MIB);
	CHECK((world.written - before) * PAGE / MIB <= 512, "nor much of it ever after");
	world_free(&world);
}

/* Pages a minute that may be written, over those that may come back. */
static double pace_of(const struct world *world)
{
	const struct control_state *control = &world->state.cgroup[0].control;
	const double allowed = world->state.cgroup[0].shown.allowed;

	return 1 / model_share(&control->evidence, allowed);
}

/*
 * Two days of a little that is written as it comes, which no pace holds up: what is known of that
 * is not known of the gigabytes that are cold then.  With these it grows.
 */
static void check_pace(const char *config)
{
	double little, much;
	struct world world;
	struct pod *pod;

	world_init(&world, config);
	pod = add_pod(&world, "/load", 512 * MIB);
	for (int minute = 0; minute < 2 * MINUTES_A_DAY; minute += 10) {
		/* 256 pages in ten minutes, of some 5,000 that may come back */
		add_load(&world, pod, 1, INFINITY);
		run(&world, 1 / 6.0);
	}
	little = pace_of(&world);
	CHECK(pod->on_disk * PAGE / MIB >= 250, "a little is written as it comes");
	add_load(&world, pod, 4096, INFINITY);
	run(&world, 6);
	much = pace_of(&world);
	printf("# pace: %.2f times what may come back, %.2f when it limited\n", little, much);
	CHECK(little < 1.2, "the pace does not grow by what it did not limit");
	CHECK(much > 2, "and grows by what it did");
	world_free(&world);
}

static void test_pace(void)
{
	check_pace("when = always\nwear = unlimited\n");
	check_pace("when = always\nwear = unlimited\ninterval = 10s\n");
}

/* The demo: seconds instead of minutes, with ages to match. */
static void test_seconds(void)
{
	struct world world;
	struct pod *pod;
	double target;

	world_init(&world, "when = always\ninterval = 1s\nmin-age = 2s\nmax-age = 16s\n"
		   "target-refault = 20%/min\nwear = unlimited\n");
	world.reclaim = 1;
	edges = short_edges;
	pod = add_pod(&world, "/redis", 6 * MIB);
	add_load(&world, pod, 16, INFINITY);
	add_load(&world, pod, 3, 12);
	run(&world, 75 / 3600.0);
	target = 0.2 * (6 + 16 + 3) * MIB / PAGE * 75 / 60;
	printf("# in seconds: %lld MiB on disk, %lld pages read back, target %.0f\n",
	       pod->on_disk * PAGE / MIB, world.refaulted, target);
	CHECK(pod->on_disk * PAGE / MIB >= 12, "in seconds: what nobody uses is on the disk");
	CHECK(world.refaulted <= target, "and the target is held");
	world_free(&world);
}

static void test_frozen(void)
{
	struct world world;
	struct pod *pod;

	world_init(&world, "when = always\nfreeze-after = 10m\nwear = unlimited\n");
	pod = add_pod(&world, "/redis", 16 * MIB);
	add_load(&world, pod, 256, 60);
	run(&world, 1);
	CHECK(!pod->on_disk, "what is in use stays");
	pod->frozen = true;
	/* What is not used any more goes into zswap, by itself or by a reclaimer */
	for (int i = 0; i < pod->nr; i++)
		pod->group[i].place = ZSWAP;
	run(&world, 0.1);
	CHECK(!pod->on_disk, "frozen for six minutes: nothing");
	run(&world, 0.15);
	CHECK(pod->on_disk == pod->nr * GROUP, "for ten: all of it is on the disk");
	pod->frozen = false;
	world.now += 1;
	tick(&world);
	CHECK(!pod->on_disk, "thawed: it is read back at once");
	CHECK(!world.refaulted, "before anything is wanted");
	world_free(&world);
}

/* ---- the same world, the same decisions ---- */

/* Half a day in which there is some of everything, with all decisions about it as lines of JSON. */
static int decide_aloud(void)
{
	struct world world;

	world_init(&world, "when = always\nwear = 4G/day\nrate = 200K/s\nfreeze-after = 10m\n"
		   "[cgroup /pods/*]\nmin-age = 2m\n");
	world.aloud = true;
	add_equal(&world, 4, 96, 160);
	add_load(&world, add_pod(&world, "/hourly", 512 * MIB), 128, 3600);
	for (int hour = 0; hour < 12; hour++) {
		char path[32];

		snprintf(path, sizeof(path), "/pods/%d/container", hour);
		add_load(&world, add_pod(&world, path, 64 * MIB), 32, hour % 2 ? -1200 : INFINITY);
		world.pod[0].frozen = hour == 6;
		world.pod[1].stalled_io += hour % 3 * 10 * PPM;
		world.commands = hour % 4 ? 0 : 3;
		run(&world, 1);
	}
	world_free(&world);
	return 0;
}

/* The lines of a process of its own, where malloc() gives memory that is full of @fill; to be freed. */
static char *decided(const char *program, int fill)
{
	autofree char *command = xasprintf("ASAN_OPTIONS=max_malloc_fill_size=65536:malloc_fill_byte=%d "
					   "'%s' aloud", fill, program);
	FILE *from = popen(command, "re");
	size_t room = 0;
	char *text = NULL;

	if (!from || getdelim(&text, &room, '\0', from) < 0 || pclose(from)) {
		free(text);
		return xstrdup("");
	}
	return text;
}

/* Nothing but samples, results, the state and the configuration goes into a decision. */
static void test_determinism(const char *program)
{
	autofree char *once = decided(program, 0), *again = decided(program, 165);
	int writes = 0, reads = 0, lines = 0;

	for (const char *line = once; *line; line = strchrnul(line, '\n') + 1, lines++) {
		size_t length = strcspn(line, "\n");

		writes += !!memmem(line, length, "\"write\"", 7);
		reads += !!memmem(line, length, "\"readback\"", 10);
		if (!line[length])
			break;
	}
	printf("# %d decisions: %d to write, %d to read back\n", lines, writes, reads);
	CHECK(lines > 5000 && writes > 100 && reads, "decisions of all kinds");
	CHECK(!strcmp(once, again), "the same world in another process: the same decisions");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return decide_aloud();
	/* 30 GB in five days were written of the first one by the policy before this one */
	test_load("hourly", 512, 3600, 0, 120, 0, 1536, false);
	test_load("every four hours", 512, 4 * 3600, 0, 120, 0, 3 * 1536, false);
	test_load("daily", 512, 86400, 0, 120, 0, 6 * 512, false);
	test_load("half dead", 256, 3600, 256, 24, 230, 1024, false);
	test_load("memoryless, an hour", 512, -3600, 0, 72, 0, 4096, false);
	test_load("memoryless, a day", 512, -86400, 0, 72, 200, 4096, false);
	test_load("all dead", 0, 0, 512, 24, 461, 512, false);
	test_load("hourly, unseen", 512, 3600, 0, 120, 0, 4096, true);
	test_load("four hours, unseen", 512, 4 * 3600, 0, 120, 0, 4 * 1536, true);
	test_load("all dead, unseen", 0, 0, 512, 24, 461, 512, true);
	test_churn();
	test_equal();
	test_slow();
	test_rate();
	test_unequal();
	test_circumstances();
	test_small("when = always\n");
	test_small("when = always\ninterval = 10s\n");
	test_interval();
	test_late();
	test_suspend();
	test_change();
	test_frozen();
	test_pace();
	test_seconds();
	test_determinism(argv[0]);
	return tap_done();
}
