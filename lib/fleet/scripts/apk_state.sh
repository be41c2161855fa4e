# shellcheck shell=sh
# Tells what apk knows of a host: the functions of parts.sh stand before it. It writes nothing and
# needs no root. Of the database it tells what decides a choice, and no files.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
part arch
apk --print-arch | text
# apk takes a database that was lost for an empty one, and installs all anew: that is told instead.
if [ -r /etc/apk/world ]; then
  part world
  kept /etc/apk/world
fi
part repositories
kept /etc/apk/repositories
if [ -r /lib/apk/db/installed ]; then
  part installed
  sed -n '/^[CPVASITULDpik]:/p; /^$/p' /lib/apk/db/installed | text
fi
part keys
for key in /etc/apk/keys/*.pub; do
  [ -f "$key" ] || continue
  printf '|@%s\n' "${key##*/}"
  kept "$key"
done
