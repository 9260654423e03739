# SPDX-License-Identifier: GPL-2.0
# What ../cgroup/lib/libcgroup.mk of later series says: here cgroup/ has no library
CFLAGS += -I$(selfdir) -I$(selfdir)/cgroup

LIBCGROUP_O := $(OUTPUT)/cgroup_util.o

$(LIBCGROUP_O): $(selfdir)/cgroup/cgroup_util.c $(selfdir)/cgroup/cgroup_util.h
	$(CC) $(CFLAGS) $(CPPFLAGS) $(TARGET_ARCH) -c $< -o $@

EXTRA_CLEAN += $(LIBCGROUP_O)
