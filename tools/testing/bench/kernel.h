/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel can tell about itself: the profile, and how long locks were held. */
#ifndef BENCH_KERNEL_H
#define BENCH_KERNEL_H

/* Needs the argument profile=2. */
void profile_begin(void);
/* Prints "profile OFFSET HITS", the offset in bytes from _stext on. */
void profile_end(void);

/* Needs CONFIG_LOCK_STAT. Prints "interrupt MICROSECONDS", the longest one. */
void locks_begin(void);
/* Prints "lock MICROSECONDS ACQUISITIONS CLASS", the longest that it was held. */
void locks_end(void);

#endif
