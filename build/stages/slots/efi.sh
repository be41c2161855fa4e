# shellcheck shell=sh
# Slots as entries of systemd-boot. Sourced by tower-slot.
#
# - A name's +LEFT-DONE says how many starts are left to an entry and how many were begun; the
#   loader counts by renaming it before it starts it. Entries without tries left are sorted last
#   (Boot Loader Specification, "Boot counting"). What does not end in .conf is no entry.
# - Entries of one sort-key are sorted by their version, the highest first.
# - FAT keeps no order of writes and no rename is whole there: each step is flushed before the next,
#   and a name that is left over beside another says less than it.
# - sync(2) of FAT leaves what it wrote in the disk's own cache, which loses what it likes when the power goes;
#   fsync(2) of any file there empties that too (fs/fat/file.c).

# Where the configuration names no folder, the disk's partition `esp` is mounted.
open_loader() {
  mounted=''
  if [ -z "$boot" ]; then
    boot=$run/boot.$$
    partition=$(device esp) || fail "the disk has no partition esp"
    mkdir -p "$boot"
    mount -t vfat -o nosuid,nodev,noexec,umask=0077 "$partition" "$boot" ||
      fail "the boot partition $partition cannot be mounted"
    mounted=yes
  fi
  entries=$boot/loader/entries
  [ -d "$entries" ] || fail "the boot partition has no folder loader/entries"
}

close_loader() {
  [ -z "${mounted-}" ] || { umount "$boot" && rmdir "$boot"; }
}

# All that was written so far is on the disk.
flush_boot() {
  sync
  dd of="$boot/loader/loader.conf" count=0 conv=notrunc,fsync < /dev/null 2> /dev/null ||
    fail "$boot could not be written"
}

# entry_names SLOT: the names that an entry has, a line each: without a counter first.
entry_names() {
  for file in "$entries/system-$1.conf" "$entries/system-$1"+*.conf; do
    [ -e "$file" ] && printf '%s\n' "${file##*/}"
  done
}

read_slot() {
  state=empty left=0 failed=0
  name=$(entry_names "$1" | head -n 1)
  case $name in
    '') [ -e "$entries/system-$1.bad" ] && state=bad ;;
    "system-$1.conf") state=good ;;
    *)
      counts=${name#*+}
      counts=${counts%.conf}
      left=${counts%%-*}
      case $counts in *-*) failed=${counts#*-} ;; esac
      state=trying
      # The last try has none left while it runs.
      [ "$left" -gt 0 ] 2> /dev/null || [ "$1" = "$slot" ] || state=bad
      ;;
  esac
}

# The highest version among all entries.
highest_version() {
  cat "$entries"/system-[ab]*.conf "$entries"/system-[ab].bad 2> /dev/null |
    sed -n 's/^version \([0-9]\{1,9\}\)$/\1/p' | sort -n | tail -n 1
}

next_slot() {
  next='' best=-1
  for each in a b; do
    read_slot $each
    case $state/$left in good/* | trying/[1-9]*) ;; *) continue ;; esac
    version=$(sed -n 's/^version //p' "$entries/$(entry_names $each | head -n 1)")
    if [ "$version" -gt "$best" ]; then
      best=$version
      next=$each
    fi
  done
}

# An entry that is there keeps its text. One that is to be tried is new: its version is the highest.
set_slot() {
  target=system-$1.conf
  case $2 in
    bad) target=system-$1.bad ;;
    trying) target=system-$1+$3.conf ;;
    empty) target='' ;;
  esac
  if [ "$2" = trying ]; then
    printf 'title %s, slot %s\nsort-key system\nversion %s\nlinux /EFI/tower/%s.efi\n' \
      "$title" "$1" $(($(highest_version) + 1)) "$1" > "$entries/system-$1.new" ||
      fail "$entries could not be written"
    flush_boot
    mv "$entries/system-$1.new" "$entries/$target" || fail "$entries could not be written"
  elif [ -n "$target" ]; then
    name=$(entry_names "$1" | head -n 1)
    if [ -n "$name" ] && [ "$name" != "$target" ]; then
      mv "$entries/$name" "$entries/$target" || fail "$entries could not be written"
    fi
  fi
  flush_boot
  for name in $(entry_names "$1") "system-$1.bad" "system-$1.new"; do
    [ "$name" = "$target" ] || rm -f "$entries/$name" || fail "$entries could not be written"
  done
  flush_boot
}

# program_file SLOT: prints where the program is that its entry starts.
program_file() {
  printf '%s/EFI/tower/%s.efi' "$boot" "$1"
}
