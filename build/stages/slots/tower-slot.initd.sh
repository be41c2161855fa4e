#!/sbin/openrc-run
description="Judges the start from a slot, and keeps the watchdog"
command=/usr/sbin/tower-slot
command_args=guard
command_background=yes
pidfile=/run/tower-slot.pid

depend() {
	need devfs sysfs
	after hwdrivers mdev
	keyword -prefix
}

# A medium may have the same root, and no slots.
start() {
	tr '\0' '\n' < /proc/1/environ | grep -q '^slot=' || return 0
	default_start
}

# It is a script, whose process start-stop-daemon does not know by its name. The watchdog's process stays until
# the last ones are killed.
stop() {
	[ ! -e "$pidfile" ] || kill "$(cat "$pidfile")" 2> /dev/null
	rm -f "$pidfile"
}
