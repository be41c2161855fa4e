import { assertEquals, assertThrows } from "@std/assert";
import {
  addressAt,
  asIpAddress,
  asIpNetwork,
  contains,
  ipAddress,
  ipNetwork,
  ipValue,
  isHostOf,
  isPrivate,
  networkOf,
  sizeOf,
} from "./address.ts";

Deno.test("only the canonical text of an address is one", () => {
  for (const good of ["0.0.0.0", "192.168.2.1", "255.255.255.255", "::", "::1", "fe80::1", "1::"]) {
    assertEquals(asIpAddress(good), good as never);
  }
  const bad =
    "|1|1.2.3|1.2.3.4.5|01.2.3.4|1.2.3.256|1.2.3.4 |+1.2.3.4|0x1.2.3.4|FE80::1|fe80:0::1" +
    "|::0|1:2:3|:::|fe80::1%eth0|[::1]|::ffff:1.2.3.4|1.2.3.\u0664";
  for (const text of bad.split("|")) assertEquals(asIpAddress(text), undefined, text);
});

Deno.test("a network has no bits beside its prefix", () => {
  for (const good of ["192.168.2.0/24", "0.0.0.0/0", "10.0.0.1/32", "fe80::/10", "::/0"]) {
    assertEquals(asIpNetwork(good), good as never);
  }
  for (
    const bad of ["192.168.2.1/24", "1.0.0.0/33", "1.0.0.0/08", "1.0.0.0", "::/129", "fe80::1/64"]
  ) {
    assertEquals(asIpNetwork(bad), undefined, bad);
  }
  assertThrows(() => ipNetwork("1.2.3.4/8"), RangeError, "no IP network");
});

Deno.test("addresses lie in the networks whose prefix they share", () => {
  assertEquals(contains(ipNetwork("192.168.2.0/24"), ipAddress("192.168.2.255")), true);
  assertEquals(contains(ipNetwork("192.168.2.0/24"), ipAddress("192.168.3.0")), false);
  assertEquals(contains(ipNetwork("fe80::/10"), ipAddress("febf::1")), true);
  assertEquals(contains(ipNetwork("fe80::/10"), ipAddress("fec0::1")), false);
  assertEquals(contains(ipNetwork("::/0"), ipAddress("1.2.3.4")), false);
  assertEquals(ipValue(ipAddress("1::2")), (1n << 112n) + 2n);
});

Deno.test("hosts have neither the network's address nor the broadcast address", () => {
  const network = ipNetwork("10.1.255.0/30");
  const hosts = [0, 1, 2, 3].map((at) => isHostOf(network, addressAt(network, at)));
  assertEquals(hosts, [false, true, true, false]);
  assertEquals(addressAt(ipNetwork("192.168.2.0/23"), 256), "192.168.3.0" as never);
  assertThrows(() => addressAt(network, 4), RangeError);
});

Deno.test("the smallest networks: four addresses have two hosts, two and one have none", () => {
  for (
    const [text, size] of [["10.0.0.4/30", 4], ["10.0.0.4/31", 2], ["10.0.0.4/32", 1]] as const
  ) {
    const network = ipNetwork(text);
    assertEquals(sizeOf(network), size);
    const hosts = Array.from({ length: size }, (_, at) => addressAt(network, at))
      .filter((address) => isHostOf(network, address));
    assertEquals(hosts, size === 4 ? ["10.0.0.5", "10.0.0.6"] as never : []);
    for (const outside of [-1, size, 0.5]) {
      assertThrows(() => addressAt(network, outside), RangeError);
    }
    assertEquals(isHostOf(network, ipAddress("10.0.0.8")), false);
  }
});

Deno.test("the network of one address holds it alone", () => {
  assertEquals(networkOf(ipAddress("10.0.0.1")), ipNetwork("10.0.0.1/32"));
  assertEquals(networkOf(ipAddress("fe80::1")), ipNetwork("fe80::1/128"));
});

Deno.test("private networks are those of RFC 1918", () => {
  const of = (text: string) => isPrivate(ipNetwork(text));
  assertEquals(["10.0.0.0/8", "172.31.0.0/16", "192.168.2.0/24"].map(of), [true, true, true]);
  assertEquals(["172.32.0.0/16", "192.0.0.0/8", "127.0.0.0/8", "::/0"].map(of), [
    false,
    false,
    false,
    false,
  ]);
});
