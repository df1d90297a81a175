/* SPDX-License-Identifier: MIT */
/* Down and sideways counts; up does not. */

#include "tree.h"

/* Gives back what the node owns, and its weak reference. */
static void destroy(void *object)
{
	/* BEGIN 4 tree-destroy: release child, sibling and the way up. */
	struct node *node = object;

	rc_release(node->child);
	rc_release(node->sibling);
	rc_weak_release(node->parent);
	//~ (void)object;
	/* END 4 tree-destroy */
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
	/* BEGIN 4 tree-add: sibling, child and parent; which one is weak? */
	rc_assign(&child->sibling, parent->child);
	rc_assign(&parent->child, child);
	child->parent = rc_weak(parent);
	//~ (void)parent;
	//~ (void)child;
	/* END 4 tree-add */
}

struct node *tree_parent(struct node *node)
{
	/* BEGIN 4 tree-parent: it may be gone already. */
	return rc_upgrade(node->parent);
	//~ (void)node;
	//~ return NULL;
	/* END 4 tree-parent */
}
