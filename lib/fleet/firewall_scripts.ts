import { PART_FUNCTIONS } from "./named_parts.ts";

/** What a machine runs, as root, to have its rules changed: POSIX sh, nothing but iptables beside. */

/** Where a change that waits for its confirmation lies; gone after a restart. */
const RUN = "/run/tower-firewall";
const KEPT_FOLDER = "/etc/iptables";
/** What Alpine's services iptables, ip6tables and sysctl load at every start. */
export const KEPT_FILES = {
  ipv4: `${KEPT_FOLDER}/rules-save`,
  ipv6: `${KEPT_FOLDER}/rules6-save`,
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
 * What those that change rules share: how they exclude each other, and how they wait.
 *
 * Each that wants the lock makes a file of its own and then looks for others', so that nobody has
 * to take a dead one's away in a race; two at the same moment may both fail. (Not every busybox has
 * flock.) A process whose number was given anew is known by its command line.
 */
const SHARED = `run=${RUN}
busy="another change of its rules waits for its confirmation"
lock() {
	mkdir -p "$run.locks" && : >"$run.locks/$$" || return
	for other in "$run.locks"/*; do
		process=\${other##*/}
		case $process in "$$" | "\${1:-$$}") continue ;; esac
		if grep -q tower-firewall "/proc/$process/cmdline" 2>/dev/null; then
			rm -f "$run.locks/$$"
			return 1
		fi
		rm -f "$other"
	done
}
nap() { sleep 0.2 2>/dev/null || sleep 1; }
# await FILE: until the guard has written it, or that the old rules are back.
await() {
	tries=100
	until [ -e "$change/$1" ] || [ -e "$change/back" ]; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || fail "it does not get done; see later which rules are in force"
		nap
	done
	[ ! -e "$change/back" ] || fail "$(cat "$change/back")"
}
`;

/**
 * All that happens once rules are to be loaded happens in this process, which lives on when the
 * session that started it ends: it loads, waits, and then keeps the new rules or takes the old ones
 * back. Others ask by renaming `pending`: exactly one does. $1 are the seconds that it waits, by a
 * clock that nobody sets; $2 is the process that has the lock until then.
 *
 * The kept files of both families change with one rename, of a link to their folder, so a machine
 * that loses its power starts with both old ones or both new ones. The settings come last: that an
 * interface loses its IPv6 addresses could not be taken back.
 */
const GUARD = `${HEAD}${SHARED}change=\${0%/*}
token=\${change##*/}
trap '' HUP INT TERM
{ echo -1000 >/proc/$$/oom_score_adj; } 2>/dev/null
end() {
	printf '%s' "$2" >"$change/end"
	mv "$change/end" "$change/$1"
	rm -f "$change"/*4 "$change"/*6 "$change"/*.kept "$change/settings" "$change/input" "$change/error" "$0"
	rm -f "$run.locks/$$"
	exit
}
load() { iptables-restore -w 5 <"$change/\${1}4" && ip6tables-restore -w 5 <"$change/\${1}6"; }
back() {
	until load old; do sleep 1; done
	end back "$1"
}
uptime() { read -r up rest </proc/uptime; up=\${up%.*}; }
keep() {
	mkdir -p ${KEPT_FOLDER} /etc/sysctl.d && cd ${KEPT_FOLDER} || return
	rm -f tower.new rules-save.new rules6-save.new
	if [ "$(readlink rules-save)" != tower/rules-save ] ||
		[ "$(readlink rules6-save)" != tower/rules6-save ]; then
		mkdir "tower-rules.$token.old" || return
		for file in rules-save rules6-save; do
			[ ! -e "$file" ] || cp -p "$file" "tower-rules.$token.old" || return
		done
		sync
		ln -s "tower-rules.$token.old" tower.new && mv -fT tower.new tower || return
		for file in rules-save rules6-save; do
			ln -s "tower/$file" "$file.new" && mv -fT "$file.new" "$file" || return
		done
	fi
	mkdir "tower-rules.$token" && cat "$change/new4.kept" >"tower-rules.$token/rules-save" &&
		cat "$change/new6.kept" >"tower-rules.$token/rules6-save" &&
		cat "$change/settings" >${KEPT_FILES.settings}.new || return
	sync
	ln -s "tower-rules.$token" tower.new && mv -fT tower.new tower || return
	mv -f ${KEPT_FILES.settings}.new ${KEPT_FILES.settings}
	sync
	for old in tower-rules.*; do [ "$old" = "tower-rules.$token" ] || rm -rf "$old"; done
}
set_all() {
	while IFS= read -r line; do
		key=\${line%% = *}
		value=\${line#* = }
		path=$(setting "$key")
		[ -e "$path" ] || continue
		[ "$(tr '\\t' ' ' <"$path")" = "$value" ] && continue
		{ printf '%s\\n' "$value" >"$path"; } 2>/dev/null || printf '%s\\n' "$key"
	done <"$change/settings"
}
lock "$2" || { nap; lock "$2"; } || end back "$busy"
load new 2>"$change/error" ||
	back "the old rules are back, as it could not load the new ones: $(head -c 300 "$change/error")"
uptime
until=$((up + $1))
: >"$change/loaded"
while [ -e "$change/pending" ]; do
	uptime
	[ "$up" -lt "$until" ] || mv "$change/pending" "$change/expired" 2>/dev/null
	nap
done
[ ! -e "$change/expired" ] || back "it took too long; the old rules are back"
umask 022
keep 2>"$change/error" ||
	back "the old rules are back, as the new ones cannot be kept: $(head -c 300 "$change/error")"
end done "$(set_all)"
`;

/**
 * Loads rules: $1 is what a confirmation must know, $2 the seconds until the old ones come back.
 * Standard input has a line per line of each file, the file's name first; a last line says that
 * nothing is missing. The answer to the change before this one stays, for who still asks.
 */
export const LOAD = `${HEAD}${SHARED}change=$run/$1
lock || { sleep "0.$(($$ % 9 + 1))"; lock; } || fail "$busy"
trap 'rm -f "$run.locks/$$"' EXIT
leave() { rm -rf "$change"; fail "$@"; }
last=$(cat "$run/last" 2>/dev/null)
for old in "$run"/*; do [ "$old" = "$run/$last" ] || rm -rf "$old"; done
mkdir -p "$change" && printf '%s' "$1" >"$run/last" && cat >"$change/input" ||
	leave "$run cannot be written"
[ "$(tail -n 1 "$change/input")" = "end|" ] || leave "it did not hear all of the new rules"
for file in new4 new6 settings; do
	sed -n "s/^$file|//p" "$change/input" >"$change/$file" || leave "$run cannot be written"
done
iptables-save >"$change/old4" || leave "its IPv4 rules cannot be saved"
ip6tables-save >"$change/old6" || leave "its IPv6 rules cannot be saved"
# lacking A B: the tables of A that B does not have, open and empty.
lacking() {
	awk 'FILENAME == ARGV[1] { if (/^\\*/) had[$0] = 1; next }
		/^\\*/ { skip = $0 in had }
		skip || $2 == "-" { next }
		/^:/ { $2 = "ACCEPT" }
		/^(\\*|:|COMMIT)/' "$2" "$1"
}
for family in 4 6; do
	cp "$change/new$family" "$change/new$family.kept" &&
		lacking "$change/old$family" "$change/new$family.kept" >>"$change/new$family" &&
		lacking "$change/new$family" "$change/old$family" >"$change/more$family" &&
		cat "$change/more$family" >>"$change/old$family" || leave "$run cannot be written"
done
iptables-restore -w 5 --test <"$change/new4" 2>"$change/error" ||
	leave "it refuses the IPv4 rules: $(head -c 300 "$change/error")"
ip6tables-restore -w 5 --test <"$change/new6" 2>"$change/error" ||
	leave "it refuses the IPv6 rules: $(head -c 300 "$change/error")"
cat >"$change/guard" <<'END'
${GUARD}END
command -v setsid >/dev/null || leave "there is no setsid"
: >"$change/pending" || leave "$run cannot be written"
setsid sh "$change/guard" "$2" "$$" </dev/null >/dev/null 2>&1 &
await loaded
`;

/**
 * Has the guard keep what was loaded: $1 is what {@linkcode LOAD} was told. Whoever asks again, as
 * after a lost answer, gets the same answer. Tells the settings that the kernel refused.
 */
export const CONFIRM = `${HEAD}${SHARED}change=$run/$1
[ -d "$change" ] ||
	fail "it knows of no such change: it was started anew, or another change came after this one"
[ ! -e "$change/loaded" ] || mv "$change/pending" "$change/confirmed" 2>/dev/null
await done
cat "$change/done"
`;
