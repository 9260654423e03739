/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Structs to and from JSON, by lists of their members.  It is written as text at once, since a
 * tree of all cgroups would take ten times the memory; jansson reads it.
 */
#pragma once

#include <jansson.h>

#include "system/parse.h"

enum json_kind {
	JSON_NUM,		/* num; not known: null.  Nothing below 0 is read */
	JSON_COUNT,		/* num that is always known */
	JSON_SIGNED,		/* num */
	JSON_POSITIVE,		/* double, not below 0 */
	JSON_RATE,		/* double; not known, which is negative: null */
	JSON_BOOL,		/* bool */
	JSON_TEXT,		/* char *, a copy in UTF-8; NULL: null */
	JSON_STRUCT,		/* a struct of its own: @fields */
	JSON_MAYBE,		/* the same, left out unless the bool at @nr */
	JSON_LIST,		/* pointer to an array of such structs, as many as the int at @nr */
	JSON_BOUNDS,		/* struct age_table: its edges; later arrays have as many elements */
	JSON_HEAD,		/* none: that the text is a @key, of version @where */
	JSON_SPARSE,		/* none: what follows is left out where it is 0 or NULL */
};

struct json_field {
	const char *key;	/* NULL ends a list */
	enum json_kind kind;
	size_t where;		/* in the struct */
	size_t stride;		/* from one element to the next; 0: it is none of several */
	const struct json_field *fields;
	size_t nr;		/* in the struct */
};

/* "{...}" with the members of the struct at @base. */
void json_write(FILE *out, const struct json_field *fields, const void *base);
/* The members alone, with commas between them; @comma is "," if there is one before them. */
void json_members(FILE *out, const char *comma, const struct json_field *fields, const void *base);
/* As json_write(), to be freed. */
char *json_text(const struct json_field *fields, const void *base);

/*
 * The other way, into a struct of zeros: all have to be there.  Returns 0 or -EINVAL; texts and
 * lists that were made are the struct's in any case.
 */
int json_to_struct(const json_t *object, const struct json_field *fields, void *base);
/* The version of an object that says that it is @what, or -EINVAL. */
num json_version(const json_t *object, const char *what);
