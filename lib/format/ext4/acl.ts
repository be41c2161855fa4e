/** POSIX ACLs: xattr(7) callers see one form, ext4 keeps a shorter one on disk. */

/** Version of the form in `system.posix_acl_*` values (linux/posix_acl_xattr.h). */
const XATTR_VERSION = 2;
const XATTR_ENTRY = 8;
/** Version of the form on disk (fs/ext4/acl.h). */
const DISK_VERSION = 1;
/** Tags whose entry names a user or a group: ACL_USER and ACL_GROUP. */
const NAMED = new Set([0x02, 0x08]);
/** ACL_UNDEFINED_ID: whom an entry names that names nobody. */
const NOBODY = 0xffffffff;
/** ACL_USER_OBJ, ACL_GROUP_OBJ, ACL_MASK, ACL_OTHER. */
const UNNAMED = new Set([0x01, 0x04, 0x10, 0x20]);

/** The form on disk of an ACL, or undefined when the value is no ACL. */
export function diskAcl(value: Uint8Array): Uint8Array | undefined {
  const count = (value.length - 4) / XATTR_ENTRY;
  if (count < 0 || !Number.isInteger(count)) return undefined;
  const from = new DataView(value.buffer, value.byteOffset, value.length);
  if (from.getUint32(0, true) !== XATTR_VERSION) return undefined;
  const bytes = new Uint8Array(value.length);
  const to = new DataView(bytes.buffer);
  to.setUint32(0, DISK_VERSION, true);
  let end = 4;
  for (let at = 4; at < value.length; at += XATTR_ENTRY) {
    const tag = from.getUint16(at, true);
    to.setUint16(end, tag, true);
    to.setUint16(end + 2, from.getUint16(at + 2, true), true);
    end += 4;
    if (NAMED.has(tag)) {
      to.setUint32(end, from.getUint32(at + 4, true), true);
      end += 4;
    } else if (!UNNAMED.has(tag)) return undefined;
  }
  return bytes.subarray(0, end);
}

/** What xattr(7) callers see of an ACL on disk, or undefined when it is none. */
export function attributeAcl(disk: Uint8Array): Uint8Array | undefined {
  if (disk.length < 4) return undefined;
  const from = new DataView(disk.buffer, disk.byteOffset, disk.length);
  if (from.getUint32(0, true) !== DISK_VERSION) return undefined;
  const bytes = new Uint8Array(4 + XATTR_ENTRY * Math.ceil((disk.length - 4) / 4));
  const to = new DataView(bytes.buffer);
  to.setUint32(0, XATTR_VERSION, true);
  let end = 4;
  for (let at = 4; at < disk.length; end += XATTR_ENTRY) {
    const isNamed = at + 4 <= disk.length && NAMED.has(from.getUint16(at, true));
    const size = isNamed ? 8 : 4;
    if (at + size > disk.length) return undefined;
    const tag = from.getUint16(at, true);
    if (!isNamed && !UNNAMED.has(tag)) return undefined;
    to.setUint16(end, tag, true);
    to.setUint16(end + 2, from.getUint16(at + 2, true), true);
    to.setUint32(end + 4, isNamed ? from.getUint32(at + 4, true) : NOBODY, true);
    at += size;
  }
  return bytes.subarray(0, end);
}
