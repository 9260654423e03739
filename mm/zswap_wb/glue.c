// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: all that must see struct zswap_entry.
 *
 * This file is part of the compilation unit of mm/zswap.c, which includes it
 * in front of its LRU functions, as mm/percpu.c does with its backends: what it
 * needs is static there. Everything else of the feature sees an entry as an opaque
 * handle. It holds no policy.
 */
#ifdef CONFIG_ZSWAP_WB

#include "internal.h"
#include "port_glue.h"

/*
 * The age is free: upstream's struct has an int, a bool and padding where we
 * have a bit field, the bool and the time. A bit field of 24 bits ends at a
 * byte of its own, so a store to @referenced is still no access to @length.
 */
static_assert(sizeof(struct zswap_entry) ==
	      sizeof(swp_entry_t) + 2 * sizeof(u32) +
	      sizeof(struct zswap_pool *) + sizeof(unsigned long) +
	      sizeof(struct obj_cgroup *) + sizeof(struct list_head));
static_assert(BIT(24) > PAGE_SIZE);

#include "lists.c"
#include "image.c"
#include "entry.c"
#include "restore.c"

#endif /* CONFIG_ZSWAP_WB */
