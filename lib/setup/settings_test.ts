import { assertEquals } from "@std/assert";
import { settingsText } from "./settings.ts";

Deno.test("settings are a line each, by the names of the answers", () => {
  const passwordHash = `$6$salt$${"a".repeat(86)}`;
  const text = settingsText({
    ...{ hostname: "desk", username: "ann", passwordHash },
    ...{ keyboardLayout: "de", keyboardVariant: "de-nodeadkeys" },
    ...{ timezone: "Etc/GMT+1", lang: "de_DE.UTF-8" },
  });
  assertEquals(
    text,
    `hostname=desk\nusername=ann\npassword-hash=${passwordHash}\nkeyboard-layout=de\n` +
      "keyboard-variant=de-nodeadkeys\ntimezone=Etc/GMT+1\nlang=de_DE.UTF-8\n",
  );
});
