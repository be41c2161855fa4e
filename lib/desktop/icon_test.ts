import { assert, assertEquals, assertThrows } from "@std/assert";
import { pngChunk, pngFile } from "../../tests/support/desktop/png_file.ts";
import { concat } from "../bytes/bytes.ts";
import { TowerError } from "../errors.ts";
import { iconOf, iconPlace } from "./icon.ts";
import { pngIcon } from "./png_icon.ts";
import { svgIcon } from "./svg_icon.ts";

const latin = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const XMLNS = 'xmlns="http://www.w3.org/2000/svg"';
const svg = (inside: string, more = "") =>
  latin(
    svgIcon(new TextEncoder().encode(`<svg ${XMLNS} viewBox="0 0 9 9"${more}>${inside}</svg>`)),
  );

Deno.test("A3: of a PNG what its picture needs is written anew", () => {
  const { bytes, width, height } = pngIcon(pngFile(48));
  assertEquals([width, height], [48, 48]);
  assert(!latin(bytes).includes("evil"));
  assertEquals(pngIcon(bytes).bytes, bytes);
});

Deno.test("A3: a PNG that lies is refused", () => {
  const good = pngFile(16);
  const flipped = good.slice();
  flipped[40]! ^= 1;
  const header = good.subarray(8, 33), signature = good.subarray(0, 8);
  const end = pngChunk("IEND", new Uint8Array());
  const unknown = concat([signature, header, pngChunk("EVIL", new Uint8Array(4)), end]);
  for (
    const bytes of [
      new Uint8Array(),
      new TextEncoder().encode("GIF89a"),
      signature,
      good.subarray(0, -1),
      concat([good, Uint8Array.of(0)]),
      flipped,
      unknown,
      concat([signature, end]),
      concat([signature, header, header, end]),
      pngFile(0),
      pngFile(1025),
      pngFile(16, { width: 0xffff_ffff }),
      new TextEncoder().encode("#!/bin/sh\n"),
    ]
  ) assertThrows(() => pngIcon(bytes), TowerError, "Cannot take icon");
  assertThrows(() => iconOf("pad", "48x48", pngFile(16)), TowerError, "16x16 pixels");
});

Deno.test("of an SVG what draws is written anew, and what editors leave in it goes", () => {
  const text = `\ufeff<?xml version="1.0" encoding="UTF-8"?><!-- made <by> -->
    <svg ${XMLNS} xmlns:xlink="http://www.w3.org/1999/xlink" width="16px" height="16" id='a'>
    <metadata><rdf:RDF about="x"><g/></rdf:RDF></metadata><sodipodi:namedview x="1"/>
    <defs><linearGradient id="g" xlink:href="#h" x1="0"/></defs>
    <path style="fill:url(#g); stroke-width : 2;-evil:1" d="M0,0 L1-1" class="x" inkscape:label="&amp;"/>
    <g transform="translate(1, 2) rotate(3)"><title>t</title>text</g></svg>`;
  assertEquals(
    latin(svgIcon(new TextEncoder().encode(text))),
    `<svg ${XMLNS} width="16px" height="16" id="a">\n<defs>\n` +
      '<linearGradient id="g" xlink:href="#h" x1="0" xmlns:xlink="http://www.w3.org/1999/xlink"/>\n' +
      '</defs>\n<path fill="url(#g)" stroke-width="2" d="M0,0 L1-1"/>\n' +
      '<g transform="translate(1, 2) rotate(3)">\n</g>\n</svg>\n',
  );
});

Deno.test("A3: an SVG that could reach, run, multiply or overflow is refused", () => {
  for (
    const inside of [
      "<script>x</script>",
      "<style>@import url(http://x)</style>",
      '<image href="file:///etc/passwd"/>',
      '<use href="#a"/>',
      "<foreignObject/>",
      '<animate attributeName="x"/>',
      '<path onclick="x"/>',
      '<path fill="url(http://x)"/>',
      '<path fill="&#117;rl(http://x)"/>',
      '<path style="fill:url(#a) url(//x)"/>',
      '<linearGradient xlink:href="http://x#a"/>',
      '<g href="#a"/>',
      '<path d="&quot;&gt;&lt;script"/>',
      '<path d="&lol;"/>',
      '<path d="&#0;"/>',
      "<![CDATA[x]]>",
      "<!ENTITY a 'b'>",
      "<?php x?>",
      "<!-- ",
      "<g>",
      "</g>",
      "<svg/>",
      "<g x=1/>",
      '<g x="1"y="2"/>',
      '<mask id="a"><path mask="url(#b)"/></mask>',
      "<g>".repeat(33) + "</g>".repeat(33),
      "<g/>".repeat(10_000),
      `<path d="${"(".repeat(10_000)}"/>`,
      `<path d="${"matrix(".repeat(10_000)}"/>`,
    ]
  ) assertThrows(() => svg(inside), TowerError, "Cannot take icon");
  const doctype = `<!DOCTYPE svg [<!ENTITY a "b">]><svg ${XMLNS} viewBox="0 0 1 1"/>`;
  for (
    const text of [doctype, "", "x", "<g/>", "<svg/>", `<svg ${XMLNS} width="1e9" height="1"/>`]
  ) assertThrows(() => svgIcon(new TextEncoder().encode(text)), TowerError, "Cannot take icon");
  for (const box of ["0 0 1e9 1e9", "0 0 9", "a b c d", "0 0 0 1", "0 0 99999 1"]) {
    const text = `<svg ${XMLNS} viewBox="${box}"/>`;
    assertThrows(() => svgIcon(new TextEncoder().encode(text)), TowerError, "no size");
  }
  assert(!svg("", ' width="99999"').includes("99999"));
});

Deno.test("an icon lies where its size and kind belong", () => {
  assertEquals(iconPlace("48x48", "png"), "48x48");
  assertEquals(iconPlace(undefined, "png"), "any");
  assertEquals([iconPlace("scalable", "svg"), iconPlace(undefined, "svg")], [
    "scalable",
    "scalable",
  ]);
  for (const folder of ["..", "any", "scalable", "512x512", "48x48@2"]) {
    assertEquals(iconPlace(folder, "png"), undefined);
  }
  assertEquals(iconPlace("48x48", "svg"), undefined);
});
