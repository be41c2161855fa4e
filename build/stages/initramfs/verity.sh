# A root that is checked while it is read. Read by /init before it begins: `wait_for_root` and
# `mount_root` are these.
#
# roothash= of the command line is the root hash of a dm-verity hash tree. The tree is found by it, in
# whatever partition verity-X of a GPT it lies, so one command line starts from every slot; the data
# are in the partition root-X of the same disk. Where a slot was chosen (slots.sh) they are its own: the
# other one may hold the same, and would be taken for the one that does not run. What is wrong there cannot
# start: the kernel compares each block with the tree, and the tree with the root hash.
#
# - A hash device begins with "verity", and the salt's size is at byte 80 (cryptsetup, DMVerity). The
#   top block of the tree lies in the block of 4096 bytes behind; its SHA-256 is the root hash where
#   there is no salt, as in ours.
# - PARTNAME of a partition's uevent is its name in a GPT.
# - veritysetup believes what the superblock tells; the hash does not fit where that is wrong.

roothash=''
hashes='' # the device of the hash tree

# partition_name NAME: what a GPT calls the block device of that name.
partition_name() {
  sed -n 's/^PARTNAME=//p' "/sys/class/block/$1/uevent" 2> /dev/null
}

# Sets `hashes` and `device` to the partitions of the tree with $roothash. Returns 1 where there is none.
find_verified() {
  hashes='' device=''
  for name in $(ls /sys/class/block); do
    part=$(partition_name "$name")
    case $part in verity-?*) ;; *) continue ;; esac
    disk=$(readlink -f "/sys/class/block/$name")
    disk=${disk%/*}
    [ -z "${slot-}" ] || [ "$part on /dev/${disk##*/}" = "verity-$slot on $slot_disk" ] || continue
    [ "$(top_hash "/dev/$name")" = "$roothash" ] || continue
    hashes=/dev/$name
    for other in $(ls "$disk"); do
      [ -e "$disk/$other/partition" ] && [ "$(partition_name "$other")" = "root-${part#verity-}" ] ||
        continue
      device=/dev/$other
      return
    done
  done
  return 1
}

# top_hash DEVICE: the SHA-256 of the top block of a hash tree.
top_hash() {
  sum=$(dd if="$1" bs=4096 skip=1 count=1 2> /dev/null | sha256sum)
  printf '%s' "${sum%% *}"
}

wait_for_root() {
  for word in $line; do
    case $word in
      roothash=*) roothash=${word#*=} ;;
    esac
  done
  case $roothash in
    '') fail 'the kernel command line has no roothash=' ;;
    *[!0-9a-f]*) fail "roothash=$roothash is no root hash" ;;
  esac
  wait_until find_verified && return
  [ -z "$hashes" ] || fail "there is no root partition beside the hash tree on $hashes"
  fail "no partition ${slot:+of slot $slot }has the hash tree of roothash=$roothash (waited $patience s)"
}

# A panic, as whoever runs on blocks that cannot be read is neither up nor down; the kernel says before which
# block it is, and starts anew after panic= seconds.
mount_root() {
  say "root is $device, verified by $hashes"
  veritysetup open --panic-on-corruption "$device" root "$hashes" "$roothash" ||
    fail "$device cannot be verified: its hash tree on $hashes does not fit to roothash=$roothash"
  lay_over /dev/mapper/root
}
