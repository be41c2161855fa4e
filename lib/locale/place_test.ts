import { assertEquals } from "@std/assert";
import { assignments } from "./assignments.ts";
import { keyboardIn, languageIn, type PlaceFiles, timezoneIn } from "./place.ts";

Deno.test("a settings file is read and never run", () => {
  const text = `# comment
XKBLAYOUT="us,de"
 export LANG=de_DE.UTF-8 # why not
EMPTY=
SINGLE='a b'
XKBLAYOUT="fr"
RUN=$(reboot)
ALSO="\`reboot\`"
UNQUOTED=a b
CRLF=x\r
eval X=1
`;
  assertEquals(Object.fromEntries(assignments(text)), {
    XKBLAYOUT: "fr",
    LANG: "de_DE.UTF-8",
    EMPTY: "",
    SINGLE: "a b",
    CRLF: "x",
  });
});

Deno.test("E18: the keyboard is that of Alpine, systemd or Debian, whatever its length", () => {
  const cases: [PlaceFiles, string | undefined][] = [
    [{ loadkmap: "KEYMAP=/etc/keymap/us-intl.bmap.gz\n" }, "us us-intl"],
    [{ loadkmap: 'KEYMAP="/etc/keymap/latam.bmap.gz"\n' }, "latam latam"],
    [{ keymaps: ["de-nodeadkeys.bmap.gz"] }, "de de-nodeadkeys"],
    [{ keymaps: ["a.bmap", "b.bmap"] }, undefined],
    [{ vconsole: "KEYMAP=de-latin1\n" }, "de de"],
    [{ vconsole: "KEYMAP=us\nXKBLAYOUT=ara\nXKBVARIANT=azerty\n" }, "ara ara-azerty"],
    [{ vconsole: "FONT=x\n", keyboard: 'XKBLAYOUT="ch,us"\nXKBVARIANT="fr,"\n' }, "ch ch-fr"],
    [{ keyboard: 'XKBLAYOUT="us,de"\nXKBVARIANT=",neo"\n' }, "us us"],
    [{ keyboard: 'XKBLAYOUT=""\n' }, undefined],
    [{}, undefined],
  ];
  for (const [files, expected] of cases) {
    const found = keyboardIn(files);
    assertEquals(found && `${found.layout} ${found.variant}`, expected, JSON.stringify(files));
  }
});

Deno.test("E18: the time zone is what TZ, the link or Debian's file names", () => {
  const cases: [PlaceFiles, string | undefined, string | undefined][] = [
    [
      { localtime: "/usr/share/zoneinfo/America/North_Dakota/New_Salem" },
      undefined,
      "America/North_Dakota/New_Salem",
    ],
    [{ localtime: "../usr/share/zoneinfo/posix/Etc/GMT+5" }, "", "Etc/GMT+5"],
    [{ localtime: "zoneinfo/UTC" }, "CET-1CEST,M3.5.0", "UTC"],
    [{ localtime: "/etc/zoneinfo/Europe/Berlin" }, ":Asia/Kolkata", "Asia/Kolkata"],
    [{ timezone: "America/Port-au-Prince\n" }, undefined, "America/Port-au-Prince"],
    [{ localtime: "/somewhere/else", timezone: "\n" }, undefined, undefined],
    [{}, undefined, undefined],
  ];
  for (const [files, tz, expected] of cases) assertEquals(timezoneIn(files, tz), expected);
});

Deno.test("E18: the language is that of LANG or of the machine, without its encoding", () => {
  const files = { localeConf: "LANG=pt_BR.UTF-8\n", locale: 'LANG="de_DE"\n' };
  const cases: [PlaceFiles, string | undefined, string | undefined][] = [
    [files, "ca_ES@valencia", "ca_ES"],
    [files, "C.UTF-8", "pt_BR"],
    [{ locale: files.locale }, "", "de_DE"],
    [{}, "POSIX", undefined],
    [{}, "xx_YYZZ", undefined],
  ];
  for (const [from, lang, expected] of cases) assertEquals(languageIn(from, lang), expected);
});
