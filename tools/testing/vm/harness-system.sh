# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For harness-targets.sh, which sources it: make check-system, on machines that say what
# they are told to.
#
# shellcheck disable=SC2016,SC2154 # what $fake is, and scripts for others

# A copy of its scripts, packages, and boots that say what their checks would
system_set_up() {
	local here=$fake/system
	rm -rf "$here"
	copy_scripts "$here"
	mkdir -p "$here/build/"{kernel-deb/one,zswapctl/deb,system}
	sum_of "$here" >"$here/build/kernel-deb/one/engine"
	: >"$here/build/system/debian.img"
	fake_deb linux-image-9.9-zswapwb 1 all "$here/build/kernel-deb/one"
	fake_deb zswapctl 1 all "$here/build/zswapctl/deb"
	echo 'exit 0' >"$here/tools/testing/system/image.sh"
	# The image has one kernel of Debian's, and gets ours
	program debugfs <<-'TEXT'
		#!/bin/sh
		case $2 in
		ls*) echo /12/100644/0/0/vmlinuz-1-debian/5/ ;;
		dump*) echo kernel >"${2##* }" ;;
		esac
	TEXT
	program mkswap </dev/null
	# Each check of the scripts, in order; a boot that sleeps ends before the last one of its second
	# script, and the next boot goes on from there
	cat >"$here/tools/testing/system/boot.sh" <<-'TEXT'
		#!/bin/bash
		sleeps='' resumes=''
		while [ $# -gt 0 ]; do
			case $1 in
			--sleeps) sleeps=y ;;
			--resumes) resumes=y ;;
			--name) name=$2 ;;
			--run) run=$2 ;;
			esac
			shift
		done
		dir=$BUILD/check-system
		if [ -z "$resumes" ]; then
			for phase in $run; do
				sed -n 's/^check "\([^"]*\)".*/ok - \1/p' "$dir/payload/guest-$phase.sh"
				[ "$phase" != sleep ] || echo sleeps
			done >"$dir/all"
		fi
		# The result of who sleeps comes when it is over
		if [ -n "$sleeps" ]; then
			sed '/^sleeps$/,$d' "$dir/all" | sed '$d'
			sed -n '/^sleeps$/{x;p}; h' "$dir/all" >"$dir/rest"
			sed '1,/^sleeps$/d' "$dir/all" >>"$dir/rest"
		elif [ -n "$resumes" ]; then
			cat "$dir/rest"
		else
			cat "$dir/all"
		fi | sed "$(cat "$fake/changes-$name" 2>/dev/null)"
		exit "$(cat "$fake/ends-$name" 2>/dev/null || echo 0)"
	TEXT
	chmod 755 "$here/tools/testing/system/"*.sh
	rm -f "$fake"/changes-* "$fake"/ends-*
}

# system: its status
system() {
	with "BUILD=$fake/system/build" "SOURCES=$fake/system/build" "$fake/system/tools/testing/system/check-system.sh"
}

system_green() {
	local plan
	system_set_up
	system || tells || return
	plan=$(sed -n 's/^1\.\.//p' "$fake/said")
	[ "$(grep -c '^ok ' "$fake/said") $(tail -n 1 "$fake/said" | cut -d' ' -f2,3)" = "$plan pass:$plan fail:0" ] || tells
}

# system_is_red WHY SAID: a pattern of what it says
system_is_red() {
	! system || no "green in spite of $1" || return
	grep -q "$2" "$fake/said" || tells || return
	rm -f "$fake"/changes-* "$fake"/ends-*
}

system_red() {
	system_set_up
	echo '2s/^/not /' >"$fake/changes-use"
	system_is_red "a check that has failed" "^not ok" || return
	echo '1d' >"$fake/changes-remove"
	system_is_red "a check that has not come" "results, not" || return
	echo '1p' >"$fake/changes-wake"
	system_is_red "a check that has come twice" "results, not" || return
	echo '1d' >"$fake/changes-remove"
	echo '1p' >"$fake/changes-wake"
	system_is_red "one that has come twice, and one that has not" "results, not" || return
	echo 126 >"$fake/ends-remove"
	system_is_red "what the kernel said" '^not ok .*remove: runs to its end.*: the kernel complained$' || return
	echo 125 >"$fake/ends-install"
	system_is_red "a boot that went off" '^Bail out! the packages are not installed' || return
	! grep -q '^# use:' "$fake/said" || tells || return
	echo '/* more */' >>"$fake/system/mm/zswap_wb/age.c"
	system_is_red "a package of other files" '^not ok 1 .* is of other files.*make kernel-deb' || return
	rm "$fake/system/build/kernel-deb/one/"*.deb
	system_is_red "no package" 'run make kernel-deb KSERIES='
}

# The emulator does what "does" of its build directory says, where $console and $output are files, and
# the monitor is stdin. It takes 20 s until the button is pressed, while others run.
machine_set_up() {
	program mke2fs </dev/null
	program qemu-system-x86_64 <<-'TEXT'
		#!/bin/bash
		files=()
		for word; do
			[[ $word != file:* ]] || files+=("${word#file:}")
		done
		console=${files[0]} output=${files[1]}
		. "$BUILD/does"
	TEXT
	boot idle 'echo idles >$output; read -r button; echo "# $button" >>$output; echo awake >>$output; echo end >>$output' \
		>/dev/null 2>&1 &
}

# boot NAME DOES OPTION...: leaves the status of boot.sh in NAME/status
boot() {
	local dir=$fake/boot-$1 name=$1 rc=0
	mkdir -p "$dir/check-system/payload"
	echo "$2" >"$dir/does"
	shift 2
	# It takes 20 s; what waits for a button when the harness has ended is not left behind
	timeout --foreground 120 env ACCEL=tcg VM_ARCH=x86_64 VM_PAGES=4K "BUILD=$dir" "SOURCES=$dir" \
		"PATH=$fake/bin:$PATH" "$TOP/tools/testing/system/boot.sh" --name "$name" --run use --kernel k --initrd i "$@" >"$dir/said" 2>&1 || rc=$?
	echo "$rc" >"$dir/status"
}

# ends WANTED NAME DOES OPTION...
ends() {
	local want=$1
	shift
	boot "$@"
	[ "$(cat "$fake/boot-$1/status")" -eq "$want" ] || no "$1: status $(cat "$fake/boot-$1/status"), not $want"
}

boot_ends() {
	ends 0 end 'echo "ok - one" >$output; echo end >>$output' || return
	grep -qx 'ok - one' "$fake/boot-end/said" || no "what the guest prints does not come out" || return
	[ "$(cat "$fake/boot-end/check-system/payload/phase")" = use ] || no "the guest is not told what to run" || return
	ends 125 off 'echo "ok - one" >$output' &&
		ends 126 complains 'echo "WARNING: CPU: 0 PID: 1 at the harness check" >$console; echo end >$output' &&
		ends 124 hangs 'echo end >$output; exit 124' &&
		ends 0 sleeps 'echo sleeps >$output' --sleeps &&
		ends 125 awake 'echo end >$output' --sleeps &&
		ends 125 asleep 'echo sleeps >$output' &&
		ends 0 resumes 'echo end >$output' --resumes
}

boot_wakes() {
	local try
	for ((try = 0; try < 240; try++)); do
		[ ! -s "$fake/boot-idle/status" ] || break
		sleep 0.5
	done
	[ "$(cat "$fake/boot-idle/status") $(grep -c '^# system_powerdown$' "$fake/boot-idle/said")" = "0 1" ] ||
		no "status $(cat "$fake/boot-idle/status"): $(xargs <"$fake/boot-idle/said")"
}

# mmdebstrap takes minutes
image_kept() {
	local here=$fake/image made=$fake/mmdebstrap mirror=http://mirror.example/debian
	local image=("BUILD=$here" "SOURCES=$here" "$here/tools/testing/system/image.sh")
	copy_scripts "$here"
	printf 'mirrors() { echo %s; }\nkeyring=/dev/null\n' "$mirror" >>"$here/tools/testing/vm/apt.sh"
	program sudo <<<'exec "$@"'
	program chown </dev/null
	program mmdebstrap <<<'echo "$*" >>"$fake/mmdebstrap"'
	with "${image[@]}" && with "${image[@]}" || tells || return
	[ "$(wc -l <"$made")" -eq 1 ] || no "it was made $(wc -l <"$made") times" || return
	# From this machine's mirror, and from nowhere else
	grep -qF " $mirror trixie main" "$made" && ! grep -oE '[a-z]+://' "$made" | sed 1d | grep -q . ||
		no "made of $(cat "$made")" || return
	echo old >"$here/system/made"
	with "${image[@]}" || tells || return
	[ "$(wc -l <"$made")" -eq 2 ] || no "one of another image.sh is kept"
}
