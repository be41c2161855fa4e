#!/bin/sh
# Two systems on one disk: tells which is which, judges the running one, writes the other one.
#
# Facts of the outside world that this file leans on:
# - init's environment has `slot` and `slot_disk`, as the initramfs left them (slots.sh there).
# - A loader counts the starts of a slot that is being tried: efi.sh by names of files that
#   systemd-boot changes, counter.sh by a partition that the initramfs changes, tryboot.sh by a file
#   that a Raspberry Pi's firmware reads. Each has
#   `read_slot SLOT` (sets `state`, `left` and `failed`), `set_slot SLOT STATE [TRIES]` and
#   `next_slot` (sets `next`); STATE is good, trying, bad or empty.
# - No lock survives a start: /run is memory.

set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL

library=/usr/lib/tower-slot
config=/etc/tower/slots.conf
doing='do that'
locked=''
way_to_try='the next start tries it'
vouched=''   # the list of an update that the caller has checked
unwritten='' # the slot that was emptied and is not written yet

usage() {
  cat << END
Usage: tower-slot [--config FILE] [--library FOLDER] COMMAND

  status [--json]    tell the slots, which one runs, and which one starts next
  mark-good          the running slot works: it is started from now on
  mark-bad [a|b]     a slot, by default the running one, is never started again
  write-other [--sums LIST] FILE|-
                     write a signed update into the slot that does not run; it is tried at the next start
  room               tell how many bytes there are for each part of the slot that does not run
  try                start the machine anew, into the slot that is to be tried, where no loader does it by
                     itself: on a Raspberry Pi
  guard              wait until the running slot works and mark it good, or start the machine anew

An update is a tar of a signed build's folder, with SHA256SUMS and SHA256SUMS.sig first. Who has checked one
by other means gives its digests as LIST, such as sha256sum prints, and a tar of the files alone.
END
}

# Names come from media: one line of printable ASCII reaches a terminal.
say() {
  printf 'tower-slot: %s\n' "$(printf '%s' "$*" | tr -c ' -~' '?')" >&2
}

fail() {
  say "cannot $doing: $*"
  exit 1
}

read_config() {
  loader='' title='' tries='' deadline='' signers='' boot='' parts='' program='' devices=''
  watchdog_module='' watchdog_seconds=60
  firmware=/sys/firmware/efi/efivars
  run=/run/tower-slot health=/etc/tower/health.d environment=/proc/1/environ
  [ -r "$config" ] || fail "there is no $config"
  while IFS='=' read -r key value; do
    case $key in
      loader | title | tries | deadline | signers | boot | parts | program) ;;
      watchdog_module | watchdog_seconds | firmware | run | health | environment) ;;
      device-*)
        devices="$devices ${key#device-}=$value"
        continue
        ;;
      '' | '#'*) continue ;;
      *) fail "$config has an unknown line: $key" ;;
    esac
    eval "$key=\$value"
  done < "$config"
  case $loader in
    efi) . "$library/efi.sh" ;;
    counter) . "$library/counter.sh" ;;
    tryboot) . "$library/tryboot.sh" ;;
    *) fail "$config has no loader" ;;
  esac
}

# Sets `slot`, `other` and `slot_disk`.
read_running() {
  slot='' slot_disk=''
  for word in $(tr '\0' '\n' < "$environment" | grep -E '^slot(_disk)?=[a-z0-9/]*$'); do
    eval "$word"
  done
  case $slot in
    a) other=b ;;
    b) other=a ;;
    *) fail "this system was not started from a slot" ;;
  esac
}

# device NAME: prints the partition of the disk with the slots that has a name, or returns 1.
device() {
  for named in $devices; do
    [ "${named%%=*}" = "$1" ] && printf '%s' "${named#*=}" && return
  done
  for uevent in "/sys/class/block/${slot_disk##*/}"/*/uevent; do
    grep -qx "PARTNAME=$1" "$uevent" 2> /dev/null || continue
    name=$(sed -n 's/^DEVNAME=//p' "$uevent")
    printf '/dev/%s' "$name"
    return
  done
  return 1
}

# bytes_of DEVICE: how many it has.
bytes_of() {
  if [ -b "$1" ]; then
    read -r sectors < "/sys/class/block/${1##*/}/size"
    echo $((sectors * 512))
  else
    stat -c %s "$1"
  fi
}

# room: a line for each part but the program, which has none of its own.
room() {
  for pair in $parts; do
    target=$(device "${pair%%:*}-$other") || fail "the disk has no partition ${pair%%:*}-$other"
    printf '%s %s\n' "${pair%%:*}" "$(bytes_of "$target")"
  done
}

# One changes slots at a time: a lock of somebody who is gone is taken. busybox need not have flock.
lock() {
  mkdir -p "$run" || fail "$run cannot be made"
  until ln -s $$ "$run/lock" 2> /dev/null; do
    holder=$(readlink "$run/lock") || fail "$run/lock cannot be made"
    is_tower_slot "$holder" && fail "another tower-slot is at work ($holder)"
    rm -f "$run/lock"
  done
  locked=yes
}

# Whether a process is one: numbers of those that are gone are given again.
is_tower_slot() {
  tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline" | grep -q tower-slot
}

# Of two that find a lock of nobody one may take the other's.
keep_lock() {
  [ "$(readlink "$run/lock")" = $$ ] || fail 'another tower-slot is at work'
}

leave() {
  [ -z "$unwritten" ] || say "slot $unwritten is empty, and not started until it is written again"
  close_loader
  [ "$locked$(readlink "$run/lock")" != "yes$$" ] || rm -rf "$run/work" "$run/lock"
}

open_slots() {
  trap leave EXIT
  trap 'exit 129' HUP
  trap 'say interrupted; exit 130' INT
  trap 'say interrupted; exit 143' TERM
  read_running
  open_loader
}

status() {
  next_slot
  if [ "${1-}" = --json ]; then
    printf '{"running":"%s","next":"%s","slots":{' "$slot" "$next"
    for each in a b; do
      read_slot $each
      printf '"%s":{"state":"%s"' $each "$state"
      [ "$state" = trying ] && printf ',"left":%s,"failed":%s' "$left" "$failed"
      printf '}'
      [ $each = b ] || printf ','
    done
    printf '}}\n'
    return
  fi
  for each in a b; do
    read_slot $each
    words=$state
    [ "$state" = trying ] && words="trying, $left left, $failed begun"
    [ $each = "$slot" ] && words="$words, running"
    [ $each = "$next" ] && words="$words, next"
    printf '%s: %s\n' $each "$words"
  done
}

mark_good() {
  read_slot "$slot"
  case $state in
    good | trying) ;;
    *) fail "slot $slot is $state: it was marked so since it was started" ;;
  esac
  set_slot "$slot" good
  # Who failed has no tries left; it goes out of the loader's sight as well.
  read_slot "$other"
  [ "$state" != bad ] || set_slot "$other" bad
}

mark_bad() {
  marked=${1:-$slot}
  case $marked in
    a) remaining=b ;;
    b) remaining=a ;;
    *) fail "there is no slot $marked" ;;
  esac
  read_slot $remaining
  [ "$state" = good ] || fail "slot $remaining is $state: nothing good would be left to start"
  set_slot "$marked" bad
}

try() {
  [ "$loader" = tryboot ] || fail "$way_to_try by itself: start the machine anew"
  read_slot "$slot"
  [ "$state" = good ] || fail "the running slot $slot is $state: it must be good, to fall back on"
  read_slot "$other"
  [ "$state" = trying ] || fail "slot $other is $state: there is nothing to try"
  try_other
}

while [ $# -gt 0 ]; do
  case $1 in
    --config | --library)
      [ $# -gt 1 ] || break
      [ "$1" = --config ] && config=$2 || library=$2
      shift 2
      ;;
    *) break ;;
  esac
done
command=${1-}
[ $# = 0 ] || shift
case $command/$#/${1-} in
  status/0/ | status/1/--json) doing='tell the slots' ;;
  mark-good/0/) doing='mark the running slot good' ;;
  mark-bad/[01]/*) doing='mark a slot bad' ;;
  write-other/1/*) doing='write the other slot' ;;
  write-other/3/--sums)
    doing='write the other slot' vouched=$2
    shift 2
    ;;
  room/0/) doing='tell the room of the other slot' ;;
  try/0/) doing='try the other slot' ;;
  guard/0/) doing='guard the start' ;;
  --help/* | help/*)
    usage
    exit
    ;;
  *)
    usage >&2
    exit 2
    ;;
esac
read_config
case $command in
  status)
    open_slots
    status "$@"
    ;;
  room)
    open_slots
    room
    ;;
  mark-good)
    open_slots
    lock
    mark_good
    ;;
  mark-bad)
    open_slots
    lock
    mark_bad "$@"
    ;;
  write-other)
    [ -z "$program" ] || . "$library/secure_boot.sh"
    . "$library/update.sh"
    open_slots
    lock
    write_other "$1"
    ;;
  try)
    open_slots
    lock
    try
    ;;
  guard)
    . "$library/guard.sh"
    guard
    ;;
esac
