# shellcheck shell=sh disable=SC2154,SC2034
# What those that change rules share: how they exclude each other, and how they wait. A change that
# waits for its confirmation lies in /run, and is gone after a restart.
#
# Each that wants the lock makes a file of its own and then looks for others', so that nobody has to
# take a dead one's away in a race; two at the same moment may both fail. (Not every busybox has
# flock.) A process whose number was given anew is known by its command line.
run=/run/tower-firewall
busy="another change of its rules waits for its confirmation"
lock() {
	mkdir -p "$run.locks" && : >"$run.locks/$$" || return
	for other in "$run.locks"/*; do
		process=${other##*/}
		case $process in "$$" | "${1:-$$}") continue ;; esac
		if grep -q tower-firewall "/proc/$process/cmdline" 2>/dev/null; then
			rm -f "$run.locks/$$"
			return 1
		fi
		rm -f "$other"
	done
}
nap() { sleep 0.2 2>/dev/null || sleep 1; }
# await FILE: until the guard has written it, or that the old rules are back.
await() {
	tries=100
	until [ -e "$change/$1" ] || [ -e "$change/back" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "it does not get done; see later which rules are in force"
		nap
	done
	[ ! -e "$change/back" ] || fail "$(cat "$change/back")"
}
