# shellcheck shell=sh
# Writes an update into the slot that does not run. Sourced by tower-slot.
#
# - An update is a tar (POSIX ustar): a header of 512 bytes, with a name at byte 0, a size in octal
#   at 124 and a type at 156, then the contents up to the next multiple of 512.
# - SHA256SUMS names all files of a build by their digests; `tower-build build --sign` signs it, as
#   ssh-keygen -Y sign -n file does (PROTOCOL.sshsig).
# - dd takes no byte too many from a pipe, which head does.

MIB=1048576
LARGEST_TEXT=65536

# take BYTES: as many of the update as they say.
take() {
  whole=$(($1 / MIB)) rest=$(($1 % MIB))
  { [ "$whole" = 0 ] || dd bs=$MIB count="$whole" iflag=fullblock <&3 2> /dev/null; } &&
    { [ "$rest" = 0 ] || dd bs="$rest" count=1 iflag=fullblock <&3 2> /dev/null; }
}

# Sets `name` and `size` of the next file; returns 1 at the end.
next_file() {
  while :; do
    take 512 > "$work/header"
    name=$(dd if="$work/header" bs=100 count=1 2> /dev/null | tr -d '\0')
    [ -n "$name" ] || return 1
    field=$(dd if="$work/header" bs=1 skip=124 count=12 2> /dev/null | tr -d '\0 ')
    case $field in
      '' | *[!0-7]*) fail "the update is no tar, or is cut off" ;;
    esac
    size=$((0$field))
    name=${name#./}
    case $(dd if="$work/header" bs=1 skip=156 count=1 2> /dev/null | tr '\0' 0) in
      0) return 0 ;;
      *) skip ;;
    esac
  done
}

# The zeros after a file of `size`.
take_padding() {
  take $(((512 - size % 512) % 512)) > /dev/null
}

skip() {
  take "$size" > /dev/null
  take_padding
}

# Checks the signature: nothing of the update is believed before, and nothing written.
read_sums() {
  if [ -n "$vouched" ]; then
    cp "$vouched" "$work/SHA256SUMS" || fail "$vouched cannot be read"
    return
  fi
  for wanted in SHA256SUMS SHA256SUMS.sig; do
    next_file || fail "the update is empty"
    [ "$name" = $wanted ] || fail "the update begins with $name instead of $wanted"
    [ "$size" -le $LARGEST_TEXT ] || fail "$name has $size bytes"
    take "$size" > "$work/$name"
    take_padding
  done
  ssh-keygen -Y verify -q -f "$signers" -I update -n file -s "$work/SHA256SUMS.sig" \
    < "$work/SHA256SUMS" > /dev/null 2>&1 ||
    fail "no key of $signers has signed the update"
}

# digest_of NAME: what the signed list says; nothing where it has no such file.
digest_of() {
  awk -v name="$1" 'length($1) == 64 && $2 == name { print $1; exit }' "$work/SHA256SUMS"
}

# Each wanted file of an update, a line each: its name, what it is for, and where it goes.
wanted_files() {
  for pair in $parts; do
    part=${pair%%:*}
    target=$(device "$part-$other") || fail "the disk has no partition $part-$other"
    printf '%s %s %s\n' "${pair#*:}" "$part" "$target"
  done
  [ -z "$program" ] || printf '%s program %s\n' "$program" "$(program_file "$other")"
}

# Sets `part` and `target` of a wanted file; returns 1 for another one.
find_wanted() {
  part='' target=''
  while read -r file for place; do
    [ "$file" = "$1" ] && part=$for target=$place
  done < "$work/wanted"
  [ -n "$part" ]
}

# Refuses what is in use: mounted, or below something else, as a verity device is.
check_target() {
  grep -q "^$1 " /proc/mounts && fail "$1 is mounted"
  for holder in "/sys/class/block/${1##*/}/holders"/*; do
    [ -e "$holder" ] && fail "$1 is in use"
  done
  # Such as what a killed tower-slot has left at work.
  case "$(ls -l /proc/[0-9]*/fd 2> /dev/null)
" in *" -> $1
"*) fail "$1 is in use" ;; esac
  [ -w "$1" ] || fail "$1 cannot be written"
}

# What the header of a file says nobody has signed.
check_size() {
  if [ "$part" = program ]; then
    room=$(($(df -Pk "${target%/EFI/*}" | awk 'END { print $4 }') * 1024))
    [ ! -e "$target" ] || room=$((room + $(bytes_of "$target")))
  else
    room=$(bytes_of "$target")
  fi
  [ "$size" -le "$room" ] || fail "$name has $size bytes, and there is only room for $room at $target"
}

check_targets() {
  wanted_files > "$work/wanted"
  while read -r file for place; do
    [ -n "$(digest_of "$file")" ] || fail "the update has no signed $file"
    [ "$for" = program ] || check_target "$place"
  done < "$work/wanted"
}

# Looks at all of an update that can be read twice, before the first byte is changed.
check_whole() {
  while next_file; do
    if find_wanted "$name"; then
      check_size
      [ "$(take "$size" | keep_program | sha256sum | cut -c 1-64)" = "$(digest_of "$name")" ] ||
        fail "$name is not what was signed"
      [ "$part" != program ] || check_program "$work/program" "$name"
      rm -f "$work/program"
      take_padding
      echo "$name" >> "$work/seen"
    else
      skip
    fi
  done
  check_seen
}

# A program is looked into, by its places: a copy of it is in memory for that long.
keep_program() {
  if [ "$part" = program ]; then tee "$work/program"; else cat; fi
}

check_seen() {
  while read -r file _; do
    [ "$(grep -cxF "$file" "$work/seen")" = 1 ] || fail "the update has not one $file"
  done < "$work/wanted"
}

# What is read back comes from the device, not from memory.
read_back() {
  sync
  [ ! -b "$(device "root-$other")" ] || echo 1 > /proc/sys/vm/drop_caches
  while read -r file for place bytes; do
    [ "$(dd if="$place" bs=$MIB 2> /dev/null | head -c "$bytes" | sha256sum | cut -c 1-64)" = \
      "$(digest_of "$file")" ] || fail "$place does not hold the $file that was signed"
    [ "$for" != program ] || check_program "$place" "$file"
  done < "$work/written"
}

write_files() {
  : > "$work/seen"
  : > "$work/written"
  while next_file; do
    if find_wanted "$name"; then
      check_size
      if [ "$part" = program ]; then
        mkdir -p "${target%/*}"
        rm -f "$target"
        # A boot partition without room would not take the next name of an entry either.
        take "$size" > "$target" || { rm -f "$target" && false; }
      else
        take "$size" | dd of="$target" bs=$MIB iflag=fullblock conv=notrunc,fsync 2> /dev/null
      fi || fail "$target could not be written"
      take_padding
      echo "$name" >> "$work/seen"
      printf '%s %s %s %s\n' "$name" "$part" "$target" "$size" >> "$work/written"
    else
      skip
    fi
  done
  check_seen
}

# write_other FILE|-
write_other() {
  read_slot "$slot"
  [ "$state" = good ] || fail "the running slot $slot is $state: it must be good, to fall back on"
  work=$run/work
  rm -rf "$work"
  mkdir -p "$work"
  if [ "$1" != - ]; then
    [ -r "$1" ] || fail "$1 cannot be read"
    exec 3< "$1"
  else
    exec 3<&0
  fi
  read_sums
  check_targets
  if [ "$1" != - ]; then
    : > "$work/seen"
    check_whole
    exec 3< "$1"
    [ -n "$vouched" ] || { next_file && skip && next_file && skip; }
  fi
  keep_lock
  unwritten=$other
  set_slot "$other" empty
  write_files
  read_back
  set_slot "$other" trying "$tries"
  unwritten=''
  say "slot $other is written: $way_to_try, $tries times at most"
}
