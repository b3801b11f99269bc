/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy/diag.h"

/*
 * Policies of KubeArmor to policies of bailiff: from a text in memory to texts in memory, without
 * reading or writing a file. docs/kubearmor.md says what becomes of which field, and why.
 */

/* What KubeArmor's default posture does with what no Allow rule names. */
enum convert_posture {
	CONVERT_POSTURE_AUDIT, /* KubeArmor's own default */
	CONVERT_POSTURE_BLOCK,
};

struct convert_options {
	/* Lines for [select], "KEY = VALUE", instead of what the objects select. */
	const char *const *selects;
	size_t n_selects;
	enum convert_posture posture;
	/* That kubernetes.io/hostname of a nodeSelector may name; NULL: no name is this host's. */
	const char *host;
};

/* One object that could be converted. */
struct convert_policy {
	char *name; /* of the file, without .ini */
	char *text; /* of the file: bailiff check has nothing against it */
};

struct convert_result {
	struct convert_policy *policies;
	size_t n_policies;
	size_t n_objects; /* with those that could not */
};

#define CONVERT_TEXT_MAX (8u << 20) /* bytes of one file */
#define CONVERT_RULES_MAX 2000u	    /* of one object, patterns and sources counted each */

/*
 * Converts the KubeArmorPolicy, KubeArmorClusterPolicy and KubeArmorHostPolicy objects of a YAML
 * text, several documents and lists among them. @file is its name for errors. An object of which
 * anything has no counterpart gets its errors in @diag, and no policy; the others get theirs.
 * Returns 0, 1 where @diag has got errors, or -ENOMEM; @ret_result is to be cleared after each.
 */
int convert_kubearmor(const char *file, const char *text, size_t n_text,
		      const struct convert_options *options, struct diag *diag,
		      struct convert_result *ret_result);

void convert_result_clear(struct convert_result *result);

/*
 * Whether @select is a line for [select], "KEY = VALUE". What is wrong goes to @diag. Returns 0, 1
 * or -ENOMEM.
 */
int convert_check_select(const char *select, struct diag *diag);
