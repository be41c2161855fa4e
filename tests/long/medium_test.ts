/** Firmware and devices as boot/medium_test.ts has them not together. */
import { mediumTest } from "../support/machine/medium_starts.ts";

mediumTest("bios", "usb");
mediumTest("uefi", "cd");
