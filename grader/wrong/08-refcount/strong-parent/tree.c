/* SPDX-License-Identifier: MIT */
/* Down and sideways counts; up does not. */

#include "tree.h"

/* Gives back what the node owns, and its weak reference. */
static void destroy(void *object)
{
	struct node *node = object;

	rc_release(node->child);
	rc_release(node->sibling);
	if (node->parent != NULL)
		rc_release((struct rc_head *)node->parent + 1);
}

struct node *tree_new(long value)
{
	struct node *node = rc_new(sizeof(*node), destroy);

	if (node != NULL)
		node->value = value;
	return node;
}

void tree_add(struct node *parent, struct node *child)
{
	rc_assign(&child->sibling, parent->child);
	rc_assign(&parent->child, child);
	child->parent = (struct rc_weak *)rc_head(rc_retain(parent));
}

struct node *tree_parent(struct node *node)
{
	return rc_upgrade(node->parent);
}
