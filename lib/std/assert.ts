// deno-std republishes @std/* on npm as JavaScript without types; where JSR is within reach,
// map "@std/assert" to "jsr:@std/assert@^1" in deno.json and delete this folder.
// @ts-types="./assert.d.ts"
export * from "npm:deno-std@1.4.0/assert/mod.js";
