/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a compressed page looks like on the disk, as Documentation/mm/zswap_wb.rst describes
 * it: for the kselftests and for torture, which look at disks past the kernel.
 */
#ifndef ZSWAP_WB_IMAGE_H
#define ZSWAP_WB_IMAGE_H

#include <endian.h>
#include <stddef.h>
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

/* Is a page the image of a slot, by all but compressor and checksum? Bytes of its data, or 0. */
static inline size_t zwb_image_length(const struct zwb_image *image, uint32_t type,
				      uint64_t offset, size_t page_size)
{
	size_t length = le16toh(image->length);

	if (le32toh(image->magic) != ZWB_IMAGE_MAGIC || le16toh(image->version) != 1 ||
	    le32toh(image->type) != type || le64toh(image->offset) != offset ||
	    length + ZWB_IMAGE_HEADER > page_size)
		return 0;
	return length;
}

#endif
