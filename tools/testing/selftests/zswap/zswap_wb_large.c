// SPDX-License-Identifier: GPL-2.0
/*
 * Large folios, and pages with versions.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_large.h"
#include "zswap_wb_util.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

#define LARGE_DIR		"/sys/kernel/mm/transparent_hugepage"
/* has no factor in common with any number of pages here */
#define LARGE_STEP		389
#define LARGE_TRIES		2000

/* Large folios are for everybody, and not for who asks */
static bool large_for_all;

/* --- pages, each with a version of its own --- */

unsigned char *zwb_text_at(const struct zwb_texts *texts, long long i)
{
	return texts->pages.mem + i * zwb_page_size;
}

/* Rewrite every @step-th page from @first up to @end. */
void zwb_texts_write(struct zwb_texts *texts, long long first, long long end, long long step,
		     unsigned int version)
{
	long long i;

	for (i = first; i < end; i += step) {
		texts->version[i] = version;
		zwb_page_fill(zwb_text_at(texts, i), i % texts->contents, version);
	}
}

/*
 * Fill all pages with version 1; they belong to a cgroup (NULL: the root) from then on, and
 * nothing else of this process does, so that what is reclaimed there can be counted.
 */
bool zwb_texts_fill(struct zwb_texts *texts, const char *cgroup)
{
	long long i;

	for (i = 0; i < texts->pages.nr; i++)
		texts->version[i] = 1;
	if (!zwb_cgroup_enter(cgroup))
		return false;
	for (i = 0; i < texts->pages.nr; i++)
		zwb_page_fill(zwb_text_at(texts, i), i % texts->contents, 1);
	return zwb_cgroup_enter(NULL);
}

/* Compare all pages, in an order in which no page follows its neighbour; how many are wrong. */
long long zwb_texts_wrong(const struct zwb_texts *texts)
{
	long long i, k, wrong = 0;

	for (k = 0; k < texts->pages.nr; k++) {
		i = k * LARGE_STEP % texts->pages.nr;
		if (zwb_page_is(zwb_text_at(texts, i), i % texts->contents, texts->version[i]))
			continue;
		if (!wrong)
			ksft_print_msg("process %d: page %lld does not hold version %u\n", getpid(),
				       i, texts->version[i]);
		wrong++;
	}
	return wrong;
}

/**
 * zwb_texts_return() - compare all pages, and where they come from
 * @texts: the pages
 * @disk: so many come from the disk
 * @refaulted: that many of these for the first time since a command wrote them
 * @zswap: so many come from zswap, where nothing of them is left
 */
void zwb_texts_return(const struct zwb_texts *texts, long long disk, long long refaulted,
		      long long zswap)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	zwb_no_wrong_pages(zwb_texts_wrong(texts));
	zwb_since(&delta, &before);
	zwb_equal(delta.vm.pswpin, disk);
	zwb_equal(delta.total.refaulted, refaulted);
	zwb_equal(delta.vm.zswpin, zswap);
	zwb_equal(delta.stored, -zswap);
}

/* --- large folios --- */

/* The size that a page table of one level less has; 0 if there are no such folios. */
int zwb_huge_kb(void)
{
	long long bytes = zwb_read_number(LARGE_DIR "/hpage_pmd_size");

	return bytes > 0 ? bytes / 1024 : 0;
}

long long zwb_folio_pages(int kb)
{
	return kb * 1024LL / zwb_page_size;
}

/* What has become of all folios of a size since the system was booted. */
long long zwb_folio_stat(int kb, const char *name)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), LARGE_DIR "/hugepages-%dkB/stats/%s", kb, name);
	return zwb_read_number(path);
}

static bool large_set(int kb, const char *value)
{
	char path[ZWB_PATH_MAX];

	snprintf(path, sizeof(path), LARGE_DIR "/hugepages-%dkB/enabled", kb);
	return zwb_setting(path, value);
}

/* Have memory in one piece again, as far as possible. */
void zwb_folios_make_room(void)
{
	zwb_write_string("/proc/sys/vm/drop_caches", "1");
	zwb_write_string("/proc/sys/vm/compact_memory", "1");
}

/* From now on large folios are for everybody, and not asked for; or for who asks. */
void zwb_folios_for_all(bool all)
{
	large_for_all = all;
}

/* Large folios are of one size, until the end of the test. */
bool zwb_need_folios(int kb)
{
	const char *who = large_for_all ? "always" : "madvise";
	int huge = zwb_huge_kb();

	if (!huge || zwb_folio_stat(huge, "swpout") < 0 ||
	    zwb_folio_stat(ZWB_SMALL_KB, "swpout") < 0) {
		zwb_skip("needs CONFIG_TRANSPARENT_HUGEPAGE");
		return false;
	}
	if (zwb_folio_stat(huge, "zswpout") < 0) {
		zwb_skip("needs a zswap that stores large folios");
		return false;
	}
	zwb_folios_make_room();
	return zwb_setting(LARGE_DIR "/khugepaged/defrag", "0") &&
	       large_set(ZWB_SMALL_KB, kb == ZWB_SMALL_KB ? who : "never") &&
	       large_set(huge, kb == ZWB_SMALL_KB ? "never" : who);
}

/**
 * zwb_map_aligned() - get address space where a folio of any size can begin
 * @pages: result; to be unmapped also if this fails
 * @nr: number of pages
 * @flags: for mmap()
 * @fd: for mmap()
 */
bool zwb_map_aligned(struct zwb_pages *pages, long long nr, int flags, int fd)
{
	size_t size = nr * zwb_page_size, align = zwb_huge_kb() * 1024UL;
	unsigned char *mem, *begin;

	pages->mem = NULL;
	pages->nr = nr;
	mem = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		   0);
	if (mem == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return false;
	}
	begin = (unsigned char *)(((uintptr_t)mem + align - 1) / align * align);
	if (begin > mem)
		munmap(mem, begin - mem);
	if (begin < mem + align)
		munmap(begin + size, align - (begin - mem));
	pages->mem = begin;
	if (mmap(begin, size, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, 0) == MAP_FAILED) {
		zwb_fail("mmap: %s", strerror(errno));
		return false;
	}
	/* the process of a command has no part in them */
	if ((!large_for_all && madvise(begin, size, MADV_HUGEPAGE)) ||
	    madvise(begin, size, MADV_DONTFORK)) {
		zwb_fail("MADV_HUGEPAGE or MADV_DONTFORK: %s", strerror(errno));
		return false;
	}
	return true;
}

/**
 * zwb_folios_map() - get pages in large folios
 * @pages: result; to be unmapped also if this fails
 * @kb: size of the folios, for which zwb_need_folios() has asked
 * @nr: number of pages
 * @version: what is in them
 */
bool zwb_folios_map(struct zwb_pages *pages, int kb, long long nr, unsigned int version)
{
	long long before, got = 0;
	int i;

	for (i = 0; i < ZWB_FOLIO_TRIES; i++) {
		before = zwb_folio_stat(kb, "anon_fault_alloc");
		if (!zwb_map_aligned(pages, nr, MAP_PRIVATE | MAP_ANONYMOUS, -1))
			return false;
		zwb_pages_fill(pages, version);
		got = zwb_folio_stat(kb, "anon_fault_alloc") - before;
		if (got >= nr / zwb_folio_pages(kb))
			return true;
		zwb_pages_unmap(pages);
		zwb_folios_make_room();
	}
	zwb_skip("memory is in pieces: %lld folios of %d KiB, not %lld", got, kb,
		 nr / zwb_folio_pages(kb));
	return false;
}

/* The same in version 1 for pages with versions, which belong to a cgroup (NULL: the root). */
bool zwb_folios_map_texts(struct zwb_texts *texts, const char *cgroup, int kb, long long nr)
{
	bool good;
	int i;

	for (i = 0; i < nr; i++)
		texts->version[i] = 1;
	texts->contents = nr;
	good = zwb_cgroup_enter(cgroup) && zwb_folios_map(&texts->pages, kb, nr, 1);
	return zwb_cgroup_enter(NULL) && good;
}

/* Page out large folios, and nothing but these, into zswap. */
bool zwb_folios_out(struct zwb_pages *pages, int kb)
{
	long long before = zwb_folio_stat(kb, "zswpout"), stored = zwb_stored();

	return zwb_pages_out_whole(pages) &&
	       zwb_equal(zwb_folio_stat(kb, "zswpout") - before,
			 pages->nr / zwb_folio_pages(kb)) &&
	       zwb_equal(zwb_stored() - stored, pages->nr);
}

/*
 * Make small folios large, within so many tries; pages of the disk come back one at
 * each.  The number of the last try, or 0 with errno set.
 */
int zwb_folios_try_to_collapse(struct zwb_pages *pages, int tries)
{
	int i;

	for (i = 1; i <= tries; i++) {
		if (!madvise(pages->mem, pages->nr * zwb_page_size, MADV_COLLAPSE))
			return i;
		if (errno != EAGAIN && errno != EBUSY)
			break;
	}
	return 0;
}

bool zwb_folios_collapse(struct zwb_pages *pages)
{
	int last = zwb_folios_try_to_collapse(pages, LARGE_TRIES), i;

	for (i = 1; i < ZWB_FOLIO_TRIES && !last && errno == ENOMEM; i++) {
		zwb_folios_make_room();
		last = zwb_folios_try_to_collapse(pages, LARGE_TRIES);
	}
	if (last)
		ksft_print_msg("one large folio instead of small ones, at try %d\n", last);
	else if (errno == ENOMEM)
		zwb_skip("memory is in pieces: there is no huge folio");
	else
		zwb_fail("MADV_COLLAPSE: %s", strerror(errno));
	return last;
}
