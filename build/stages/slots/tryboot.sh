# shellcheck shell=sh
# Slots that a Raspberry Pi's firmware starts. Sourced by tower-slot.
#
# - The firmware reads autoboot.txt, of 512 bytes at most, in the first partition: what boot_partition says
#   below [all] is started, or, where the flag tryboot is set, what it says below [tryboot]. The flag is
#   gone with that start. What stands below [none] is not read (Raspberry Pi documentation, "autoboot.txt").
# - vcmailbox sets the flag: the property SET_REBOOT_FLAGS has 4 bytes, whose bit 0 it is (Linux of Raspberry
#   Pi, include/soc/bcm2835/raspberrypi-firmware.h). busybox' reboot has no word for the kernel to do it.
# - autoboot.txt is one sector that is written in place, which a disk writes whole or not at all. A file
#   beside it and a rename would be changes of the folder and of both tables, in any order.

AUTOBOOT_BYTES=256
SET_REBOOT_FLAGS=0x00038064
way_to_try='tower-slot try starts it'

# Where the configuration names no folder, the disk's partition `autoboot` is mounted.
open_loader() {
  mounted=''
  if [ -z "$boot" ]; then
    boot=$run/boot.$$
    partition=$(device autoboot) || fail "the disk has no partition autoboot"
    mkdir -p "$boot"
    mount -t vfat -o nosuid,nodev,noexec,umask=0077 "$partition" "$boot" ||
      fail "the partition $partition cannot be mounted"
    mounted=yes
  fi
  autoboot=$boot/autoboot.txt
  [ "$(stat -c %s "$autoboot" 2> /dev/null)" = $AUTOBOOT_BYTES ] ||
    fail "the partition autoboot has no autoboot.txt of $AUTOBOOT_BYTES bytes"
  states='[a-z]* [0-9]\{1,2\} [0-9]\{1,2\}'
  state_a=$(sed -n "s/^# a \\($states\\)\$/\\1/p" "$autoboot")
  state_b=$(sed -n "s/^# b \\($states\\)\$/\\1/p" "$autoboot")
  case $(sed -n 's/^boot_partition=//p;/^\[tryboot\]$/q' "$autoboot") in
    2) first=a ;;
    3) first=b ;;
    *) first='' ;;
  esac
  [ -n "$state_a" ] && [ -n "$state_b" ] && [ -n "$first" ] ||
    fail "autoboot.txt does not tell the slots"
}

close_loader() {
  [ -z "${mounted-}" ] || { umount "$boot" && rmdir "$boot"; }
}

read_slot() {
  eval "set -- $1 \$state_$1"
  state=$2 left=$3 failed=$4
  # The last try has none left while it runs.
  [ "$state" != trying ] || [ "$left" -gt 0 ] || [ "$1" = "$slot" ] || state=bad
}

# A slot that is to be tried is not started by itself.
next_slot() {
  next=$first
}

partition_of() {
  [ "$1" = a ] && echo 2 || echo 3
}

# What the firmware starts with the flag: the other one of `first`, where that may be started at all.
tried_partition() {
  tried=$first
  case $first/$state_a/$state_b in
    a/*/good\ * | a/*/trying\ *) tried=b ;;
    b/good\ * | b/trying\ *) tried=a ;;
  esac
  partition_of $tried
}

write_autoboot() {
  text=$(
    printf '[all]\ntryboot_a_b=1\nboot_partition=%s\n' "$(partition_of "$first")"
    printf '[tryboot]\nboot_partition=%s\n' "$(tried_partition)"
    printf '[none]\n# tower-slots 1\n# a %s\n# b %s\n' "$state_a" "$state_b"
  )
  [ "$text" != "$(cat "$autoboot")" ] || return 0
  {
    printf '%s\n' "$text"
    printf "%${AUTOBOOT_BYTES}s" '' | tr ' ' '\n'
  } | head -c $AUTOBOOT_BYTES |
    dd of="$autoboot" bs=512 iflag=fullblock conv=notrunc,fsync 2> /dev/null
  [ "$text" = "$(cat "$autoboot")" ] || fail "$autoboot could not be written"
}

# The slot that works is started from then on; one that is left is not the first any more.
set_slot() {
  case $2 in
    trying) new="trying $3 0" ;;
    *) new="$2 0 0" ;;
  esac
  eval "state_$1=\$new"
  case $2/$first in
    good/*) first=$1 ;;
    bad/"$1" | empty/"$1") [ "$1" = a ] && first=b || first=a ;;
  esac
  write_autoboot
}

# It counts before it happens: who loses the power in between has one less.
try_other() {
  command -v vcmailbox > /dev/null || fail 'there is no vcmailbox (package raspberrypi-utils-vcmailbox)'
  read_slot "$other"
  eval "state_$other='trying $((left - 1)) $((failed + 1))'"
  write_autoboot
  vcmailbox $SET_REBOOT_FLAGS 4 0 1 > /dev/null || fail 'the firmware does not take the flag tryboot'
  reboot
}

# Kernel and initramfs are in the part `boot`.
program_file() {
  fail "a program was not to be had: the slot's own boot partition starts it"
}
