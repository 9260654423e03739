#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Static checks, one OK line each; the status is zero only if all are clean.
#
# The functions are called by name, which shellcheck does not see.
# shellcheck disable=SC2317,SC2329

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

lock_build
kernel_make_setup ""
out=$BUILD/lint
configs=$VMDIR/configs
upstream=$(cat "$BUILD/tree/origin")
mkdir -p "$out"
need_space "$out" 300 "lint"
failed=0

mapfile -t ours <"$BUILD/tree/overlay"
mapfile -t code < <(printf '%s\n' "${ours[@]}" | grep -E '\.[ch]$')
# kernel-doc is for the kernel's code; tests have no interface to document.
mapfile -t documented < <(printf '%s\n' "${code[@]}" | grep -vE '/tests/|^tools/')
mapfile -t abi < <(printf '%s\n' "${ours[@]}" | grep '^Documentation/ABI/' || :)

# check NAME FUNCTION: run it, print what it says only if it is not content; its figures always.
check() {
	local log=$out/${2//_/-}.log
	if ("$2") >"$log" 2>&1 9>&-; then
		echo "OK      $1"
		sed -n 's/^figure: /        /p' "$log"
	else
		tail -n 40 "$log"
		echo "FAILED  $1 ($log)"
		failed=1
	fi
}

check_shell() {
	local files
	cd "$TOP" || return
	mapfile -t files < <(find .ci mm tools debugfs-tools -type f 2>/dev/null |
		while read -r f; do
			case $f in
			*.sh) echo "$f" ;;
			*.[ch] | *.config | *.rst | *.py) ;;
			*) ! head -n 1 "$f" | grep -qE '^#!.*[/ ](ba|da)?sh( |$)' || echo "$f" ;;
			esac
		done | sort)
	shellcheck -x -P SCRIPTDIR "${files[@]}"
}

checkpatch() {
	cd "$WORKTREE" && scripts/checkpatch.pl --strict --quiet --show-types --no-summary "$@"
}

# FILE_PATH_CHANGES asks for a MAINTAINERS entry, which is in our own file.
check_patches() {
	local p status=0
	while read -r p; do
		checkpatch --ignore FILE_PATH_CHANGES "$PATCHES/$p" || status=1
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$PATCHES/series")
	return "$status"
}

# A header of tracepoints is a table in macros, which look like calls to checkpatch.
check_files() {
	local status=0
	mapfile -t trace < <(printf '%s\n' "${code[@]}" | grep '^include/trace/')
	mapfile -t other < <(printf '%s\n' "${code[@]}" | grep -v '^include/trace/')
	checkpatch -f "${other[@]}" || status=1
	checkpatch --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f "${trace[@]}" || status=1
	return "$status"
}

check_kernel_doc() {
	cd "$WORKTREE" || return
	local tool=tools/docs/kernel-doc
	[ -x "$tool" ] || tool=scripts/kernel-doc
	"$tool" -none -Wall -Werror "${documented[@]}"
}

# abi_tool: leave in abi_tool what validates ABI documents: where this tree has it, or the 7.3 tree,
# or what older ones have.
abi_tool() {
	local tree newest
	newest=$(cat "$SOURCES/source/path-7.3" 2>/dev/null || :)
	for tree in "$WORKTREE" ${newest:+"$newest"}; do
		for tool in tools/docs/get_abi.py scripts/get_abi.py; do
			[ ! -e "$tree/$tool" ] || { abi_tool=(python3 "$tree/$tool"); return; }
		done
	done
	[ -e "$WORKTREE/scripts/get_abi.pl" ] || return
	abi_tool=(perl "$WORKTREE/scripts/get_abi.pl")
}

check_abi() {
	local dir=$out/abi f said abi_tool
	[ "${#abi[@]}" -gt 0 ] || { echo "there is no ABI document"; return 1; }
	rm -rf "$dir"
	for f in "${abi[@]}"; do
		grep -q '^What:' "$TOP/$f" || { echo "$f has no What:"; return 1; }
		mkdir -p "$dir/$(basename "$(dirname "$f")")"
		cp "$TOP/$f" "$dir/$(basename "$(dirname "$f")")/"
	done
	abi_tool || { echo "Linux $KSERIES has neither get_abi.py nor get_abi.pl, and there is no source of 7.3: run make source KSERIES=7.3"; return 1; }
	echo "by ${abi_tool[*]}"
	said=$("${abi_tool[@]}" --dir "$dir" validate 2>&1) || { echo "$said"; return 1; }
	[ -z "$said" ] || { echo "$said"; return 1; }
	# Whoever switches it on is told there which kernels it costs more than it saves.
	says compressed_writeback CONFIG_CRC_OPTIMIZATIONS
}

# says FILE WORD: is the word in what the ABI documents say of the file?
says() {
	cd "$TOP" || return
	awk -v file="/$1" -v word="$2" '/^What:/ { ours = substr($2, length($2) - length(file) + 1) == file }
		ours && index($0, word) { found = 1 }
		END { exit !found }' "${abi[@]}" || { echo "what is said of $1 has no $2"; return 1; }
}

# What differs by series is in patches/, and no code asks for a version, nor does a test.
check_versions() {
	local said
	said=$(grep -rnE '(LINUX_VERSION_CODE|KERNEL_VERSION|\<uname\(|utsname)' "$TOP/mm" "$TOP/include" "$TOP/patches" \
		"$TOP/tools/testing/selftests/zswap") || [ $? -eq 1 ] || return
	echo "$said"
	[ -z "$said" ]
}

# What a series has of the engine that is its own: headers of ours alone, and hooks, each of which is applied.
# On 6.12 mem_cgroup_id() compiles and is another number: only 7.3's port.h calls it. What a series may
# lack is what the configurations and tests ask for.
check_ports() {
	local f line series status=0
	cd "$TOP" || return
	! grep -rnE '\<mem_cgroup_id\(' mm include patches/[0-9]*/mm --include='*.[ch]' |
		grep -vE '^mm/zswap_wb/port\.h:|:[0-9]+: \* ' || status=1
	! grep -nE '^\+.*\<mem_cgroup_id\(' patches/[0-9]*/*.patch || status=1
	while read -r f; do
		[[ $f == */port*.h && -e ${f#patches/*/} && -e $f ]] || { echo "$f takes the place of no port header"; status=1; }
	done < <(find patches/[0-9]* ! -type d \( -path 'patches/*/mm/*' -o -path 'patches/*/include/*' \))
	for series in patches/[0-9]*; do
		for f in "$series"/*.patch; do
			grep -qxF "${f##*/}" "$series/series" || { echo "$f is not in the series"; status=1; }
		done
		while read -r line; do
			grep -qxF "$line" "$configs"/*.config || { echo "$series: no configuration has $line"; status=1; }
		done < <(cat "$series/absent.config" 2>/dev/null || :)
		while read -r line; do
			grep -rqF "\"$line\"" tools/testing/selftests/zswap || { echo "$series: no test says $line"; status=1; }
		done < <(cat "$series/absent.tests" 2>/dev/null || :)
	done
	return "$status"
}

# README begins with the ways in: what costs least is first, and each leads somewhere. It names no
# target that there is not.
check_readme() {
	local target status=0
	cd "$TOP" || return
	[ "$(sed '/^## /,$d' README.md | tr '\n' ' ' | grep -oE '\]\(#[a-z-]+\)' | xargs)" = \
		"](#try-it) ](#build-a-kernel-package) ](#apply-it-to-your-own-tree)" ] ||
		{ echo "the ways in are not what README begins with"; status=1; }
	while read -r target; do
		sed -n 's/^## //p' README.md | tr 'A-Z ' 'a-z-' | grep -qx "$target" || { echo "README has no #$target"; status=1; }
	done < <(grep -oE '\]\(#[a-z-]+' README.md | cut -c 4-)
	while read -r target; do
		case $target in mrproper | defconfig | olddefconfig) continue ;; esac
		grep -qE "^$target:" Makefile || { echo "there is no make $target"; status=1; }
	done < <(grep -ohE '(`|^ +)make [a-z][a-z-]*' README.md Documentation/dev/build-and-test.rst | sed 's/.*make //' | sort -u)
	return "$status"
}

# No file of the engine grows beyond what one reads at a time, and the hooks stay few: what the 7.3
# patches add is all that they are allowed to. Older series need more.
file_lines=600 hook_lines=60
check_size() {
	local f p lines longest='' most=0 status=0 added removed zswap
	while read -r f; do
		lines=$(wc -l <"$WORKTREE/$f")
		[ "$lines" -le "$most" ] || { most=$lines longest=$f; }
		[ "$lines" -le "$file_lines" ] || { echo "$f has $lines lines, of $file_lines"; status=1; }
	done < <(printf '%s\n' "${ours[@]}" | grep -E '^mm/zswap_wb/[^/]*\.[ch]$')
	[ "$most" -gt 0 ] || { echo "there is no engine"; return 1; }
	echo "figure: the longest file is $longest, with $most lines"
	# Inside of a repository it counts only what is below the directory that it is in.
	while read -r p; do
		git -C / apply --numstat "$PATCHES/$p" || return
	done < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$PATCHES/series") >"$out/numstat"
	read -r added removed < <(awk '{ a += $1; r += $2 } END { print a + 0, r + 0 }' "$out/numstat")
	echo "figure: upstream's files: $added lines added, $removed removed"
	zswap=$(awk '$3 == "mm/zswap.c" { a += $1; r += $2 } END { print a + 0, r + 0 }' "$out/numstat")
	echo "figure: of these mm/zswap.c: ${zswap% *} added, ${zswap#* } removed"
	[ "$added" -gt 0 ] || { echo "the patches add nothing"; return 1; }
	[ "$KSERIES" != 7.3 ] || [ "$added" -le "$hook_lines" ] ||
		{ echo "the patches add $added lines, of $hook_lines"; status=1; }
	[ "$KSERIES" != 7.3 ] || tr '\n' ' ' <"$TOP/README.md" |
		grep -q ": $added lines added and $removed removed, of these ${zswap% *} and ${zswap#* } in .mm/zswap.c" ||
		{ echo "README has other figures"; status=1; }
	return "$status"
}

# decompress TREE: the line in front of the function, and all of it
decompress() {
	awk '/^[a-z].*[ *]zswap_decompress\(/ && !/;$/ { found = 1; print before }
		found
		found && /^}/ { exit }
		{ before = $0 }' "$1/mm/zswap.c"
}

# What every load goes through is upstream's to the letter, and no noinline stands in front. Objects
# do not tell: with the feature on there is none of upstream's to compare with.
check_decompress() {
	local name=zswap_decompress
	decompress "$upstream" >"$out/$name-upstream"
	decompress "$WORKTREE" >"$out/$name-ours"
	[ "$(wc -l <"$out/$name-ours")" -gt 10 ] || { echo "$name() is not found"; return 1; }
	diff -u "$out/$name-upstream" "$out/$name-ours"
}

# objects TREE OUT ARCH FRAGMENTS... -- MAKE-ARGUMENTS...
objects() {
	local tree=$1 o=$out/$2 arch=$3 fragments=() key
	shift 3
	while [ "$1" != -- ]; do
		fragments+=("$1")
		shift
	done
	shift
	key=$({ cat "${fragments[@]}" "$tree/mm/Kconfig" "$tree/mm/zswap_wb/Kconfig" 2>/dev/null || :; } | sha256sum)
	if [ "$(cat "$o/.configured" 2>/dev/null)" != "$key" ]; then
		rm -rf "$o"
		configure "$tree" "$o" "$arch" "${fragments[@]}" || return
		echo "$key" >"$o/.configured"
	fi
	"${KMAKE[@]}" -C "$tree" O="$o" ARCH="$arch" -j"$JOBS" "$@"
}

# What the compiler or sparse say about our files; upstream's are not ours to
# mend, except for what mm/zswap.c says more than the unpatched one.
our_warnings() {
	! grep -E '(mm/zswap_wb/|zswap_wb\.h|mm/zswap\.c).*(warning|error):' "$1"
}

# What calls hooks in places where nothing is to change when the feature is switched off
hooked=(mm/zswap.o mm/swapfile.o)

forget_objects() {
	(cd "$out/$1" 2>/dev/null && rm -f "${hooked[@]}") || :
	find "$out/$1/mm/zswap_wb" -name '*.o' -delete 2>/dev/null || :
}

check_w1() {
	forget_objects x86
	objects "$WORKTREE" x86 x86_64 "$configs"/{base,x86_64,zswap_wb,lint}.config -- \
		W=1 "${hooked[@]}" mm/zswap_wb/ >"$out/w1.txt" 2>&1 || { tail -n 30 "$out/w1.txt"; return 1; }
	our_warnings "$out/w1.txt"
}

# Where sparse does not know __typeof_unqual__, as Debian 12's, the kernel says that it is too old, and
# goes on without it. Nor can that one read what MODULE_LICENSE() and module_param() have become.
check_sparse() {
	forget_objects x86
	objects "$WORKTREE" x86 x86_64 "$configs"/{base,x86_64,zswap_wb,lint}.config -- \
		W=1 C=2 CHECK='sparse -D__typeof_unqual__=__typeof__' "${hooked[@]}" mm/zswap_wb/ \
		>"$out/sparse.txt" 2>&1 || { tail -n 30 "$out/sparse.txt"; return 1; }
	! grep 'is not available or not up to date' "$out/sparse.txt" || return 1
	grep -v 'error: bad constant expression$' "$out/sparse.txt" >"$out/sparse-ours.txt"
	our_warnings "$out/sparse-ours.txt"
}

check_i386() {
	objects "$WORKTREE" i386 i386 "$configs"/{i386,zswap_wb}.config -- \
		W=1 "${hooked[@]}" mm/zswap_wb/ >"$out/i386.txt" 2>&1 || { tail -n 30 "$out/i386.txt"; return 1; }
	our_warnings "$out/i386.txt" || return
	# What gcc calls to divide 64 bits, and the kernel does not have.
	! nm -u "$out"/i386/mm/zswap.o "$out"/i386/mm/zswap_wb/*.o | grep -E '__u?(div|mod)di3'
}

check_small() {
	objects "$WORKTREE" small x86_64 "$configs/small.config" -- \
		W=1 "${hooked[@]}" mm/zswap_wb/ >"$out/small.txt" 2>&1 || { tail -n 30 "$out/small.txt"; return 1; }
	our_warnings "$out/small.txt" || return
	# A load does not count itself: there is nothing of what it does with debugfs.
	nm "$out/i386/mm/zswap.o" | grep -w zswap_wb_buckets || return
	! nm "$out/small/mm/zswap.o" | grep zswap_wb_buckets || return
	# Pages are compressed on the disk by default where that was asked for, and nowhere else: what
	# begins as 0 is in .bss. No kernel that is booted here asks for it.
	nm "$out/small/mm/zswap_wb/flight.o" | grep -w 'D zswap_wb_compressed_writeback' &&
		nm "$out/i386/mm/zswap_wb/flight.o" | grep -w 'B zswap_wb_compressed_writeback'
}

# foreign NAME ARCH PREFIX FRAGMENT...: a machine that nothing here runs on; PREFIX is that of its
# compiler
foreign() {
	local name=$1 arch=$2
	kernel_make_setup "$3"
	shift 3
	objects "$WORKTREE" "$name" "$arch" "$configs/"{foreign,lint}.config "$@" -- \
		W=1 "${hooked[@]}" mm/zswap_wb/ >"$out/$name.txt" 2>&1 || { tail -n 30 "$out/$name.txt"; return 1; }
	our_warnings "$out/$name.txt"
}

check_s390() {
	foreign s390 s390 s390x-linux-gnu-
}

check_riscv() {
	foreign riscv riscv riscv64-linux-gnu-
}

check_arm64() {
	foreign arm64 arm64 aarch64-linux-gnu-
}

check_arm64_64K() {
	foreign arm64-64K arm64 aarch64-linux-gnu- "$configs/arm64-64K.config"
}

# One line per instruction, "function: instruction", without addresses.
instructions() {
	objdump -d --no-show-raw-insn "$1" | sed -nE \
		-e 's/^[0-9a-f]+ <(.*)>:$/= \1/p' \
		-e 's/^ +[0-9a-f]+:[[:space:]]*//; t address' -e b \
		-e ': address' -e 's/[0-9a-f]+ (<[^>]*>)/\1/g' -e p |
		awk '$1 == "=" { name = $2; next } { print name ": " $0 }'
	size -A "$1" | awk '$1 == ".data" || $1 == ".bss" { print $1 ": " $2 " bytes" }'
}

# Every function must be upstream's, instruction by instruction. The plain
# kernel: it has no debug options that put line numbers into the code.
check_off() {
	local object differ status=0
	objects "$WORKTREE" off x86_64 "$configs"/{base,x86_64}.config -- "${hooked[@]}" || return
	objects "$upstream" off-upstream x86_64 "$configs"/{base,x86_64}.config -- "${hooked[@]}" || return
	for object in "${hooked[@]}"; do
		instructions "$out/off/$object" >"$out/off.dis"
		instructions "$out/off-upstream/$object" >"$out/off-upstream.dis"
		[ "$(wc -l <"$out/off.dis")" -gt 1000 ] || { echo "nothing was disassembled"; return 1; }
		differ=$(diff "$out/off-upstream.dis" "$out/off.dis" | sed -n 's/^[<>] \([^:]*\):.*/\1/p' | sort -u)
		size "$out/off-upstream/$object" "$out/off/$object"
		echo "differ: $differ"
		[ -z "$differ" ] || status=1
	done
	return "$status"
}

# A tree of nothing but what our patches change, as upstream has it.
untouched() {
	rm -rf "$1"
	mkdir "$1"
	(cd "$upstream" && xargs -a "$BUILD/tree/touched" cp --parents -t "$1" Makefile)
}

# same_as_tree DIR: what is to be published of build/linux, byte for byte.
same_as_tree() {
	local f
	(
		. "$VMDIR/overlay.sh"
		our_files "${PUBLISHED[@]}"
		touched_files
		echo Makefile
	) | sort -u >"$1.wanted"
	(cd "$1" && find . -name .git -prune -o -type f -printf '%P\n') | sort | diff "$1.wanted" - || return
	while read -r f; do
		cmp "$WORKTREE/$f" "$1/$f" || return
	done <"$1.wanted"
}

# make apply: all of it, not twice, and nothing at all where a patch doesn't fit.
check_apply() {
	local dir=$out/apply before said
	untouched "$dir" || return
	KSRC=$dir BUILD=$out/apply.build "$VMDIR/apply.sh" || return
	same_as_tree "$dir" || return
	before=$(find "$dir" -type f -exec sha256sum {} + | sort)
	! KSRC=$dir BUILD=$out/apply.build "$VMDIR/apply.sh" || { echo "applied twice"; return 1; }
	[ "$before" = "$(find "$dir" -type f -exec sha256sum {} + | sort)" ] || { echo "the second time has written"; return 1; }

	# The outermost line of a hunk's context, in the last file that is changed.
	untouched "$dir" || return
	sed -i 's/count_vm_event(ZSWPIN);/count_vm_event(ZSWPIN );/' "$dir/mm/zswap.c"
	before=$(find "$dir" -exec stat -c '%n %i %Y' {} + | sort)
	! KSRC=$dir BUILD=$out/apply.build "$VMDIR/apply.sh" || { echo "applied to what does not fit"; return 1; }
	[ "$before" = "$(find "$dir" -exec stat -c '%n %i %Y' {} + | sort)" ] || { echo "a refusal has written"; return 1; }

	# A directory that cannot be made: after the first files are in, they are taken back.
	untouched "$dir" || return
	mkdir "$dir/tools"
	: >"$dir/tools/testing"
	before=$(find "$dir" -type f -exec sha256sum {} + | sort)
	! KSRC=$dir BUILD=$out/apply.build "$VMDIR/apply.sh" || { echo "applied without a directory"; return 1; }
	[ "$before" = "$(find "$dir" -type f -exec sha256sum {} + | sort)" ] || { echo "what failed was not taken back"; return 1; }
	sed -i 's/^PATCHLEVEL = .*/PATCHLEVEL = 99/' "$dir/Makefile"
	said=$(KSRC=$dir BUILD=$out/apply.build "$VMDIR/apply.sh" 2>&1) && { echo "applied to another series"; return 1; }
	grep "is Linux [0-9]*\.99" <<<"$said"
}

# make series: git am takes it, the result is build/linux, and it is the same every time. The cover letter
# is ours, and the messages are what a maintainer would look at first.
check_series() {
	local dir=$out/series-applied said
	KSRC=$upstream BUILD=$out/series.build "$VMDIR/series.sh" "$out/series" || return
	KSRC=$upstream BUILD=$out/series.build "$VMDIR/series.sh" "$out/series-again" || return
	diff -r "$out/series" "$out/series-again" || return
	said="Subject: [PATCH 00/$(find "$out/series" -name '*.patch' | wc -l)] $(head -n 1 "$TOP/patches/new/cover")"
	grep -qxF "$said" "$out/series/cover-letter" || { echo "the cover letter has no $said"; return 1; }
	# As for files: headers of tracepoints are tables in macros
	checkpatch --ignore FILE_PATH_CHANGES,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT "$out"/series/*.patch || return
	untouched "$dir" && cd "$dir" || return
	export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
	git init -q && git add -f . &&
		git -c user.name=lint -c user.email=lint@localhost commit -q -m upstream &&
		git -c user.name=lint -c user.email=lint@localhost am --whitespace=error "$out"/series/*.patch || return
	cd "$out" && same_as_tree "$dir"
}

# Each patch of make series leaves a tree in which what is patched compiles: with the feature
# from the one on that makes it known to Kconfig.
check_bisection() {
	local tree=$out/bisection p fragments built feature=''
	mapfile -t built < <(grep '\.c$' "$BUILD/tree/touched" | sed 's/c$/o/')
	[ "${#built[@]}" -gt 0 ] || { echo "no C file is patched"; return 1; }
	rm -rf "$tree"
	cp -al "$upstream" "$tree" || return
	fragments=("$configs"/{base,x86_64}.config)
	for p in "$out"/series/*.patch; do
		echo "== $(basename "$p")"
		patch -s -p1 -F 0 -d "$tree" <"$p" || return
		if [ -z "$feature" ] && grep -q zswap_wb "$tree/mm/Kconfig"; then
			feature=y
			fragments+=("$configs/zswap_wb.config")
			built+=(mm/zswap_wb/)
		fi
		objects "$tree" bisected x86_64 "${fragments[@]}" -- "${built[@]}" || return
	done
	[ -n "$feature" ] || { echo "no patch has brought the feature"; return 1; }
	rm -rf "$tree"
}

check_syzkaller() {
	"$TOP/tools/testing/syzkaller/check.sh" || return
	"$TOP/tools/testing/syzkaller/check.sh" --self-test
}

check "shellcheck" check_shell
check "descriptions for syzkaller" check_syzkaller
check "checkpatch --strict on the patches" check_patches
check "checkpatch --strict on ${#code[@]} files" check_files
check "no code asks for a kernel's version" check_versions
check "what series have of their own" check_ports
check "README's ways in, and the targets that it names" check_readme
check "size of files and patches" check_size
check "zswap_decompress() is upstream's" check_decompress
check "make apply: all of it or nothing" check_apply
check "make series: git am makes the same of it" check_series
check "make series: each patch builds" check_bisection
check "kernel-doc" check_kernel_doc
check "ABI documents" check_abi
check "compiler, W=1" check_w1
check "sparse" check_sparse
check "32 bit: builds, struct zswap_entry keeps its size" check_i386
check "without debugfs, NUMA and memory cgroups: builds" check_small
check "s390x, whose bytes are the other way round: builds" check_s390
check "riscv64: builds" check_riscv
# Its compiler comes with what runs there: make deps ARCH=arm64
if command -v aarch64-linux-gnu-gcc >/dev/null; then
	check "arm64: builds" check_arm64
	check "arm64 with pages of 64 KiB: builds" check_arm64_64K
else
	echo "LEFT OUT arm64: aarch64-linux-gnu-gcc is missing, make deps ARCH=arm64 installs it"
fi
check "switched off: mm/zswap.o and mm/swapfile.o are upstream's" check_off
exit "$failed"
