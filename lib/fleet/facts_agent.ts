/**
 * What a host runs to tell its state: POSIX sh, read from standard input, one line of JSON out.
 * It writes nothing and needs no root. Every text is reduced to plain characters here already;
 * the thin client trusts none of it all the same.
 */
export const FACTS_AGENT = `
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
plain() { tr -cd 'A-Za-z0-9 ._+:/-' | cut -c 1-80; }
number() { awk '/^[0-9]+$/ { print; found = 1; exit } END { if (!found) print "null" }'; }
memory() { awk -v key="$1:" '$1 == key { print $2; exit }' /proc/meminfo | number; }
system=$(. /etc/os-release 2>/dev/null; printf %s "$PRETTY_NAME" | plain)
kernel=$(uname -r | plain)
load=$(cut -d ' ' -f 1 /proc/loadavg | plain)
uptime=$(cut -d . -f 1 /proc/uptime | number)
processors=$(grep -c '^processor' /proc/cpuinfo | number)
temperature=$(cat /sys/class/thermal/thermal_zone0/temp 2>/dev/null | number)
disk=$(df -P -k / | awk 'NR == 2 { print $2 }' | number)
used=$(df -P -k / | awk 'NR == 2 { print $3 }' | number)
packages=$(grep -c '^P:' /lib/apk/db/installed 2>/dev/null | number)
printf '{"agent":1,"time":%s,"system":"%s","kernel":"%s","load":"%s","uptime":%s,' \\
  "$(date +%s | number)" "$system" "$kernel" "$load" "$uptime"
printf '"processors":%s,"memoryTotal":%s,"memoryAvailable":%s,"temperature":%s,' \\
  "$processors" "$(memory MemTotal)" "$(memory MemAvailable)" "$temperature"
printf '"diskTotal":%s,"diskUsed":%s,"packages":%s}\\n' "$disk" "$used" "$packages"
`.trimStart();
