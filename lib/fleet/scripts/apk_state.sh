# shellcheck shell=sh
# Tells what apk knows of a host: the functions of parts.sh stand before it. It writes nothing and
# needs no root. Of the database it tells what decides a choice, and no files.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
part arch
apk --print-arch | text
part world
kept /etc/apk/world
part repositories
kept /etc/apk/repositories
part installed
sed -n '/^[CPVASITULDpik]:/p; /^$/p' /lib/apk/db/installed | text
part keys
for key in /etc/apk/keys/*.pub; do
  [ -f "$key" ] || continue
  printf '|@%s\n' "${key##*/}"
  kept "$key"
done
