/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * manual_tables.c - the manual's tables, printed from the master lists the programs are made of.
 *
 *   manual_tables SECTION zh|en
 *
 * scripts/docs puts the text between the manual's marks; a test fails when they differ. What has
 * no row here cannot be in the manual: an aggregate or window without a help is an error.
 */
#include <stdio.h>
#include <string.h>

#include "lib/record/field.h"
#include "lib/rule/check.h"
#include "lib/rule/diag.h"
#include "lib/rule/keyword.h"
#include "lib/rule/window.h"

static const char *say(bool en, const char *zh, const char *english)
{
	return en ? english : zh;
}

/* A cell: `|` would end it; what %s stands for is not known here. */
static void cell(const char *text)
{
	printf("| ");
	for (; *text; text++) {
		if (text[0] == '%' && text[1] == 's') {
			printf("…");
			text++;
		} else {
			printf(*text == '|' ? "\\|" : "%c", *text);
		}
	}
	putchar(' ');
}

static void head(const char *titles)
{
	printf("%s\n|", titles);
	for (const char *p = titles + 1; *p; p++)
		if (*p == '|')
			printf("---|");
	putchar('\n');
}

/* ---- words ---- */

static const char *const kinds[][2] = {
	[KEYWORD_BLOCK] = { "顶格的一行", "starts a block" },
	[KEYWORD_CLAUSE] = { "块里的一行", "starts a line" },
	[KEYWORD_INNER] = { "行内", "inside a line" },
	[KEYWORD_OP] = { "条件里", "in conditions" },
};

static bool print_keywords(bool en)
{
	head(say(en, "| 中文 | 英文 | 用在 |", "| Chinese | English | where |"));
	for (int k = 0; k < KW_COUNT; k++) {
		enum keyword w = (enum keyword)k;

		printf("| `%s` | `%s` | %s |\n", keyword_word(w, false), keyword_word(w, true),
		       kinds[keyword_kind(w)][en]);
	}
	return true;
}

/* ---- functions ---- */

static void add_type(char c, bool en)
{
	static const struct {
		char c;
		enum type type;
	} letters[] = {
		{ 'm', TYPE_MONEY }, { 'q', TYPE_QTY }, { 'c', TYPE_COUNT }, { 'r', TYPE_RATIO },
		{ 't', TYPE_TIME }, { 'd', TYPE_DATE }, { 'u', TYPE_DURATION },
		{ 'x', TYPE_CODE }, { 's', TYPE_TEXT }, { 'f', TYPE_FLAG },
	};

	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (letters[i].c == c)
			printf("%s", type_name(letters[i].type, en));
	if (c == 'N')
		printf("%s", say(en, "数", "number"));
	if (c == 'O')
		printf("%s", say(en, "数、时间或日期", "number, time or date"));
	if (c == 'S')
		printf("%s", say(en, "编码或文本", "code or text"));
	if (c == 'T')
		printf("%s", say(en, "任何值", "any value"));
}

static void print_function(const char *zh, const char *english, const char *signature,
			   const char *help, const char *example, bool en)
{
	printf("| `%s` `%s` | ", zh, english);
	for (const char *p = signature; *p; p++) {
		if (*p == '*')
			printf("…");
		else if (*p == ':')
			printf(" → ");
		else
			add_type(*p, en);
		if (p[1] && p[1] != ':' && p[1] != '*' && *p != ':')
			printf("%s", say(en, "，", ", "));
	}
	printf(" | %s | `%s` |\n", help, example);
}

static bool print_functions(bool en)
{
	head(say(en, "| 函数 | 参数 → 结果 | 意思 | 例 |",
		 "| function | arguments → result | meaning | example |"));
#define FUNC(id, zh, english, signature, help_zh, help_en, example) \
	print_function(zh, english, signature, say(en, help_zh, help_en), example, en);
#include "lib/rule/func.def"
#undef FUNC
	return true;
}

static const struct {
	const char *how[2], *help[2];
} aggregates[AGG_NONE] = {
	[AGG_COUNT] = { { "笔数()", "count()" },
		{ "几条记录", "how many records" } },
	[AGG_SUM] = { { "合计(数量)", "sum(cnt)" },
		{ "加起来；有一个缺失，合计就不确定", "their sum; unknown when one is missing" } },
	[AGG_DISTINCT] = { { "不同(机构)", "distinct(fixmedins_code)" },
		{ "有几种不同的值", "how many different values" } },
	[AGG_MAX] = { { "最大(单价)", "max(pric)" }, { "最大的一个", "the greatest" } },
	[AGG_MIN] = { { "最小(单价)", "min(pric)" }, { "最小的一个", "the least" } },
	[AGG_MEAN] = { { "平均(单价)", "mean(pric)" },
		{ "平均数，精确到分数", "the mean, as an exact fraction" } },
	[AGG_MEDIAN] = { { "中位(单价)", "median(pric)" },
		{ "排在中间的值；偶数个时取中间两个的平均",
		  "the middle value; the mean of the two middle ones of an even number" } },
	[AGG_PERCENTILE] = { { "百分位(单价, 90%)", "percentile(pric, 90%)" },
		{ "从小到大排到这个比例处的值", "the value at this share, from the least up" } },
	[AGG_FIRST] = { { "首个(机构)", "first(fixmedins_code)" },
		{ "按发生时间最早一条的值", "of the earliest record" } },
	[AGG_LAST] = { { "末个(机构)", "last(fixmedins_code)" },
		{ "按发生时间最晚一条的值", "of the latest record" } },
	[AGG_RUNNING] = { { "累计(数量)", "running(cnt)" },
		{ "按发生时间逐条相加，途中达到过的最大值",
		  "adding in order of time, the greatest sum on the way" } },
	[AGG_COMPANY] = { { "结伴(人员, 10 分钟, 5)", "company(psn_no, 10 minutes, 5)" },
		{ "一再同来的有几个：相隔不超过这段时间算同来一天，同来够这么多天的两两相连，"
		  "取连成一片的最大一群；没有钟点的记录不算",
		  "how many come together again and again: records no farther apart than this meet "
		  "on that day, those that met on so many days hang together; the largest set. "
		  "Records without a clock meet nobody" } },
	[AGG_BAND] = { { "结伴名单(人员, 10 分钟, 5)", "companions(psn_no, 10 minutes, 5)" },
		{ "这一群的名单，至多二十个", "their names, twenty at most" } },
	[AGG_MAD] = { { "中位差", "mad" },
		{ "只在对照规则里：同类与中位数之差的绝对值，再取中位",
		  "comparisons only: the median of the peers' distances from their median" } },
};

/* Aggregates stand first among the words of functions. */
static bool print_aggregates(bool en)
{
	const char *word;

	head(say(en, "| 聚合 | 写法 | 意思 |", "| aggregate | written | meaning |"));
	for (unsigned i = 0; (word = check_function_word(i, false)) != NULL; i++) {
		enum agg a = check_aggregate(str_of(word));

		if (a == AGG_NONE)
			break;
		if (!aggregates[a].how[0]) {
			fprintf(stderr, "manual_tables: nothing to say of %s\n", word);
			return false;
		}
		printf("| `%s` `%s` | `%s` | %s |\n", word, check_function_word(i, true),
		       aggregates[a].how[en], aggregates[a].help[en]);
	}
	printf("| `%s` | `%s` | %s |\n", say(en, "中位差", "mad"), aggregates[AGG_MAD].how[en],
	       aggregates[AGG_MAD].help[en]);
	return true;
}

/* ---- windows ---- */

static const char *const buckets[][2] = {
	[BUCKET_NONE] = { NULL, NULL },
	[BUCKET_VISIT] = { "同一个就诊ID", "one visit id" },
	[BUCKET_STAY] = { "同一次住院", "one inpatient stay" },
	[BUCKET_DAY] = { "零点到零点", "midnight to midnight" },
	[BUCKET_WEEK] = { "周一到周日", "Monday to Sunday" },
	[BUCKET_MONTH] = { "一号到月底", "first to last of the month" },
	[BUCKET_QUARTER] = { "一、四、七、十月起的三个月", "three months from January, April, July, October" },
	[BUCKET_YEAR] = { "1 月 1 日到 12 月 31 日", "1 January to 31 December" },
	[BUCKET_INSURANCE_YEAR] = { "从设置 `rules.insurance_year` 那一天起的一年",
				    "a year from the day set by `rules.insurance_year`" },
	[BUCKET_HOUR] = { "整点到整点；只有钟点可信时才判断", "hour to hour; only where clocks are real" },
};

static bool print_windows(bool en)
{
	head(say(en, "| 意思 | 可以写成 |", "| meaning | may be written |"));
	for (int b = BUCKET_NONE + 1; b <= BUCKET_HOUR; b++) {
		const char *word;

		if ((size_t)b >= sizeof buckets / sizeof *buckets || !buckets[b][en])
			return false;
		cell(buckets[b][en]);
		printf("|");
		for (unsigned i = 0; (word = bucket_word(i)) != NULL; i++)
			if (bucket_parse(str_of(word)) == (enum bucket)b)
				printf(" `%s`", word);
		printf(" |\n");
	}
	return true;
}

/* ---- arithmetic ---- */

static const struct {
	enum expr_op op;
	enum type left, right, gives;
} products[] = {
#define PRODUCT(op, left, right, gives) { EXPR_##op, TYPE_##left, TYPE_##right, TYPE_##gives },
#include "lib/rule/product.def"
#undef PRODUCT
};

static const char *gives(enum expr_op op, enum type a, enum type b, bool en)
{
	for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
		if (products[i].op != op)
			continue;
		if ((products[i].left == a && products[i].right == b) ||
		    (op == EXPR_MUL && products[i].left == b && products[i].right == a))
			return type_name(products[i].gives, en);
	}
	return "—";
}

static bool print_arithmetic(bool en)
{
	static const enum type types[] = {
		TYPE_MONEY, TYPE_QTY, TYPE_COUNT, TYPE_RATIO, TYPE_DURATION,
	};
	enum { N = sizeof types / sizeof *types };

	for (int op = 0; op < 2; op++) {
		printf("| %s ", op ? "÷" : "×");
		for (int i = 0; i < N; i++)
			cell(type_name(types[i], en));
		printf("|\n|---|---|---|---|---|---|\n");
		for (int i = 0; i < N; i++) {
			printf("| **%s** ", type_name(types[i], en));
			for (int j = 0; j < N; j++)
				cell(gives(op ? EXPR_DIV : EXPR_MUL, types[i], types[j], en));
			printf("|\n");
		}
		if (!op)
			putchar('\n');
	}
	return true;
}

/* ---- diagnostics ---- */

static bool print_diagnostics(bool en)
{
	static const char *const severities[][2] = {
		[SEVERITY_ERROR] = { "错误", "error" },
		[SEVERITY_WARNING] = { "警告", "warning" },
		[SEVERITY_NOTE] = { "说明", "note" },
	};

	head(say(en, "| 代码 | | 说的是 | 怎么办 |", "| code | | says | what to do |"));
#define DIAG(code, word, severity, zh, english, explain_zh, explain_en) \
	printf("| `%s` | %s ", word, severities[SEVERITY_##severity][en]); \
	cell(say(en, zh, english)); \
	cell(say(en, explain_zh, explain_en)); \
	printf("|\n");
#include "lib/rule/diag.def"
#undef DIAG
	return true;
}

/* ---- fields and codes ---- */

static void print_stream(enum stream s, bool en)
{
	printf("\n### %s `%s`\n\n", stream_title(s), stream_name(s));
	head(say(en, "| 代码 | 名称 | 简称 | 种类 |", "| code | title | alias | type |"));
	for (unsigned i = 0; i < stream_width(s); i++) {
		const struct field_info *f = field_get(stream_first(s) + i);

		printf("| `%s` | %s | %s | %s%s |\n", f->name, f->title, f->alias,
		       type_name(f->type, en),
		       i < stream_stored_width(s) ? "" : say(en, "，推算", ", derived"));
	}
}

static bool print_fields(bool en)
{
	for (unsigned s = 0; s < STREAM_COUNT; s++)
		print_stream((enum stream)s, en);
	return true;
}

static bool is_told(unsigned id)
{
	for (unsigned i = 0; i < id; i++)
		if (strcmp(field_get((enum field)i)->name, field_get((enum field)id)->name) == 0)
			return true;
	return false;
}

static bool print_codes(bool en)
{
	struct str code, name;

	head(say(en, "| 字段 | 取值 |", "| field | values |"));
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		const struct field_info *f = field_get((enum field)i);

		if (!code_table(f->name) || is_told(i))
			continue;
		printf("| %s `%s` |", f->title, f->name);
		for (unsigned j = 0; code_entry(f->name, j, &code, &name); j++)
			printf("%s `" STR_FMT "` " STR_FMT, j ? say(en, "、", ",") : "",
			       STR_ARG(code), STR_ARG(name));
		printf(" |\n");
	}
	return true;
}

static const struct {
	const char *name;
	bool (*print)(bool en);
} sections[] = {
	{ "keywords", print_keywords }, { "functions", print_functions },
	{ "aggregates", print_aggregates }, { "windows", print_windows },
	{ "arithmetic", print_arithmetic }, { "diagnostics", print_diagnostics },
	{ "fields", print_fields }, { "codes", print_codes },
};

int main(int argc, char **argv)
{
	bool en = argc == 3 && strcmp(argv[2], "en") == 0;

	if (argc == 3 && (en || strcmp(argv[2], "zh") == 0))
		for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
			if (strcmp(argv[1], sections[i].name) == 0)
				return sections[i].print(en) ? 0 : 1;
	fprintf(stderr, "usage: manual_tables SECTION zh|en\nsections:");
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
		fprintf(stderr, " %s", sections[i].name);
	fprintf(stderr, "\n");
	return 2;
}
