# shellcheck shell=sh
# Judges a start. Sourced by tower-slot, which a service runs as long as the machine does.
#
# - As long as somebody has to be waited for, such as for a passphrase, a system has the file `asking` in
#   /run/tower-slot: that time does not count. Checks find in `started_for` the seconds that did.
# - OpenRC has its runlevel in softlevel, and rc.starting as long as services of it start.
# - A watchdog that is closed without a "V" goes on: the machine starts anew some seconds later
#   (Documentation/watchdog/watchdog-api.rst). busybox' watchdog writes one when it is told to end,
#   and none when it is killed.

dog=''

# A kernel's module may come late: it is asked for again and again.
start_watchdog() {
  [ -z "$dog" ] && [ -c /dev/watchdog ] || return
  watchdog -F -T "$watchdog_seconds" -t 5 /dev/watchdog &
  dog=$!
}

uptime() {
  read -r up _ < /proc/uptime
  up=${up%%.*}
}

is_started() {
  [ "$(cat /run/openrc/softlevel 2> /dev/null)" = default ] && [ ! -e /run/openrc/rc.starting ]
}

# Sets `reason` where the system does not work.
is_healthy() {
  reason='the default runlevel was not reached'
  is_started || return
  for check in "$health"/*; do
    [ -x "$check" ] || continue
    reason="$check failed"
    timeout 60 "$check" > /dev/null 2>&1 || return
  done
}

# The three ways to start a machine anew, each for when the one before does not come to its end.
start_anew() {
  for console in $(cat /sys/class/tty/console/active); do
    printf 'tower-slot: slot %s does not work: %s; the machine starts anew\r\n' "$slot" "$reason" \
      > "/dev/$console"
  done 2> /dev/null
  [ -z "$dog" ] || kill -9 "$dog"
  sync
  reboot
  sleep 30
  reboot -f
}

own() {
  "$0" --config "$config" --library "$library" "$@"
}

# A good slot that no longer works is not left: to start it again and again would not mend it. Nor is one
# whose loader cannot be asked; its tries go on being counted.
guard() {
  # Panics before this line start anew by panic= of the command line alone.
  [ "$(cat /proc/sys/kernel/panic)" != 0 ] || echo 10 > /proc/sys/kernel/panic
  [ -z "$watchdog_module" ] || modprobe -q "$watchdog_module"
  read_running
  unasked=0 started_for=0
  export started_for
  is_tried=$(own status | grep -c "^$slot: trying")
  until
    start_watchdog
    uptime
    [ ! -e "$run/asking" ] || unasked=$up
    started_for=$((up - unasked))
    is_healthy
  do
    [ "$is_tried" = 1 ] && [ "$started_for" -ge "$deadline" ] && start_anew
    sleep 5
  done
  until own mark-good; do sleep 30; done
  [ -z "$dog" ] || wait "$dog"
}
