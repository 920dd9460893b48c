/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sink/words.h"

static const char *const categories[] = { "policy", "management", "medical" };
static const char *const natures[] = { "violation", "suspect", "clue" };
static const char *const severities[] = { "high", "middle", "low" };
static const char *const states[] = { "off", "trial", "on" };
static const char *const subjects[] = { "person", "facility", "practitioner", "key" };
static const char *const roles[] = { "this", "against", "excess", "part" };

#define COUNT(a) ((int)(sizeof(a) / sizeof(a)[0]))

const char *word_category(enum rule_category v) { return categories[v]; }
const char *word_nature(enum nature v) { return natures[v]; }
const char *word_severity(enum level v) { return severities[v]; }
const char *word_rule_state(enum rule_state v) { return states[v]; }
const char *word_subject(enum subject_kind v) { return subjects[v]; }
const char *word_role(enum hit_role v) { return roles[v]; }

static int find(const char *const *words, int n, struct str word)
{
	for (int i = 0; i < n; i++)
		if (str_eq(str_of(words[i]), word))
			return i;
	return -1;
}

int word_find_subject(struct str word)
{
	return find(subjects, COUNT(subjects), word);
}

int word_find_role(struct str word)
{
	return find(roles, COUNT(roles), word);
}
