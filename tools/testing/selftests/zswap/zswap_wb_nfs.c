// SPDX-License-Identifier: GPL-2.0
/*
 * Swap in a file that an NFS server has: the kernel has no disk of it, but asks a
 * filesystem.  The server is the machine itself, with a file on the test's own disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"
#include "zswap_wb_disk.h"
#include "zswap_wb_pages.h"
#include "zswap_wb_util.h"

#define NFS_SERVER_DIR		"/tmp/zswap_wb_server"
#define NFS_CLIENT_DIR		"/tmp/zswap_wb_client"
#define NFS_FILE		"/swap"
#define NFS_DISK_PAGES		10240
#define NFS_SWAP_PAGES		4000
#define NFS_PAGES		1500
#define NFS_FEW_PAGES		300

#define NFSD_DIR		"/proc/fs/nfsd"
#define NFSD_CACHES		"/proc/net/rpc"
/* of <linux/nfsd/export.h>: any port, no sync, no check of the path, the number of the fs */
#define NFSD_EXPORT		(0x2 | 0x10 | 0x400 | 0x2000)
#define NFSD_NEVER		"2147483647"

/* a command ends that long after a signal, whatever the device does */
#define NFS_SIGNAL_MS		2000
/* five seconds, in which a page that is under way might have come there, and some for the rest */
#define NFS_PUT_OFF_MS		7500

static bool nfs_is_mounted, nfsd_is_mounted;

/* --- the server --- */

static bool lo_up(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	bool good;

	if (sock < 0) {
		zwb_skip("needs CONFIG_INET");
		return false;
	}
	good = !ioctl(sock, SIOCGIFFLAGS, &request);
	request.ifr_flags |= IFF_UP;
	good = good && !ioctl(sock, SIOCSIFFLAGS, &request);
	if (!good)
		zwb_fail("bringing lo up: %s", strerror(errno));
	close(sock);
	return good;
}

/* What mountd(8) tells the kernel: everybody may have the directory, and may not. */
static bool nfsd_export(bool on)
{
	char line[128];

	if (!on)
		return zwb_write_string(NFSD_CACHES "/nfsd.export/channel",
					"* " NFS_SERVER_DIR " " NFSD_NEVER "\n");
	snprintf(line, sizeof(line), "* " NFS_SERVER_DIR " " NFSD_NEVER " %d 65534 65534 0\n",
		 NFSD_EXPORT);
	return zwb_write_string(NFSD_CACHES "/auth.unix.ip/channel",
				"nfsd 127.0.0.1 " NFSD_NEVER " *\n") &&
	       zwb_write_string(NFSD_CACHES "/nfsd.export/channel", line) &&
	       zwb_write_string(NFSD_CACHES "/nfsd.fh/channel",
				"* 1 \\x00000000 " NFSD_NEVER " " NFS_SERVER_DIR "\n");
}

static bool nfsd_on(void)
{
	if (mount("nfsd", NFSD_DIR, "nfsd", 0, NULL)) {
		if (errno == ENODEV || errno == ENOENT)
			zwb_skip("needs CONFIG_NFSD_V4 and CONFIG_NFSD_LEGACY_CLIENT_TRACKING");
		else
			zwb_fail("mounting " NFSD_DIR ": %s", strerror(errno));
		return false;
	}
	nfsd_is_mounted = true;
	return nfsd_export(true) &&
	       /* others need a portmapper, or nfsdcld(8) */
	       zwb_write_string(NFSD_DIR "/versions", "-3\n") &&
	       zwb_write_string(NFSD_DIR "/nfsv4recoverydir", NFS_SERVER_DIR "\n") &&
	       zwb_write_string(NFSD_DIR "/portlist", "tcp 2049\n") &&
	       zwb_write_string(NFSD_DIR "/threads", "2\n") &&
	       /* there is no client of before that would have to come back first */
	       zwb_write_string(NFSD_DIR "/v4_end_grace", "Y\n");
}

/* The caches hold the directory. */
static void nfsd_flush(void)
{
	static const char * const files[] = {
		NFSD_CACHES "/nfsd.export/flush", NFSD_CACHES "/nfsd.fh/flush",
		NFSD_CACHES "/auth.unix.ip/flush",
	};
	char now[32];
	size_t i;

	snprintf(now, sizeof(now), "%lld\n", (long long)time(NULL) + 1);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		zwb_write_string(files[i], now);
}

static void nfsd_off(void)
{
	if (!nfsd_is_mounted)
		return;
	zwb_write_string(NFSD_DIR "/threads", "0\n");
	nfsd_flush();
	if (umount(NFSD_DIR))
		zwb_fail("umount " NFSD_DIR ": %s", strerror(errno));
	nfsd_is_mounted = false;
}

/* --- swap --- */

static bool nfs_mount(void)
{
	if (mkdir(NFS_CLIENT_DIR, 0700)) {
		zwb_fail("mkdir " NFS_CLIENT_DIR ": %s", strerror(errno));
		return false;
	}
	nfs_is_mounted = !mount("127.0.0.1:/", NFS_CLIENT_DIR, "nfs4", 0,
				"vers=4.0,addr=127.0.0.1,clientaddr=127.0.0.1");
	if (nfs_is_mounted)
		return true;
	if (errno == ENODEV)
		zwb_skip("needs CONFIG_NFS_V4");
	else
		zwb_fail("mounting " NFS_CLIENT_DIR ": %s", strerror(errno));
	return false;
}

/* On the server, as it must not have holes. */
static bool nfs_make_file(void)
{
	static const char zeros[65536];
	long long left = (NFS_SWAP_PAGES + 1) * zwb_page_size;
	int fd = open(NFS_SERVER_DIR NFS_FILE, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t wrote = 0;

	while (fd >= 0 && wrote >= 0 && left > 0) {
		wrote = write(fd, zeros, left < sizeof(zeros) ? left : sizeof(zeros));
		left -= wrote;
	}
	if (fd < 0 || wrote < 0 || fsync(fd)) {
		zwb_fail(NFS_SERVER_DIR NFS_FILE ": %s", strerror(errno));
		left = -1;
	}
	if (fd >= 0)
		close(fd);
	return !left && zwb_make_swap(NFS_SERVER_DIR NFS_FILE, NFS_SWAP_PAGES);
}

/* Swap to a file of the server, and to nothing else. */
static bool nfs_swap_on(void)
{
	static const struct zwb_disk_spec disk = {
		.pages = NFS_DISK_PAGES,
		.bare = true,
	};

	return lo_up() && zwb_disk_on(&disk) && zwb_disk_mount(NFS_SERVER_DIR) &&
	       nfs_make_file() && nfsd_on() && nfs_mount() &&
	       zwb_swap_only_to(NFS_CLIENT_DIR NFS_FILE, 0);
}

static void nfs_swap_off(void)
{
	zwb_swap_own_off();
	zwb_swap_disk_back();
	if (nfs_is_mounted && umount(NFS_CLIENT_DIR))
		zwb_fail("umount " NFS_CLIENT_DIR ": %s", strerror(errno));
	nfs_is_mounted = false;
	rmdir(NFS_CLIENT_DIR);
	nfsd_off();
	zwb_disk_unmount();
}

/* The server does not get further with what it has to write, or does. */
static bool nfs_freeze(bool on)
{
	int fd = open(NFS_SERVER_DIR, O_RDONLY);
	bool good = fd >= 0 && !ioctl(fd, on ? FIFREEZE : FITHAW, 0);

	if (!good)
		zwb_fail("%s: %s", on ? "FIFREEZE" : "FITHAW", strerror(errno));
	if (fd >= 0)
		close(fd);
	return good;
}

/* --- pages on a server --- */

static void check_pages(struct zwb_load *load)
{
	struct zwb_snap before, delta;

	zwb_snap(&before);
	if (!load || !zwb_write_all(load->pages))
		return;
	zwb_expect_read(load, load->pages, 0);
	/* once more, and back without a fault */
	if (!zwb_load_touch(load, 0, load->pages) || !zwb_load_pageout(load) ||
	    !zwb_write_all(load->pages))
		return;
	zwb_readback(&delta, "max=1G");
	zwb_equal(delta.total.readback, load->pages);
	zwb_expect_read(load, 0, load->pages);
	zwb_since(&delta, &before);
	zwb_equal(delta.total.disk_bytes, 2 * load->pages * zwb_page_size);
}

static void write_to_a_server(const char *compressed)
{
	if (zwb_need_readback() && zwb_need_compressed() &&
	    zwb_setting(ZWB_COMPRESSED, compressed) && nfs_swap_on())
		check_pages(zwb_load(NULL, ZWB_ANY_NODE, NFS_PAGES, ZWB_TEXT));
	nfs_swap_off();
}

/*
 * Pages are written to the server, and come back from there, by faults and by readback.
 *
 * Turns red when they stay in zswap.
 */
static void pages_go_to_a_server(void)
{
	write_to_a_server("0");
}

/* Turns red when an image goes to where none is unpacked. */
static void images_do_not_go_to_a_server(void)
{
	write_to_a_server("1");
}

/* --- a server that does not answer --- */

static void check_signal(void)
{
	struct zwb_pages pages = { 0 };
	struct zwb_async command;
	struct zwb_snap before, delta;
	long long begin;

	if (!zwb_pages_map(&pages, ZWB_ANY_NODE, NFS_FEW_PAGES) || !zwb_pages_store(&pages, 1) ||
	    !nfs_freeze(true))
		return;
	zwb_snap(&before);
	if (zwb_start(&command, ZWB_GLOBAL, 0, "age=0")) {
		zwb_go(&command);
		zwb_sleep_until(zwb_now() + ZWB_NS_PER_SEC);
		begin = zwb_now();
		kill(command.pid, SIGKILL);
		zwb_equal(zwb_wait(&command), -ESRCH);
		zwb_between((zwb_now() - begin) / ZWB_NS_PER_MS, 0, NFS_SIGNAL_MS);
		/* what is under way is in zswap, and is loaded from there */
		zwb_pages_are(&pages, 1);
	}
	zwb_since(&delta, &before);
	zwb_zero(delta.vm.pswpin);
	/* and is not swapped out before that is over */
	zwb_pages_fill(&pages, 2);
	begin = zwb_now();
	if (madvise(pages.mem, pages.nr * zwb_page_size, MADV_PAGEOUT))
		zwb_fail("MADV_PAGEOUT: %s", strerror(errno));
	zwb_between((zwb_now() - begin) / ZWB_NS_PER_MS, 0, NFS_PUT_OFF_MS);
	nfs_freeze(false);
	zwb_pages_out(&pages);
	zwb_pages_are(&pages, 2);
	zwb_pages_unmap(&pages);
}

/*
 * A command on a server that does not answer ends when it is told to, and nobody waits for
 * long for the pages that are under way, reclaim neither.  When the server answers again, the
 * old copies of pages that were changed meanwhile are not what is read.
 *
 * Turns red when the command itself waits for the filesystem, or a swap-out for as long as it
 * takes.
 */
static void signal_ends_a_command(void)
{
	if (nfs_swap_on())
		check_signal();
	nfs_swap_off();
}

/* --- a server that refuses --- */

static void check_refused(struct zwb_load *load)
{
	struct zwb_snap delta;

	if (!load || !nfsd_export(false))
		return;
	zwb_run(&delta, ZWB_GLOBAL, "age=0");
	zwb_between(delta.total.failed, 1, load->pages);
	zwb_zero(delta.total.written);
	if (!nfsd_export(true))
		return;
	zwb_expect_read(load, 0, load->pages);
}

/*
 * What the server refuses stays in zswap, and the server is left alone, as a disk is that fails.
 *
 * Turns red when a page counts as written because the request is over.
 */
static void refused_pages_stay(void)
{
	if (nfs_swap_on())
		check_refused(zwb_load(NULL, ZWB_ANY_NODE, NFS_FEW_PAGES, ZWB_TEXT));
	nfs_swap_off();
}

static const struct zwb_test tests[] = {
	ZWB_TEST(pages_go_to_a_server),
	ZWB_TEST(images_do_not_go_to_a_server),
	ZWB_TEST(signal_ends_a_command),
	ZWB_TEST(refused_pages_stay),
};

int main(void)
{
	static const struct zwb_suite suite = {
		.tests = tests,
		.nr_tests = ARRAY_SIZE(tests),
		/* what was faulted on another CPU may wait there, and not be paged out */
		.one_cpu = true,
	};

	return zwb_main(&suite);
}
