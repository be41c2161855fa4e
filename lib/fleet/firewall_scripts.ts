import { PART_FUNCTIONS } from "./named_parts.ts";

/** What a machine runs, as root, to have its rules changed: POSIX sh, nothing but iptables beside. */

/** Where a change that waits for its confirmation lies; gone after a restart. */
const RUN = "/run/tower-firewall";
/** What Alpine's services iptables, ip6tables and sysctl load at every start. */
export const KEPT_FILES = {
  ipv4: "/etc/iptables/rules-save",
  ipv6: "/etc/iptables/rules6-save",
  settings: "/etc/sysctl.d/tower.conf",
} as const;

const HEAD = `set -u
umask 077
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
fail() { printf '%s\\n' "$*" >&2; exit 1; }
setting() { printf '/proc/sys/%s' "$1" | tr . /; }
`;

/** Tells rules and settings; standard input has the names of the settings, a line each. */
export const LOOK = `${HEAD}
${PART_FUNCTIONS}for tool in iptables ip6tables; do
	for end in save restore; do
		command -v "$tool-$end" >/dev/null || fail "there is no $tool-$end; install iptables"
	done
done
rules=$(iptables-save) || fail "iptables-save failed"
part ipv4; printf '%s\\n' "$rules" | text
rules=$(ip6tables-save) || fail "ip6tables-save failed"
part ipv6; printf '%s\\n' "$rules" | text
part kept-ipv4; kept ${KEPT_FILES.ipv4}
part kept-ipv6; kept ${KEPT_FILES.ipv6}
part kept-settings; kept ${KEPT_FILES.settings}
part settings
while read -r key; do
	path=$(setting "$key")
	if [ -e "$path" ]; then printf '|%s = %s\\n' "$key" "$(cat "$path")"; fi
done
part services
for service in iptables ip6tables; do
	for level in boot default; do
		if [ -e "/etc/runlevels/$level/$service" ]; then printf '|%s\\n' "$service"; fi
	done
done
`;

/**
 * Brings the old rules back, unless somebody else decided already: one rename, so exactly one.
 * Both families, again and again where a table is locked.
 */
const BACK = `run=${RUN}
mv "$run/pending.$1" "$run/expired" 2>/dev/null || exit 0
tries=10
until iptables-restore -w 5 <"$run/old4" && ip6tables-restore -w 5 <"$run/old6"; do
	tries=$((tries - 1))
	[ "$tries" -gt 0 ] || break
	sleep 1
done
rm -rf "$run" "$run.lock"
`;

/** Lives on when the session that started it ends. */
const GUARD = `trap '' HUP INT TERM
run=${RUN}
left=$2
while [ "$left" -gt 0 ]; do
	[ -e "$run/pending.$1" ] || exit 0
	sleep 1
	left=$((left - 1))
done
exec sh "$run/back" "$1"
`;

/**
 * Loads rules: $1 is what a confirmation must know, $2 the seconds until the old ones come back.
 * Standard input has a line per line of each file, the file's name first.
 *
 * The lock is a link whose target is the process that holds it: made with its content, or not.
 */
export const LOAD = `${HEAD}
run=${RUN}
lock() { ln -s "$$" "$run.lock" 2>/dev/null; }
lock || {
	kill -0 "$(readlink "$run.lock")" 2>/dev/null &&
		fail "another change of its rules waits for its confirmation"
	rm -f "$run.lock"
	lock || fail "$run.lock cannot be made"
}
leave() { rm -rf "$run" "$run.lock"; fail "$@"; }
rm -rf "$run"
mkdir "$run" && cat >"$run/input" || leave "$run cannot be written"
for file in new4 new6 clear4 clear6 settings; do
	sed -n "s/^$file|//p" "$run/input" >"$run/$file" || leave "$run cannot be written"
done
iptables-save >"$run/old4" || leave "its IPv4 rules cannot be saved"
ip6tables-save >"$run/old6" || leave "its IPv6 rules cannot be saved"
for family in 4 6; do
	cat "$run/clear$family" "$run/new$family" >"$run/load$family"
	# A table that the kernel had not even loaded: open and empty when the old rules come back.
	awk 'FILENAME == ARGV[1] { if (/^\\*/) had[$0] = 1; next }
		/^\\*/ { skip = $0 in had }
		skip { next }
		/^:/ { $2 = "ACCEPT" }
		/^(\\*|:|COMMIT)/' "$run/old$family" "$run/load$family" >"$run/more$family"
	cat "$run/more$family" >>"$run/old$family" || leave "$run cannot be written"
done
iptables-restore -w 5 --test <"$run/load4" 2>"$run/error" ||
	leave "it refuses the IPv4 rules: $(head -c 300 "$run/error")"
ip6tables-restore -w 5 --test <"$run/load6" 2>"$run/error" ||
	leave "it refuses the IPv6 rules: $(head -c 300 "$run/error")"
cat >"$run/back" <<'END'
${BACK}END
cat >"$run/guard" <<'END'
${GUARD}END
command -v setsid >/dev/null || leave "there is no setsid"
: >"$run/pending.$1" || leave "$run cannot be written"
setsid sh "$run/guard" "$1" "$2" </dev/null >/dev/null 2>&1 &
ln -s "$!" "$run/lock" && mv -f "$run/lock" "$run.lock" || leave "$run.lock cannot be made"
iptables-restore -w 5 <"$run/load4" 2>"$run/error" &&
	ip6tables-restore -w 5 <"$run/load6" 2>"$run/error" && exit 0
reason=$(head -c 300 "$run/error")
sh "$run/back" "$1"
fail "the old rules are back, as it could not load the new ones: $reason"
`;

/**
 * Keeps what was loaded: $1 is what {@linkcode LOAD} was told. The settings come last: that an
 * interface loses its IPv6 addresses could not be taken back.
 */
export const CONFIRM = `${HEAD}
run=${RUN}
late="it took too long; the old rules are back"
[ -e "$run/pending.$1" ] || fail "$late"
files="new4:${KEPT_FILES.ipv4} new6:${KEPT_FILES.ipv6} settings:${KEPT_FILES.settings}"
umask 022
for pair in $files; do
	path=\${pair#*:}
	mkdir -p "\${path%/*}" && cat "$run/\${pair%%:*}" >"$path.new" ||
		fail "$path.new cannot be written; the old rules come back"
done
sync
mv "$run/pending.$1" "$run/confirmed" 2>/dev/null || fail "$late"
for pair in $files; do
	path=\${pair#*:}
	mv -f "$path.new" "$path" || fail "the rules are in force, but $path cannot be written"
done
sync
while IFS= read -r line; do
	key=\${line%% = *}
	value=\${line#* = }
	path=$(setting "$key")
	[ -e "$path" ] || continue
	[ "$(tr '\\t' ' ' <"$path")" = "$value" ] && continue
	{ printf '%s\\n' "$value" >"$path"; } 2>/dev/null || printf '%s\\n' "$key"
done <"$run/settings"
rm -rf "$run" "$run.lock"
`;
