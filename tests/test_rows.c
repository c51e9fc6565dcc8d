/* test_rows.c - files of rows as people have them: each is read as what it is, or refused with its place and the cure.
 *
 * A case is a text, how it is to be read, and either its numbers or what the error must say.  The numbers are compared
 * bit by bit, as the dataset that they make.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common.h"
#include "dataset.h"
#include "standardise.h"

#include "rows_cases.h"

/* ------------------------------------------------------------------------------------- numbers and non-numbers ---- */

static void test_not_finite(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("x,y\n0.3,0.4\n0.5,1.#QNAN\n0.7,-1.#IND\n0.2,0.9\n"),
          .error = "line 3, column 2 (y): \"1.#QNAN\" is not a finite" },
        { T("0.3,0.4\n0.5,1.#INF\n0.2,0.9\n"), .error = "line 2, column 2: \"1.#INF\" is not a finite" },
        { T("0.3,0.4\n-1.#IND,0.5\n0.2,0.9\n"), .error = "line 2, column 1: \"-1.#IND\" is not a finite" },
        { T("1.#QNAN,1.#QNAN\n0.5,0.7\n0.2,0.9\n"), .error = "line 1, column 1: \"1.#QNAN\" is not a finite" },
        { T("0.3 0.4\n0.5 1.#SNAN\n0.2 0.9\n"), .error = "line 2, column 2: \"1.#SNAN\" is not a finite" },
        { T("0.3\t0.4\n0.5\t1.#INF000\n"), .error = "line 2, column 2: \"1.#INF000\" is not a finite" },
        { T("0.3;0.4\n7#oops;0.5\n"), .error = "line 2, column 1: \"7#oops\" is not a number" },
        { T("0.3,0.4\n0.5,7#oops\n"), .error = "line 2, column 2: \"7#oops\" is not a number" },
        { T("nan,inf\n0.5,0.7\n0.2,0.9\n"), .error = "line 1, column 1: \"nan\" is not a finite" },
        { T("0.3 0.4\n0.5 -Infinity\n"), .error = "line 2, column 2: \"-Infinity\" is not a finite" },
        { T("0.3 0.4\n0.5 NaN(0x1)\n"), .error = "line 2, column 2: \"NaN(0x1)\" is not a finite" },
        { T("0.3 0.4\n0.5 0x1p3\n"), .error = "line 2, column 2: \"0x1p3\" is not a finite decimal" },
    };
    CHECK(cases);
}

static void test_missing_values(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("NA 0.2\n0.1 0.5\n0.4 0.3\n0.8 0.6\n"),
          .error = "line 1, column 1: \"NA\" is not a number ... a header has no number in it" },
        { T("0.1O,0.2\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 1: \"0.1O\" is not a number" },
        { T("0.1,-\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 2: \"-\" is not a number" },
        { T("?,0.2\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 1: \"?\" is not a number" },
        { T("0.1,0.5,a\n0.1,0.5,0.1\n0.4,0.3,0.2\n"), .error = "line 1, column 3: \"a\" is not a number ... --header" },
        { T("5%,3\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 1: \"5%\" is not a number" },
        { T("NA,NA\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 1: \"NA\" is not a number" },
        { T("n.a.;n.d.\n0.1;0.5\n0.4;0.3\n"), .error = "line 1, column 1: \"n.a.\" is not a number" },
        { T("-nan(ind) -nan(ind)\n0.1 0.5\n0.4 0.3\n"), .error = "line 1, column 1: \"-nan(ind)\" is not a finite" },
        { T("****,****\n0.1,0.5\n0.4,0.3\n"), .error = "line 1, column 1: \"****\" is not a number" },
        { T("0.1-100,0.2-100\n0.1,0.5\n"), .error = "line 1, column 1: \"0.1-100\" is not a number" },
        { T("0.1,0.2\n0.3,#N/A\n0.4,0.5\n"), .error = "line 2, column 2: \"#N/A\" is not a number" },
        { T("0.1,0.2\n0.3, #N/A\n0.4,0.5\n"), .error = "line 2, column 2: \"#N/A\" is not a number" },
        { T("0.1,0.2\n#DIV/0!,0.4\n0.4,0.5\n"), .error = "line 2, column 1: \"#DIV/0!\" is not a number" },
        { T("0.1\t0.2\n0.3\t#VALUE!\n"), .error = "line 2, column 2: \"#VALUE!\" is not a number" },
        { T("0.1 0.2\n#REF! 0.3\n"), .error = "line 2, column 1: \"#REF!\" is not a number" },
        { T("0.1,0.2\n0.3,\"#NUM!\"\n"), .error = "line 2, column 2: \"#NUM!\" is not a number" },
        { T("#N/A,#N/A\n0.3,0.2\n1,2\n"), .error = "line 1, column 1: \"#N/A\" is not a number" },
        { T("0.1;0.2\n0.3;\n"), .error = "line 2, column 2: empty field" },
        { T("0.1\t0.2\n\t0.3\n"), .error = "line 2, column 1: empty field" },
        { T("0.1\t0.2\n\t\n"), .error = "line 2, column 1: empty field" },
        { T("0.1,0.2\nnull,0.3\n"), .error = "line 2, column 1: \"null\" is not a number" },
        { T("1999-01-02,0.3\n1999-01-03,0.2\n"), .error = "line 1, column 1: \"1999-01-02\" is not a number" },
    };
    CHECK(cases);
}

static void test_not_ascii(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("1 2\n\xE2\x88\x92"
            "1.5 3\n4 5\n"),
          .error = "line 2, column 1: \"<U+2212>1.5\" ... U+2212 (minus sign) is not ASCII" },
        { T("\xE2\x88\x92"
            "1.5 3\n1 2\n4 5\n"),
          .error = "line 1, column 1: \"<U+2212>1.5\" ... U+2212 (minus sign)" },
        { T("\xE2\x88\x92"
            "1.5,\xE2\x88\x92"
            "3\n1,2\n4,5\n"),
          .error = "line 1, column 1: \"<U+2212>1.5\" ... U+2212 (minus sign)" },
        { T("1,2\n2\xC2\xA0"
            "345,3\n4,5\n"),
          .error = "line 2, column 1: \"2<U+00A0>345\" ... (no-break space) is not ASCII" },
        { T("2\xC2\xA0"
            "345\t3\xC2\xA0"
            "456\n1\t2\n"),
          .error = "line 1, column 1: ... (no-break space)" },
        { T("1,2\n3,\xEF\xBC\x95\n"), .error = "line 2, column 2: \"<U+FF15>\" ... (full-width digit)" },
        { T("\xEF\xBC\x95,\xEF\xBC\x96\n3,4\n1,2\n"),
          .error = "line 1, column 1: \"<U+FF15>\" ... (full-width digit)" },
        { T("1;2\n\xE2\x80\x93"
            "3;4\n"),
          .error = "line 2, column 1: ... U+2013 (en dash)" },
        { T("1;2\n3\xE2\x80\xAF"
            "000;4\n"),
          .error = "line 2, column 1: ... U+202F (narrow no-break space)" },
        { T("1 2\n3\xA0"
            "000 4\n"),
          .error = "line 2, column 1: \"3<0xA0>000\" ... the byte 0xA0 is not ASCII" },
        { T("1 2\n3 \xE2\x88\x9E\n"), .error = "line 2, column 2: ... U+221E (infinity)" },
        { T("185\020187,0.2\n0.1,0.3\n"), .error = "line 1, column 1: \"185<0x10>187\" is not a number" },
        { T("0.1,0.3\n185\020187,0.2\n"), .error = "line 2, column 1: \"185<0x10>187\" is not a number" },
        { T("\xE6\xB8\xA9\xE5\xBA\xA6,\xC3\xA9tat\n1,2\n3,4\n"), .numbers = "1 2/3 4", .columns = "1,2" },
    };
    CHECK(cases);
}

static void test_fortran(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("1.0D+00 2\n3 4\n"), .numbers = "1 2/3 4" },
        { T("1 2\n3 0.4D1\n"), .numbers = "1 2/3 4" },
        { T("1 2\n3 0.4d+01\n"), .numbers = "1 2/3 4" },
        { T("  1.5D-3  -2.5D+02\n  0.5D0   1.D2\n"), .numbers = "1.5e-3 -250/0.5 100" },
        { T("1D0,2D0\n3D0,4D0\n"), .numbers = "1 2/3 4" },
        { T("1,5D1;2\n3;4\n"), .numbers = "15 2/3 4", COMMA },
        { T("1.0D+00\t2.0D+00\n3\t4\n"), .numbers = "1 2/3 4" },
        { T("x y\n1.0D+00 2.0D+00\n3 4\n"), .numbers = "1 2/3 4" },
        { T("1 2\n3 4D\n"), .error = "line 2, column 2: \"4D\" is not a number" },
        { T("1 2\n3 0.1-100\n"), .error = "line 2, column 2: \"0.1-100\" is not a number" },
        { T("1 2\n3 1D999\n"), .error = "line 2, column 2: \"1D999\" is beyond the largest double" },
        { T("1 2\n3 1Q2\n"), .error = "line 2, column 2: \"1Q2\" is not a number" },
        { T("1 2\n****** 4\n"), .error = "line 2, column 1: \"******\" is not a number" },
    };
    CHECK(cases);
}

/* ------------------------------------------------------------------------------------ separators and decimals ---- */

static void test_decimal_commas(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("0,52\t1,37\n-0,11\t2,05\n3,14\t0,99\n"),
          .error = "line 1, column 1: \"0,52\" ... tabs separate fields ... --decimal ," },
        { T("0,52\t1,37\n-0,11\t2,05\n3,14\t0,99\n"), .numbers = "0.52 1.37/-0.11 2.05/3.14 0.99", COMMA },
        { T("x\ty\n0,52\t1,37\n-0,11\t2,05\n"), .error = "line 2, column 1 (x): \"0,52\" ... --decimal ," },
        { T("x\ty\n0,52\t1,37\n-0,11\t2,05\n"), .numbers = "0.52 1.37/-0.11 2.05", COMMA, .columns = "x,y" },
        { T("x y\n0,52 1,37\n-0,11 2,05\n"),
          .error = "line 2, column 1 (x): \"0,52\" ... blanks separate ... --decimal ," },
        { T("0,52 1,37\n-0,11 2,05\n"), .error = "line 1, column 2: \"52 1\" ... commas separate ... --decimal ," },
        { T("0,52 1,37\n-0,11 2,05\n"), .numbers = "0.52 1.37/-0.11 2.05", COMMA },
        { T("0,52;1,37\n-0,11;2,05\n"), .error = "line 1, column 1: \"0,52\" ... semicolons separate ... --decimal ," },
        { T("0,52;1,37\n-0,11;2,05\n"), .numbers = "0.52 1.37/-0.11 2.05", COMMA },
        { T("0,52;1\n-0,11;2\n"), .error = "line 1, column 1: \"0,52\" ... --decimal ," },
        { T("1;0,52\n2;0,7\n"), .error = "line 1, column 2: \"0,52\" ... --decimal ," },
        { T("0,5e-3;1,\n,5;2E1\n"), .numbers = "0.5e-3 1/0.5 20", COMMA },
        { T("0,52;1.37\n-0,11;2,05\n"), .error = "line 1, column 2: \"1.37\" ... --decimal is the comma", COMMA },
        { T("\"0,52\";\"1,37\"\n1;2\n"), .numbers = "0.52 1.37/1 2", COMMA },
        { T("0,52\t1,37\n1\t2\n"), .error = "line 1, column 1: \"0,52\"", SEPARATOR('\t') },
        { T("0,52|1,37\n1|2\n"), .numbers = "0.52 1.37/1 2", COMMA, SEPARATOR('|') },
    };
    CHECK(cases);
}

static void test_thousands(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("1,234\t5,678\n2,345\t6,789\n3,456\t7,891\n"),
          .error = "line 1, column 1: \"1,234\" ... a comma ... thousands separator not" },
        { T("a\tb\n1,234\t5,678\n2,345\t6,789\n"), .error = "line 2, column 1 (a): \"1,234\" ... a comma" },
        { T("1 234\t5 678\n2 345\t6 789\n"), .error = "line 1, column 1: \"1 234\" ... tabs separate fields" },
        { T("1 234;5 678\n2 345;6 789\n"), .error = "line 1, column 1: \"1 234\" ... semicolons separate" },
        { T("1 234,5 678\n2 345,6 789\n"), .error = "line 1, column 1: \"1 234\" ... commas separate" },
        { T("1.234,5;5.678,5\n2;3\n"), .error = "line 1, column 1: \"1.234,5\" ... --decimal ," },
        { T("1.234,5;5.678,5\n2;3\n"), .error = "line 1, column 1: \"1.234,5\" ... a point", COMMA },
        { T("1\t2\n1,234,567\t3\n"), .error = "line 2, column 1: \"1,234,567\" ... a comma" },
        { T("\"1,234\",\"5,678\"\n2,3\n"), .error = "line 1, column 1: \"1,234\" ... a comma" },
        { T("1'234;5'678\n2;3\n"), .error = "line 1, column 1: \"1'234\" is not a number" },
        { T("1_234;5_678\n2;3\n"), .error = "line 1, column 1: \"1_234\" is not a number" },
    };
    CHECK(cases);
}

static void test_one_separator(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("0.5;1\n0.7;2\n0.1;3\n"), .numbers = "0.5 1/0.7 2/0.1 3" },
        { T("x;y\n0.5;1\n0.7;2\n"), .numbers = "0.5 1/0.7 2", .columns = "x,y" },
        { T("0.5 ; 1\n0.7;2 \n"), .numbers = "0.5 1/0.7 2" },
        { T("0.5;1\n0.7,2\n"), .error = "line 2, column 1: \"0.7,2\" ... semicolons separate" },
        { T("0.5,1\n0.7;2\n"), .error = "line 2, column 1: \"0.7;2\" ... commas separate ... --separator semicolon" },
        { T("0.5 1\n0.7;2\n"), .error = "line 2, column 1: \"0.7;2\" ... blanks separate ... --separator semicolon" },
        { T("0.5|1\n0.7|2\n"), .error = "line 1, column 1: \"0.5|1\" ... --separator bar" },
        { T("0.5|1\n0.7|2\n"), .numbers = "0.5 1/0.7 2", SEPARATOR('|') },
        { T("0.5|1\n0.7|2\n"), .error = "line 1, column 1: \"0.5|1\" ... commas separate", SEPARATOR(',') },
        { T("0.5,\t1\n0.7,\t2\n"), .error = "line 1, column 1: \"0.5,\" ... a comma, and tabs separate" },
        { T("0.5,\t1\n0.7,\t2\n"), .numbers = "0.5 1/0.7 2", SEPARATOR(',') },
        { T("0.5 1\n0.7 2\n0.8\t3\n"), .numbers = "0.5 1/0.7 2/0.8 3" },
        { T("0.5\t1 2\n0.7\t3\n"), .error = "line 1, column 2: \"1 2\" ... tabs separate fields; --separator blank" },
        { T("x y\n0.5\t1\n0.7\t2\n"), .error = "line 1: 1 name, but line 2 has 2 columns; tabs separate" },
        { T("x y\n0.5\t1\n0.7\t2\n"), .numbers = "0.5 1/0.7 2", SEPARATOR(' ') },
        { T("1,2\n3,4,5\n"), .error = "line 2: 3 columns, but line 1 has 2; commas separate" },
        { T("1 2\t\n3 4\n"), .numbers = "1 2/3 4" },
        { T("1:2\n3:4\n"), .error = "line 1, column 1: \"1:2\" is not a number" },
    };
    CHECK(cases);
}

static void test_excels_declaration(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("sep=;\nx;y\n1,5;2\n3;4,25\n0,5;1\n"), .error = "line 3, column 1 (x): \"1,5\" ... --decimal ," },
        { T("sep=;\nx;y\n1,5;2\n3;4,25\n0,5;1\n"), .numbers = "1.5 2/3 4.25/0.5 1", COMMA },
        { T("sep=,\n1,2\n3,4\n"), .numbers = "1 2/3 4" },
        { T("sep=\t\n1\t2\n3\t4\n"), .numbers = "1 2/3 4" },
        { T("sep=|\n1|2\n3|4\n"), .numbers = "1 2/3 4" },
        { T("\xEF\xBB\xBFsep=;\r\n1;2\r\n3;4\r\n"), .numbers = "1 2/3 4" },
        { T("sep=:\n1:2\n3:4\n"), .error = "line 1: \"sep=:\" declares no separator" },
        { T("sep=\n1 2\n3 4\n"), .error = "line 1: \"sep=\" declares no separator" },
        { T("sep=;\n1,2\n3,4\n"), .error = "line 2, column 1: \"1,2\" ... semicolons separate" },
        { T("sep=,\n1,5;2\n3;4\n"), .error = "line 1: \"sep=,\" with --decimal ,", COMMA },
        { T("sep=,\n1;2\n3;4\n"), .numbers = "1 2/3 4", SEPARATOR(';') },
        { T("a title\nsep=;\n1;2\n3;4\n"), .numbers = "1 2/3 4", SKIP(1) },
    };
    CHECK(cases);
}

static void test_trailing_separators(void **state)
{
    (void)state;
    enum { ENDS = FATHOM_NOTICE_TRAILING };
    static const struct text_case cases[] = {
        { T("a,b\n1,2,\n3,4,\n5,7,\n"), .numbers = "1 2/3 4/5 7", .notices = ENDS, .columns = "a,b" },
        { T("a,b,\n1,2,\n3,4,\n5,7,\n"), .numbers = "1 2/3 4/5 7", .notices = ENDS, .columns = "a,b" },
        { T("1,2,\n3,4,\n"), .numbers = "1 2/3 4", .notices = ENDS },
        { T("1;2;\n3;4;\n"), .numbers = "1 2/3 4", .notices = ENDS },
        { T("1\t2\t\n3\t4\t\n"), .numbers = "1 2/3 4", .notices = ENDS },
        { T("1\t2\t\n3\t4\t # why\n"), .numbers = "1 2/3 4", .notices = ENDS },
        { T("1,2, \r\n3,4,\r\n"), .numbers = "1 2/3 4", .notices = ENDS },
        { T("1 2 \n3 4 \n"), .numbers = "1 2/3 4" },
        { T("1,2,\n3,4\n"), .error = "line 2: ends without a separator, but line 1 has one" },
        { T("1,2,\n3,4,5\n"), .error = "line 2: 3 columns, but line 1 has 2" },
        { T("1,2\n3,4,\n"), .error = "line 2, column 3: empty field" },
        { T("a,b,c\n1,2,\n3,4,5\n"), .error = "line 2, column 3 (c): empty field" },
        { T("a,b,\n1,2\n3,4\n"), .error = "line 1: 3 names, but line 2 has 2 columns" },
        { T("1,2,,\n3,4,,\n"), .error = "line 1, column 3: empty field" },
        { T("a,b,\n1,2,3\n4,5,7\n"), .numbers = "1 2 3/4 5 7", .notices = FATHOM_NOTICE_UNNAMED, .columns = "a,b,3" },
        { T("1,\n2,\n"), .error = "line 1: one column" },
    };
    CHECK(cases);
}

/* -------------------------------------------------------------------------------------- headers and columns ---- */

static void test_headers(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("0,1\n0.3,0.4\n0.5,0.1\n0.2,0.9\n"), .numbers = "0 1/0.3 0.4/0.5 0.1/0.2 0.9", .columns = "1,2" },
        { T("0,1\n0.3,0.4\n0.5,0.1\n0.2,0.9\n"), .numbers = "0.3 0.4/0.5 0.1/0.2 0.9", HEADER },
        { T("2019,2020\n0.3,0.4\n0.5,0.1\n"), .numbers = "0.3 0.4/0.5 0.1", HEADER, .columns = "2019,2020" },
        { T("2019,2020\n0.3,0.4\n0.5,0.1\n"), .numbers = "2019 2020/0.3 0.4/0.5 0.1" },
        { T("2019,2020\n0.3,0.4\n0.5,0.1\n"), .numbers = "0.4 0.3/0.1 0.5", HEADER, COLUMNS("2020,2019") },
        { T("x,y\n0.3,0.4\n0.5,0.1\n"), .error = "line 1, column 1: \"x\" is not a number", NO_HEADER },
        { T("x,1\n0.3,0.4\n0.5,0.1\n"), .error = "line 1, column 1: \"x\" is not a number ... --header" },
        { T("x,1\n0.3,0.4\n0.5,0.1\n"), .numbers = "0.3 0.4/0.5 0.1", HEADER, .columns = "x,2" },
        { T("x,y,z\n0.3,0.4\n0.5,0.1\n"), .error = "line 1: 3 names, but line 2 has 2 columns" },
        { T("x\n0.3,0.4\n0.5,0.1\n"), .error = "line 1: 1 name, but line 2 has 2 columns; commas" },
        { T("x,\n0.3,0.4\n0.5,0.1\n"), .numbers = "0.3 0.4/0.5 0.1", .notices = FATHOM_NOTICE_UNNAMED },
        { T("x y\n1 0.1 0.7\n2 0.2 0.1\n3 0.4 0.9\n"),
          .error = "line 1: 2 names, but line 2 has 3 columns ... --skip 1 --columns 2,3" },
        { T("x y\n1 0.1 0.7\n2 0.2 0.1\n3 0.4 0.9\n"), .numbers = "0.1 0.7/0.2 0.1/0.4 0.9", SKIP(1), COLUMNS("2,3") },
        { T("2theta,1st\n0.3,0.4\n0.5,0.1\n"), .numbers = "0.3 0.4/0.5 0.1", .columns = "2theta,1st" },
        { T("x1;y [m/s, mean]\n0.3;0.4\n0.5;0.1\n"), .numbers = "0.3 0.4/0.5 0.1", .columns = "x1,2" },
        { T("\n# made by hand\n\nx y # names\n0.3 0.4\n0.5 0.1\n"), .numbers = "0.3 0.4/0.5 0.1", .columns = "x,y" },
    };
    CHECK(cases);
}

static void test_lines_before_the_rows(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("time,T\ns,K\n1.5,290.1\n2,291.4\n"), .error = "line 2, column 1 (time): \"s\" ... --skip N" },
        { T("time,T\ns,K\n1.5,290.1\n2,291.4\n"), .numbers = "1.5 290.1/2 291.4", SKIP(2) },
        { T("made by X\ntime,T\n1.5,290.1\n2,291.4\n"),
          .error = "line 2, column 1 (made): \"time,T\" is not a number; ... --skip N" },
        { T("made by X\ntime,T\n1.5,290.1\n2,291.4\n"), .numbers = "1.5 290.1/2 291.4", SKIP(1), .columns = "time,T" },
        { T("made by X, 2019\n\ntime,T\n1.5,290.1\n2,291.4\n"), .error = "line 1" },
        { T("made by X, 2019\n\ntime,T\n1.5,290.1\n2,291.4\n"), .numbers = "1.5 290.1/2 291.4", SKIP(2) },
        { T("time,T\n[s],[K]\n1.5,290.1\n2,291.4\n"), .error = "line 2, column 1 (time): \"[s]\" ... --skip N" },
        { T("time T\n(s) (K)\n1.5 290.1\n2 291.4\n"), .error = "line 2, column 1 (time): \"(s)\" ... --skip N" },
        { T("1,2\n3,4\n5,7\n"), .numbers = "3 4/5 7", SKIP(1) },
        { T("1,2\n3,4\n5,7\n"), .error = "line 3: the text ends after 1 row of", SKIP(2) },
        { T("1,2\n3,4\n5,7\n"), .error = "line 3: the text ends after 0 rows", SKIP(9) },
        { T("\"a title, with a comma\nx,y\n1,2\n3,5\n"), .numbers = "1 2/3 5", SKIP(1), .columns = "x,y" },
        { T("time,T\n#units: s,K\n1.5,290.1\n2,291.4\n"), .numbers = "1.5 290.1/2 291.4", .columns = "time,T" },
    };
    CHECK(cases);
}

static void test_columns_that_count(void **state)
{
    (void)state;
    enum { FROM_0 = FATHOM_NOTICE_INDEX | FATHOM_NOTICE_FROM_0, UNNAMED = FATHOM_NOTICE_UNNAMED };
    static const struct text_case cases[] = {
        { T(",x,y\n0,0.1,0.7\n1,0.2,0.1\n2,0.4,0.9\n"), .numbers = "0 0.1 0.7/1 0.2 0.1/2 0.4 0.9",
          .notices = FROM_0 | UNNAMED, .columns = "1,x,y" },
        { T(",x,y\n0,0.1,0.7\n1,0.2,0.1\n2,0.4,0.9\n"), .numbers = "0.1 0.7/0.2 0.1/0.4 0.9", COLUMNS("x,y"),
          .columns = "x,y" },
        { T(",x,y\n0,0.1,0.7\n1,0.2,0.1\n2,0.4,0.9\n"), .numbers = "0.7 0.1/0.1 0.2/0.9 0.4", COLUMNS("3,2"),
          .columns = "y,x" },
        { T("\"\",\"x\",\"y\"\n\"1\",0.1,0.7\n\"2\",0.2,0.1\n\"3\",0.4,0.9\n"),
          .numbers = "1 0.1 0.7/2 0.2 0.1/3 0.4 0.9", .notices = FATHOM_NOTICE_INDEX | UNNAMED },
        { T("id,x,y\n1,0.1,0.7\n2,0.2,0.1\n3,0.4,0.9\n"), .numbers = "1 0.1 0.7/2 0.2 0.1/3 0.4 0.9",
          .notices = FATHOM_NOTICE_INDEX },
        { T("0 0.1 0.7\n1 0.2 0.1\n2 0.4 0.9\n"), .numbers = "0 0.1 0.7/1 0.2 0.1/2 0.4 0.9", .notices = FROM_0 },
        { T("\tx\ty\n0.0\t0.1\t0.7\n1.0\t0.2\t0.1\n2.0\t0.4\t0.9\n"), .numbers = "0 0.1 0.7/1 0.2 0.1/2 0.4 0.9",
          .notices = FROM_0 | UNNAMED },
        { T(";x;y\n7;0.1;0.7\n9;0.2;0.1\n8;0.4;0.9\n"), .numbers = "7 0.1 0.7/9 0.2 0.1/8 0.4 0.9",
          .notices = UNNAMED },
        { T("x,y\n0,0.1\n1,0.2\n3,0.4\n"), .numbers = "0 0.1/1 0.2/3 0.4" },
        { T("x,y\n2,0.1\n3,0.2\n4,0.4\n"), .numbers = "2 0.1/3 0.2/4 0.4" },
        { T("0,0.1,3\n1,0.2,4\n2,0.4,1\n"), .numbers = "0 0.1/1 0.2/2 0.4", COLUMNS("1,2") },
        { T("name,x,y\na,0.1,0.7\nb,0.2,0.1\n"), .numbers = "0.1 0.7/0.2 0.1", COLUMNS("x,y") },
    };
    CHECK(cases);
}

static void test_choice_of_columns(void **state)
{
    (void)state;
    static const struct text_case cases[] = {
        { T("x,y,z\n1,2,3\n4,5,7\n"), .numbers = "3 1/7 4", COLUMNS("z,x"), .columns = "z,x" },
        { T("x,y,z\n1,2,3\n4,5,7\n"), .numbers = "3 1/7 4", COLUMNS("3,x"), .columns = "z,x" },
        { T("1,2,3\n4,5,7\n"), .numbers = "2 1/5 4", COLUMNS("2,1"), .columns = "2,1" },
        { T("x,y,z\n1,2,3\n4,5,7\n"), .error = "--columns: no column is 'w'; legal: 1 to 3 and the header's names",
          COLUMNS("x,w") },
        { T("1,2,3\n4,5,7\n"), .error = "--columns: no column is 'x'; legal: 1 to 3, as there is no header",
          COLUMNS("x,y") },
        { T("1,2,3\n4,5,7\n"), .error = "--columns: no column is '4'", COLUMNS("1,4") },
        { T("1,2,3\n4,5,7\n"), .error = "--columns: no column is '0'", COLUMNS("0,1") },
        { T("1,2,3\n4,5,7\n"), .error = "--columns: no column is ''", COLUMNS("1,,2") },
        { T("x,y,z\n1,2,3\n4,5,7\n"), .error = "'1' is column 1, which is chosen twice", COLUMNS("x,1") },
        { T("x,y,z\n1,2,3\n4,5,7\n"), .error = "one column of --columns", COLUMNS("x") },
        { T("x,x,z\n1,2,3\n4,5,7\n"), .error = "'x' is more than one column", COLUMNS("x,z") },
        { T("2,1,z\n1,2,3\n4,5,7\n"), .error = "'1' is more than one column ... @1", HEADER, COLUMNS("1,z") },
        { T("2,1,z\n1,2,3\n4,5,7\n"), .numbers = "2 1/5 4", HEADER, COLUMNS("@2,@1"), .columns = "@2,@1" },
        { T("x,y,z\n1,a,3\n4,b,7\n"), .numbers = "1 3/4 7", COLUMNS("x,z") },
        { T("a,1,3\nb,4,7\n"), .error = "line 1, column 1: \"a\" is not a number", COLUMNS("2,3") },
        { T("a,1,3\nb,4,7\n"), .numbers = "1 3/4 7", NO_HEADER, COLUMNS("2,3") },
        { T("% of a file\n1,2\n3,4\n"), .error = "line 2, column 1 (%): \"1,2\" is not a number: blanks separate "
                                                 "fields, as line 1 has them; ... --skip 1 if that line is a title" },
        { T("x,y,z\n1,a,3\n4,b,q\n"), .error = "line 3, column 3 (z): \"q\" is not a number", COLUMNS("x,z") },
        { T("id,2019,2020\n7,2,3\n1,5,9\n"), .error = "line 1, column 1: \"id\" is not a number", COLUMNS("2,3") },
        { T("x,y,z\n1,1,3\n4,1,7\n"), .error = "column 2 (y): constant", COLUMNS("z,y") },
        { T("x,y,z\n1,2\n4,5\n"), .error = "line 1: 3 names, but line 2 has 2", COLUMNS("x,y") },
    };
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_missing_values),
        cmocka_unit_test(test_not_ascii),
        cmocka_unit_test(test_fortran),
        cmocka_unit_test(test_decimal_commas),
        cmocka_unit_test(test_thousands),
        cmocka_unit_test(test_one_separator),
        cmocka_unit_test(test_excels_declaration),
        cmocka_unit_test(test_trailing_separators),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_lines_before_the_rows),
        cmocka_unit_test(test_columns_that_count),
        cmocka_unit_test(test_choice_of_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
