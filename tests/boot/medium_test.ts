/** Each firmware and each kind of device once; the long tests have the rest. */
import { mediumTest } from "../support/machine/medium_starts.ts";

mediumTest("bios", "cd");
mediumTest("uefi", "usb");
