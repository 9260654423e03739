// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proactive zswap writeback: compressed pages on the swap device.
 *
 * With compressed_writeback a page goes to the disk as it is in zswap, behind a
 * header that says what it is: an image. It has the slot of its page for itself. So
 * nothing is decompressed for a page that is never read again, and that is most.
 *
 * The disk does not know which slots hold images, the slot's word does (slots.c):
 *
 * 1. The word says `image` from the landing on until the slot is stored to, freed, brought
 *    back into zswap, or taken out of use, in each case by somebody who holds the folio
 *    locked or the cluster: also when the page has been read back, for a clean folio may
 *    be dropped and read once more. A page of zeros is swapped out without a store;
 *    nobody asks the disk, or the word, for that.
 *
 * 2. A folio that is being read is locked, and in the swap cache. So the word does not
 *    change between the read and its end, and the chunk stays, with its pool.
 *
 * 3. All images of a chunk are of one pool, which has a reference: its compressor is
 *    there for as long as the chunk. An entry of another pool is written as an
 *    ordinary page.
 *
 * 4. Reads end in interrupts, where nobody can wait for a compressor: those of images end
 *    in a worker, see reads.c.
 */
#include <linux/crc32.h>
#include <linux/error-injection.h>
#include <linux/highmem.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#define ZSWAP_WB_IMAGE_MAGIC	0x49425a57	/* WZBI */
#define ZSWAP_WB_IMAGE_VERSION	1

/*
 * What is in front of the data. Described to the byte in
 * Documentation/mm/zswap_wb.rst
 */
struct zswap_wb_image {
	__le32	magic;	/* ZSWAP_WB_IMAGE_MAGIC */
	__le32	checksum;	/* CRC-32C of the rest of the header, and of the data */
	__le16	version;	/* ZSWAP_WB_IMAGE_VERSION */
	__le16	length;	/* bytes of data */
	__le32	type;	/* number of the swap device */
	__le64	offset;	/* number of the slot there */
	char	compressor[24];	/* its name, padded with zeros */
};

static_assert(sizeof(struct zswap_wb_image) == ZSWAP_WB_IMAGE_HEADER);

/* Swap devices with a damaged image, by number, which the log has told of */
static dev_t zswap_wb_image_damaged[MAX_SWAPFILES];

/* ---- what is on the disk ---- */

static u32 zswap_wb_image_checksum(const struct zswap_wb_image *image,
				   unsigned int length)
{
	const size_t from = offsetof(struct zswap_wb_image, version);

	return crc32c(~0, (const u8 *)image + from,
		      sizeof(*image) - from + length);
}

/* Puts the header in front of @length bytes of data, in a page, and zeros behind */
static void zswap_wb_image_make(void *page, unsigned int length, swp_entry_t slot,
				const struct zswap_pool *pool)
{
	struct zswap_wb_image *image = page;

	*image = (struct zswap_wb_image) {
		.magic		= cpu_to_le32(ZSWAP_WB_IMAGE_MAGIC),
		.version	= cpu_to_le16(ZSWAP_WB_IMAGE_VERSION),
		.length		= cpu_to_le16(length),
		.type		= cpu_to_le32(swp_type(slot)),
		.offset		= cpu_to_le64(swp_offset(slot)),
	};
	strscpy_pad(image->compressor, pool->tfm_name);
	image->checksum = cpu_to_le32(zswap_wb_image_checksum(image, length));
	memset(page + sizeof(*image) + length, 0,
	       PAGE_SIZE - sizeof(*image) - length);
}

/* Is a page the image of a slot? Return: bytes of data, or 0 */
static unsigned int zswap_wb_image_check(const struct zswap_wb_image *image,
					 swp_entry_t slot,
					 const struct zswap_pool *pool)
{
	unsigned int length = le16_to_cpu(image->length);

	if (image->magic != cpu_to_le32(ZSWAP_WB_IMAGE_MAGIC) ||
	    image->version != cpu_to_le16(ZSWAP_WB_IMAGE_VERSION) ||
	    image->type != cpu_to_le32(swp_type(slot)) ||
	    image->offset != cpu_to_le64(swp_offset(slot)) ||
	    length > PAGE_SIZE - sizeof(*image) ||
	    strncmp(image->compressor, pool->tfm_name,
		    sizeof(image->compressor) - 1) ||
	    image->checksum != cpu_to_le32(zswap_wb_image_checksum(image, length)))
		return 0;
	return length;
}

/* ---- compressors ---- */

/*
 * Runs the compressor of a pool with the request of a CPU, whose mutex is held. @run:
 * crypto_acomp_compress() or crypto_acomp_decompress(). Return: bytes of output, or 0 if
 * that fails
 */
static unsigned int zswap_wb_acomp_locked(struct crypto_acomp_ctx *ctx,
					  int (*run)(struct acomp_req *req),
					  struct scatterlist *input,
					  unsigned int length,
					  struct scatterlist *output)
{
	int err;

	acomp_request_set_params(ctx->req, input, output, length, PAGE_SIZE);
	err = crypto_wait_req(run(ctx->req), &ctx->wait);
	return err ? 0 : ctx->req->dlen;
}

/*
 * The same without that mutex: a fault would wait for it, and so for a command that may
 * be nice. It needs the CPU's request if it is asynchronous, or on older kernels.
 */
static unsigned int zswap_wb_acomp(struct zswap_pool *pool,
				   int (*run)(struct acomp_req *req),
				   struct scatterlist *input, unsigned int length,
				   struct scatterlist *output)
{
	struct crypto_acomp_ctx *ctx = raw_cpu_ptr(pool->acomp_ctx);
	int err;

	err = zswap_wb_port_acomp(ctx, run, input, &length, output);
	if (err != -EAGAIN)
		return err ? 0 : length;
	ctx = zswap_wb_port_ctx_lock(pool, ctx);
	length = zswap_wb_acomp_locked(ctx, run, input, length, output);
	mutex_unlock(&ctx->mutex);
	return length;
}

/*
 * Like zswap_decompress(), but from a copy, into a page that is ours alone. A function of
 * its own, so that a test can make it fail.
 */
static noinline bool zswap_wb_decompress(struct zswap_pool *pool,
					 const void *data, unsigned int length,
					 struct page *page)
{
	struct scatterlist input, output;

	sg_init_one(&input, data, length);
	sg_init_one(&output, page_address(page), PAGE_SIZE);
	return zswap_wb_acomp(pool, crypto_acomp_decompress, &input, length,
			      &output) == PAGE_SIZE;
}
ALLOW_ERROR_INJECTION(zswap_wb_decompress, NULL);

/*
 * Return: bytes that a page has become in @data, which is of ZSWAP_WB_PORT_ROOM_ORDER; 0 if it
 * does not get smaller
 */
static unsigned int zswap_wb_compress(struct zswap_pool *pool, struct page *page,
				      void *data)
{
	struct scatterlist input, output;

	sg_init_one(&input, page_address(page), PAGE_SIZE);
	sg_init_one(&output, data, PAGE_SIZE << ZSWAP_WB_PORT_ROOM_ORDER);
	return zswap_wb_acomp(pool, crypto_acomp_compress, &input, PAGE_SIZE,
			      &output);
}

/* ---- and back ---- */

static bool zswap_wb_image_unpack(struct folio *folio, struct zswap_pool *pool)
{
	struct crypto_acomp_ctx *ctx;
	struct zswap_wb_image *image;
	struct scatterlist input, output;
	unsigned int length;
	bool good = false;

	/* Its buffer is ours, too */
	ctx = zswap_wb_port_ctx_lock(pool, raw_cpu_ptr(pool->acomp_ctx));
	image = kmap_local_folio(folio, 0);
	length = zswap_wb_image_check(image, folio->swap, pool);
	memcpy(ctx->buffer, image + 1, length);
	kunmap_local(image);
	if (length) {
		sg_init_one(&input, ctx->buffer, length);
		sg_init_table(&output, 1);
		sg_set_folio(&output, folio, PAGE_SIZE, 0);
		good = zswap_wb_acomp_locked(ctx, crypto_acomp_decompress,
					     &input, length,
					     &output) == PAGE_SIZE;
	}
	mutex_unlock(&ctx->mutex);
	return good;
}

/* The log tells once of a device that has not got what was written there */
static void zswap_wb_image_tell(swp_entry_t slot)
{
	dev_t dev = __swap_entry_to_info(slot)->bdev->bd_dev;

	if (xchg(&zswap_wb_image_damaged[swp_type(slot)], dev) != dev)
		pr_alert("compressed page on swap-device (%u:%u) is damaged, at slot %lu\n",
			 MAJOR(dev), MINOR(dev), swp_offset(slot));
}

/**
 * zswap_wb_folio_unpack() - the data of a folio has come from the swap device
 * @folio:	locked, and in the swap cache
 *
 * Decompresses it in place if it is an image.
 * Context: process context, may sleep.
 * Return: false if it is damaged: then the folio's data is nobody's
 */
bool zswap_wb_folio_unpack(struct folio *folio)
{
	swp_entry_t slot = folio->swap;
	struct zswap_pool *pool;
	int nid;

	pool = zswap_wb_slot_image(slot, &nid);
	if (!pool)
		return true;
	/* Where zswap is in use no large folio is read from swap, see zswap_load() */
	if (!WARN_ON_ONCE(folio_test_large(folio)) &&
	    zswap_wb_image_unpack(folio, pool))
		return true;
	zswap_wb_stats_count(nid, ZSWAP_WB_CORRUPTED, 1);
	zswap_wb_image_tell(slot);
	return false;
}
