// SPDX-License-Identifier: MIT
/*
 * counts - shows both counts of one object after each step of its life
 *
 * It waits after each step, so that the object can be looked at. EXTRA is how
 * many references it makes beside the first:
 *
 *	build/counts 3
 */

#include <stdio.h>
#include <stdlib.h>

#include "pause.h"
#include "rc.h"

enum { EXTRA_MAX = 16 };

/* Prints the counts after the step of this name. Returns as pause_at does. */
static int show(const char *step, const struct rc_head *head)
{
	printf("%s: strong %u, weak %u\n", step, head->strong, head->weak);
	return pause_at(step);
}

static void say(void *object)
{
	printf("destructor of %p\n", object);
}

/* One more reference, until the end of this function. */
static int scope(void *object)
{
	RC_SCOPED void *mine = rc_retain(object);

	return show("scope", rc_head(mine));
}

/* The life of one object. Returns 0, or -1 with errno set. */
static int live(size_t extra)
{
	void *object = rc_new(sizeof(long), say);
	struct rc_head *head;
	struct rc_weak *weak;
	void *more[EXTRA_MAX] = { NULL };
	int result = -1;

	if (object == NULL)
		return -1;
	head = rc_head(object);
	weak = rc_weak(object);
	printf("object at %p, its head at %p\n", object, (void *)head);
	if (show("new", head) != 0)
		goto out;
	for (size_t i = 0; i < extra; i++)
		more[i] = rc_retain(object);
	if (show("retain", head) != 0)
		goto out;
	rc_assign(&more[0], more[extra - 1]);
	if (show("assign", head) != 0)
		goto out;
	if (scope(object) != 0 || show("scope left", head) != 0)
		goto out;
	for (size_t i = 0; i < extra; i++)
		rc_cleanup(&more[i]);
	if (show("cleanup", head) != 0)
		goto out;
	rc_cleanup(&object);
	/* The weak reference keeps the head: this is no use after free. */
	result = weak != NULL ? show("destroyed", head) : 0;
out:
	for (size_t i = 0; i < extra; i++)
		rc_release(more[i]);
	rc_release(object);
	rc_weak_release(weak);
	return result;
}

int main(int argc, char **argv)
{
	int extra = argc == 2 ? atoi(argv[1]) : 0;

	if (extra < 1 || extra > EXTRA_MAX) {
		fprintf(stderr, "usage: counts EXTRA (1 to %d)\n", EXTRA_MAX);
		return EXIT_FAILURE;
	}
	if (live((size_t)extra) != 0) {
		perror("counts");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
