// SPDX-License-Identifier: MIT
/*
 * The suite of rc: what rc.h promises, one promise a test. Type `make test`.
 *
 * A test calls the library as any program would, and then asserts. Check runs
 * each test in a process of its own, so one that crashes does not stop the
 * others: CK_FORK=no gdb build/test_rc keeps it in one, for the debugger. Add
 * tests of your own; the judge has others, and this suite gives no points.
 */

#include "rc.h"
#include "tree.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static int destroyed;

/* Before each test: with CK_FORK=no they share one process. */
static void reset(void)
{
	destroyed = 0;
}

static void count_destruction(void *object)
{
	(void)object;
	destroyed++;
}

/* An object that the tests count the destruction of. */
static void *new_object(void)
{
	void *object = rc_new(sizeof(long), count_destruction);

	ck_assert_ptr_nonnull(object);
	return object;
}

START_TEST(new_object_has_one_reference)
{
	void *object = new_object();

	ck_assert_uint_eq(rc_head(object)->strong, 1);
	ck_assert_uint_eq(rc_head(object)->weak, 1);
}
END_TEST

START_TEST(payload_is_aligned_and_zero)
{
	/* A size that is no multiple of anything. */
	unsigned char *object = rc_new(13, NULL);

	ck_assert_ptr_nonnull(object);
	ck_assert_uint_eq((uintptr_t)object % alignof(max_align_t), 0);
	for (size_t i = 0; i < 13; i++)
		ck_assert_uint_eq(object[i], 0);
}
END_TEST

START_TEST(too_large_an_object_is_refused)
{
	errno = 0;
	ck_assert_ptr_null(rc_new(SIZE_MAX, NULL));
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(retain_counts_and_returns_its_object)
{
	void *object = new_object();

	ck_assert_ptr_eq(rc_retain(object), object);
	ck_assert_uint_eq(rc_head(object)->strong, 2);
	ck_assert_ptr_null(rc_retain(NULL));
}
END_TEST

START_TEST(last_release_destroys)
{
	void *object = new_object();

	rc_retain(object);
	rc_release(object);
	ck_assert_int_eq(destroyed, 0);
	rc_release(object);
	ck_assert_int_eq(destroyed, 1);
	rc_release(NULL);
	ck_assert_int_eq(destroyed, 1);
}
END_TEST

START_TEST(assign_releases_what_was_there)
{
	void *place = new_object();
	void *other = new_object();

	rc_assign(&place, other);
	ck_assert_int_eq(destroyed, 1);
	ck_assert_ptr_eq(place, other);
	ck_assert_uint_eq(rc_head(other)->strong, 2);
}
END_TEST

START_TEST(assign_to_itself_changes_nothing)
{
	void *place = new_object();

	rc_assign(&place, place);
	ck_assert_int_eq(destroyed, 0);
	ck_assert_uint_eq(rc_head(place)->strong, 1);
}
END_TEST

START_TEST(scope_gives_its_reference_back)
{
	void *object = new_object();

	{
		RC_SCOPED void *scoped = rc_retain(object);

		ck_assert_uint_eq(rc_head(scoped)->strong, 2);
	}
	ck_assert_uint_eq(rc_head(object)->strong, 1);
}
END_TEST

START_TEST(weak_reference_does_not_keep_its_object)
{
	void *object = new_object();
	struct rc_weak *weak = rc_weak(object);

	ck_assert_ptr_eq(rc_upgrade(weak), object);
	rc_release(object);
	rc_release(object);
	ck_assert_int_eq(destroyed, 1);
	ck_assert_ptr_null(rc_upgrade(weak));
	rc_weak_release(weak);
}
END_TEST

START_TEST(weak_functions_tolerate_null)
{
	ck_assert_ptr_null(rc_weak(NULL));
	ck_assert_ptr_null(rc_upgrade(NULL));
	rc_weak_release(NULL);
}
END_TEST

START_TEST(saturated_count_stays)
{
	void *object = new_object();

	rc_head(object)->strong = RC_LIMIT - 1;
	rc_retain(object);
	rc_retain(object);
	ck_assert_uint_ge(rc_head(object)->strong, RC_LIMIT);
	rc_release(object);
	ck_assert_uint_ge(rc_head(object)->strong, RC_LIMIT);
}
END_TEST

struct item {
	struct item *next;
};

static void release_next(void *object)
{
	destroyed++;
	rc_release(((struct item *)object)->next);
}

START_TEST(long_list_needs_no_deep_stack)
{
	enum { COUNT = 200000 };
	struct item *first = NULL;

	for (int i = 0; i < COUNT; i++) {
		struct item *item = rc_new(sizeof(*item), release_next);

		ck_assert_ptr_nonnull(item);
		item->next = first;
		first = item;
	}
	rc_release(first);
	ck_assert_int_eq(destroyed, COUNT);
}
END_TEST

START_TEST(atomic_family_does_the_same)
{
	void *object = new_object();
	struct rc_weak *weak = arc_weak(object);

	ck_assert_ptr_eq(arc_retain(object), object);
	ck_assert_ptr_eq(arc_upgrade(weak), object);
	ck_assert_uint_eq(rc_head(object)->strong, 3);
	for (int i = 0; i < 3; i++)
		arc_release(object);
	ck_assert_int_eq(destroyed, 1);
	ck_assert_ptr_null(arc_upgrade(weak));
	arc_weak_release(weak);
}
END_TEST

START_TEST(child_knows_its_parent_and_does_not_keep_it)
{
	struct node *root = tree_new(1);
	struct node *child = tree_new(2);
	struct node *parent;

	ck_assert_ptr_nonnull(root);
	ck_assert_ptr_nonnull(child);
	tree_add(root, child);
	parent = tree_parent(child);
	ck_assert_ptr_eq(parent, root);
	rc_release(parent);
	rc_release(root);
	ck_assert_ptr_null(tree_parent(child));
	rc_release(child);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rc");
	TCase *tests = tcase_create("contract");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, reset, NULL);
	tcase_add_test(tests, new_object_has_one_reference);
	tcase_add_test(tests, payload_is_aligned_and_zero);
	tcase_add_test(tests, too_large_an_object_is_refused);
	tcase_add_test(tests, retain_counts_and_returns_its_object);
	tcase_add_test(tests, last_release_destroys);
	tcase_add_test(tests, assign_releases_what_was_there);
	tcase_add_test(tests, assign_to_itself_changes_nothing);
	tcase_add_test(tests, scope_gives_its_reference_back);
	tcase_add_test(tests, weak_reference_does_not_keep_its_object);
	tcase_add_test(tests, weak_functions_tolerate_null);
	tcase_add_test(tests, saturated_count_stays);
	tcase_add_test(tests, long_list_needs_no_deep_stack);
	tcase_add_test(tests, atomic_family_does_the_same);
	tcase_add_test(tests, child_knows_its_parent_and_does_not_keep_it);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
