/* SPDX-License-Identifier: MIT */

/*
 * tree.h - a tree of objects whose children know their parent
 *
 * A node owns its first child and its next sibling. A reference back to the
 * parent that counted would close a cycle, and nobody in a cycle is ever the
 * last to go. So that edge is weak.
 */

#ifndef TREE_H
#define TREE_H

#include "rc.h"

struct node {
	struct node *child;	/* the first one; owned */
	struct node *sibling;	/* the next one; owned */
	struct rc_weak *parent; /* not owned; NULL at the root */
	long value;
};

/* A node without relatives, the caller's; or NULL with errno set. */
struct node *tree_new(long value);

/*
 * Makes child, which was never added before, the first child of parent. The
 * tree makes references of its own: the caller keeps his.
 */
void tree_add(struct node *parent, struct node *child);

/*
 * A reference to the parent, for the caller to release; or NULL if there is
 * none, or none any more.
 */
struct node *tree_parent(struct node *node);

#endif
