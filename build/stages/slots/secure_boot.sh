# shellcheck shell=sh
# Asks whether firmware would start a program: one of this machine's kind, which Secure Boot allows. Sourced by
# tower-slot where systemd-boot counts: that ends where the firmware refuses what it is to start, and nothing
# would lead back to the other slot.
#
# - A variable is a file of efivarfs: 4 bytes of attributes, then its value. SecureBoot is 1 where it is on;
#   db holds lists of what may sign (UEFI 2.10, 32.4.1): a GUID of their type, the size of the list, of its
#   header and of each item, the header, the items. An item has 16 bytes of its owner before a certificate.
# - A program (PE32+) begins with what a machine it is for behind "PE\0\0" of its header, which byte 60 tells, and
#   has where its signatures are at byte 168 of it (Microsoft, "PE Format"). A signature carries the certificate
#   of who made it.

db='db-d719b2cb-3d3a-4596-a3bc-dad00e67656f'
secure_boot='SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c'
X509=a159c0a5e494a74a87b5ab155c2bf072
LARGEST_SIGNATURES=65536

# hex FILE OFFSET BYTES
hex() {
  dd if="$1" bs=1 skip="$2" count="$3" 2> /dev/null | hexdump -v -e '1/1 "%02x"'
}

# number FILE OFFSET: four bytes, least significant first; 0 where they are not there.
number() {
  digits=$(hex "$1" "$2" 4 | sed -n 's/^\(..\)\(..\)\(..\)\(..\)$/\4\3\2\1/p')
  printf '%d' "0x${digits:-0}"
}

# signatures_of FILE: those of a program, in hexadecimal digits; nothing where it has none.
signatures_of() {
  header=$(number "$1" 60)
  [ "$(hex "$1" $((header + 24)) 2)" = 0b02 ] || return
  place=$(number "$1" $((header + 168)))
  bytes=$(number "$1" $((header + 172)))
  [ "$place" -gt 0 ] && [ "$bytes" -le $LARGEST_SIGNATURES ] && hex "$1" "$place" "$bytes"
}

# has_signer FILE: whether the signatures of $signatures carry a certificate of a file with the value of db.
has_signer() {
  end=$(wc -c < "$1")
  list=4
  while [ $((list + 28)) -lt "$end" ]; do
    size=$(number "$1" $((list + 16)))
    [ "$size" -ge 28 ] && [ $((list + size)) -le "$end" ] || return 1
    item=$((list + 28 + $(number "$1" $((list + 20)))))
    each=$(number "$1" $((list + 24)))
    if [ "$(hex "$1" "$list" 16)" = $X509 ] && [ "$each" -gt 16 ]; then
      while [ $((item + each)) -le $((list + size)) ]; do
        case $signatures in
          *"$(hex "$1" $((item + 16)) $((each - 16)))"*) return 0 ;;
        esac
        item=$((item + each))
      done
    fi
    list=$((list + size))
  done
  return 1
}

# is_program FILE: whether it is one for this machine.
is_program() {
  case $(uname -m) in
    x86_64) machine=6486 ;;
    aarch64) machine=64aa ;;
    *) machine=c201 ;;
  esac
  [ "$(hex "$1" "$(number "$1" 60)" 6)" = "50450000$machine" ]
}

# check_program FILE NAME
check_program() {
  is_program "$1" || fail "$2 is no EFI program for $(uname -m)"
  mounted_variables=''
  if [ ! -e "$firmware/$secure_boot" ]; then
    mount -t efivarfs -o ro,nosuid,nodev,noexec efivarfs "$firmware" 2> /dev/null &&
      mounted_variables=yes
  fi
  state=$(hex "$firmware/$secure_boot" 4 1)
  cat "$firmware/$db" > "$work/db" 2> /dev/null
  [ -z "$mounted_variables" ] || umount "$firmware"
  [ "$state" = 01 ] || return 0
  signatures=$(signatures_of "$1")
  [ -n "$signatures" ] || fail "$2 is not signed, and Secure Boot is on"
  has_signer "$work/db" || fail "no key that this machine's firmware knows has signed $2"
}
