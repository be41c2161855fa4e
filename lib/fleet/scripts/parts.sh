# shellcheck shell=sh
# Functions that write texts by name, as named_parts.ts reads them: `part NAME`, `kept FILE`.
part() { printf '=%s\n' "$1"; }
text() { sed 's/^/|/'; }
kept() { if [ -f "$1" ]; then text <"$1"; echo; fi; }
