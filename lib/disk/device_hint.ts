/** What whoever named a file where a device is wanted may have meant. */
export const FILE_FOR_DEVICE_HINT =
  "lsblk shows the devices of this machine; --device-file writes an image file instead";
