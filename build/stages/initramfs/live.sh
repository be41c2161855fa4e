# A system that lies as one file on the medium that it starts from: a squashfs, which is checked while it is
# read. Read by /init before it begins: `mount_root` is this, and `root` the medium.
#
# - live= of the command line is the squashfs on the medium; its hash tree is beside it, with the suffix
#   .verity; roothash= is that one's root hash.
# - copytoram has both in memory, and the medium may be taken out once the system starts.

live='' roothash='' copies=no
medium=/run/medium memory=/run/memory

# Has $system and $hashes in memory, and lets go of the medium.
copy_to_memory() {
  say "copy $live to memory"
  mkdir -p $memory && mount -t tmpfs -o mode=0700,size=90% tmpfs $memory &&
    cp "$system" $memory/system && cp "$hashes" $memory/hashes ||
    fail "$live could not be copied to memory, where there must be room for it: leave out copytoram"
  umount $medium
  system=$memory/system hashes=$memory/hashes
}

# attached FILE: prints a device that is the file.
attached() {
  loop=$(losetup -f) && losetup -r "$loop" "$1" && printf '%s' "$loop"
}

mount_root() {
  for word in $line; do
    case $word in
      live=*) live=${word#*=} ;;
      roothash=*) roothash=${word#*=} ;;
      copytoram) copies=yes ;;
    esac
  done
  case $roothash in
    '' | *[!0-9a-f]*) fail "roothash=$roothash is no root hash" ;;
  esac
  say "the medium is $device"
  mkdir -p $medium
  mount ${rootfstype:+-t "$rootfstype"} -o ro,nosuid,nodev,noexec "$device" $medium ||
    fail "$device could not be mounted (root=$root rootfstype=$rootfstype)"
  system=$medium/${live#/}
  hashes=${system%.*}.verity
  [ -n "$live" ] && [ -f "$system" ] && [ -f "$hashes" ] ||
    fail "$device has no live=$live with its hash tree beside it"
  [ $copies = no ] || copy_to_memory
  modprobe -q loop
  system=$(attached "$system") && hashes=$(attached "$hashes") ||
    fail "no device could be made of $live"
  veritysetup open --panic-on-corruption "$system" root "$hashes" "$roothash" ||
    fail "$live cannot be verified: its hash tree does not fit to roothash=$roothash"
  rootfstype=squashfs
  lay_over /dev/mapper/root
}
