/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a compressed page looks like on the disk, as Documentation/mm/zswap_wb.rst describes
 * it: for the kselftests and for torture, which look at disks past the kernel.
 */
#ifndef ZSWAP_WB_IMAGE_H
#define ZSWAP_WB_IMAGE_H

#include <stdint.h>

#define ZWB_IMAGE_MAGIC		0x49425a57U	/* WZBI */
#define ZWB_IMAGE_HEADER	48

struct zwb_image {
	uint32_t magic;
	uint32_t checksum;
	uint16_t version;
	uint16_t length;
	uint32_t type;
	uint64_t offset;
	char compressor[24];
	unsigned char data[];
};

#endif
