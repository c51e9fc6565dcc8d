# Makefile - from sources to results.  `make help` lists the targets.
#
# One idea: everything is built in $(BUILD) by one non-recursive set of rules, and every result is made by running the
# programs again.  Nothing here asks an installed package anything before a recipe runs, so that `make deps all` works
# where there is no compiler yet.
#
# Invariant: the flags that the bits depend on stand last on every command line (FIXED, and the instruction set's own),
# where CFLAGS cannot take them back.

ifneq ($(filter 3.%,$(MAKE_VERSION)),)
$(error GNU make $(MAKE_VERSION) is too old: 4.0 or newer is needed)
endif

# As many jobs as there are cores, unless the command line or the environment's MAKEFLAGS say how many.  nproc itself
# obeys OMP_NUM_THREADS, which is about the programs' threads.
CORES  := $(shell env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc 2>/dev/null || echo 1)
FLAGGED := $(shell printenv MAKEFLAGS)
JOBS   := $(filter -j% --jobs%,$(FLAGGED))$(findstring j,$(filter-out -% %=%,$(firstword $(FLAGGED))))
MAKEFLAGS += $(if $(filter 0,$(MAKELEVEL)),$(if $(JOBS),,-j$(CORES)))
BUILD   = build
OUT     = results
PREFIX  = /usr/local
LIBDIR  = $(PREFIX)/lib
CFLAGS  = -O3 -g
WARN    = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror=implicit-function-declaration
LDLIBS  = -lsleef -lgsl -lgslcblas -lm
PROGRAM_LDLIBS = -lsqlite3 -lmd
ARCH   := $(shell uname -m)
VERSION := $(shell sed -n 's/^.define FATHOM_VERSION "\(.*\)"/\1/p' lib/fathom.h)
SONAME  = libfathom.so.$(firstword $(subst ., ,$(VERSION)))
export LC_ALL = C

# A folder's name as one word of the shell, and as the replacement of a sed command whose delimiter is |.
quoted  = '$(subst ','\'',$(1))'
sed_text = $(subst |,\|,$(subst &,\&,$(subst \,\\,$(1))))
# make's own targets begin with BUILD, and a target is one word of plain characters.
ifneq ($(words $(BUILD))$(strip $(foreach c,' " ` & | ; ( ) < > * ? [ ] { } ~ $$ % : = \,$(findstring $c,$(BUILD)))),1)
$(error BUILD '$(BUILD)': the name of that folder must be of letters, digits and _ . - + / alone)
endif
ifeq ($(origin CC),default)
CC      = gcc
endif
# An archive of link-time objects needs gcc's own ar, or an ar with its plugin.
ifeq ($(origin AR) $(findstring -flto,$(CFLAGS)),default -flto)
AR      = $(if $(filter gcc gcc-%,$(CC)),$(CC:gcc%=gcc-ar%),ar)
endif

# Fused operations only where the source says fma; no reassociation; no assumption that NaN does not occur.
FAST    = -ffast-math -funsafe-math-optimizations -fassociative-math -freciprocal-math -ffinite-math-only
CFLAGS_KEPT = $(patsubst -Ofast,-O3,$(filter-out $(FAST),$(CFLAGS)))
FIXED   = -fno-fast-math -ffp-contract=off
# Of all but the kernels: where CFLAGS name a CPU that fuses, gcc 12 makes one fused instruction of a pair
# (x c + y s, y c - x s) when it puts scalars together in a vector, whatever -ffp-contract says.
SCALAR  = -fno-tree-slp-vectorize
FLAGS   = -std=c17 -D_GNU_SOURCE -fPIC $(WARN) -Ilib -Iharness $(CPPFLAGS) $(CFLAGS_KEPT) $(FIXED)

# What is there to build: a program per experiment, and report and compare.
ISAS       := $(if $(filter x86_64 amd64,$(ARCH)),v4 v3) $(if $(filter aarch64 arm64,$(ARCH)),neon) ref
NOTEBOOK   := depth_sweep density gradient_norm residual_inverse
# Programs that no `make all` runs: they take hours.
LONG       := published
CLAIMS     := $(filter-out $(NOTEBOOK) $(LONG),$(patsubst experiments/%.c,%,$(shell grep -ls '^const struct experiment' experiments/*.c)))
EXPERIMENTS = $(NOTEBOOK) $(CLAIMS)
ALL_RUNS    = $(EXPERIMENTS) $(LONG)
PROGRAMS    = $(ALL_RUNS) report compare
TESTS      := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/test_*.c tests/fuzz_*.c))
EXAMPLE_KERNELS := $(wildcard examples/layer_*.c examples/transformer_*.c)
EXAMPLES   := $(patsubst %.c,$(BUILD)/%,$(filter-out $(EXAMPLE_KERNELS),$(wildcard examples/*.c)))

objects     = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJ    := $(call objects,$(wildcard lib/*.c)) \
              $(foreach isa,$(ISAS),$(patsubst %.c,$(BUILD)/%.$(isa).o,$(wildcard lib/kernels/*.c)))
SHARED_OBJ := $(call objects,$(filter-out harness/main.c,$(wildcard harness/*.c))) $(BUILD)/harness/fingerprint.o
REPORT_OBJ := $(patsubst report/%.c,$(BUILD)/judges/%.o,$(filter-out report/report.c report/compare.c,$(wildcard report/*.c)))
TEST_OBJ   := $(call objects,$(filter-out tests/test_%.c tests/fuzz_%.c,$(wildcard tests/*.c)) $(EXAMPLE_KERNELS))
BENCH_OBJ  := $(call objects,$(wildcard bench/*.c))
LIBRARY     = $(BUILD)/libfathom.a
SHARED      = $(BUILD)/harness/shared.a
JUDGES      = $(BUILD)/judges/judges.a
PLANS       = $(BUILD)/experiments/experiments.a

## make              build the library and the programs in build/ (BUILD=dir, CC=clang, CFLAGS=...)
build: $(LIBRARY) $(BUILD)/libfathom.so $(PROGRAMS:%=$(BUILD)/%)
.DEFAULT_GOAL = build

## make examples     build the programs of examples/, which use the library alone, in build/examples/
examples: $(EXAMPLES)

# ----------------------------------------------------------------------------------------------------- compile ----
Q = $(if $(V),,@)
define compile
@mkdir -p $(@D)
@echo "  cc $@"
$(Q)$(CC) $(FLAGS) $(SCALAR) -MMD -MP -c -o $@ $<
endef
define link
@mkdir -p $(@D)
@echo "  ld $@"
$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)
endef

# Every object is made again if the compiler or a flag has changed, and waits for `deps` if that is asked for as well.
$(BUILD)/flags: always | $(filter deps clean,$(MAKECMDGOALS))
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS) $(LDFLAGS)' > $@

# The levels x86-64-v4 and -v3 have no tuning of their own; at `generic` gcc's kernels are 4 % and 2 % slower.
FLAGS_V4 = -march=x86-64-v4 -mtune=icelake-server
FLAGS_V3 = -march=x86-64-v3 -mtune=skylake
FLAGS_NEON = -march=armv8-a
# A set's name in capitals, for these variables and for sets.h.
capital = $(subst neon,NEON,$(subst v,V,$(1)))

# Which of them this compiler knows, asked when something is compiled: sets.h names them, and the library is built
# without the others, whose objects are empty.
$(BUILD)/sets.h: $(BUILD)/flags
	@: > $@.new
	$(foreach set,$(filter-out ref,$(ISAS)),$(call ask_for,$(set),$(FLAGS_$(call capital,$(set)))))
	@mv $@.new $@
define ask_for
@if echo 'int x;' | $(CC) $(2) -x c -c -o $@.o - 2> /dev/null; \
then echo '#define FATHOM_HAS_$(call capital,$(1)) 1' >> $@.new; \
else echo "  $(firstword $(CC)) does not know $(firstword $(2)): built without the kernels $(1)"; fi; rm -f $@.o

endef
# $(call compile_set,SET,FLAGS)
define compile_set
@mkdir -p $(@D)
@echo "  cc $@"
$(Q)if grep -q 'HAS_$(call capital,$(1)) ' $(BUILD)/sets.h; \
then $(CC) $(FLAGS) -MMD -MP -c -o $@ $< -DFATHOM_ISA=$(1) $(2) $(FLAGS_$(call capital,$(1))); \
else : | $(CC) $(FLAGS) -x c -c -o $@ -; fi
endef
$(BUILD)/lib/kernels/%.v4.o: lib/kernels/%.c $(BUILD)/sets.h
	$(call compile_set,v4,-DVEC_WIDTH=8)
$(BUILD)/lib/kernels/%.v3.o: lib/kernels/%.c $(BUILD)/sets.h
	$(call compile_set,v3,-DVEC_WIDTH=4)
$(BUILD)/lib/kernels/%.neon.o: lib/kernels/%.c $(BUILD)/sets.h
	$(call compile_set,neon,-DVEC_WIDTH=2)
$(BUILD)/lib/kernels/%.ref.o: lib/kernels/%.c $(BUILD)/flags
	$(compile) -DFATHOM_ISA=ref -DVEC_WIDTH=1
$(BUILD)/lib/isa.o: lib/isa.c $(BUILD)/sets.h
	$(compile) -include $(BUILD)/sets.h
$(BUILD)/lib/%.o: lib/%.c $(BUILD)/flags
	$(compile)
# Kernels of examples/ that a test uses (lib/kernels/list.h), compiled as plain C.
$(call objects,$(EXAMPLE_KERNELS)): $(BUILD)/%.o: %.c $(BUILD)/flags
	$(compile) -DFATHOM_ISA=example -DVEC_WIDTH=1
$(BUILD)/%.o: %.c $(BUILD)/flags
	$(compile) -fopenmp
# Nothing but the report and its tests sees report/.  build/report is the program, so its objects have another folder.
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags
	$(compile) -fopenmp -Ireport
$(BUILD)/judges/%.o: report/%.c $(BUILD)/flags
	$(compile) -fopenmp

# The store of other code gets that code's name, and the store of this code, if there was one, its place.
define put_store_away
sed -n 's/.*"\([0-9a-f]\{16\}\).*/\1/p' $@ 2> /dev/null | while read -r old; do \
new=$$(sed -n 's/.*"\([0-9a-f]\{16\}\).*/\1/p' $@.new); for end in -wal -shm ''; do \
[ ! -e $(BUILD)/runs.db$$end ] || mv $(BUILD)/runs.db$$end $(BUILD)/runs-$$old.db$$end; \
[ ! -e $(BUILD)/runs-$$new.db$$end ] || mv $(BUILD)/runs-$$new.db$$end $(BUILD)/runs.db$$end; done; done
endef
# The fingerprint of the code that computes (harness/fingerprint.h): names and contents, in the order of the names'
# bytes, without carriage returns.  The sources are listed anew each time, so that one added or removed is seen as well.
COMPUTING = lib harness/runner.c harness/health.[ch] harness/density_checks.[ch] harness/flow_checks.[ch] \
            harness/kept_params.[ch] harness/certified.[ch] harness/initial_params.[ch] \
            harness/flow_integrals.[ch] harness/plane_integral.[ch] harness/latent_border.[ch] \
            harness/statistics.[ch] harness/sibling.[ch] experiments/sibling_moons.c
$(BUILD)/harness/fingerprint.c: always
	@mkdir -p $(@D)
	@sources=$$(find $(COMPUTING) -name '*.[ch]' | sort) && [ -n "$$sources" ] && \
	sum=$$(for f in $$sources; do sum=$$(tr -d '\r' < $$f | sha256sum) && echo "$${sum%% *}  $$f" || exit 1; done) && \
	sum=$$(echo "$$sum" | sha256sum) && line="const char code_fingerprint[65] = \"$${sum%% *}\";" && \
	{ echo '#include "fingerprint.h"'; echo "$$line"; } > $@.new && \
	if cmp -s $@.new $@; then rm $@.new; else $(put_store_away); mv $@.new $@; fi
$(BUILD)/harness/fingerprint.o: $(BUILD)/harness/fingerprint.c $(BUILD)/flags
	$(compile)

$(LIBRARY): $(LIB_OBJ)
$(SHARED): $(SHARED_OBJ)
$(JUDGES): $(REPORT_OBJ)
$(PLANS): $(ALL_RUNS:%=$(BUILD)/experiments/%.o)
$(LIBRARY) $(SHARED) $(JUDGES) $(PLANS):
	@rm -f $@
	$(Q)$(AR) rcs $@ $^
# What is installed.  The shared library shows what these declare, and nothing else.
HEADERS = lib/fathom.h lib/fathom_status.h lib/fathom_streams.h lib/fathom_first.h lib/fathom_residual.h lib/fathom_warm.h \
          lib/fathom_certificate.h
$(BUILD)/fathom.map: $(HEADERS) $(BUILD)/flags
	@{ echo '{ global:'; sed '/^typedef/d' $(HEADERS) | grep -oE -e 'fathom_[a-z0-9_]+ *\(' -e '\*fathom_[a-z0-9_]+;' | \
	tr -d ' (*;' | sort -u | \
	sed 's/$$/;/'; echo 'local: *; };'; } > $@
$(BUILD)/libfathom.so: $(LIB_OBJ) $(BUILD)/fathom.map
	$(link) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=$(BUILD)/fathom.map $(LDLIBS)

$(ALL_RUNS:%=$(BUILD)/main/%.o): $(BUILD)/main/%.o: harness/main.c $(BUILD)/flags
	$(compile) -DEXPERIMENT=$*
$(ALL_RUNS:%=$(BUILD)/%): $(BUILD)/%: $(BUILD)/main/%.o $(BUILD)/experiments/%.o $(SHARED) $(LIBRARY)
	$(link) -fopenmp $(PROGRAM_LDLIBS) $(LDLIBS)
$(BUILD)/report $(BUILD)/compare: $(BUILD)/%: $(BUILD)/judges/%.o $(JUDGES) $(SHARED) $(LIBRARY)
	$(link) -fopenmp $(PROGRAM_LDLIBS) $(LDLIBS)
$(TESTS): %: %.o $(TEST_OBJ) $(JUDGES) $(PLANS) $(SHARED) $(LIBRARY)
	$(link) -fopenmp $(WRAP) -lcmocka $(PROGRAM_LDLIBS) $(LDLIBS)
$(EXAMPLES): %: %.o $(LIBRARY)
	$(link) $(LDLIBS)
$(BUILD)/tests/test_allocation $(BUILD)/tests/test_files: WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=free
$(BUILD)/bench/bench: $(BENCH_OBJ) $(SHARED) $(LIBRARY)
	$(link) -fopenmp $(PROGRAM_LDLIBS) $(LDLIBS)

-include $(patsubst %.o,%.d,$(LIB_OBJ) $(SHARED_OBJ) $(REPORT_OBJ) $(TEST_OBJ) $(BENCH_OBJ) $(TESTS:%=%.o) \
            $(EXAMPLES:%=%.o) $(ALL_RUNS:%=$(BUILD)/experiments/%.o) $(ALL_RUNS:%=$(BUILD)/main/%.o) \
            $(BUILD)/judges/report.o $(BUILD)/judges/compare.o)

# ----------------------------------------------------------------------------------------------------- results ----
# The options of an experiment beyond its defaults.  SEEDS=N: so many flow seeds wherever a claim trains flows.
# STEPS=N: so many gradient steps, of every program that trains.
options.depth_sweep = --replicas 65
SEEDED := $(shell grep -ls TAKES_SEEDS $(shell grep -ls '\.train = true' $(CLAIMS:%=experiments/%.c) /dev/null) /dev/null)
$(foreach e,$(SEEDED:experiments/%.c=%),$(eval options.$(e) = $(if $(SEEDS),--seeds $(SEEDS))))
# SHARD=I/N: the I-th of N parts of the runs, into a store of its own, no tables.  MERGE='STORE...': no run is made, but
# those of these stores are taken.
parts  = $(if $(SHARD),--shard $(SHARD) $(if $(STORE),,--store $(BUILD)/shard-$(subst /,-of-,$(SHARD)).db))
store  = $(if $(STORE),--store $(call quoted,$(STORE)))
steps  = $(if $(STEPS),$(if $(filter $(1),$(TRAIN)),--steps $(STEPS)))
TRAIN := $(patsubst experiments/%.c,%,$(shell grep -ls TAKES_TRAINING experiments/*.c))

# $(call run,PROGRAMS,DIRECTORY,OPTIONS): one after the other, since each uses all cores; the first failure ends it.
out    = $(call quoted,$(OUT))
REPORT = $(if $(filter-out results,$(OUT)),$(out)/REPORT.md,REPORT.md)
define run
$(foreach e,$(1),$(BUILD)/$(e) --out $(2) $(options.$(e)) $(call steps,$(e)) $(3) &&) true
endef

## make all          run every experiment into results/: tables, figures, REPORT.md (SEEDS=N: so many flow seeds;
##                   STEPS=N: so many steps).  Interrupted, it goes on where it was: finished runs are kept in
##                   build/runs.db (STORE=file, STORE=none).  SHARD=I/N: one part of the runs, no tables;
##                   MERGE='STORE...': tables of the parts' stores (docs/clusters.md)
all: build
	@$(MAKE) --no-print-directory $(if $(SHARD),part,tables)

# The same of programs that are built already: any number of these may work at a time.
part:
	$(call run,$(EXPERIMENTS),$(out),$(store) $(parts))
tables:
	@mkdir -p $(out)
	$(call run,$(EXPERIMENTS),$(out),$(store) $(if $(MERGE),--merge $(MERGE)))
	$(BUILD)/report $(out) > $(BUILD)/REPORT.md && mv $(BUILD)/REPORT.md $(REPORT)
	@(cd $(out) && sha256sum *.tsv) > $(BUILD)/SHA256SUMS && mv $(BUILD)/SHA256SUMS $(out)

## make notebook     only the notebook's own three parts, one run each, into build/notebook/
notebook: options.depth_sweep =
notebook: build
	@mkdir -p $(BUILD)/notebook
	$(call run,$(NOTEBOOK),$(BUILD)/notebook)
	$(BUILD)/report --notebook $(BUILD)/notebook > $(BUILD)/NOTEBOOK.md && \
	mv $(BUILD)/NOTEBOOK.md $(BUILD)/notebook/REPORT.md

## make verify       run everything again, compare each table byte for byte with results/; VERIFIED or not
##                   SAMPLE=5%: so many runs, drawn at random (SAMPLE_SEED=N), against their rows of the tables
verify: again = $(BUILD)/verify
ifdef SAMPLE
# If none of n rows differs: with a part p of all rows wrong that has the probability (1 - p)^n, which is 5 % at this p.
DRAW   := $(or $(SAMPLE_SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' '))
verify: build
	@echo "drawn with SAMPLE_SEED=$(DRAW)"
	@{ $(foreach e,$(EXPERIMENTS),$(BUILD)/$(e) --out $(out) $(options.$(e)) $(call steps,$(e)) --sample $(SAMPLE) \
	--sample-seed $(DRAW) || echo "FAILED $(e)";) } | tee $(BUILD)/sample | grep -v '^sample .* 0 of 0\|^FAILED' || :
	@awk '/^FAILED/ { failed = failed " " $$2 } /^sample / { same += $$3; n += $$5; all += $$NF } END { \
	printf "%d of %d rows made again are the same, of %d rows in all", same, n, all; \
	if (!failed && n && same == n) { printf ": with 95 %% confidence fewer than %.2g %% of all rows differ\nVERIFIED by sample\n", \
	100 * (1 - exp(log(0.05) / n)); exit 0 } print ":" failed "\nNOT VERIFIED"; exit 1 }' $(BUILD)/sample
else
verify: build
	@rm -rf $(again) && mkdir -p $(again)
	@{ $(call run,$(EXPERIMENTS),$(again),--store none); } && $(BUILD)/report $(again) > $(again)/REPORT.md && \
	$(BUILD)/compare $(out) $(again) && cmp $(REPORT) $(again)/REPORT.md && verdict=VERIFIED || verdict='NOT VERIFIED'; \
	processor=$$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo 2>/dev/null | head -n 1); \
	echo "$$verdict on $${processor:-an unnamed processor} ($(ARCH)) with $$($(CC) --version | head -n 1)"; \
	[ "$$verdict" = VERIFIED ]
endif

# ------------------------------------------------------------------------------------------------------- tests ----
## make check        build and run the tests (two minutes)
check: $(TESTS) $(PROGRAMS:%=$(BUILD)/%) $(EXAMPLES)
	@tests/run.sh $(BUILD) $(TESTS) $(wildcard tests/test_*.sh)

## make check-all    and the slow ones: bits over compilers, kernels, threads; figures; sanitizers; valgrind; installing
check-all: check
	@$(MAKE) --no-print-directory check-slow

# The slow ones alone.  The line names MAKE, so that the tests' own makes share the jobs; so `make -n` runs it as well.
check-slow: build $(TESTS) $(PROGRAMS:%=$(BUILD)/%) $(EXAMPLES)
	@MAKE='$(MAKE)' tests/run.sh $(BUILD) $(SLOWEST) \
	$(filter-out tests/run.sh tests/test_% $(SLOWEST),$(wildcard tests/*.sh))
# Those of many minutes start first, so that none of them is what is waited for at the end.
SLOWEST = tests/bits.sh tests/sanitize.sh

## make format-check list the files that deviate from .clang-format (clang-format 14)
FORMATTED = $(wildcard $(patsubst %,%/*.c,$(FOLDERS)) $(patsubst %,%/*.h,$(FOLDERS)))
FOLDERS   = lib lib/kernels harness experiments report examples tests bench
format-check:
	@clang-format --version
	@deviate=0; for file in $(FORMATTED); do \
	clang-format --dry-run --Werror "$$file" 2> /dev/null || { echo "$$file"; deviate=$$((deviate + 1)); }; done; \
	echo "$$deviate of $(words $(FORMATTED)) files deviate"; [ $$deviate -eq 0 ]

# Times belong to a machine: those of this one go into a folder that is not committed, unless it is given a name.
MACHINE = this
TIMES   = $(call quoted,$(OUT)/bench/$(MACHINE))

## make published    one long training each beside the scores that papers print of residual flows: hours, tables in
##                   results/published/ (STEPS=N: so many steps)
published: build
	@mkdir -p $(out)/published
	$(call run,$(LONG),$(out)/published,$(store))

## make bench        what a step costs, and where: tables and figures in results/bench/this/ (MACHINE=name)
bench: build $(BUILD)/bench/bench
	@mkdir -p $(TIMES)
	$(BUILD)/bench/bench --out $(TIMES)

# --------------------------------------------------------------------------------------- the notebook's own stack ----
## make reference            a Python environment with the notebook's stack, versions pinned, in build/reference/
reference:
	reference/setup.sh $(BUILD)/reference
## make reference-numbers    print the numbers of tests/reference/ again with it, and compare
reference-numbers: reference
	$(BUILD)/reference/bin/python reference/regenerate.py $(BUILD)/reference-numbers --against tests/reference
## make reference-divergence which affine runs of depth 16 diverge in it: tests/reference/divergence.tsv (half an hour;
##                           interrupted, it goes on where it was)
reference-divergence: reference
	$(BUILD)/reference/bin/python reference/divergence.py tests/reference/divergence.tsv $(BUILD)/reference-divergence.tsv
## make bench-reference      the notebook as written, at its best, and this program, timed in turn in one run
bench-reference: reference build
	BUILD=$(BUILD) PYTHON=$(BUILD)/reference/bin/python OUT=$(TIMES) reference/bench.sh

## make bench-reference-steps  one core: a step of its compiled scan and one of this program, in turn, over shapes
##                           (SHAPES="D,WIDTH,BATCH ...")
bench-reference-steps: reference $(BUILD)/bench/bench
	@mkdir -p $(TIMES)
	XLA_FLAGS='--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1' OMP_NUM_THREADS=1 JAX_PLATFORMS=cpu \
	PYTHONDONTWRITEBYTECODE=1 taskset -c 0 $(BUILD)/reference/bin/python reference/steps.py $(BUILD)/bench/bench \
	$(SHAPES) > $(TIMES)/reference_steps.tsv.new
	@mv $(TIMES)/reference_steps.tsv.new $(TIMES)/reference_steps.tsv
	@cat $(TIMES)/reference_steps.tsv

# ----------------------------------------------------------------------------------------------------- install ----
## make install      DESTDIR= PREFIX=/usr/local LIBDIR=$(PREFIX)/lib
BIN     = $(call quoted,$(DESTDIR)$(PREFIX)/bin)
INCLUDE = $(call quoted,$(DESTDIR)$(PREFIX)/include)
SHARE   = $(call quoted,$(DESTDIR)$(PREFIX)/share)
LIBS    = $(call quoted,$(DESTDIR)$(LIBDIR))
install: build
	install -d $(BIN) $(INCLUDE) $(LIBS)/pkgconfig $(SHARE)/doc/fathom \
	           $(SHARE)/fathom/plots $(SHARE)/fathom/report $(SHARE)/fathom/reference \
	           $(SHARE)/fathom/tests/reference $(SHARE)/fathom/results/published
	install $(PROGRAMS:%=$(BUILD)/%) $(BIN)
	install -m 644 $(HEADERS) $(INCLUDE)
	install -m 644 $(LIBRARY) $(LIBS)
	install -m 755 $(BUILD)/libfathom.so $(LIBS)/libfathom.so.$(VERSION)
	ln -sf libfathom.so.$(VERSION) $(LIBS)/$(SONAME)
	ln -sf $(SONAME) $(LIBS)/libfathom.so
	sed -e $(call quoted,s|@PREFIX@|$(call sed_text,$(PREFIX))|) -e $(call quoted,s|@LIBDIR@|$(call sed_text,$(LIBDIR))|) \
	    -e 's|@VERSION@|$(VERSION)|' lib/fathom.pc.in > $(LIBS)/pkgconfig/fathom.pc
	install -m 644 plots/* $(SHARE)/fathom/plots
	install -m 644 report/*.md.in $(SHARE)/fathom/report
	install -m 644 reference/*.tsv $(SHARE)/fathom/reference
	install -m 644 tests/reference/* $(SHARE)/fathom/tests/reference
	install -m 644 results/published/*.tsv $(SHARE)/fathom/results/published
	install -m 644 README.md PROTOCOL.md LICENSE CITATION.cff $(SHARE)/doc/fathom

## make deps         install what is missing (Debian, Ubuntu); elsewhere: say what it is
deps:
	@.ci/deps $(CC)

## make clean        remove build/
clean:
	rm -rf $(BUILD)

## make help         this list
help:
	@sed -n 's/^## //p' Makefile

always:
.PHONY: build examples all part tables notebook published verify check check-all check-slow format-check bench reference reference-numbers \
        reference-divergence bench-reference bench-reference-steps install deps clean help always
.DELETE_ON_ERROR:
.SUFFIXES:
