#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# What tools/lab and tools/lab-ike share: a lab's names, and its start and end. Sourced after "tool" is set.
# shellcheck disable=SC2034,SC2154 # names are used, and tool is set, where this is sourced

PATH=$PATH:/usr/sbin:/sbin # which "su" leaves out
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name=${SPECULAR_LAB:-specular}
build=${SPECULAR_BUILD:-$root/build}
client=$name-client
appliance=$name-appliance
runtime=/run/$name-lab

fail() {
	echo "$tool: $*" >&2
	exit 1
}

need_root() {
	[ "$(id -u)" -eq 0 ] || fail "network namespaces need root: sudo tools/$tool $*"
}

need_programs() {
	local setup=$1 program
	shift
	for program in "$@"; do
		command -v "$program" >/dev/null || fail "$program is missing: run sudo $setup"
	done
}

have_namespace() {
	[ -e "/run/netns/$1" ]
}

# A zombie has no program any more.
running() {
	readlink "/proc/$1/exe" >/dev/null 2>&1
}

# One at a time a lab. File descriptor 9 is the lock: what is started in the background must not inherit it.
lock() {
	mkdir -p /run/lock
	exec 9>"/run/lock/$name-$tool.lock"
	flock -w 60 9 || fail "another tools/$tool is at work on lab $name"
}

# Ends a process by SIGTERM, or by SIGKILL when that takes longer than so many seconds.
end_process() {
	local what=$1 pid=$2 seconds=$3 step
	kill -TERM "$pid" 2>/dev/null || return 0
	for ((step = 0; step < seconds * 20; step++)); do
		running "$pid" || return 0
		sleep 0.05
	done
	echo "$tool: $what (pid $pid) did not end within $seconds s: killed" >&2
	kill -KILL "$pid" 2>/dev/null || true
	while running "$pid"; do sleep 0.05; done
}

undo_unless_up() {
	local code=$?
	trap - EXIT
	trap '' INT TERM HUP # nothing half undone by a second Ctrl-C
	[ $code -eq 0 ] || down
	exit $code
}

# From here to the end of the script a failure or a signal takes down what has been brought up.
undo_on_failure() {
	trap undo_unless_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}
