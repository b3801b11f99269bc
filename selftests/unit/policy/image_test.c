// SPDX-License-Identifier: Apache-2.0
#include "policy/image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/diag.h"
#include "policy/policy.h"
#include "selftests/unit/policy/oracle.h"

static struct image *example(void)
{
	static const char text[] =
		"[select]\nunit = x.service\n"
		"[exec]\ndefault = deny\nallow = /usr/bin/x /usr/lib/**\n"
		"[file]\ndeny = read /**/id_rsa\nallow = write /etc/*/[a-c]{x,y}\n"
		"audit = write /etc/**\n";
	struct policy *policy = NULL;
	const struct policy *policies;
	struct image *image = NULL;
	struct diag diag = {0};

	assert_int_equal(policy_parse_text("a.ini", text, strlen(text), &diag, &policy), 0);
	policies = policy;
	assert_int_equal(image_compile(&policies, 1, 1, &diag, &image), 0);
	policy_free(policy);
	return image;
}

/* In memory of its very size, so that a sanitizer sees what is read behind it. */
static struct bailiff_cell *copy(const struct image *image, size_t n_cells)
{
	struct bailiff_cell *cells = malloc(n_cells * sizeof(*cells) + 1);

	assert_non_null(cells);
	memcpy(cells, image->cells, n_cells * sizeof(*cells));
	return cells;
}

static void a_whole_image_is_good(void **state)
{
	struct image *image = example();

	(void)state;
	assert_int_equal(image->n_cells, image_header(image->cells)->n_cells);
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	/* There may be something behind it. */
	assert_int_equal(image_verify(image->cells, image->n_cells + 1), 0);
	image_free(image);
}

static void a_cut_image_is_bad(void **state)
{
	struct image *image = example();

	(void)state;
	for (size_t n = 0; n < image->n_cells; n++) {
		struct bailiff_cell *cells = copy(image, n);

		assert_int_equal(image_verify(cells, n), -EBADMSG);
		/* Nor if the header says that it is no longer than that. */
		if (n * sizeof(*cells) >= sizeof(struct bailiff_image)) {
			((struct bailiff_image *)cells)->n_cells = (__u32)n;
			assert_int_equal(image_verify(cells, n), -EBADMSG);
		}
		free(cells);
	}
	image_free(image);
}

static void header_fields_are_not_trusted(void **state)
{
	struct image *image = example();
	size_t n_words = offsetof(struct bailiff_image, strictest) / sizeof(__u32);
	size_t used = offsetof(struct bailiff_image, used) / sizeof(__u32);
	size_t start = offsetof(struct bailiff_image, start) / sizeof(__u32);
	size_t unknown = offsetof(struct bailiff_image, unknown) / sizeof(__u32);
	size_t revoke = offsetof(struct bailiff_image, revoke) / sizeof(__u32);
	size_t serial = offsetof(struct bailiff_image, serial) / sizeof(__u32);
	static const __u32 values[] = {0, 1, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

	(void)state;
	for (size_t word = 0; word < n_words; word++) {
		if (word == serial || word == serial + 1)
			continue;
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			__u32 old = ((__u32 *)image->cells)[word];
			int r;

			((__u32 *)image->cells)[word] = values[i];
			r = image_verify(image->cells, image->n_cells);
			((__u32 *)image->cells)[word] = old;
			/* These have more than one good value. */
			if (r == 0 && word != used && word != start && word != unknown &&
			    (word != revoke || values[i] > 1) && values[i] != old)
				fail_msg("word %zu may be %x", word, values[i]);
		}
	}
	image_free(image);
}

static void masks_of_acts_have_no_other_bits(void **state)
{
	struct image *image = example();
	struct bailiff_image *header = (struct bailiff_image *)image->cells;

	(void)state;
	header->used |= 1u << BAILIFF_N_DECISIONS;
	assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
	header->used = 0;
	header->process = 1u << BAILIFF_N_PROCESS;
	assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
	header->process = 0;
	header->network = 4;
	assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
	header->network = 1;
	header->capabilities = 1ull << BAILIFF_N_CAPABILITIES;
	assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
	header->capabilities = 1;
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	header->strictest[BAILIFF_WORD_LEAST] = 1u << 2 * BAILIFF_N_BELOW;
	assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
	image_free(image);
}

/* Every index that a matcher or a reader follows, each once out of range. */
static void indexes_out_of_range_are_found(void **state)
{
	struct image *image = example();
	const struct bailiff_image *header = image_header(image->cells);
	struct bailiff_cell *states = image->cells + header->states;
	__u32 *labels = (__u32 *)(image->cells + header->labels);

	(void)state;
	for (__u32 i = 0; i < header->n_states; i++) {
		struct bailiff_cell old = states[i];

		if (old.check == 0xffffffffu)
			continue;
		states[i].next = header->n_states - 1;
		assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
		states[i].next = header->n_states;
		assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
		states[i].next = 0xffffffffu;
		assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
		states[i] = old;
		if (!(old.check & BAILIFF_HEAD))
			continue;
		states[i].check = BAILIFF_HEAD | header->n_labels;
		assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
		states[i] = old;
	}
	for (__u32 i = 0; i < header->n_labels * BAILIFF_LABEL_WORDS; i++) {
		__u32 old = labels[i];

		labels[i] = i % BAILIFF_LABEL_WORDS > BAILIFF_WORD_LEAST ? 1
			    : i % BAILIFF_LABEL_WORDS == BAILIFF_WORD_LEAST
				    ? 1u << 2 * BAILIFF_N_BELOW
				    : header->n_rules << BAILIFF_RULE_SHIFT;
		assert_int_equal(image_verify(image->cells, image->n_cells), -EBADMSG);
		labels[i] = old;
	}
	assert_int_equal(image_verify(image->cells, image->n_cells), 0);
	image_free(image);
}

/* What is accepted can be matched with; a sanitizer says whether anything outside is read. */
static void what_is_accepted_is_safe(void **state)
{
	struct image *image = example();
	unsigned n_accepted = 0;

	(void)state;
	random_seed(7);
	for (unsigned round = 0; round < 20000; round++) {
		struct bailiff_cell *cells = copy(image, image->n_cells);
		unsigned char *bytes = (unsigned char *)cells;

		for (unsigned n = 1 + random_below(3); n; n--)
			bytes[random_below((unsigned)(image->n_cells * sizeof(*cells)))] ^=
				(unsigned char)(1u << random_below(8));
		if (image_verify(cells, image->n_cells) == 0) {
			char path[40];

			n_accepted++;
			for (size_t i = 0; i < sizeof(path); i++)
				path[i] = "/etcabidrsx_\xff"[random_below(13)];
			for (unsigned verb = 0; verb < BAILIFF_LABEL_WORDS; verb++)
				image_decide(cells, verb, path, sizeof(path));
		}
		free(cells);
	}
	assert_true(n_accepted > 0);
	image_free(image);
}

static void bytes_zero_in_front_change_nothing(void **state)
{
	static const char path[] = "\0\0\0/usr/bin/x";
	struct image *image = example();

	(void)state;
	for (size_t pad = 0; pad <= 3; pad++)
		assert_int_equal(
			image_decide(image->cells, BAILIFF_VERB_EXEC, path + 3 - pad, pad + 10),
			image_decide(image->cells, BAILIFF_VERB_EXEC, path + 3, 10));
	assert_int_equal(BAILIFF_VERDICT(image_decide(image->cells, BAILIFF_VERB_EXEC, path, 13)),
			 BAILIFF_ALLOW);
	image_free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_image_is_good),
		cmocka_unit_test(a_cut_image_is_bad),
		cmocka_unit_test(header_fields_are_not_trusted),
		cmocka_unit_test(masks_of_acts_have_no_other_bits),
		cmocka_unit_test(indexes_out_of_range_are_found),
		cmocka_unit_test(what_is_accepted_is_safe),
		cmocka_unit_test(bytes_zero_in_front_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
