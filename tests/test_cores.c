/* test_cores.c - the quota of a control group, of both versions, from folders written here. */
#include "cores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch[] = "/tmp/fathom-cores-XXXXXX";

static void put(const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s/%s", scratch, path);
    for (char *slash = strchr(whole + strlen(scratch) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *out = fopen(whole, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

/* What /proc/self/cgroup says, and the quota in cores that follows from the folders of make_groups. */
static const struct {
    const char *groups;
    size_t      cores;
} cases[] = {
    { "0::/free\n", 0 },     /* max                                   */
    { "0::/two\n", 2 },      /* 200000 of 100000                      */
    { "0::/two/half\n", 1 }, /* 50000 of 100000, a part of a core: 1  */
    { "0::/two/wide\n", 2 }, /* its own is 8, the one around it 2     */
    { "0::/odd\n", 3 },      /* 250000 of 100000, rounded up          */
    { "0::/not/here\n", 0 },
    { "0::/\n", 0 },
    { "5:memory:/m\n4:cpuset:/c\n3:cpu,cpuacct:/three\n", 3 }, /* version 1                             */
    { "3:cpuacct,cpu:/three\n", 3 },
    { "3:cpuset:/three\n2:cpuacct:/three\n", 0 }, /* no controller of processor time       */
    { "3:cpu:/none\n", 0 },                       /* -1                                    */
    { "3:cpu:/three\n0::/two\n", 2 },             /* both: the less                        */
    { "", 0 },
    { "nonsense\n", 0 },
    { "a:b\n", 0 },
};

static void make_groups(void)
{
    put("free/cpu.max", "max 100000\n");
    put("two/cpu.max", "200000 100000\n");
    put("two/half/cpu.max", "50000 100000\n");
    put("two/wide/cpu.max", "800000 100000\n");
    put("odd/cpu.max", "250000 100000\n");
    put("cpu/three/cpu.cfs_quota_us", "300000\n");
    put("cpu/three/cpu.cfs_period_us", "100000\n");
    put("cpu/none/cpu.cfs_quota_us", "-1\n");
    put("cpu/none/cpu.cfs_period_us", "100000\n");
}

static void test_quotas(void **state)
{
    (void)state;
    char groups[256], command[256];
    assert_non_null(mkdtemp(scratch));
    make_groups();
    snprintf(groups, sizeof groups, "%s/groups", scratch);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        put("groups", cases[c].groups);
        size_t cores = cores_of_quota(groups, scratch);
        if (cores != cases[c].cores)
            fail_msg("'%s': %zu cores, expected %zu", cases[c].groups, cores, cases[c].cores);
    }
    assert_int_equal(cores_of_quota("/nonexistent", scratch), 0);
    snprintf(command, sizeof command, "rm -rf '%s'", scratch);
    assert_int_equal(system(command), 0);
}

static void test_at_least_one(void **state)
{
    (void)state;
    assert_true(cores_usable() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_quotas), cmocka_unit_test(test_at_least_one) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
