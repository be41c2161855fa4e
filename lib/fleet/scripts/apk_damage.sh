# shellcheck shell=sh
# Tells what an apk that was cut off left: the functions of parts.sh stand before it. It writes nothing;
# apk's audit reads all files of all packages, which root alone may.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
part audit
audit=$(apk audit --system --packages) || exit 1
printf '%s\n' "$audit" | text
part flagged
sed -n 's/^P:/P /p; s/^V:/V /p; s/^f:/f /p' /lib/apk/db/installed |
  while read -r field value; do
    case $field in
      P) name=$value ;;
      V) version=$value ;;
      f) printf '|%s-%s\n' "$name" "$version" ;;
    esac
  done
part leftovers
find / -xdev -name '.apk.*' | sed -n '/\/\.apk\.[0-9a-f]\{48\}$/p' | text
for file in /etc/apk/world.new /lib/apk/db/installed.new /lib/apk/db/scripts.tar.new \
  /lib/apk/db/triggers.new; do
  if [ -e "$file" ]; then printf '|%s\n' "$file"; fi
done
