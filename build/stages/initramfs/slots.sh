# Two systems on a disk: which of them starts. Sourced by /init; sets `root`, and has init know `slot` and
# `slot_disk`, as environment, where tower-slot finds them.
#
# - A loader of UEFI tells what it started in two variables, by the GUID below (Boot Loader Interface):
#   4 bytes of attributes, then UTF-16. systemd-boot has counted the start already, in the entry's name.
# - Without UEFI the word slots=PARTUUID=... names the partition of the record (slot_record.sh): there the start
#   is counted here, before anything of the slot is mounted.
# - A Raspberry Pi's firmware tells the number of the partition that it started, four bytes in the device tree
#   (Raspberry Pi documentation, "Firmware parameters"): 2 is boot-a, 3 is boot-b, of the disk that has a
#   partition `autoboot`. Who tries a slot has counted it.

variables=/sys/firmware/efi/efivars
bootloader=/proc/device-tree/chosen/bootloader
loader_interface=4a67b082-0a4c-41cf-b6c7-440b29bb8c4f
slot='' slot_disk=''

# Sets `device` to the partition that is `root`. It comes late, as a root does; wait_for_root may be another
# part's, which asks for more.
wait_for_disk() {
  wait_until find_root && return
  [ -z "$twin" ] || fail "two partitions are $root: $device and $twin"
  fail "no partition is $root, which tells the slots (waited $patience s)"
}

loader_variable() {
  dd if="$variables/$1-$loader_interface" bs=1 skip=4 2> /dev/null | tr -cd ' -~'
}

ask_loader() {
  modprobe -q efivarfs
  mount -t efivarfs -o ro,nosuid,nodev,noexec efivarfs $variables ||
    fail "the loader's variables could not be read"
  entry=$(loader_variable LoaderEntrySelected)
  root=PARTUUID=$(loader_variable LoaderDevicePartUUID)
  umount $variables
  case $entry in
    system-a.conf | system-a+*.conf) slot=a ;;
    system-b.conf | system-b+*.conf) slot=b ;;
    *) fail "the loader started no slot, but $entry" ;;
  esac
  wait_for_disk
}

# Who cannot write that a start was begun does not begin it: it might be begun for ever.
ask_record() {
  for word in $line; do
    case $word in slots=*) root=${word#*=} ;; esac
  done
  wait_for_disk
  . /slot_record.sh
  read_record "$device" || fail "$device has no record of slots"
  choose_next
  slot=$next
  if [ -z "$slot" ]; then
    warn 'no slot is left that could be started'
    slot=$record_first
  fi
  eval "counts=\$record_$slot"
  case $counts in
    'trying '[1-9]*) counts=${counts#trying } ;;
    *) return ;;
  esac
  eval "record_$slot='trying $((${counts% *} - 1)) $((${counts#* } + 1))'"
  write_record "$device" || fail "$device could not be written"
}

# Sets `device` to the partition `autoboot`, where there is one such.
find_autoboot() {
  device='' twin=''
  for name in $(ls /sys/class/block); do
    grep -qx PARTNAME=autoboot "/sys/class/block/$name/uevent" || continue
    twin=$device device=/dev/$name
  done
  [ -z "$twin" ] && [ -n "$device" ]
}

ask_firmware() {
  [ -r $bootloader/partition ] ||
    fail 'nothing tells which slot was started: neither a loader, nor slots=, nor the device tree'
  case $(tr '\000\002\003' 0ab < $bootloader/partition) in
    000a) slot=a ;;
    000b) slot=b ;;
    *) fail 'the firmware started neither partition 2, which is slot a, nor 3' ;;
  esac
  wait_until find_autoboot && return
  [ -z "$twin" ] || fail "two partitions are named autoboot: $device and $twin"
  fail "no partition is named autoboot (waited $patience s)"
}

# Sets `root` to the partition `root-SLOT` of the disk that the loader started from.
choose_slot() {
  if [ -d /sys/firmware/efi ]; then
    ask_loader
  else
    case " $line" in
      *' slots='*) ask_record ;;
      *) ask_firmware ;;
    esac
  fi
  slot_disk=$(readlink -f "/sys/class/block/${device##*/}")
  slot_disk=${slot_disk%/*}
  root=''
  for name in $(ls "$slot_disk"); do
    [ -e "$slot_disk/$name/partition" ] || continue
    [ "$(sed -n 's/^PARTNAME=//p' "$slot_disk/$name/uevent")" = "root-$slot" ] && root=/dev/$name
  done
  slot_disk=/dev/${slot_disk##*/}
  [ -n "$root" ] || fail "$slot_disk has no partition root-$slot"
  say "slot $slot"
  export slot slot_disk
}
