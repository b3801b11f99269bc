/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sections of one executable: inside the parser, as parse.h. */

#include "policy/parse.h"

/*
 * What follows a section's name in its header: @rest begins behind the name. Sets the parser's
 * subject.
 */
int parse_subject(struct parser *p, const struct span *rest);

/* Keys about subjects, and a "default =" of theirs about paths. */
int parse_inherit(struct parser *p, const struct span *value);
int parse_scripts(struct parser *p, const struct span *value);
int parse_subject_default(struct parser *p, enum bailiff_verdict verdict);

/* What follows from the subjects: at the file's end. */
int parse_subjects_end(struct parser *p);
