import { assertEquals, assertThrows } from "@std/assert";
import { peFile } from "../../tests/support/format/pe_file.ts";
import { signedPe, SIGNER, STRANGER } from "../../tests/support/format/signed_pe.ts";
import { ALONE, stageContext } from "../../tests/support/tree/stage_context.ts";
import { MemoryStore } from "../../tests/support/tree/memory_store.ts";
import { TowerError } from "../../lib/errors.ts";
import { keySigner } from "../../lib/secure_boot/efi_signer.ts";
import { bytesOf } from "../../lib/tree/content.ts";
import { FileTree } from "../../lib/tree/file_tree.ts";
import type { OverlayFile } from "./stage.ts";
import { secureBoot } from "./secure_boot.ts";

const owned = { uid: 0, gid: 0, mtime: 0, origin: "stage:files" } as const;
const PROGRAM = peFile({ trailer: new Uint8Array(20).fill(5) });
const NO_WORLD = { world: [], repositories: [], keys: [], tags: {} };

function workshop() {
  const store = new MemoryStore();
  const tree = new FileTree({ ...owned, mode: 0o755 });
  const put = (path: string, bytes: Uint8Array) => {
    tree.putParents(path, owned.origin, 0);
    tree.put({ ...owned, type: "file", path, mode: 0o640, content: { kind: "inline", bytes } });
  };
  put("boot/a.efi", PROGRAM);
  put("boot/signed.efi", signedPe(PROGRAM, STRANGER));
  put("boot/text.efi", new TextEncoder().encode("none"));
  tree.put({ ...owned, type: "symlink", path: "boot/link.efi", target: "a.efi", mode: 0o777 });
  const overlay: OverlayFile[] = Object.entries({
    "db.crt": SIGNER.certificate.der,
    "db.esl": new Uint8Array([1]),
    "PK.auth": new Uint8Array([2]),
    "KEK.auth": new Uint8Array([3]),
    "db.auth": new Uint8Array([4]),
  }).map(([path, bytes]) => ({
    ...{ path, digest: store.put(bytes), size: bytes.length, executable: false },
  }));
  const efiSigner = keySigner(SIGNER.key, "key");
  const context = { ...stageContext(86_400), reader: store, blobs: store, efiSigner };
  const plan = (fields: object, files = overlay) =>
    secureBoot.plan(
      secureBoot.spec.parse({ kind: "secure-boot", keys: "keys", ...fields }),
      { overlay: files, earlier: [], chosen: NO_WORLD, ...ALONE },
    );
  const bytes = (path: string) => bytesOf(store, tree.file(path)!.content);
  return { tree, plan, context, bytes, overlay };
}

Deno.test("programs are signed in their place, through links, in the place of another's signature", async () => {
  const { tree, plan, context, bytes } = workshop();
  await secureBoot.apply(tree, plan({ sign: ["/boot/link.efi", "/boot/signed.efi"] }), context);
  assertEquals(bytes("boot/a.efi"), signedPe(PROGRAM));
  assertEquals(bytes("boot/signed.efi"), signedPe(PROGRAM));
  assertEquals(tree.get("boot/link.efi")?.type, "symlink");
  const { mode, mtime, origin } = tree.file("boot/a.efi")!;
  assertEquals([mode, mtime, origin], [0o640, 86_400, "stage:secure-boot"]);
  assertEquals(tree.get("boot/loader"), undefined);
});

Deno.test("keys are laid down where systemd-boot enrols them, if they are to be", async () => {
  const { tree, plan, context, bytes } = workshop();
  await secureBoot.apply(tree, plan({ enroll: true }), context);
  assertEquals(
    ["PK", "KEK", "db"].map((name) => [...bytes(`boot/loader/keys/auto/${name}.auth`)]),
    [[2], [3], [4]],
  );
  assertEquals(tree.children("boot/loader/keys/auto").length, 3);
  assertEquals(bytes("boot/a.efi"), PROGRAM);
});

Deno.test("a plan has digests of public files alone; what is missing of them is named", () => {
  const { plan, overlay } = workshop();
  const made = plan({ enroll: true });
  assertEquals(Object.keys(made), ["kind", "certificate", "sign", "enrolment"]);
  assertEquals(made.enrolment.map(({ name }) => name), ["PK.auth", "KEK.auth", "db.auth"]);
  assertEquals(
    secureBoot.overlay!(secureBoot.spec.parse({ kind: "secure-boot", keys: "a" })),
    { field: "keys", folder: "a/public" },
  );
  for (const name of ["db.crt", "KEK.auth"]) {
    const files = overlay.filter(({ path }) => path !== name);
    const error = assertThrows(() => plan({ enroll: true }, files), TowerError);
    assertEquals(
      error.message,
      `Cannot sign for Secure Boot: there is no "keys/public/${name}"`,
    );
    assertEquals(error.at, ["keys"]);
  }
});

Deno.test("what cannot be signed is refused, with its place", () => {
  const { tree, plan, context, overlay } = workshop();
  const refuses = (
    made: ReturnType<typeof plan>,
    at: (string | number)[],
    ...messages: string[]
  ) => {
    const error = assertThrows(() => secureBoot.apply(tree, made, context), TowerError);
    const cause = error.cause instanceof TowerError ? [error.cause.message] : [];
    assertEquals([error.message, ...cause], messages);
    assertEquals(error.at, at);
  };
  refuses(
    plan({ sign: ["/boot/a.efi", "/boot/none.efi"] }),
    ["sign", 1],
    'Cannot sign "/boot/none.efi": no such file is in the tree',
  );
  refuses(
    plan({ sign: ["/boot/text.efi"] }),
    ["sign", 0],
    'Cannot sign "/boot/text.efi"',
    "Cannot read EFI program: it has no MZ header",
  );
  const [, esl] = overlay;
  const broken = [{ ...esl!, path: "db.crt" }];
  refuses(
    plan({ sign: ["/boot/a.efi"] }, broken),
    ["keys"],
    'Cannot read certificate "db.crt" of the Secure Boot keys: it is neither DER nor one block of PEM',
  );
  const wrongKey = { ...context, efiSigner: keySigner(STRANGER.key, 'key "k"') };
  const error = assertThrows(
    () => secureBoot.apply(tree, plan({ sign: ["/boot/a.efi"] }), wrongKey),
    TowerError,
  );
  assertEquals(
    error.message,
    'Cannot sign with key "k": it is not the key of certificate "Test db"',
  );
});
