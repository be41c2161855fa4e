# A root on an encrypted disk. Sourced by /init where the image brings cryptsetup.
#
# The boot partition is the first one of the disk that root= is on. Its file root.conf says where
# the system is, once the first boot has moved it there; its crypto_keyfile.bin opens that disk.
# What is not there yet is waited for, so that a boot medium or a disk may come back at any time.
#
# - The magic of LUKS stands at byte 0, the UUID at byte 168, in text (LUKS2 format 1.1.0, 2.1).
# - lvm is told to look at the opened disk alone: a stick may hold a volume group of the same name.

boot_files=/run/boot
key=$boot_files/crypto_keyfile.bin
key_size=2048
opened=lvmcrypt
only_opened="devices { filter=[\"a|^/dev/mapper/$opened\$|\",\"r|.*|\"] \
obtain_device_list_from_udev=0 use_devicesfile=0 } \
activation { udev_sync=0 udev_rules=0 } backup { backup=0 archive=0 }"
luks='' new_root=''

# Sets `luks` and `new_root`. Returns 1 where there is no root.conf, 2 where it cannot be used.
read_root_conf() {
  luks='' new_root=''
  [ -f $boot_files/root.conf ] || return 1
  while read -r word; do
    case $word in
      luks=*) luks=${word#*=} ;;
      root=*) new_root=${word#*=} ;;
    esac
  done < $boot_files/root.conf
  for id in "$luks" "$new_root"; do
    case $id in
      ????????-????-????-????-????????????) ;;
      *) return 2 ;;
    esac
    case $id in
      *[!0-9a-f-]*) return 2 ;;
    esac
  done
}

mount_boot_files() {
  disk=$(readlink -f "/sys/class/block/${device##*/}")
  disk=${disk%/*}
  for name in $(ls "$disk"); do
    [ -e "$disk/$name/partition" ] && read -r index < "$disk/$name/partition" || continue
    [ "$index" = 1 ] || continue
    mount -t vfat -o ro,nosuid,nodev,noexec,umask=0077 "/dev/$name" $boot_files 2> /dev/null
    return
  done
  return 1
}

# Sets `device` to the disk with the header of $luks.
find_luks() {
  for name in $(ls /sys/class/block); do
    [ "$(bytes "/dev/$name" 0 6)" = 4c554b53babe ] || continue
    [ "$(dd if="/dev/$name" bs=1 skip=168 count=36 2> /dev/null)" = "$luks" ] || continue
    device=/dev/$name
    return
  done
  return 1
}

has_key() {
  [ -f $key ] || return 1
  set -- $(ls -ln $key)
  [ "$5" = $key_size ]
}

open_disk() {
  modprobe -q -a dm_mod dm_crypt
  if has_key; then
    cryptsetup open --type luks2 --key-file $key "$device" $opened 2> /dev/null && return
    tell "The file crypto_keyfile.bin on the boot partition does not open the encrypted disk
$device: it is the key of another host, or the disk is another's.
Put in the boot medium of this host, or copy its crypto_keyfile.bin from the thin client's
~/.local/tower/hosts/ to the boot partition. This machine looks again every few seconds.
Enter asks for a recovery passphrase, where one was set."
  else
    tell "The key of the encrypted disk is missing: there is no file crypto_keyfile.bin of
$key_size bytes on the boot partition.
Put in the boot medium of this host, or copy its crypto_keyfile.bin from the thin client's
~/.local/tower/hosts/ to the boot partition. This machine looks again every few seconds.
Enter asks for a recovery passphrase, where one was set."
  fi
  return 1
}

# Waits a moment. Who presses Enter may type a passphrase instead of a key, at that console.
wait_or_ask() {
  if read -r -t 3 _; then
    told=''
    [ -z "$luks" ] || ! find_luks ||
      cryptsetup open --type luks2 --tries 1 "$device" $opened && return
  fi
  load_device_modules
  return 1
}

# Prints the volume with the ext4 file system of $new_root (magic at byte 1080, UUID at 1128), among those
# that were opened here alone: a stick may bear the same UUID.
find_opened() {
  for name in $(ls /sys/class/block); do
    [ -e "/sys/class/block/$name/dm" ] || continue
    [ "$(bytes "/dev/$name" 1080 2)" = 53ef ] || continue
    [ "$(bytes "/dev/$name" 1128 16)" = "$(printf '%s' "$new_root" | tr -d -)" ] || continue
    printf '/dev/%s' "$name"
    return
  done
}

# One look at all that is needed: 0 when the disk is open, 1 to look again, 2 for a plain root.
try_unlock() {
  if ! find_root; then
    tell_root_missing
    return 1
  fi
  mkdir -p $boot_files
  if ! mount_boot_files; then
    [ "$1" = maybe ] && return 2
    tell "The boot partition beside $device cannot be read.
Put in the boot medium of this host, or provision it again. This machine looks again every few
seconds."
    return 1
  fi
  read_root_conf
  case $? in
    1)
      umount $boot_files
      [ "$1" = maybe ] && return 2
      tell "The system of this host is on its encrypted disk, but the file root.conf, which says
where, is missing on the boot partition beside $device.
Put in the boot medium of this host, or provision it again. This machine looks again every few
seconds."
      return 1
      ;;
    2)
      umount $boot_files
      tell "The file root.conf on the boot partition beside $device cannot be used.
Put in the boot medium of this host, or provision it again. This machine looks again every few
seconds."
      return 1
      ;;
  esac
  if find_luks; then
    open_disk
    result=$?
  else
    tell "The encrypted disk of this host is missing: no disk has the LUKS header $luks.
Connect it. This machine looks again every few seconds."
    result=1
  fi
  umount $boot_files
  return $result
}

# unlock maybe|surely: opens the disk and sets `root` to what is on it, where root.conf asks for
# that. With "maybe" a boot partition without root.conf leaves `root` as it is.
unlock() {
  while :; do
    try_unlock "$1"
    case $? in
      0) break ;;
      2) return 0 ;;
    esac
    wait_or_ask && break
  done
  lvm vgchange --config "$only_opened" -q -q -a y > /dev/null 2>&1
  root=$(find_opened) rootfstype=ext4
  [ -n "$root" ] || fail "the encrypted disk $device has no file system $new_root (root.conf)"
  say "opened $device"
}
