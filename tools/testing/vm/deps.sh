#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deps.sh [lint|deb|kernel-deb|check-system]: install the Debian packages that are missing, and say
# which and what for. lint and so on: also those that only that target needs.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# package, a file or command that tells that it is there, what it is for
table='
gcc              cmd:gcc              compiles the kernel
libc6-dev        file:/usr/include/stdio.h  compiles the tests
make             cmd:make             builds
flex             cmd:flex             kernel configuration
bison            cmd:bison            kernel configuration
bc               cmd:bc               kernel build
libelf-dev       file:/usr/include/libelf.h  kernel build (objtool)
libssl-dev       file:/usr/include/openssl/ssl.h  kernel build
perl             cmd:perl             kernel build, checkpatch
python3          cmd:python3          kunit.py, kernel-doc
cpio             cmd:cpio             file system of the VM
kmod             cmd:depmod           kernel build
rsync            cmd:rsync            kselftest install
patch            cmd:patch            applies the hook patches
xz-utils         cmd:xz               unpacks the kernel source
ccache           cmd:ccache           makes later builds short
qemu-system-x86  cmd:qemu-system-x86_64  the VM
busybox-static   static:busybox       user space of the VM
redis-tools      cmd:redis-cli        the demo (holds the server as well; no daemon is started)
libsmartcols-dev file:/usr/include/libsmartcols/libsmartcols.h  zswapctl (tables)
libjansson-dev   file:/usr/include/jansson.h  zswapctl (JSON)
mandoc           cmd:mandoc           checks the man pages
zsh              cmd:zsh              checks the completions
fish             cmd:fish             checks the completions
time             file:/usr/bin/time   measures zswapctl
debhelper        cmd:dh               make deb
lcov             cmd:lcov             make coverage
debian-archive-keyring  file:/usr/share/keyrings/debian-archive-keyring.gpg  verifies the kernel source
'

[ "${1:-}" != lint ] || table+='
shellcheck       cmd:shellcheck       checks the scripts
sparse           cmd:sparse           checks the kernel code
git              cmd:git              counts what the patches add, and applies the series
gcc-s390x-linux-gnu    cmd:s390x-linux-gnu-gcc    compiles it for s390x
gcc-riscv64-linux-gnu  cmd:riscv64-linux-gnu-gcc  compiles it for riscv64
'
[ "${1:-}" != deb ] || table+='
build-essential  file:/usr/share/build-essential/essential-packages-list  what each package of Debian is built with
'
[ "${1:-}" != kernel-deb ] || table+='
build-essential  file:/usr/share/build-essential/essential-packages-list  what each package of Debian is built with
libdw-dev        file:/usr/include/elfutils/libdw.h  kernel build (types of its symbols)
pahole           cmd:pahole           types of the kernel for BPF, as Debian has them
'
[ "${1:-}" != check-system ] || table+='
mmdebstrap       cmd:mmdebstrap       makes the system that is checked
e2fsprogs        cmd:debugfs          its file systems
'
[ "$VM_ARCH" != arm64 ] || table+='
gcc-aarch64-linux-gnu  cmd:aarch64-linux-gnu-gcc  compiles the kernel for arm64
libc6-dev-arm64-cross  file:/usr/aarch64-linux-gnu/include/stdio.h  compiles the tests for arm64
qemu-system-arm  cmd:qemu-system-aarch64  the VM for arm64
'

present() {
	case $1 in
	cmd:*) command -v "${1#*:}" >/dev/null ;;
	file:*) [ -e "${1#*:}" ] ;;
	static:*) command -v "${1#*:}" >/dev/null && ! ldd "$(command -v "${1#*:}")" >/dev/null 2>&1 ;;
	esac
}

missing=()
while read -r package test why; do
	[ -n "$package" ] || continue
	present "$test" && continue
	[ "${#missing[@]}" -gt 0 ] || say "installing what is missing"
	printf '      %-16s %s\n' "$package" "$why"
	missing+=("$package")
done <<<"$table"

if [ "${#missing[@]}" -gt 0 ]; then
	command -v apt-get >/dev/null ||
		die "this is not Debian: install the packages above by your own means and run make again."
	root=()
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			die "installing packages needs root: run apt-get install ${missing[*]} as root, then make again."
		root=(sudo)
	fi
	mkdir -p "$BUILD"
	log=$BUILD/deps.log
	apt() {
		${root[@]+"${root[@]}"} env DEBIAN_FRONTEND=noninteractive \
			apt-get -y -q --no-install-recommends "$@" >>"$log" 2>&1
	}
	: >"$log"
	if ! ls /var/lib/apt/lists/*Packages* >/dev/null 2>&1; then
		say "reading the package lists"
		apt update || :
	fi
	if ! apt install "${missing[@]}"; then
		say "reading the package lists again"
		apt update || :
		if ! apt install "${missing[@]}"; then
			grep -E '^(E|Err)' "$log" | tail -n 5 >&2 || :
			die "apt-get could not install ${missing[*]}: check the network and $log, then run make again."
		fi
	fi
	say "installed ${#missing[@]} packages"
fi

# redis-tools brings the server's binary under another name. Taking it from
# there instead of from redis-server starts no daemon on this machine.
if ! command -v redis-server >/dev/null; then
	mkdir -p "$SOURCES/bin"
	ln -sf "$(command -v redis-check-rdb)" "$SOURCES/bin/redis-server"
	"$SOURCES/bin/redis-server" --version >/dev/null ||
		die "$SOURCES/bin/redis-server does not start: install the package redis-server."
fi
