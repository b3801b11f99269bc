# SPDX-License-Identifier: Apache-2.0
#
# make            builds into build/
# make demo       shows what bailiff does, on real input
# make check      installs what is missing, builds, runs every test
# make attacks    every road to a protected thing, in the VM: takes hours
# make compare    random policies and acts: the kernel's answers against a slow matcher's
# make soak       a million acts that race with changes; stress tests under policies
# make verifier   what the kernels' verifiers count, into docs/verifier.tsv
# make fuzz       any bytes to all that reads bytes: FUZZ_SECONDS=600 each
# make lint       style and static analysis
# make bench      the figures of docs/performance.md
# make install    to DESTDIR, PREFIX=/usr

VERSION := 0.1.0
PREFIX := /usr
SYSCONFDIR := /etc
UNITDIR := $(PREFIX)/lib/systemd/system

CLANG := clang
BPFTOOL := bpftool
BPF_ARCH := $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(shell uname -m)))

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wno-unused-parameter -Wno-sign-compare
CFLAGS ?= -O2 -g
CPPFLAGS_ALL := -I. -D_GNU_SOURCE -DBAILIFF_VERSION='"$(VERSION)"' \
	-DBAILIFF_COMMAND='"$(PREFIX)/bin/bailiff"' $(CPPFLAGS)
CFLAGS_ALL := -std=gnu11 $(WARNINGS) -fstack-protector-strong -D_FORTIFY_SOURCE=2 $(CFLAGS) $(SANITIZE)
LDFLAGS_ALL := -Wl,--as-needed -Wl,-z,relro,-z,now $(LDFLAGS) $(SANITIZE)
LIBS := -lbpf -lsystemd -linih -lseccomp
CLI_LIBS := $(LIBS) -ljson-c $(shell pkg-config --libs yaml-0.1)

# of each of the fuzzers
FUZZ_SECONDS := 600

# B is where everything is built: build/, or another folder for a build with sanitizers.
B := build
POLICY := $(patsubst %.c,$(B)/%.o,$(wildcard policy/*.c))
DAEMON := $(patsubst %.c,$(B)/%.o,$(filter-out daemon/bailiff.c daemon/bailiffd.c,$(wildcard daemon/*.c)))
# bailiff-kube, so far without its program: what it makes of objects
K8S := $(patsubst %.c,$(B)/%.o,$(wildcard k8s/*.c))
BPF := $(patsubst %.bpf.c,$(B)/%.bpf.o,$(filter-out bpf-lsm/maps.bpf.c bpf-lsm/probe.bpf.c,$(wildcard bpf-lsm/*.bpf.c)))
TESTS := $(patsubst %.c,$(B)/%,$(wildcard selftests/unit/*/*_test.c))
BENCHES := $(patsubst %.c,$(B)/%,$(wildcard selftests/bench/*.c))
PROBES := $(patsubst %.c,$(B)/%,$(wildcard selftests/attacks/*.c))
COMPARE := $(patsubst %.c,$(B)/%.o,$(wildcard selftests/compare/*.c) selftests/unit/policy/oracle.c \
	selftests/unit/policy/oracle_below.c)
FUZZERS := $(patsubst %.c,$(B)/%,$(filter-out selftests/fuzz/fuzz.c,$(wildcard selftests/fuzz/*.c)))
PROGRAMS := $(B)/bailiffd $(B)/bailiff
UPGRADE := $(B)/selftests/upgrade/bailiffd-other $(B)/selftests/upgrade/bailiffd-events
FAULTS := $(B)/selftests/faults/no-memory.so

all: $(PROGRAMS)

# The kernel's half. bpftool 7.1 gives maps wrong offsets unless the object that defines them is the
# first that it links.
$(B)/%.bpf.o: %.bpf.c $(wildcard bpf-lsm/*.h) Makefile
	@mkdir -p $(@D)
	$(CLANG) -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Wextra -Werror -Wno-sign-compare \
		-Wno-unused-parameter -Ibpf-lsm -c $< -o $@

$(B)/bailiff.bpf.o: $(B)/bpf-lsm/maps.bpf.o $(BPF)
	$(BPFTOOL) gen object $@ $^

$(B)/probe.bpf.o: $(B)/bpf-lsm/probe.bpf.o
	cp $< $@

$(B)/%.skel.h: $(B)/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf > $@.part
	mv $@.part $@

$(B)/daemon/kernel.o $(B)/daemon/kernel-iterator.o $(B)/daemon/kernel-programs.o \
	$(B)/daemon/kernel-verify.o: $(B)/bailiff.skel.h $(B)/probe.skel.h

$(B)/selftests/bench/verifier.o: $(B)/bailiff.skel.h

$(B)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -I$(B) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(B)/libpolicy.a: $(POLICY)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/libdaemon.a: $(DAEMON)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/libk8s.a: $(K8S)
	rm -f $@
	$(AR) rcs $@ $^

$(B)/bailiffd: $(B)/daemon/bailiffd.o $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/bailiff: $(B)/daemon/bailiff.o $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(CLI_LIBS) -o $@

# Tests: one program a file; what is no test in the same folder helps them all.
.SECONDEXPANSION:
HELPERS = $(patsubst %.c,$(B)/%.o,$(filter-out %_test.c,$(wildcard $(patsubst $(B)/%,%,$(@D))/*.c)))
$(TESTS): $$(@).o $$(HELPERS) $(B)/libk8s.a $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(CLI_LIBS) -lcmocka -lm -o $@

# What fails in these tests is put in the place of what would not.
WRAP = $(foreach function,$(1),-Wl,--wrap=$(function))
$(B)/selftests/unit/daemon/no_memory_test: LDFLAGS_ALL += $(call WRAP,malloc calloc realloc reallocarray \
	strdup strndup asprintf vasprintf __asprintf_chk __vasprintf_chk fopen)
$(B)/selftests/unit/daemon/interrupted_test: LDFLAGS_ALL += $(call WRAP,read __read_chk write)

$(BENCHES): $$(@).o $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# Probes run in containers that have no libraries.
$(PROBES): $$(@).o
	$(CC) $(LDFLAGS_ALL) -static $^ -o $@

$(B)/selftests/compare/compare: $(COMPARE) $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ -linih -o $@

# Fuzzers: with the compiler and the flags of selftests/fuzz/run, and without the kernel's half.
FUZZED := $(addprefix $(B)/,selftests/unit/policy/oracle.o daemon/cli-caret.o daemon/conf.o daemon/conf-values.o \
	daemon/datagram.o daemon/event-act.o daemon/event-cgroup.o daemon/event-id.o daemon/event-json.o daemon/event-text.o daemon/event-who.o \
	daemon/journal.o daemon/journal-note.o daemon/journal-socket.o daemon/json-file.o daemon/log.o daemon/sinks.o \
	daemon/util.o) $(patsubst %.c,$(B)/%.o,$(wildcard daemon/convert*.c))

# An archive: a fuzzer may stand in the place of one of these.
$(B)/libfuzzed.a: $(FUZZED)
	rm -f $@
	$(AR) rcs $@ $^

$(FUZZERS): $$(@).o $(B)/selftests/fuzz/fuzz.o $(B)/libfuzzed.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $^ $(CLI_LIBS) -o $@

# Daemons of another ABI version, and with other events, for tests of upgrades.
$(B)/selftests/upgrade/kernel.o: daemon/kernel.c selftests/upgrade.h $(B)/bailiff.skel.h $(B)/probe.skel.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -include selftests/upgrade.h -I$(B) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(B)/selftests/upgrade/kernel-record.o: daemon/kernel-record.c selftests/upgrade-events.h Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -include selftests/upgrade-events.h -I$(B) $(CFLAGS_ALL) -MMD -MP -c $< -o $@

$(B)/selftests/upgrade/bailiffd-other: $(B)/daemon/bailiffd.o $(B)/selftests/upgrade/kernel.o $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

$(B)/selftests/upgrade/bailiffd-events: $(B)/daemon/bailiffd.o $(B)/selftests/upgrade/kernel-record.o \
		$(B)/selftests/upgrade/kernel.o $(B)/libdaemon.a $(B)/libpolicy.a
	$(CC) $(LDFLAGS_ALL) $^ $(LIBS) -o $@

# What is preloaded into a daemon, so that it has no memory.
$(FAULTS): selftests/faults/no-memory.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(WARNINGS) -O2 -fPIC -shared $< -o $@

unit-tests: $(TESTS)

fuzzers: $(FUZZERS)

tests: $(TESTS) $(BENCHES) $(PROBES) $(B)/selftests/compare/compare $(UPGRADE) $(FAULTS)

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(UNITDIR) \
		$(DESTDIR)$(SYSCONFDIR)/bailiff/policies.d \
		$(DESTDIR)$(PREFIX)/lib/systemd/catalog $(DESTDIR)$(PREFIX)/share/doc/bailiff/examples \
		$(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man8 $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions \
		$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d
	install -m 755 $(B)/bailiffd $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(B)/bailiff $(DESTDIR)$(PREFIX)/bin/
	install -m 644 systemd/bailiffd.service systemd/bailiff-early.service $(DESTDIR)$(UNITDIR)/
	install -m 644 systemd/bailiff.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/
	install -m 644 systemd/completion/bailiff.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/bailiff
	install -m 644 systemd/completion/_bailiff $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/
	sed 's|/usr/bin/bailiff|$(PREFIX)/bin/bailiff|' systemd/bailiff-hook.json \
		>$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d/bailiff.json
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 docs/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 policy/examples/*.ini $(DESTDIR)$(PREFIX)/share/doc/bailiff/examples/
	[ -n "$(DESTDIR)" ] || { journalctl --update-catalog && systemctl daemon-reload; } || :

uninstall:
	[ -n "$(DESTDIR)" ] || systemctl disable --now bailiffd || :
	rm -f $(DESTDIR)$(PREFIX)/sbin/bailiffd $(DESTDIR)$(PREFIX)/bin/bailiff \
		$(DESTDIR)$(UNITDIR)/bailiffd.service $(DESTDIR)$(UNITDIR)/bailiff-early.service \
		$(DESTDIR)$(PREFIX)/lib/systemd/catalog/bailiff.catalog \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/bailiff \
		$(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_bailiff \
		$(DESTDIR)$(PREFIX)/share/containers/oci/hooks.d/bailiff.json \
		$(DESTDIR)$(PREFIX)/share/man/man1/bailiff.1 \
		$(DESTDIR)$(PREFIX)/share/man/man5/bailiff.policy.5 \
		$(DESTDIR)$(PREFIX)/share/man/man8/bailiffd.8
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/bailiff

# The commands of the README install what they need first, so they run make again.
packages-%:
	@selftests/install-packages $(subst -, ,$*)

check: packages-build-fuzz-lint-vm
	@selftests/check

demo: packages-build-vm
	@selftests/demo

lint: packages-build-lint
	@selftests/lint

attacks: packages-build-vm
	@make -s all tests
	@selftests/attacks/all

compare: packages-build-vm
	@selftests/compare/run

fuzz: packages-build-fuzz
	@selftests/fuzz/run -s $(FUZZ_SECONDS)

soak: packages-build-vm
	@selftests/soak

verifier: packages-build-vm
	@selftests/bench/verifier-table

bench: packages-build-vm
	@selftests/bench/run

clean:
	rm -rf $(B)

.PHONY: all tests unit-tests install uninstall check demo lint attacks compare fuzz fuzzers soak verifier bench \
	clean
.DELETE_ON_ERROR:
.SECONDARY:

-include $(shell find $(B) -name '*.d' 2>/dev/null)
