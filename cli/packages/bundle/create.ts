import type { Env } from "../../../lib/env.ts";
import type { Ending } from "../../../lib/program/ending.ts";
import { reporterFor } from "../../../lib/program/reporter.ts";
import { Scope } from "../../../lib/session/scope.ts";
import { bundleJson, bundleText } from "../../render/bundle.ts";
import { openPackageStore, type SourceOptions } from "../host_sources.ts";
import { type BundleForm, formOf, type FormOptions } from "./bundle_form.ts";
import { bundleContents } from "./contents.ts";
import { wishesOfHosts } from "./host_wishes.ts";
import { wishesOfRequest } from "./request_wishes.ts";
import { wishOfPackages } from "./package_wish.ts";
import type { Wish, Wishing } from "./wish.ts";
import { bundleKey, writeBundle } from "./write_bundle.ts";
import { writtenFile } from "./written_file.ts";

export interface CreateOptions extends SourceOptions, FormOptions {
  readonly key?: string;
  readonly json: boolean;
}

/** Makes a bundle: one signed file with packages, what they need, and the indexes that name them. */
export async function createBundle(
  name: string,
  behindDashes: readonly string[],
  options: CreateOptions,
  { env, ending }: { readonly env: Env; readonly ending: Ending },
): Promise<void> {
  const form = formOf(options, behindDashes);
  const path = writtenFile(name, env);
  const key = bundleKey(options.key, env);
  if (options.json) ending.json = true;
  using reporter = reporterFor(env, options.json);
  using store = openPackageStore(env, reporter);
  await using scope = new Scope(env.signal);
  const wishing = { env, store, scope, reporter };
  const contents = await bundleContents(await wishesOf(form, options, wishing));
  const { size, signer } = await writeBundle(path, contents, key, env);
  const shown = { path, size, signer, document: contents.document, files: contents.files };
  env.stdout.write(options.json ? bundleJson(shown) : bundleText(shown));
}

async function wishesOf(
  form: BundleForm,
  options: SourceOptions,
  wishing: Wishing,
): Promise<Wish[]> {
  switch (form.kind) {
    case "hosts":
      return await wishesOfHosts(form, options, wishing);
    case "asked":
      return await wishesOfRequest(form.request, options, wishing);
    case "packages":
      return [await wishOfPackages(form, options, wishing)];
  }
}
