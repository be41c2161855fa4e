# shellcheck shell=sh
# Slots by a record in a partition of the disk, which the initramfs counts in. Sourced by tower-slot.
# The record is in the partition `slots`: see record.sh, which is lib/boot/slot_record.sh.

open_loader() {
  counter=$(device slots) || fail "the disk has no partition slots"
  . "$library/record.sh"
  read_record "$counter" || fail "$counter has no record of slots"
}

close_loader() {
  :
}

read_slot() {
  eval "set -- $1 \$record_$1"
  state=$2 left=$3 failed=$4
  # The last try has none left while it runs.
  [ "$state" != trying ] || [ "$left" -gt 0 ] || [ "$1" = "$slot" ] || state=bad
}

next_slot() {
  choose_next
}

# A slot that is to be tried becomes the first one; one that is bad, or empty, is not.
set_slot() {
  case $2 in
    trying) new="trying $3 0" record_first=$1 ;;
    *) new="$2 0 0" ;;
  esac
  eval "old=\$record_$1 record_$1=\$new"
  [ "$old" = "$new" ] || write_record "$counter" || fail "$counter could not be written"
}

# Kernel and initramfs are the same for both slots.
program_file() {
  fail "a program was not to be had: the boot partition's kernel starts both slots"
}
