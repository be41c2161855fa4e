# A root that is only read, with what is written to it kept in memory. Read by /init before it begins.

verified=/run/verified written=/run/written

# lay_over DEVICE: the root is the file system of a device, and a layer in memory over it.
lay_over() {
  mkdir -p $verified $written &&
    mount ${rootfstype:+-t "$rootfstype"} -o ro "$1" $verified ||
    fail "$device could not be mounted, though it is verified"
  mount -t tmpfs -o mode=0755 tmpfs $written &&
    mkdir $written/upper $written/work &&
    mount -t overlay -o "lowerdir=$verified,upperdir=$written/upper,workdir=$written/work" overlay \
      /newroot || fail 'nothing writable could be laid over the root'
}
